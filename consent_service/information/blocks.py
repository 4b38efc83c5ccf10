"""A TOML file is read whole and every problem in it is told at once, with its block and an example.

Turns tables into frozen structs. What makes sense in a type or a text is checked by
`information.catalogue` and `information.texts`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from consent_service.foundation.errors import ConfigurationError

S = TypeVar("S", bound=msgspec.Struct)
Table = Mapping[str, object]


class BlockProblem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing wrong in one block of a file, with a line that would be right."""

    block: str
    wrong: str
    example: str

    def __str__(self) -> str:
        return f"[{self.block}] {self.wrong}; for example: {self.example}"


class BlocksError(ConfigurationError):
    """A policies file cannot be used; `problems` holds all of them."""

    code = "policies_file"

    def __init__(self, file: str, problems: Sequence[BlockProblem]) -> None:
        self.problems: tuple[BlockProblem, ...] = tuple(problems)
        super().__init__("\n".join([f"{file}: {len(self.problems)} problem(s)", *map(str, self.problems)]))


def read_toml(path: Path) -> Table:
    """The tables of a TOML file.

    Raises:
        BlocksError: the file is missing, unreadable or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = BlockProblem(path.name, "the file cannot be read", f"a readable file {path.name}")
        raise BlocksError(path.name, [problem]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BlocksError(
            path.name, [BlockProblem(path.name, f"not TOML: {error}", 'key = "value"')]
        ) from error


def table_of(raw: Table, key: str, *, block: str, problems: list[BlockProblem]) -> Table:
    """The table under `key`; anything else there is a problem and reads as empty."""
    value = raw.get(key, {})
    if isinstance(value, dict):
        return value
    problems.append(BlockProblem(block, f"`{key}` is not a table", f"[{block}.{key}]"))
    return {}


def read_struct(
    shape: type[S],
    raw: Table,
    *,
    block: str,
    given: Table,
    examples: Mapping[str, str],
    problems: list[BlockProblem],
) -> S | None:
    """Every attribute of a block is judged by itself, so that one mistake does not hide the next.

    `given` are values that do not stand in the block under their own name. Returns None, with the
    problems appended, when the block cannot be used.
    """
    before = len(problems)
    values: dict[str, object] = dict(given)
    expected = {info.name: info for info in msgspec.structs.fields(shape) if info.name not in given}
    for name in raw:
        if name not in expected:
            problems.append(BlockProblem(block, f"`{name}` is not known here", f"remove {name}"))
    for name, info in expected.items():
        if name in raw:
            try:
                values[name] = msgspec.convert(raw[name], type=info.type)
            except msgspec.ValidationError as error:
                problems.append(BlockProblem(block, f"`{name}`: {error}", _example(name, examples)))
        elif info.required:
            problems.append(BlockProblem(block, f"`{name}` is missing", _example(name, examples)))
    return shape(**values) if len(problems) == before else None


def _example(name: str, examples: Mapping[str, str]) -> str:
    return f"{name} = {examples.get(name, '...')}"
