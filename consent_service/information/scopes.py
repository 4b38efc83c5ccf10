"""What each consent text stands for: a text id may not quietly come to mean another purpose or recipient.

`texts/SCOPES` names, per text id, the hash of what was agreed to under it. A typo is a new version of the
same id; a new purpose, direction, reader, writer or decider is a new id, and so a fresh consent (S24).
Reading the words themselves is `texts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from consent_service.information.blocks import BlockProblem
from consent_service.information.model import Catalogue, InformationType, hash_of

SCOPES_FILE: Final = "texts/SCOPES"
_HEAD: Final = (
    "# What each consent text stands for: purposes, directions, readers, writers, who decides; a hash.\n"
    "# A line is never changed: another purpose or recipient is another text id, and a fresh consent.\n"
)
_LINE: Final = re.compile(r"(?P<id>\S+) (?P<hash>[0-9a-f]{64})")
Finding = Literal["changed", "missing"]


def scope_of(kind: InformationType) -> str:
    """SHA-256 (hex) of what somebody agrees to; the order in which a file names it does not count."""
    return hash_of(
        {
            "purposes": sorted(kind.purposes),
            "directions": sorted(kind.directions),
            "readers": sorted(kind.readers),
            "writers": sorted(kind.writers),
            "decided_by": kind.decided_by,
        }
    )


def read_scopes(folder: Path) -> dict[str, str]:
    """Text id to hash, as locked; empty when nothing was locked yet."""
    path = folder / SCOPES_FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = (_LINE.fullmatch(line) for line in lines)
    return {line["id"]: line["hash"] for line in found if line}


def scope_problems(folder: Path, catalogue: Catalogue) -> tuple[BlockProblem, ...]:
    """Texts whose id stands for something else than was locked, or was never locked."""
    locked = read_scopes(folder)
    return tuple(_problem(kind, finding) for kind, finding in _findings(catalogue, locked))


def changed_scopes(folder: Path, catalogue: Catalogue) -> tuple[BlockProblem, ...]:
    """Only those that locking again would not put right."""
    locked = read_scopes(folder)
    return tuple(
        _problem(kind, "changed") for kind, finding in _findings(catalogue, locked) if finding == "changed"
    )


def lock_scopes(folder: Path, catalogue: Catalogue) -> None:
    """Add what each new text id stands for; a locked line stays, also of a text that is gone.

    Raises:
        ValueError: a locked id stands for something else now; ask `changed_scopes` first.
    """
    if changed_scopes(folder, catalogue):
        raise ValueError("a locked text id stands for something else")
    scopes = {kind.text_id: scope_of(kind) for kind in catalogue.types.values()} | read_scopes(folder)
    lines = "".join(f"{text} {scopes[text]}\n" for text in sorted(scopes))
    (folder / SCOPES_FILE).write_text(_HEAD + lines, encoding="utf-8")


def _findings(catalogue: Catalogue, locked: Mapping[str, str]) -> Iterator[tuple[InformationType, Finding]]:
    """Also two types that share one text id: each has to mean what was locked, or the first of them."""
    known = dict(locked)
    for kind in catalogue.types.values():
        expected = known.setdefault(kind.text_id, scope_of(kind))
        if expected != scope_of(kind):
            yield kind, "changed"
        elif kind.text_id not in locked:
            yield kind, "missing"


def _problem(kind: InformationType, finding: Finding) -> BlockProblem:
    if finding == "missing":
        return BlockProblem(kind.key, f"what `{kind.text_id}` stands for is not locked", "policies lock")
    wrong = f"`{kind.text_id}` stands for another purpose, recipient or decider than was agreed to"
    return BlockProblem(kind.key, f"{wrong}: give it a new id and ask again", f'text = "{kind.text_id}.2"')
