"""What a token and a server have in common: each generation is a key of its own, `<name>-<number>`.

Which generation is meant, what may be made or destroyed, and what is said when there is none yet. How a
key is made, used and destroyed is the kind of provider's; how long it is waited for is `contact`'s.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.settings import KeyProviderKind
from consent_service.keyring.providers.contact import Contact
from consent_service.keyring.providers.numbering import (
    key_called,
    require_above,
    require_not_current,
    require_some,
)
from consent_service.keyring.secret import Secret

Line = TypeVar("Line")
"""What the provider is spoken to through, for the time of one question."""
T = TypeVar("T")


class SeparateKeys(ABC, Generic[Line]):
    """The keys of one installation; the methods in the second half are asked within one question."""

    def __init__(self, *, name: str, where: str, contact: Contact) -> None:
        self._name = name
        self._where = where
        self._contact = contact

    @property
    @abstractmethod
    def kind(self) -> KeyProviderKind: ...

    @property
    def development(self) -> bool:
        """Never: such a key carries no mark."""
        return False

    def open(self) -> None:
        """Look whether there are keys, and whether each of them stays inside.

        Raises:
            ConfigurationError: there are none, one can leave, or the settings or the secret are wrong.
            KeyProviderUnavailableError: the provider is away.
        """
        found = self._look()
        self._contact.establish()
        if not found:
            raise ConfigurationError(
                f"{self.kind}: there is no key named {self._called(1)} {self._where}; "
                "make one with 'consent-service keys init'"
            )

    def prepare(self) -> None:
        """Make generation 1 where there is none.

        Raises:
            ConfigurationError: there are keys of this name, one that was made can leave, or the settings
                or the secret are wrong.
            KeyProviderUnavailableError: the provider is away.
        """
        found = self._look()
        self._contact.establish()
        if found:
            raise ConfigurationError(
                f"{self.kind}: keys named {self._name} exist already {self._where}; nothing is overwritten"
            )
        self._ask(lambda line: self._create(line, 1))

    def check(self) -> None:
        self._contact.check(self._through_a_line(lambda line: require_some(self._living(line))))

    def generations(self) -> tuple[int, ...]:
        return self._ask(lambda line: require_some(self._living(line)))

    def current_generation(self) -> int:
        return max(self.generations())

    def create_generation(self, number: int) -> None:
        living = self.generations()
        if number in living:
            return
        require_above(number, living)
        self._ask(lambda line: self._create(line, number))

    def destroy_generation(self, number: int) -> None:
        living = self.generations()
        require_not_current(number, living)
        if number in living:
            self._ask(lambda line: self._destroy(line, number))

    def wrap(self, key: Secret, aad: bytes) -> tuple[int, bytes]:
        return self._ask(lambda line: self._wrap(line, key, aad))

    def unwrap(self, generation: int, blob: bytes, aad: bytes) -> Secret:
        return self._ask(lambda line: self._unwrap(line, generation, blob, aad))

    def check_value(self, generation: int) -> bytes:
        return self._ask(lambda line: self._check_value(line, generation))

    def _look(self) -> tuple[int, ...]:
        return self._ask(self._inspected)

    def _ask(self, work: Callable[[Line], T]) -> T:
        return self._contact.ask(self._through_a_line(work))

    def _called(self, number: int) -> str:
        return key_called(self._name, number)

    def _wrap(self, line: Line, key: Secret, aad: bytes) -> tuple[int, bytes]:
        generation = max(require_some(self._living(line)))
        return generation, self._sealed(line, generation, key, aad)

    @abstractmethod
    def _through_a_line(self, work: Callable[[Line], T]) -> Callable[[], T]:
        """The question that does `work`."""

    @abstractmethod
    def _living(self, line: Line) -> tuple[int, ...]:
        """The generations to be seen, ascending; none is no failure yet."""

    @abstractmethod
    def _inspected(self, line: Line) -> tuple[int, ...]:
        """The same, after a look at each key.

        Raises:
            ConfigurationError: a key is of another type, or can leave.
        """

    @abstractmethod
    def _create(self, line: Line, number: int) -> None: ...

    @abstractmethod
    def _destroy(self, line: Line, number: int) -> None: ...

    @abstractmethod
    def _sealed(self, line: Line, generation: int, key: Secret, aad: bytes) -> bytes: ...

    @abstractmethod
    def _unwrap(self, line: Line, generation: int, blob: bytes, aad: bytes) -> Secret: ...

    @abstractmethod
    def _check_value(self, line: Line, generation: int) -> bytes: ...
