"""The pure verifier over pages that no database would hand out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from msgspec.structs import replace

from consent_service.audit import announced, verify
from consent_service.audit.announced import Announcements, Running
from consent_service.audit.checkpoint import Checkpoint, write_note
from consent_service.audit.details import OpenedDetail
from consent_service.audit.encoding import (
    Detail,
    Leaf,
    canonical_detail,
    commitment,
    encode_leaf,
    instant,
    milliseconds,
    read_detail,
)
from consent_service.audit.events import (
    ErasureApproved,
    ErasureAsked,
    ErasureDropped,
    ErasureExecuted,
    Event,
    KeyDestroyed,
    KeyDestroyedOnOrder,
    LogKeyRotated,
    Logout,
    LogPruned,
    LogReopened,
    event_type,
)
from consent_service.audit.merkle import EMPTY_ROOT, CompactRange, leaf_hash, root_of
from consent_service.audit.tiles import PartialTile
from consent_service.audit.verify import (
    Leftovers,
    LogIdentity,
    Page,
    SequencedEntry,
    Start,
    StoredCheckpoint,
    Verifier,
    told_by,
    verify_log,
    whole_report,
)
from consent_service.foundation.ids import EntryId, PersonId, TenantId, new_id
from consent_service.keyring.primitives import new_signing_key, sign
from tests.audit.factories import SYSTEM

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
SALT = b"s" * 32
PRIVATE, PUBLIC = new_signing_key()
LOG = LogIdentity("tenant", "audit.example.org/t/1", (PUBLIC,))


def an_entry(
    seq: int,
    *,
    kind: str = "",
    tenant: str = "tenant",
    raw: bytes | None = None,
    at: datetime = AT,
    own: bool = False,
) -> SequencedEntry:
    """`own`: its id is of the time it says."""
    entry = EntryId(new_id(milliseconds(at if own else AT)))
    detail = raw or canonical_detail(
        Detail(
            v=1,
            tenant=TenantId(tenant),
            entry=entry,
            event=Logout(),
            by=SYSTEM,
            shown_to="officer",
            subject=PersonId("p"),
        )
    )
    leaf = encode_leaf(
        Leaf(
            v=1,
            id=entry,
            time=instant(at),
            bundle="",
            tag="A" * 43,
            com=commitment(SALT, detail),
            type=kind,
        )
    )
    return SequencedEntry(seq, entry, leaf_hash(leaf), leaf, (SALT, detail))


def a_page(*entries: SequencedEntry) -> Page:
    checkpoint = Checkpoint(LOG.origin, len(entries), root_of(entry.leaf_hash for entry in entries))
    note = write_note(checkpoint, public=PUBLIC, signature=sign(PRIVATE, checkpoint.body()))
    return Page(entries, (StoredCheckpoint(checkpoint.size, checkpoint.root, note),))


def what(*entries: SequencedEntry) -> list[tuple[str, int | None]]:
    report = verify_log(LOG, [a_page(*entries)], Leftovers())
    return [(bad.what, bad.seq) for bad in report.problems]


def test_a_sound_log_is_ok_over_several_pages() -> None:
    page = a_page(an_entry(0), an_entry(1))
    split = [Page(page.entries[:1]), Page(page.entries[1:], page.checkpoints)]
    report = verify_log(LOG, split, Leftovers(pending=4))
    assert (report.ok, report.size, report.pending, report.details_checked) == (True, 2, 4, 2)
    assert report.root == page.checkpoints[0].root


@pytest.mark.parametrize(
    "bad, expected",
    [
        (an_entry(0, tenant="another"), "detail_differs"),
        (an_entry(0, kind="logout.v1"), "detail_differs"),
        (an_entry(0, raw=b"not a detail"), "detail_differs"),
        (an_entry(0, at=AT.replace(year=2020)), "leaf_misplaced"),
    ],
)
def test_a_leaf_that_lies_consistently_is_still_named(bad: SequencedEntry, expected: str) -> None:
    assert what(bad, an_entry(1)) == [(expected, 0)]


def test_a_number_given_twice_is_named() -> None:
    assert what(an_entry(0), an_entry(0)) == [("sequence_gap", 0)]


def test_an_empty_log_has_the_empty_root() -> None:
    report = verify_log(LOG, [], Leftovers())
    assert (report.ok, report.size, report.root, report.first) == (True, 0, EMPTY_ROOT, None)


def test_entries_without_any_checkpoint_are_not_ok() -> None:
    report = verify_log(LOG, [Page((an_entry(0), an_entry(1)))], Leftovers())
    assert report.first is not None
    assert (report.first.what, report.first.seq, report.first.until) == ("not_signed", 0, 1)


def test_problems_beyond_the_limit_are_counted_but_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PROBLEM_LIMIT", 2)
    report = verify_log(LOG, [], Leftovers(not_sequenced=("a", "b", "c")))
    assert (len(report.problems), report.problem_count, report.ok) == (2, 3, False)


# --- keys, restores, prunings, erasures ------------------------------------------------------

OTHER_PRIVATE, OTHER_PUBLIC = new_signing_key()
TWO_KEYS = LogIdentity("tenant", LOG.origin, (PUBLIC, OTHER_PUBLIC))


def saying(
    seq: int, event: Event, *, at: datetime = AT, late_since: datetime | None = None
) -> SequencedEntry:
    """An entry about nobody."""
    entry = EntryId(new_id(milliseconds(at)))
    detail = canonical_detail(
        Detail(
            v=1,
            tenant=TenantId("tenant"),
            entry=entry,
            event=event,
            by=SYSTEM,
            shown_to="officer",
            late_since=late_since,
        )
    )
    leaf = encode_leaf(
        Leaf(
            v=1,
            id=entry,
            time=instant(at),
            bundle="",
            tag="A" * 43,
            com=commitment(SALT, detail),
            type=event_type(event),
        )
    )
    return SequencedEntry(seq, entry, leaf_hash(leaf), leaf, (SALT, detail))


def without_detail(seq: int, opened: Literal["absent", "erased"] = "absent") -> SequencedEntry:
    person = "p" if opened == "erased" else ""
    return replace(an_entry(seq), opened=opened, person=person)


def begun(erasure: str, details: int = 1, *, late: datetime | None = None) -> list[SequencedEntry]:
    """It was asked, approved, and took somebody's key, that shut so many details: from place 1 on."""
    return [
        saying(1, ErasureAsked(erasure, "person", "requested")),
        saying(2, ErasureApproved(erasure)),
        saying(3, KeyDestroyed("person", "r", details, erasing=True), late_since=late),
    ]


