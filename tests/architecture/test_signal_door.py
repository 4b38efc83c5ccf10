"""A care signal has hearers, a clock and an end: only its own process writes one."""

from __future__ import annotations

import ast

from consent_service.foundation.i18n import LOCALE_FOLDER

PACKAGE = LOCALE_FOLDER.parent
MAKING = {"process/signals/service.py"}
"""Who makes an `Along`, without which `records.share` takes nothing that is kept for school days."""
SHARING = {
    "demo/families.py",
    "process/meetings/outcome.py",
    "process/signals/service.py",
    "web/school/routes.py",
    "web/shelter/sharing_routes.py",
}
"""Who calls `records.share`; the API is not among them."""


def _calls(source: str) -> set[str]:
    """What a module calls, as `name` or `owner.name`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            found.add(node.func.id)
        if isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value).rpartition(".")[2].lstrip("_")
            found.add(f"{owner}.{node.func.attr}")
    return found


def _modules_that_call(name: str) -> set[str]:
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if name in _calls(path.read_text(encoding="utf-8"))
    }


def test_only_the_process_of_signals_writes_what_is_kept_for_school_days() -> None:
    assert _modules_that_call("Along") == MAKING


def test_nobody_else_writes_records_and_the_api_writes_none() -> None:
    assert _modules_that_call("records.share") == SHARING


def test_the_finder_finds_a_planted_call() -> None:
    assert _calls("await self._records.share(a)\nAlong(1, 2)") == {"records.share", "Along"}
