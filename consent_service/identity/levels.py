"""Levels of assurance (acr) as the log takes them, and when one is a second factor; pure.

A passkey is a second factor too (`identity.passkeys`); what waits for one, and how it is shown, is
`identity.factors` and `identity.stepping_up`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from typing import Literal

from consent_service.audit.events import CODE_PATTERN
from consent_service.identity.model import Fg, PrivacyCoordinator, StaffActor

Factor = Literal["", "acr", "passkey"]
"""What a session has beside the login: nothing, a level of the provider that is two factors, a passkey."""
DEMO_LEVELS = "urn:ruggensteun:demo:"
"""Levels of the demo's own provider, which asks for nothing: worth something in development only."""
DEMO_FACTOR_LEVEL = f"{DEMO_LEVELS}tweede-stap"
"""What that provider says of somebody who would have shown a second factor."""


def level_code(level: str) -> str:
    """A level of assurance as the log takes it: one word, or the start of its SHA-256."""
    if re.fullmatch(CODE_PATTERN, level) is not None:
        return level
    return f"sha256:{hashlib.sha256(level.encode()).hexdigest()[:32]}"


def factor_of(level: str, counts: Collection[str], *, demo_allowed: bool) -> Factor:
    """Whether a login at this level showed a second factor; `counts` are the levels at which it does."""
    if level.startswith(DEMO_LEVELS) and not demo_allowed:
        return ""
    return "acr" if level and level in counts else ""


def needs_factor(actor: StaffActor) -> bool:
    """Officers see what happened to every family of a shelter: one password is not enough for that."""
    return isinstance(actor, PrivacyCoordinator | Fg)


def divided(
    linked: Iterable[StaffActor], factor: Factor
) -> tuple[tuple[StaffActor, ...], tuple[StaffActor, ...]]:
    """Who a session may act as, and who waits for a second factor."""
    everybody = tuple(linked)
    if factor:
        return everybody, ()
    waiting = tuple(one for one in everybody if needs_factor(one))
    return tuple(one for one in everybody if one not in waiting), waiting
