"""What goes wrong with key providers is said in one sentence, in the operator's language."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from consent_service.cli.failing import lines_of
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import ConfigurationError
from consent_service.keyring.providers import choosing, pkcs11, pkcs11_session, transit

_INTERNAL = ("root generation", "the current root generation", "pkcs11_module: is needed")
"""Said to whoever calls a provider wrongly, never to an operator."""


def _messages() -> Iterator[str]:
    """Every message of a `ConfigurationError` in the providers, `x-1` where something is filled in."""
    for module in (choosing, pkcs11, pkcs11_session, transit):
        yield from _raised_in(module)


def _raised_in(module: ModuleType) -> Iterator[str]:
    names: dict[str, str] = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = _text(node.value)
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ConfigurationError":
            given = node.args[0]
            yield names[given.id] if isinstance(given, ast.Name) else _text(given)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "x-1" for part in node.values)
    return ""


def test_the_messages_are_found() -> None:
    found = list(_messages())
    assert len(found) >= 15
    assert all(found)


@pytest.mark.parametrize("message", sorted({m for m in _messages() if not m.startswith(_INTERNAL)}))
def test_every_fault_of_a_key_provider_has_its_sentence(message: str) -> None:
    said = {}
    for language in ("nl", "en"):
        [said[language]] = lines_of(Terminal({}, language=language), ConfigurationError(message))
    assert len({message, *said.values()}) == 3
    for sentence in said.values():
        assert re.fullmatch(r"[A-ZÉ][^{}\n]+", sentence)
