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
from consent_service.keyring.providers import contact as module
from consent_service.keyring.providers.contact import MOST_QUESTIONS, QUIET, TRUSTED, Contact
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
        go_on.wait(timeout=60)
        return 7

    with pytest.raises(KeyProviderUnavailableError, match="in time"):
        contact.ask(slow)
    with pytest.raises(KeyProviderUnavailableError, match="a moment ago"):
        contact.ask(provider)
    go_on.set()
    assert gone_on.wait(timeout=60)
    assert contact.ask(provider) == 7


def test_a_failure_that_comes_too_late_counts_for_nothing(contact: Contact, provider: Provider) -> None:
    """The provider may be back by then, and was taken to be away for long enough."""
    go_on, failed = threading.Event(), threading.Event()

    def explained(failure: Exception) -> ConsentServiceError:
        failed.set()
        return _explained(failure)

    contact._explain = explained

    def slow() -> int:
        go_on.wait(timeout=60)
        raise OSError

    with pytest.raises(KeyProviderUnavailableError, match="in time"):
        contact.ask(slow)
    before = contact._last
    go_on.set()
    assert failed.wait(timeout=60)
    all_threads_idle()
    assert contact._last is before


def test_questions_that_hang_keep_a_few_threads_and_everybody_else_is_told(
    provider: Provider, moved: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_workers", module._Workers())
    before, go_on = _threads(), threading.Event()
    for _ in range(3 * MOST_QUESTIONS):
        with pytest.raises(KeyProviderUnavailableError, match="in time"):
            Contact(_explained, limit=0.01, monotonic=moved).ask(lambda: go_on.wait(timeout=30))
    assert _threads() - before == MOST_QUESTIONS
    with pytest.raises(KeyProviderUnavailableError, match="in time"):
        Contact(_explained, limit=0.01, monotonic=moved).ask(provider)
    assert provider.asked == 0

    go_on.set()
    all_threads_idle()
    for _ in range(3 * MOST_QUESTIONS):
        assert Contact(_explained, limit=10, monotonic=moved).ask(provider) == 7
    assert _threads() - before == MOST_QUESTIONS


def test_a_child_of_a_fork_has_threads_of_its_own_however_many_hang(
    provider: Provider, moved: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs in the child of a fork, run here: coverage does not see a child that ends at once."""
    monkeypatch.setattr(module, "_workers", module._Workers())
    go_on = threading.Event()
    for _ in range(MOST_QUESTIONS):
        with pytest.raises(KeyProviderUnavailableError):
            Contact(_explained, limit=0.01, monotonic=moved).ask(lambda: go_on.wait(timeout=30))
    module._begin_in_child()
    assert Contact(_explained, limit=10, monotonic=moved).ask(provider) == 7
    go_on.set()


def all_threads_idle() -> None:
    """Return when no question is under way."""
    workers = module._workers
    for _ in range(MOST_QUESTIONS):
        assert workers._free.acquire(timeout=60)
    for _ in range(MOST_QUESTIONS):
        workers._free.release()


def _threads() -> int:
    return sum(each.name == "key-provider" for each in threading.enumerate())


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
