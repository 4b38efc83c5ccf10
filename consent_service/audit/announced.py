"""What the logs of a tenant say about themselves: keys, restores, prunings, erasures. Pure.

Whatever takes something away from a log, or gives it another key, is itself an entry. `verify` tells here
what it reads, log by log and entry by entry, and asks whether what it finds was announced. What the end of a
key shut, its entry names (`emptied`); of what an earlier release shut there is only how many they were.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from consent_service.audit.encoding import Detail, id_milliseconds, milliseconds
from consent_service.audit.events import (
    ErasureApproved,
    ErasureAsked,
    ErasureDropped,
    ErasureExecuted,
    KeyDestroyed,
    KeyDestroyedOnOrder,
    LogKeyRotated,
    LogPruned,
    LogReopened,
)
from consent_service.audit.stored import Part

NAMED_LIMIT = 1000
"""Missing details kept by name; of more only the first and the last are known."""
IN_FLIGHT: Final = 10_000
"""Milliseconds between an entry and the end of a key, each in its own transaction, that did not see each
other: nothing takes longer than a transaction may."""
_CLOSE: Final = 16
"""So many entries about one person may be in flight at once."""
_UNENDED: Final = 3_600_000
"""Milliseconds after which an erasure should long have ended."""
_Gone = Literal[
    "erasure_undeclared",
    "erasure_unfounded",
    "erasure_unended",
    "detail_missing",
    "detail_shredded",
    "attachment_differs",
]
_Ended = KeyDestroyed | KeyDestroyedOnOrder


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an entry stands: which log, which number, which id."""

    log: int
    seq: int
    entry: str


