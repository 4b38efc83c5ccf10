"""A policies folder to damage: a copy of the real one, changed by plain text replacement."""

from __future__ import annotations

import shutil
from pathlib import Path

POLICIES = Path(__file__).resolve().parents[2] / "policies"
TYPES = "information_types.toml"


def copy_policies(target: Path) -> Path:
    """The catalogue and the texts as they ship, in a folder of the test's own."""
    shutil.copytree(POLICIES / "texts", target / "texts")
    for name in (TYPES, "terms.toml"):
        shutil.copy(POLICIES / name, target / name)
    return target


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Replace the first `old` in a file; a text that is not there fails the test."""
    path = folder / file
    content = path.read_text(encoding="utf-8")
    assert old in content, f"{old!r} is not in {file}"
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def append(folder: Path, file: str, block: str) -> None:
    """Add a block at the end of a file."""
    with (folder / file).open("a", encoding="utf-8") as stream:
        stream.write(f"\n{block}\n")
