"""Where root generations live: outside the database, one module per kind of provider."""

from __future__ import annotations

from typing import Protocol


class KeyProvider(Protocol):
    """Holds the root generations and never hands one out.

    Every method raises `KeyProviderUnavailableError` when the provider is away.
    """

    @property
    def development(self) -> bool:
        """Whether these keys were made for development and must not be used in production."""
        ...

    def check(self) -> None:
        """Return when the provider would answer now; cheap enough for every request."""
        ...

    def current_generation(self) -> int:
        """The generation that wraps new tenant keys."""
        ...

    def wrap(self, key: bytes, aad: bytes) -> tuple[int, bytes]:
        """`key` wrapped by the current generation, as (generation, blob)."""
        ...

    def unwrap(self, generation: int, blob: bytes, aad: bytes) -> bytes:
        """The key inside `blob`.

        Raises:
            IntegrityError: the blob was not made by this generation for this `aad`.
            KeyDestroyedError: the generation no longer exists.
        """
        ...

    def check_value(self, generation: int) -> bytes:
        """32 bytes that tell this generation from every other and reveal nothing of it."""
        ...
