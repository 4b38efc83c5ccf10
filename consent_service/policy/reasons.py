"""The codes a decision can carry, their order and class, and their sentences in each language.

Reads `causes.toml` (which decides, so it counts in the bundle's hash) and `reasons/<lang>.toml` (which
only words). Choosing the sentence an audience may see is `explain`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path, PurePosixPath
from typing import Final, Literal, TypeVar, get_args

import msgspec

CAUSES_FILE: Final = "causes.toml"
REASONS_FOLDER: Final = "reasons"
REQUIRED_LANGUAGE: Final = "nl"

BUILT_IN: Final = frozenset({"policy_error", "unknown_type", "not_permitted"})
"""Causes that `decision` itself gives, whatever the policies are."""

ChangeCode = Literal[
    "safe",
    "danger",
    "authority_established",
    "agreement",
    "second_approval",
    "objection_lifted",
    "text_cleared",
    "text_answered",
    "renewed",
    "gate_yes",
    "gate_no",
    "holder_yes",
    "holders_yes",
    "own_yes",
    "child_yes",
    "yes_withdrawn",
    "own_withdrawn",
    "holder_objects",
    "child_no",
    "you_say_yes",
    "you_say_no",
    "you_withdraw",
    "you_object",
    "you_lift_objection",
]
"""What would change an answer; `you_` is said to the one who can do it."""

T = TypeVar("T", bound=msgspec.Struct)

_LINE: Final = re.compile(r"at line (\d+)")

_PLACEHOLDERS: Final = {
    "until": "{day}",
    "own_until": "{day}",
    "then": "{reason}",
    "begins": "{day}",
    "changes": "{clauses}",
    "own_changes": "{clauses}",
}


class PolicyProblem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing wrong with proposed policies: in which file or policy, a stable code, and what exactly."""

    where: str
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.where}: {self.code}: {self.detail}"


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why no. `self`: it lies in who asks, who may be told. `family`: a school never learns it.

    `every_guardian`: it says nothing of safety nor of another person's choice, so any guardian may know.
    """

    code: str
    about: Literal["self", "family"]
    every_guardian: bool = False


class Causes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every cause, the one to name first on top, and the grounds on which a permit says yes."""

    causes: tuple[Cause, ...]
    grounds: tuple[str, ...]

    def first(self, codes: Set[str], *, otherwise: str) -> str:
        """The one code to name out of several: the first in the order of the file."""
        return next((cause.code for cause in self.causes if cause.code in codes), otherwise)

    def cause(self, code: str) -> Cause:
        """The cause of that code; a code that is not known counts as one in the family."""
        return next((cause for cause in self.causes if cause.code == code), Cause(code, "family"))


class Sentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One code in words. `guardian` is in simple language; `school` only for a cause in the reader."""

    staff: str
    guardian: str
    school: str = ""


class Neutral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one sentence that says nothing of the cause, whatever it is."""

    school: str
    guardian: str


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that would change an answer, as it stands after "verandert als"."""

    staff: str
    guardian: str


class OutlookParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sentences around dates and clauses. `own_` is for who reads about the own choice only.

    `{day}` is a date, `{reason}` a whole sentence, `{clauses}` one clause or several.
    """

    until: str
    own_until: str
    then: str
    begins: str
    changes: str
    own_changes: str
    all_of: str
    one_of: str


class Reasons(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every sentence in one language."""

    refused: Neutral
    allowed: Neutral
    outlook: OutlookParts
    changes: dict[ChangeCode, Clause]
    causes: dict[str, Sentences]
    grounds: dict[str, Sentences]


def read_causes(files: Mapping[str, bytes], *, problems: list[PolicyProblem]) -> Causes:
    """The causes of `causes.toml`; an unusable file is a problem and counts as empty."""
    if CAUSES_FILE not in files:
        problems.append(PolicyProblem(CAUSES_FILE, "unreadable", "FileNotFoundError"))
    raw = files.get(CAUSES_FILE, b"causes = []\ngrounds = []")
    causes = toml_struct(raw, Causes, problems=problems, where=CAUSES_FILE) or Causes(causes=(), grounds=())
    problems += _problems_of_causes(causes)
    return causes


def read_reasons(
    files: Mapping[str, bytes], causes: Causes, *, problems: list[PolicyProblem]
) -> Mapping[str, Reasons]:
    """The sentences per language; each language has exactly the codes of `causes.toml`."""
    reasons: dict[str, Reasons] = {}
    for where in sorted(files):
        path = PurePosixPath(where)
        if path.suffix != ".toml" or path.parent != PurePosixPath(REASONS_FOLDER):
            continue
        read = toml_struct(files[where], Reasons, problems=problems, where=where)
        if read is not None:
            reasons[path.stem] = read
            problems += _problems_of_reasons(where, read, causes)
    if REQUIRED_LANGUAGE not in reasons:
        problems.append(PolicyProblem(REASONS_FOLDER, "language_missing", f"{REQUIRED_LANGUAGE}.toml"))
    return reasons


def read_toml_struct(
    path: Path, kind: type[T], *, problems: list[PolicyProblem], where: str = ""
) -> T | None:
    """The file as that struct, or None and a problem: what is wrong in it and, where known, on which line."""
    named = where or path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.append(PolicyProblem(named, "unreadable", type(error).__name__))
        return None
    return toml_struct(raw, kind, problems=problems, where=named)


def toml_struct(raw: bytes, kind: type[T], *, problems: list[PolicyProblem], where: str) -> T | None:
    """As above, of a file that was read already."""
    try:
        return msgspec.toml.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        line = _LINE.search(str(error))
        problems.append(PolicyProblem(f"{where}:{line[1]}" if line else where, "malformed", str(error)))
        return None


def _problems_of_causes(causes: Causes) -> Iterator[PolicyProblem]:
    codes = [cause.code for cause in causes.causes] + list(causes.grounds)
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield PolicyProblem(CAUSES_FILE, "duplicate_code", code)
    for code in sorted(BUILT_IN - set(codes)):
        yield PolicyProblem(CAUSES_FILE, "code_missing", code)
    family_seen = False
    for cause in causes.causes:
        family_seen |= cause.about == "family" and cause.code not in BUILT_IN
        if family_seen and cause.about == "self":
            yield PolicyProblem(CAUSES_FILE, "self_after_family", cause.code)


def _problems_of_reasons(where: str, reasons: Reasons, causes: Causes) -> Iterator[PolicyProblem]:
    for cause in causes.causes:
        sentences = reasons.causes.get(cause.code)
        if sentences is None:
            yield PolicyProblem(where, "sentence_missing", cause.code)
        elif bool(sentences.school) != (cause.about == "self"):
            yield PolicyProblem(where, "school_sentence", f"{cause.code}: only a cause in itself is told")
    for code in sorted(set(causes.grounds) - reasons.grounds.keys()):
        yield PolicyProblem(where, "sentence_missing", code)
    for missing in sorted(set(get_args(ChangeCode)) - set(reasons.changes)):
        yield PolicyProblem(where, "sentence_missing", missing)
    for part, placeholder in _PLACEHOLDERS.items():
        if placeholder not in getattr(reasons.outlook, part):
            yield PolicyProblem(where, "placeholder_missing", f"{part}: {placeholder}")
    known = {cause.code for cause in causes.causes}
    for code in sorted((reasons.causes.keys() - known) | (reasons.grounds.keys() - set(causes.grounds))):
        yield PolicyProblem(where, "sentence_unused", code)