def signed_by(keys: str, entries: Sequence[SequencedEntry]) -> Page:
    """A head after each entry, by the first or the second key: one character for each, or none for a dot."""
    heads = []
    for size, key in enumerate(keys, start=1):
        private, public = (PRIVATE, PUBLIC) if key == "1" else (OTHER_PRIVATE, OTHER_PUBLIC)
        head = Checkpoint(LOG.origin, size, root_of(entry.leaf_hash for entry in entries[:size]))
        note = write_note(head, public=public, signature=sign(private, head.body()))
        heads += [] if key == "." else [StoredCheckpoint(size, head.root, note)]
    return Page(tuple(entries), tuple(heads))


def rotated(public: bytes = OTHER_PUBLIC, *, log: int = 1, number: int = 2) -> LogKeyRotated:
    return LogKeyRotated(log=log, number=number, public=public.hex(), reason="planned")


@pytest.mark.parametrize(
    "told, keys, expected",
    [
        (rotated(), "112", set()),
        (rotated(), "111", set()),
        (rotated(), "1.2", {"key_undeclared"}),  # by the new key only: it vouches for itself
        (rotated(), "121", {"key_undeclared"}),  # signed before it was told of
        (rotated(PUBLIC), "112", {"key_undeclared"}),
        (rotated(number=3), "112", {"key_undeclared"}),
        (rotated(log=2), "112", {"key_undeclared"}),
        (None, "111", {"key_undeclared"}),  # it stands there, and signs nothing yet
    ],
)
def test_a_key_counts_when_the_key_before_it_told_of_it(
    told: LogKeyRotated | None, keys: str, expected: set[str]
) -> None:
    entries = [an_entry(0), an_entry(1) if told is None else saying(1, told), an_entry(2)]
    report = verify_log(TWO_KEYS, [signed_by(keys, entries)], Leftovers())
    assert {bad.what for bad in report.problems} == expected


