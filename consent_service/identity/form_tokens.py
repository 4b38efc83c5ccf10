"""What a form carries to show that a session of ours made it (OWASP: HMAC based token pattern)."""

from __future__ import annotations

import base64
import hashlib
import hmac


def csrf_token(token: str) -> str:
    """The token that every form of this session carries; it changes whenever the session's does."""
    mac = hmac.digest(token.encode(errors="replace"), b"csrf/v1", hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def csrf_fits(token: str, given: str) -> bool:
    """Whether a form was made for this session; compared in constant time."""
    return same(csrf_token(token), given)


def same(own: str, given: str) -> bool:
    """Whether two secrets are equal, compared in constant time."""
    return hmac.compare_digest(own.encode(), given.encode(errors="replace"))
