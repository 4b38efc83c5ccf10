"""How long a provider is waited for, for how long its answer counts, and how it comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from consent_service.foundation.errors import (
    ConfigurationError,
    ConsentServiceError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)
from consent_service.keyring.providers.contact import QUIET, TRUSTED, Contact
from tests.keyring.providers.places import Moved

LIMIT = 0.1


class Provider:
    """Counts its questions and answers as it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Callable[[], int] = lambda: 7

    def __call__(self) -> int:
        self.asked += 1
        return self.answer()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def moved() -> Moved:
    return Moved()


@pytest.fixture
def contact(moved: Moved) -> Contact:
    return Contact(_explained, limit=LIMIT, monotonic=moved)


def _explained(failure: Exception) -> ConsentServiceError:
    if isinstance(failure, PermissionError):
        return ConfigurationError("wrong secret")
    return KeyProviderUnavailableError(type(failure).__name__)


def _fails(error: Exception) -> Callable[[], int]:
    def failing() -> int:
        raise error

    return failing


def test_an_answer_is_believed_for_a_while(contact: Contact, provider: Provider, moved: Moved) -> None:
    for _ in range(50):
        contact.check(provider)
    assert provider.asked == 1
    moved.now += TRUSTED
    contact.check(provider)
    assert provider.asked == 1
    moved.now += 0.01
    contact.check(provider)
    assert provider.asked == 2


def test_any_question_that_was_answered_counts(contact: Contact, provider: Provider) -> None:
    for error in (IntegrityError("x"), KeyDestroyedError("x")):
        provider.answer = _fails(error)
        with pytest.raises(type(error)):
            contact.ask(provider)
        contact.check(_fails(AssertionError()))


def test_nobody_is_asked_for_a_while_after_a_failure(
    contact: Contact, provider: Provider, moved: Moved
) -> None:
    provider.answer = _fails(OSError())
    for _ in range(50):
        for use in (contact.check, contact.ask):
            with pytest.raises(KeyProviderUnavailableError):
                use(provider)
    assert provider.asked == 1
    moved.now += QUIET
    provider.answer = lambda: 8
    assert contact.ask(provider) == 8
    contact.check(provider)
    assert provider.asked == 2


def test_a_failure_after_an_answer_is_known_at_once(contact: Contact, provider: Provider) -> None:
    contact.check(provider)
    with pytest.raises(KeyProviderUnavailableError):
        contact.ask(_fails(OSError()))
    with pytest.raises(KeyProviderUnavailableError):
        contact.check(provider)


def test_an_answer_that_comes_too_late_counts_for_the_next_question(
    contact: Contact, provider: Provider, moved: Moved
) -> None:
    go_on, gone_on = threading.Event(), threading.Event()
    remembering = contact._remember

    def remembered(*, answered: bool) -> None:
        remembering(answered=answered)
        if answered:
            gone_on.set()

    contact._remember = remembered  # type: ignore[method-assign]

    def slow() -> int:
        go_on.wait(timeout=10)
        return 7

    with pytest.raises(KeyProviderUnavailableError, match="in time"):
        contact.ask(slow)
    with pytest.raises(KeyProviderUnavailableError, match="a moment ago"):
        contact.ask(provider)
    go_on.set()
    assert gone_on.wait(timeout=10)
    assert contact.ask(provider) == 7


def test_a_wrong_secret_is_a_fault_at_opening_and_an_outage_afterwards(
    contact: Contact, moved: Moved
) -> None:
    with pytest.raises(ConfigurationError, match="wrong secret"):
        contact.ask(_fails(PermissionError()))
    contact.establish()
    with pytest.raises(KeyProviderUnavailableError, match="wrong secret"):
        contact.ask(_fails(PermissionError()))


def test_nothing_of_the_failure_itself_gets_out(contact: Contact) -> None:
    def careless() -> int:
        try:
            int("s3cret")
        except ValueError as failure:
            raise IntegrityError("does not open") from failure
        return 0

    for use, kind in (
        (careless, IntegrityError),
        (_fails(ValueError("s3cret")), KeyProviderUnavailableError),
    ):
        with pytest.raises(kind) as caught:
            contact.ask(use)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        assert "s3cret" not in f"{caught.value!r}"
        assert "careless" not in {each.name for each in caught.traceback}