def test_a_key_that_was_replaced_signs_nothing_any_more() -> None:
    entries = [saying(0, rotated()), an_entry(1), an_entry(2)]
    report = verify_log(TWO_KEYS, [signed_by("121", entries)], Leftovers())
    assert [(bad.what, bad.seq) for bad in report.problems] == [("key_retired", 2)]


def test_since_a_head_that_the_second_key_signed_nothing_more_need_be_told() -> None:
    entries = [saying(0, rotated()), an_entry(1), an_entry(2)]
    page = signed_by("122", entries)
    edge = CompactRange().extend(entry.leaf_hash for entry in entries[:2])
    begun = (PartialTile(0, 0, tuple(entry.leaf_hash for entry in entries[:2])),)
    verifier = Verifier(TWO_KEYS, start=Start(edge, begun, signer=1))
    verifier.take(Page(page.entries[2:], page.checkpoints[2:]))
    report = verifier.finish(Leftovers())
    assert (report.ok, report.since, report.size) == (True, 2, 3)


def second(*entries: SequencedEntry) -> Verifier:
    """A verifier of the second log of the tenant, after these entries."""
    verifier = Verifier(LogIdentity("tenant", LOG.origin, (PUBLIC,), number=2))
    verifier.take(signed_by("1" * len(entries), entries))
    return verifier


@pytest.mark.parametrize(
    "first, expected",
    [
        (LogReopened(log=2, reason="restored", previous_size=9, previous_root="00"), None),
        (LogReopened(log=3, reason="restored", previous_size=9, previous_root="00"), "log_undeclared"),
        (Logout(), "log_undeclared"),
    ],
)
def test_a_further_log_begins_with_why_there_is_one(first: Event, expected: str | None) -> None:
    report = second(saying(0, first), an_entry(1)).finish(Leftovers())
    assert [bad.what for bad in report.problems] == [expected] * (expected is not None)
    assert all(bad.log == 2 for bad in report.problems)
    assert second().finish(Leftovers()).ok  # it was opened a moment ago


PRUNED = LogIdentity("tenant", LOG.origin, (PUBLIC,), minimum=2)


@pytest.mark.parametrize(
    "told, expected",
    [
        (LogPruned(log=1, minimum=2), []),
        (LogPruned(log=1, minimum=3), [("pruning_undeclared", 0, 1)]),
        (Logout(), [("pruning_undeclared", 0, 1)]),
    ],
)
def test_entries_that_were_pruned_are_excused_when_an_entry_says_so(
    told: Event, expected: list[tuple[str, int, int]]
) -> None:
    entries = [an_entry(0), an_entry(1), saying(2, told)]
    kept = [replace(entry, leaf=None, opened="absent") for entry in entries[:2]] + entries[2:]
    page = signed_by("111", entries)
    report = verify_log(PRUNED, [Page(tuple(kept), page.checkpoints)], Leftovers())
    assert [(bad.what, bad.seq, bad.until) for bad in report.problems] == expected
    assert report.entries_pruned == 2
    above = verify_log(LOG, [Page(tuple(kept), page.checkpoints)], Leftovers())
    assert [bad.what for bad in above.problems] == ["leaf_missing", "leaf_missing"]


def executed(details: int) -> ErasureExecuted:
    counts = {"persons": 1, "keys": 1, "index": 0, "rows": 0}
    return ErasureExecuted(erasure="e", scope="person", details=details, approvers=("a", "b"), **counts)


@pytest.mark.parametrize(
    "erased, expected",
    [
        ((2,), []),
        ((1, 1), []),
        ((5,), []),  # of which some had no place in the log yet
        ((1,), [("detail_shredded", 0, 1)]),
        ((), [("detail_missing", 0, None), ("detail_missing", 1, None)]),
    ],
)
def test_details_are_gone_as_many_as_erasures_took(
    erased: tuple[int, ...], expected: list[tuple[str, int, int | None]]
) -> None:
    entries = [without_detail(0), without_detail(1)]
    entries += [saying(place, executed(details)) for place, details in enumerate(erased, start=2)]
    report = verify_log(LOG, [a_page(*entries)], Leftovers())
    assert [(bad.what, bad.seq, bad.until) for bad in report.problems] == expected
    assert report.details_erased == 2


