"""Events of the right to be forgotten (AVG 17). None of them names whom it is about: that is erased.

`coordinator` is who decided it, where an operator typed it for them.
"""

from __future__ import annotations

from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening

ErasureScope = Literal["person", "child", "family"]
ErasureGround = Literal["requested", "consent_withdrawn", "no_longer_needed", "unlawful", "legal_duty"]
"""AVG 17(1): asked for (c), consent withdrawn (b), no longer needed (a), unlawful (d), a legal duty (e)."""


class ErasureAsked(Happening, frozen=True, tag="erasure.asked.v1"):
    erasure: Code
    scope: ErasureScope
    ground: ErasureGround
    coordinator: Code = ""


class ErasureApproved(Happening, frozen=True, tag="erasure.approved.v1"):
    erasure: Code
    coordinator: Code = ""


class ErasureDropped(Happening, frozen=True, tag="erasure.dropped.v1"):
    """It is not carried out: refused by an approver, or taken back by who asked."""

    erasure: Code
    reason: Code
    coordinator: Code = ""


class ErasureExecuted(Happening, frozen=True, tag="erasure.executed.v1"):
    """What no longer exists: persons, keys, sealed details and index rows of the log, other rows.

    `approvers` are the two who stand behind it. `persons` are counted, never named. `unnamed`: how many of
    the details the end of no key named; -1 in entries of earlier releases, which named none.
    """

    erasure: Code
    scope: ErasureScope
    persons: int
    keys: int
    details: int
    index: int
    rows: int
    approvers: tuple[Code, ...]
    unnamed: int = -1


ErasureEvent = ErasureAsked | ErasureApproved | ErasureDropped | ErasureExecuted
