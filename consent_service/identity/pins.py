"""PINs and other short secrets: hashed and compared with Argon2id; tablet and own page have a queue each.

Who may try how often is `handover` (the tablet) and `page_tries` (the own page).
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from consent_service.foundation.errors import UnavailableError
from consent_service.keyring.primitives import hash_pin, verify_pin

_Result = TypeVar("_Result")


class PinsBusyError(UnavailableError):
    """Too many wait for their PIN to be compared; in a minute there is room again."""

    code = "pins_busy"


class PinQueue:
    """One PIN at a time; `most` are let in at once, None: everybody.

    One thread each: Argon2id in several threads at once stands still for good inside OpenSSL's own thread
    pool when it has lanes (seen with eight threads, four lanes; ours has one lane), and each try takes
    64 MiB.
    """

    def __init__(self, name: str, *, most: int | None = None) -> None:
        self._work = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._most = most
        self._inside = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, taken before anything is counted or looked up.

        Raises:
            PinsBusyError: all places are taken.
        """
        if self._most is not None and self._inside >= self._most:
            raise PinsBusyError("too many PINs wait")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def run(self, work: Callable[..., _Result], *given: str) -> _Result:
        """Do this after what came before."""
        return await asyncio.get_running_loop().run_in_executor(self._work, work, *given)


TABLET: Final = PinQueue("pin")
"""The counsellor takes the tablet back: whatever strangers do to the own page, this goes on."""
OWN_PAGE: Final = PinQueue("own-pin", most=20)
"""Anybody in the world may type a code there."""


async def hashed(pin: str, *, queue: PinQueue = TABLET) -> str:
    """What to store of a short secret."""
    return await queue.run(hash_pin, pin)


async def fits(pin: str, stored: str | None, *, queue: PinQueue = TABLET) -> bool:
    """Whether `pin` is the one that was hashed; with nothing stored it takes as long, and is a no."""
    against = _nobodys_pin() if stored is None else stored
    right = await queue.run(verify_pin, pin, against)
    return right and stored is not None


def _nobodys_pin() -> str:
    """Random bytes in the form of a hash: comparing costs what it always costs."""
    salt, digest = (base64.b64encode(secrets.token_bytes(n)).rstrip(b"=").decode() for n in (16, 32))
    return f"$argon2id$v=19$m=65536,t=4,p=1${salt}${digest}"