def test_an_erasure_accounts_for_nothing_that_came_after_it() -> None:
    entries = [without_detail(0), saying(1, executed(9)), without_detail(2)]
    report = verify_log(LOG, [a_page(*entries)], Leftovers())
    assert [(bad.what, bad.seq) for bad in report.problems] == [("detail_missing", 2)]


def test_of_very_many_missing_details_the_first_and_the_last_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announced, "NAMED_LIMIT", 1)
    report = verify_log(LOG, [a_page(without_detail(0), without_detail(1), without_detail(2))], Leftovers())
    (bad,) = report.problems
    assert (bad.what, bad.seq, bad.until) == ("detail_shredded", 0, 2)


def test_details_missing_from_two_logs_are_told_of_the_first() -> None:
    heard = Announcements()
    logs = [LOG, LogIdentity("tenant", LOG.origin, (PUBLIC,), number=2)]
    opened = saying(0, LogReopened(log=2, reason="restored", previous_size=1, previous_root="00"))
    reports = []
    for log, entries in zip(
        logs,
        ([saying(0, Logout()), without_detail(1)], [opened, *begun("r"), without_detail(4)]),
        strict=True,
    ):
        verifier = Verifier(log, heard)
        verifier.take(signed_by("1" * len(entries), entries))
        reports.append(verifier.finish(Leftovers()))
    report = whole_report(reports, logs, heard, erasing=[Running("r", 1)])
    (bad,) = report.problems
    assert (bad.what, bad.log, bad.seq, bad.until) == ("detail_shredded", 1, 1, None)
    assert (report.details_erased, len(report.earlier), report.earlier[0].ok) == (2, 1, True)


@pytest.mark.parametrize(
    "told, expected",
    [
        (KeyDestroyed("person", "p", 1), None),
        (KeyDestroyed("person", "p"), None),
        (KeyDestroyedOnOrder("person", "p", "c", 1), None),
        (KeyDestroyed("relationship", "p"), "erasure_undeclared"),
        (Logout(), "erasure_undeclared"),
    ],
)
def test_a_key_does_not_come_to_its_end_unsaid(told: Event, expected: str | None) -> None:
    report = verify_log(LOG, [a_page(without_detail(0, "erased"), saying(1, told))], Leftovers())
    assert [bad.what for bad in report.problems] == [expected] * (expected is not None)


@pytest.mark.parametrize("opened", ["absent", "erased"])
def test_a_detail_about_nobody_is_taken_by_no_erasure(opened: Literal["absent", "erased"]) -> None:
    gone = replace(an_entry(0, kind="log.pruned.v1"), opened=opened, person="p")
    told = [saying(1, KeyDestroyed("person", "p", 1)), saying(2, executed(1))]
    report = verify_log(LOG, [a_page(gone, *told)], Leftovers())
    assert [(bad.what, bad.seq) for bad in report.problems] == [("detail_missing", 0)]


@pytest.mark.parametrize(
    "details, erasing, written, running, expected",
    [
        (2, False, (-60, -60), False, []),
        (1, False, (-60, -60), False, [("detail_shredded", 3, 4)]),  # one more than the end of that key shut
        (1, False, (-60, -5), False, []),  # one that was in flight
        (2, False, (-60, 60), False, [("erasure_undeclared", 4, None)]),  # there was no key any more
        (2, True, (-60, -60), False, [("detail_shredded", 3, 4)]),  # an erasure leaves nothing behind
        (2, True, (-60, -60), True, []),
        (1, True, (-60, -60), True, [("detail_shredded", 3, 4)]),
        (0, True, (5, 5), False, []),
    ],
)
def test_only_so_many_details_are_shut_as_the_end_of_a_key_shut(
    details: int,
    erasing: bool,
    written: tuple[int, int],
    running: bool,
    expected: list[tuple[str, int, int | None]],
) -> None:
    heard = Announcements()
    verifier = Verifier(LOG, heard)
    entries = [*begun("r")[:2], saying(3, KeyDestroyed("person", "p", details, erasing))]
    for at in written:
        one = an_entry(0, at=AT + timedelta(seconds=at), own=True)
        entries.append(replace(one, opened="erased", person="p"))
    verifier.take(a_page(*in_places(entries, 0)))
    under_way = [Running("r", 0)] if running else []
    report = whole_report([verifier.finish(Leftovers())], [LOG], heard, erasing=under_way)
    assert [(bad.what, bad.seq, bad.until) for bad in report.problems] == expected


