"""Where root generations live: outside the database, one module per kind of provider."""

from __future__ import annotations

from typing import Protocol

from consent_service.foundation.settings import KeyProviderKind
from consent_service.keyring.secret import Secret


class KeyProvider(Protocol):
    """Holds the root generations and never hands one out.

    A generation is a key of its own at the provider; the highest number is the current one. Another
    process may make or destroy generations at any time: what this object knows must follow by itself.
    Every method raises `KeyProviderUnavailableError` when the provider is away, too slow or answers
    nonsense.
    """

    @property
    def kind(self) -> KeyProviderKind:
        """Which setting of `key_provider` leads here."""
        ...

    @property
    def development(self) -> bool:
        """Whether these keys were made for development and must not be used in production."""
        ...

    def check(self) -> None:
        """Return when the provider would answer now; cheap enough for every request."""
        ...

    def generations(self) -> tuple[int, ...]:
        """The numbers of the living generations, ascending."""
        ...

    def current_generation(self) -> int:
        """The generation that wraps new tenant keys: the highest."""
        ...

    def create_generation(self, number: int) -> None:
        """Make a fresh random generation inside the provider; it is current from now on.

        Does nothing when it lives already.

        Raises:
            ConfigurationError: the number is not above every living one.
        """
        ...

    def destroy_generation(self, number: int) -> None:
        """End a generation for good; does nothing when it does not exist (any more).

        Raises:
            ConfigurationError: it is the current one.
        """
        ...

    def wrap(self, key: Secret, aad: bytes) -> tuple[int, bytes]:
        """`key` wrapped by the current generation, as (generation, blob)."""
        ...

    def unwrap(self, generation: int, blob: bytes, aad: bytes) -> Secret:
        """The key inside `blob`.

        Raises:
            IntegrityError: the blob was not made by this generation for this `aad`.
            KeyDestroyedError: the generation does not exist (any more).
        """
        ...

    def check_value(self, generation: int) -> bytes:
        """32 bytes that tell this generation from every other and reveal nothing of it."""
        ...
