"""Bytes that must not be shown, stored or sent by accident, and objects that hold such bytes."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn, final


class Confined:
    """Stays in this process: refuses text, copies, pickles and serialisers."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a secret is not put into text")

    __str__ = __repr__

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret is not copied, pickled or stored")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret is not copied, pickled or stored")


@final
class Secret(Confined):
    """Key material or a passphrase. Only `reveal` gives the bytes; everything that would copy them refuses.

    It keeps a secret out of messages, logs, dumps of local variables and serialisers. It does not wipe
    memory: Python may have copied the bytes; see docs/KEYS.md.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = bytes(data)

    def reveal(self) -> bytes:
        """The bytes themselves; do not keep them."""
        return self._data

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        """In constant time for secrets of one length."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._data, other._data)

    __hash__ = None  # type: ignore[assignment]  # a hash tells something of the bytes
