"""What stood on the screen when somebody chose, and its hash. Pure.

Every sentence the parent or child could read is in it, and nothing else: no tokens, no ids of forms.
Which words those are is `web.intake`; that the hash is kept with the answer is `ledger`.
"""

from __future__ import annotations

import msgspec

from consent_service.information.model import hash_of


class Screen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every text of one question as it was shown, in one language."""

    language: str
    number: int
    total: int
    draft_notice: str
    child: str
    school: str
    label: str
    question: str
    who_sees: str
    until: str
    never: str
    say_no: str
    earlier: str
    choices: tuple[str, ...]
    explanation: str
    organisation: str
    who_we_are: str
    parents_see: str = ""
    """Only to a child."""


def screen_hash(screen: Screen) -> str:
    """SHA-256 (hex) over the canonical JSON of everything shown; one changed letter changes it."""
    return hash_of(screen)
