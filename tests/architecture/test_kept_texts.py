"""Whoever writes a decision that rests on a text keeps the words of that text with it (S24)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "consent_service"
REPEATS = {"consent/texts.py"}
"""Suspends and resumes what rests on words that were kept before."""


def _careless(folder: Path) -> list[str]:
    """Modules that write decisions with something shown and never keep it."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if _writes_what_was_shown(ast.parse(path.read_text(encoding="utf-8")))
    )


def _writes_what_was_shown(tree: ast.Module) -> bool:
    called = set(_called(tree))
    shown = any(
        keyword.arg == "shown"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _name(call) == "NewDecision"
        for keyword in call.keywords
    )
    return "write_decisions" in called and shown and "keep_texts" not in called


def _called(tree: ast.Module) -> Iterator[str]:
    return (_name(node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def test_the_words_behind_every_decision_are_kept() -> None:
    assert set(_careless(PACKAGE)) == REPEATS


def test_a_writer_that_forgets_the_words_is_found(tmp_path: Path) -> None:
    body = "await write_decisions(conn, log, decisions=[NewDecision(kind='given', shown=shown)])"
    (tmp_path / "careless.py").write_text(f"async def sign():\n    {body}\n")
    (tmp_path / "careful.py").write_text(f"async def sign():\n    await keep_texts(conn)\n    {body}\n")
    (tmp_path / "stopping.py").write_text(
        "async def stop():\n    await write_decisions(conn, log, decisions=[NewDecision(kind='withdrawn')])\n"
    )

    assert _careless(tmp_path) == ["careless.py"]
