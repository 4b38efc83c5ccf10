"""PINs and other short secrets: hashed and compared with Argon2id, one at a time in this process.

Who may try how often is `handover` (the tablet) and `page_tries` (the own page).
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from concurrent.futures import ThreadPoolExecutor

from consent_service.keyring.primitives import hash_pin, verify_pin

_work = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pin")
"""One PIN at a time in this process: Argon2id in several threads at once stands still for good inside
OpenSSL's own thread pool (seen with eight threads, four lanes), and each try takes 64 MiB."""


async def hashed(pin: str) -> str:
    """What to store of a short secret."""
    return await asyncio.get_running_loop().run_in_executor(_work, hash_pin, pin)


async def fits(pin: str, stored: str | None) -> bool:
    """Whether `pin` is the one that was hashed; with nothing stored it takes as long, and is a no."""
    against = _nobodys_pin() if stored is None else stored
    right = await asyncio.get_running_loop().run_in_executor(_work, verify_pin, pin, against)
    return right and stored is not None


def _nobodys_pin() -> str:
    """Random bytes in the form of a hash: comparing costs what it always costs."""
    salt, digest = (base64.b64encode(secrets.token_bytes(n)).rstrip(b"=").decode() for n in (16, 32))
    return f"$argon2id$v=19$m=65536,t=4,p=1${salt}${digest}"
