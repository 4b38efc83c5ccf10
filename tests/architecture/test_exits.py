"""S45: what leaves otherwise than as a page needs a permit, and only the release door makes one."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from consent_service.foundation.i18n import LOCALE_FOLDER

PACKAGE = LOCALE_FOLDER.parent
PERMIT = "ExitPermit"
DOOR = "release/exits.py"
WIRES = {"post_message", "sendmail", "send_message", "to_ical", "send_notice"}
"""Names of what puts bytes on a wire, or into a file that somebody takes along in a mail."""
LIBRARIES = {"aiosmtplib", "smtplib", "icalendar", "socket", "email.message", "csv"}
USING = {
    "cli/operators.py": "the name of this machine",
    "foundation/notifier.py": "the wire itself",
    "process/notices/bounces.py": "reads a mail that came back; writes none",
    "keyring/providers/transit_line.py": "keys, wrapped, to the server that wraps them",
    "rights/accountability/report_document.py": "numbers of a year; that it is taken is in the log first",
    "web/evaluation/csv_file.py": "figures, for who holds a permit",
    "web/serving.py": "the socket that pages are served on",
}
"""Which modules take a library that could carry something out, and what for; a new one is an exit."""
ONE_TIME_CODES = {"consent/page_login.py"}
"""Six digits to the person's own channel, who typed the paper code just now: no word about anybody."""


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield node.module


def _libraries(source: str) -> set[str]:
    """The carrying libraries a module imports."""
    found = set(_names(ast.parse(source)))
    return {one for one in LIBRARIES if any(name == one or name.startswith(f"{one}.") for name in found)}


def _called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else None


def _takes_permit(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = (*function.args.args, *function.args.kwonlyargs, *function.args.posonlyargs)
    return any(PERMIT in ast.unparse(one.annotation) for one in arguments if one.annotation is not None)


def exits_without_permit(source: str) -> set[str]:
    """Functions that put something on a wire and are given no permit, by name; a module's own lines too."""
    found: set[str] = set()

    def look(node: ast.AST, name: str, *, permitted: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name, permitted = node.name, _takes_permit(node)
        if _called(node) in WIRES and not permitted:
            found.add(name)
        for child in ast.iter_child_nodes(node):
            look(child, name, permitted=permitted)

    look(ast.parse(source), "<module>", permitted=False)
    return found


def makes_permits(source: str) -> bool:
    """Whether a permit is built here, also from another one."""
    return any(
        _called(node) == PERMIT or (_called(node) in {"replace", "convert"} and PERMIT in ast.unparse(node))
        for node in ast.walk(ast.parse(source))
    )


def _sources() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), path.read_text()


def test_everything_that_leaves_was_given_a_permit() -> None:
    found = {name: hit for name, source in _sources() if (hit := exits_without_permit(source))}
    found.pop("foundation/notifier.py", None)
    assert found == {}


def test_permits_are_made_by_the_release_door_only() -> None:
    assert {name for name, source in _sources() if makes_permits(source)} == {DOOR}


def test_what_could_carry_something_out_is_used_in_exactly_these_modules() -> None:
    assert {name for name, source in _sources() if _libraries(source)} == set(USING)


def test_one_time_codes_are_sent_from_exactly_these_modules() -> None:
    calling = {
        name
        for name, source in _sources()
        if any(_called(node) == "send_code" for node in ast.walk(ast.parse(source)))
    }
    assert calling == ONE_TIME_CODES


@pytest.mark.parametrize(
    "planted",
    [
        "async def tell(post, to): await post.post_message(to, 'x')",
        "def file(calendar): return calendar.to_ical()",
        "post_message('a', 'b')",
        "def outer(permit: ExitPermit):\n    def inner(): post_message('a')",
    ],
)
def test_a_planted_exit_without_a_permit_is_seen(planted: str) -> None:
    assert exits_without_permit(planted)
    assert not exits_without_permit("async def tell(permit: ExitPermit, post): await post.post_message(1)")
    assert not exits_without_permit("def tell(permits: tuple[ExitPermit, ...]): post_message(permits)")


@pytest.mark.parametrize(
    "planted",
    [
        "permit = ExitPermit('mail', t, r, e)",
        "exits.ExitPermit('mail', t, r, e)",
        "msgspec.structs.replace(cast(ExitPermit, permit), recipient='x')",
        "msgspec.convert({}, ExitPermit)",
    ],
)
def test_a_planted_permit_is_seen(planted: str) -> None:
    assert makes_permits(planted)
    assert not makes_permits("def tell(permit: ExitPermit) -> None: ...")


def test_a_planted_library_is_seen() -> None:
    assert _libraries("from email.message import EmailMessage") == {"email.message"}
    assert _libraries("import aiosmtplib") == {"aiosmtplib"}
    assert not _libraries("from email import policy")