class Running(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An erasure that is under way, as its row says: nothing of it counts that the log does not bear out.

    `details` it has taken so far that the end of no key named. `late_since` is when it was accepted, if the
    log learnt of it later.
    """

    erasure: str
    details: int
    late_since: datetime | None = None


class Unaccounted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is gone or shut and no entry accounts for: at `first`, or anywhere from there to `last`."""

    what: _Gone
    first: Place | None = None
    last: Place | None = None


class _End(msgspec.Struct, frozen=True):
    """What an entry says of the end of a person's key, and when it was written.

    `details` below 0 were not counted: an earlier release ended that key, and all it shut may stay shut.
    Where there is a digest of what was `emptied`, that is named, and the count allows nothing.
    """

    owner: str
    at: int
    details: int
    erasing: bool
    emptied: str = ""

    @property
    def unnamed(self) -> int:
        """How many details this end shut without naming them."""
        return 0 if self.emptied else self.details


class _Group(NamedTuple):
    """What is gone or shut, and which entries are said to name it; `person`: for whom it is sealed.

    `is_there`: the detail is there, and shut.
    """

    endings: tuple[str, ...]
    what: Part
    person: str = ""
    is_there: bool = False


class _Span(msgspec.Struct):
    """Where the first and the last of several stand."""

    first: Place
    last: Place


class _Shut(msgspec.Struct):
    """The details that one person's destroyed key shut, and are still there."""

    first: Place
    last: Place
    newest: Place
    count: int
    times: deque[int]

    def between(self, begin: int, end: int) -> int:
        """How many of the newest of them were written then."""
        return sum(begin <= at <= end for at in self.times)


class Announcements:
    """Hears every entry of every log of one tenant, oldest first."""

    def __init__(self) -> None:
        self._keys: dict[tuple[int, int, str], Place] = {}
        self._reopened: set[tuple[int, int, int]] = set()
        self._prunings: set[tuple[int, int]] = set()
        self._ends: dict[str, _End] = {}
        self._endings: dict[str, _End] = {}
        self._digests: dict[str, str] = {}
        self._named: dict[_Group, _Span] = {}
        self._detached: dict[str, _Span] = {}
        self._shut: dict[str, _Shut] = {}
        self._erasing = 0
        self._left = 0
        self._is_uncounted = False
        self._begun = 0
        self._newest = 0
        self._asked: set[str] = set()
        self._approved: set[str] = set()
        self._over: set[str] = set()
        self._late: set[int] = set()
        self._missing: list[Place] = []
        self._missing_count = 0
        self._first: Place | None = None
        self._last: Place | None = None
        self._accounted = 0

    def hear(self, detail: Detail, at: Place) -> None:
        """Note what this entry, whose detail fits its leaf, says about the logs."""
        written = id_milliseconds(at.entry)
        self._newest = max(self._newest, written)
        match detail.event:
            case LogKeyRotated(log=log, number=number, public=public):
                self._keys.setdefault((log, number, public), at)
            case LogReopened(log=log):
                self._reopened.add((log, at.log, at.seq))
            case LogPruned(log=log, minimum=minimum):
                self._prunings.add((log, minimum))
            case KeyDestroyed(kind="person") | KeyDestroyedOnOrder(kind="person"):
                self._hear_end(detail.event, detail.late_since, at)
            case ErasureAsked(erasure=erasure):
                self._asked.add(erasure)
            case ErasureApproved(erasure=erasure):
                self._approved.add(erasure)
                self._begun = max(self._begun, written)
            case ErasureDropped(erasure=erasure):
                self._over.add(erasure)
            case ErasureExecuted(erasure=erasure, details=details, unnamed=unnamed):
                self._over.add(erasure)
                taken = details if unnamed < 0 else self._within_room(unnamed)
                self._left = max(0, self._left - max(0, taken - self._erasing))
                self._erasing = max(0, self._erasing - taken)
                self._account_for(taken)
            case _:
                pass

    def _hear_end(self, event: _Ended, late_since: datetime | None, at: Place) -> None:
        erasing = isinstance(event, KeyDestroyed) and event.erasing
        written = id_milliseconds(at.entry)
        end = _End(event.owner, written, event.details, erasing, event.emptied)
        self._endings[at.entry] = end
        if not end.emptied or event.owner not in self._ends:  # what an earlier release counted stays
            self._ends[event.owner] = end
        self._is_uncounted |= end.unnamed < 0
        if not erasing:
            self._left += max(0, end.unnamed)
        if erasing:
            self._erasing += max(0, end.unnamed)
            self._begun = max(self._begun, written)
        if erasing and late_since is not None:
            self._late.add(milliseconds(late_since))

    def endings(self) -> frozenset[str]:
        """The entries that are said to name something of what is gone or shut."""
        return frozenset(one for group in self._named for one in group.endings)

    def unjudged(self, endings: Iterable[str]) -> frozenset[str]:
        """Those of which nobody looked yet at what is kept as named by them."""
        return frozenset(endings) - self._digests.keys()

    def has_heard(self, ending: str) -> bool:
        """Whether this entry tells of the end of a person's key."""
        return ending in self._endings

    def keep_digest(self, ending: str, digest: str) -> None:
        """What is kept as named by this entry has this digest (`emptied.digest_of`)."""
        self._digests[ending] = digest

    def find_unreadable(self, person: str, at: Place, named: tuple[str, ...] = ()) -> None:
        """The detail of this entry is there, and the key of this person is noted as destroyed.

        `named`: the entries that are said to name it.
        """
        if named:
            self._find_named(_Group(named, "detail", person, is_there=True), at)
            return
        written = id_milliseconds(at.entry)
        shut = self._shut.setdefault(person, _Shut(at, at, at, 0, deque(maxlen=_CLOSE)))
        shut.last, shut.count = at, shut.count + 1
        shut.times.append(written)
        if written > id_milliseconds(shut.newest.entry):
            shut.newest = at

    def find_detached(self, at: Place, child: str, named: tuple[str, ...] = ()) -> None:
        """The attachment of this entry is gone, or shut with the key of this child."""
        if named:
            self._find_named(_Group(named, "attached"), at)
        else:
            self._detached.setdefault(child, _Span(at, at)).last = at

    def _find_named(self, group: _Group, at: Place) -> None:
        self._named.setdefault(group, _Span(at, at)).last = at

    def find_missing(self, at: Place, named: tuple[str, ...] = ()) -> None:
        """The detail of this entry, which was about somebody, is no longer there."""
        if named:
            self._find_named(_Group(named, "detail"), at)
            return
        self._first = self._first or at
        self._last = at
        self._missing_count += 1
        if len(self._missing) < NAMED_LIMIT:
            self._missing.append(at)

    def key_at(self, log: int, number: int, public: bytes) -> Place | None:
        """Where it says that key `number` of this log is this one; None where no entry does."""
        return self._keys.get((log, number, public.hex()))

    def is_reopened(self, log: int) -> bool:
        """Whether the first entry of this log says why there is a new one."""
        return (log, log, 0) in self._reopened

    def is_pruned(self, log: int, minimum: int) -> bool:
        """Whether an entry says that this log keeps its entries from this number on."""
        return (log, minimum) in self._prunings

    def unaccounted(self, running: Sequence[Running] = ()) -> list[Unaccounted]:
        """What is gone or shut beyond what the entries tell of; `running`: erasures that did not end yet."""
        founded = [one for one in running if self._is_founded(one)]
        found = [Unaccounted("erasure_unfounded") for one in running if one not in founded]
        if founded and self._newest - self._begun > _UNENDED:
            found.append(Unaccounted("erasure_unended"))
        for person, shut in self._shut.items():
            one = self._shut_unsaid(person, shut, is_running=bool(founded))
            found += [] if one is None else [one]
        self._account_for(self._within_room(sum(one.details for one in founded)))
        return [*found, *self._missing_unsaid(), *self._named_falsely(is_running=bool(founded))]

    def excuses(self, named: Collection[str], person: str = "") -> bool:
        """Whether one of these entries tells of the end of a key (of this person) and names what it shut."""
        ends = [self._endings[one] for one in named if self._is_true(one)]
        return any(end.owner == person or not person for end in ends)

    def _is_true(self, ending: str) -> bool:
        """Whether what is kept as named by this entry is what it commits to."""
        end = self._endings.get(ending)
        return end is not None and bool(end.emptied) and end.emptied == self._digests.get(ending)

    def _named_falsely(self, *, is_running: bool) -> list[Unaccounted]:
        """What no end of a key names, or is left after the erasure that should have taken it away."""
        found = []
        for group, span in self._named.items():
            ends = [self._endings[one] for one in group.endings if self._is_true(one)]
            fits = [end for end in ends if not group.person or end.owner == group.person]
            is_left = group.is_there and not is_running and all(end.erasing for end in fits)
            if not fits or is_left:
                found.append(_unsaid(group.what, span))
        for child, span in self._detached.items():
            known = self._ends.get(child)
            if known is None or known.emptied:
                found.append(_unsaid("attached", span))
        return found

    def _within_room(self, details: int) -> int:
        """No more than earlier releases shut without naming it."""
        return details if self._is_uncounted else min(details, self._erasing + self._left)

    def _is_founded(self, one: Running) -> bool:
        """Whether two asked and approved it, or its keys came to their end late, and it did not end."""
        if one.erasure in self._over:
            return False
        late = one.late_since is not None and milliseconds(one.late_since) in self._late
        return late or (one.erasure in self._asked and one.erasure in self._approved)

    def _shut_unsaid(self, person: str, shut: _Shut, *, is_running: bool) -> Unaccounted | None:
        """More is shut than the end of that key shut, or what came after it; an erasure leaves nothing."""
        end = self._ends.get(person)
        if end is None:
            return Unaccounted("erasure_undeclared", shut.first)
        if end.emptied:
            return _unsaid("detail", _Span(shut.first, shut.last))
        if id_milliseconds(shut.newest.entry) > end.at + IN_FLIGHT:
            return Unaccounted("erasure_undeclared", shut.newest)
        allowed = end.details if is_running or not end.erasing else 0
        if allowed < 0:
            return None
        in_flight = shut.between(end.at - IN_FLIGHT, end.at + IN_FLIGHT)
        if shut.count - in_flight <= allowed:
            return None
        return Unaccounted("detail_shredded", shut.first, shut.last)

    def _missing_unsaid(self) -> list[Unaccounted]:
        """Each missing detail, unless erasures account for some in between: nobody can tell which."""
        if self._first is None:
            return []
        if not self._accounted and self._missing_count == len(self._missing):
            return [Unaccounted("detail_missing", at) for at in self._missing]
        return [Unaccounted("detail_shredded", self._first, self._last)]

    def _account_for(self, details: int) -> None:
        """An erasure takes details of entries before it; what is left over after it is not its doing."""
        self._accounted += details
        if self._accounted >= self._missing_count:
            self._missing, self._missing_count, self._accounted = [], 0, 0
            self._first = self._last = None


def _unsaid(what: Part, span: _Span) -> Unaccounted:
    last = None if span.first == span.last else span.last
    if what == "attached":
        return Unaccounted("attachment_differs", span.first, last)
    return Unaccounted("detail_missing" if last is None else "detail_shredded", span.first, last)


class Unheard(Announcements):
    """Where nothing of what the entries say can be read: nothing is held against what they do not say."""

    def key_at(self, log: int, number: int, public: bytes) -> Place | None:  # noqa: ARG002
        """Before the log."""
        return Place(log, -1, "")

    def is_reopened(self, log: int) -> bool:  # noqa: ARG002
        """It may be."""
        return True

    def is_pruned(self, log: int, minimum: int) -> bool:  # noqa: ARG002
        """It may be."""
        return True
