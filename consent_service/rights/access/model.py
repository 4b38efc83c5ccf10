"""How a file stands, for the desk and for who asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from consent_service.rights.access.redacting import FreeText
from consent_service.rights.cases.model import Case, CaseKind, Standing

KINDS: Final[tuple[CaseKind, ...]] = ("access", "portability")
KEPT_AFTER: Final = timedelta(days=14)
"""How long a file can be taken again after it was handed over."""
FileState = Literal["none", "draft", "ready"]


class FileView(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file of one request. `texts`: those to be looked through, for who decides.

    `weigh`: a person must weigh it now (S21, S46). `lost`: the requester does not decide over the child any
    more; the request must be decided anew. `stale`: it was made when things stood otherwise.
    `file`: which of those that were made for the request; each has an id of its own.
    """

    case: Case
    standing: Standing
    state: FileState
    weigh: bool
    lost: bool
    stale: bool = False
    file: str = ""
    by_hand: bool = False
    made_at: datetime | None = None
    delivered_at: datetime | None = None
    texts: tuple[FreeText, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()


class OwnFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that waits for who asked; `until` when it was taken before."""

    case: str
    kind: CaseKind
    made_at: datetime
    until: datetime | None
