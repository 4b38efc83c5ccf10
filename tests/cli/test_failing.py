"""What goes wrong with key providers is said in one sentence, in the operator's language."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from consent_service.audit.heads.known import HeadsGoneError
from consent_service.audit.sequencer import BehindKnownHeadError
from consent_service.cli import failing
from consent_service.cli.failing import explain, lines_of
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.errors import (
    ConfigurationError,
    ConflictError,
    ConsentServiceError,
    DatabaseUnavailableError,
    InputError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
    Problem,
    UnavailableError,
)
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


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_other_error_has_its_sentence_and_its_exit_code(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    errors: dict[ConsentServiceError, int] = {
        KeyDestroyedError("x-1"): 2,
        DatabaseUnavailableError("x-1"): 1,
        KeyProviderUnavailableError("x-1"): 1,
        LogUnavailableError("x-1"): 1,
        BehindKnownHeadError("x-1"): 1,
        HeadsGoneError("x-1"): 1,
        IntegrityError("x-1"): 1,
        NotFoundError("x-1"): 1,
        NotAllowedError("x-1"): 2,
        ConflictError("x-1"): 2,
        InputError([Problem("sign_on", "required")]): 2,
        CommandError("x-1 {path}", path="p"): 2,
    }
    terminal = Terminal({"RUGGENSTEUN_ENVIRONMENT": "development"}, language=language)
    said = set()
    for error, code in errors.items():
        assert explain(terminal, error) == code
        said.add(capsys.readouterr().err)
    assert len(said) == len(errors)
    assert sum("x-1" in line for line in said) == 1


def test_a_fault_of_the_installation_without_a_sentence_is_told_as_it_is() -> None:
    terminal = Terminal({"RUGGENSTEUN_ENVIRONMENT": "development"}, language="nl")
    assert list(lines_of(terminal, ConfigurationError("a new fault"))) == ["a new fault"]


def test_a_folder_of_backups_that_cannot_be_read_says_nothing_of_a_keystore(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(_folder: object) -> None:
        raise UnavailableError("x-1")

    monkeypatch.setattr(failing, "found_backups", away)
    assert failing._folder_with_backups(Terminal({"RUGGENSTEUN_ENVIRONMENT": "development"})) is None