def in_places(entries: Sequence[SequencedEntry], first: int) -> list[SequencedEntry]:
    return [replace(one, seq=seq) for seq, one in enumerate(entries, first)]


LATER = AT + timedelta(hours=2)
ENDED = [*begun("e", 2), saying(5, executed(0))]


@pytest.mark.parametrize(
    "told, running, expected",
    [
        (begun("r", 2), Running("r", 2), []),
        (begun("r", 1), Running("r", 9), ["detail_shredded"]),  # what those keys had shut, and nothing more
        (begun("r", 2), Running("r", 1), ["detail_shredded"]),
        (begun("r", 2), Running("other", 2), ["erasure_unfounded", "detail_missing", "detail_missing"]),
        (begun("r", 2)[1:], Running("r", 2), ["erasure_unfounded", "detail_missing", "detail_missing"]),
        (ENDED, Running("e", 2), ["erasure_unfounded", "detail_missing", "detail_missing"]),
        ([*begun("r"), saying(5, ErasureDropped("r", "x"))], Running("r", 0), ["erasure_unfounded", "", ""]),
        (begun("r", 2, late=AT)[-1:], Running("r", 2, AT), []),
        (begun("r", 2)[-1:], Running("r", 2, AT), ["erasure_unfounded", "detail_missing", "detail_missing"]),
        ([*begun("r", 2), saying(5, Logout(), at=LATER)], Running("r", 2), ["erasure_unended"]),
        ([saying(1, KeyDestroyed("person", "q", 2)), *begun("r", 0)], Running("r", 2), []),
    ],
)
def test_an_erasure_under_way_accounts_for_what_the_entries_bear_out(
    told: list[SequencedEntry], running: Running, expected: list[str]
) -> None:
    heard = Announcements()
    verifier = Verifier(LOG, heard)
    verifier.take(a_page(*in_places([without_detail(0), without_detail(0), *told], 0)))
    report = whole_report([verifier.finish(Leftovers())], [LOG], heard, erasing=[running])
    assert [bad.what for bad in report.problems] == [one or "detail_missing" for one in expected]


def test_a_leaf_that_carries_another_tag_is_named() -> None:
    assert what(replace(an_entry(0), tag="A" * 43), replace(an_entry(1), tag="B" * 43)) == [
        ("tag_differs", 1)
    ]


def test_a_leaf_from_more_than_a_day_before_is_named() -> None:
    assert what(an_entry(0), an_entry(1, at=AT - timedelta(hours=23), own=True)) == []
    assert what(an_entry(0), an_entry(1, at=AT - timedelta(hours=25), own=True)) == [("leaf_backdated", 1)]
    forged = an_entry(1, at=AT + timedelta(days=9))  # which makes none after it older
    assert what(an_entry(0), forged, an_entry(2)) == [("leaf_misplaced", 1)]


def test_an_entry_with_two_places_is_named() -> None:
    report = verify_log(LOG, [], Leftovers(repeated=("a",)))
    assert [(bad.what, bad.entry) for bad in report.problems] == [("entry_repeated", "a")]


def test_what_does_not_fit_its_leaf_says_nothing() -> None:
    one, other = an_entry(0), an_entry(0)
    assert one.leaf is not None
    assert isinstance(other.opened, tuple)
    read = OpenedDetail(*other.opened, detail=read_detail(other.opened[1]))
    assert told_by("tenant", one.leaf, read) is None
    assert told_by("tenant", b"no leaf", read) is None
    assert other.leaf is not None
    assert told_by("tenant", other.leaf, read) is not None
