"""The files of a folder of policies: which may be read at all, and the text of those that hold policies.

Each file is read once; what is parsed, hashed and shown is that one text, so a file that changes while the
service runs changes nothing. That they are ordinary files, no larger than anybody reviews and inside the
folder, is established before anything is opened. What the texts mean is for who parses them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from consent_service.information.catalogue import FILE_NAME, TERMS_FILE
from consent_service.policy.lint import schema_problems, text_problems
from consent_service.policy.plain.words import WORDS_FOLDER
from consent_service.policy.reasons import PolicyProblem

FOLDERS: Final = ("safety", "access", "consent", "break_glass", "release", "share")
"""Where policies stand: what always holds, who may ask, what was decided, then each action by itself."""
SCHEMA_FILE: Final = "schema.cedarschema"
TEXTS: Final = "texts/"
SUFFIXES: Final = frozenset({".cedar", ".cedarschema", ".toml"})
"""What belongs to the rules; anything else in the folder is not read."""

MAX_FILES: Final = 300
MAX_TABLE_BYTES: Final = 400_000
MAX_FOLDER_BYTES: Final = 2_000_000

_INVARIANTS: Final = "invariants"
"""Cedar text that is no policy: what has to be proved of them (see `proofs`)."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of policies: `folder/name.cedar` and its text."""

    folder: str
    where: str
    text: str


def folder_problems(folder: Path) -> Iterator[PolicyProblem]:
    """Files that must not be opened: links that lead out, what is no ordinary file, and too much of it."""
    files = sizes = 0
    for path in _files(folder):
        where = path.relative_to(folder).as_posix()
        if not path.resolve().is_relative_to(folder.resolve()):
            yield PolicyProblem(where, "outside", "")
            continue
        found = path.stat() if path.exists() else None
        if found is None or not stat.S_ISREG(found.st_mode):
            yield PolicyProblem(where, "unreadable", "")
            continue
        files += 1
        sizes += found.st_size
        if found.st_size > MAX_TABLE_BYTES:
            yield PolicyProblem(where, "too_large", f"{found.st_size} > {MAX_TABLE_BYTES}")
    if files > MAX_FILES or sizes > MAX_FOLDER_BYTES:
        yield PolicyProblem(folder.name, "too_large", f"{files} / {MAX_FILES}, {sizes} / {MAX_FOLDER_BYTES}")


def comes_with_software(name: str) -> bool:
    """The catalogue, the texts that people read, and the words in which officers read rules.

    Pages use the catalogue and texts of the release, whatever is in force. And whoever proposes a rule does
    not choose the words in which a second officer reads it.
    """
    return name in (FILE_NAME, TERMS_FILE) or name.startswith((TEXTS, f"{WORDS_FOLDER}/"))


def read_own(folder: Path, problems: list[PolicyProblem]) -> Mapping[str, bytes]:
    """Every file that can be proposed, by its path, adding to `problems` what cannot be read."""
    own = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix not in SUFFIXES or comes_with_software(name):
            continue
        try:
            with path.open("rb") as file:
                own[name] = file.read(MAX_TABLE_BYTES + 1)
        except OSError as error:
            problems.append(PolicyProblem(name, "unreadable", type(error).__name__))
            continue
        if len(own[name]) > MAX_TABLE_BYTES:
            problems.append(PolicyProblem(name, "too_large", f"> {MAX_TABLE_BYTES}"))
    return own


def read_sources(files: Mapping[str, bytes], problems: list[PolicyProblem]) -> tuple[Source, ...]:
    """The files of policies, adding to `problems` what is misplaced, no text or not safe to parse."""
    sources = []
    for where in sorted(files):
        folder, *below = where.split("/")
        if not where.endswith(".cedar") or folder == _INVARIANTS:
            continue
        if len(below) != 1 or folder not in FOLDERS:
            problems.append(PolicyProblem(where, "misplaced", ", ".join(FOLDERS)))
        text = _text(files, where, problems)
        problems += text_problems(where, text)
        sources.append(Source(folder, where, text))
    if not sources:
        problems.append(PolicyProblem("policies", "no_policies", "*.cedar"))
    return tuple(sources)


def read_invariants(files: Mapping[str, bytes], *, problems: list[PolicyProblem]) -> Mapping[str, str]:
    """The texts of what must never be allowed, by file."""
    named = [name for name in sorted(files) if name.startswith(f"{_INVARIANTS}/")]
    return {name: _text(files, name, problems) for name in named if name.endswith(".cedar")}


def read_schema(files: Mapping[str, bytes], problems: list[PolicyProblem]) -> str:
    """The text of the schema, adding to `problems` why it is not safe to parse."""
    text = _text(files, SCHEMA_FILE, problems)
    problems += schema_problems(SCHEMA_FILE, text)
    return text


def _files(folder: Path) -> Iterator[Path]:
    """Every file of the rules and every link, whatever its name; no link is walked into."""
    for root, folders, names in os.walk(folder):
        for name in sorted(folders + names):
            path = Path(root, name)
            if path.is_symlink() or (name in names and path.suffix in SUFFIXES):
                yield path


def _text(files: Mapping[str, bytes], where: str, problems: list[PolicyProblem]) -> str:
    try:
        return files[where].decode("utf-8")
    except (KeyError, UnicodeDecodeError) as error:
        problems.append(PolicyProblem(where, "unreadable", type(error).__name__))
        return ""
