"""How the generations are called where each is a key of its own: `<name>-<number>`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from consent_service.foundation.errors import (
    ConfigurationError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)


def key_called(name: str, number: int) -> str:
    return f"{name}-{number}"


def numbers_among(names: Iterable[str], name: str) -> tuple[int, ...]:
    """The generations among keys that may belong to others too, ascending."""
    pattern = re.compile(re.escape(name) + r"-([1-9][0-9]{0,8})")
    return tuple(sorted({int(found[1]) for each in names if (found := pattern.fullmatch(each))}))


def require_some(living: tuple[int, ...]) -> tuple[int, ...]:
    """`living`, unless it is empty: the current generation is never destroyed, so the place is not itself.

    Raises:
        KeyProviderUnavailableError: there is none.
    """
    if not living:
        raise KeyProviderUnavailableError("the key provider shows none of its keys")
    return living


def require_living(number: int, living: tuple[int, ...]) -> None:
    """Return when generation `number` lives.

    Raises:
        KeyDestroyedError: others live and this one does not.
        KeyProviderUnavailableError: none is to be seen.
    """
    if number not in require_some(living):
        raise KeyDestroyedError(f"root generation {number} does not exist")


def require_above(number: int, living: tuple[int, ...]) -> None:
    """Return when `number` may be the next generation.

    Raises:
        ConfigurationError: it is not above every living one.
    """
    if number <= max(require_some(living)):
        raise ConfigurationError(f"root generation {number} is not above every living one")


def require_not_current(number: int, living: tuple[int, ...]) -> None:
    """Return when generation `number` may be destroyed.

    Raises:
        ConfigurationError: it is the current one.
    """
    if number == max(require_some(living)):
        raise ConfigurationError("the current root generation is not destroyed")
