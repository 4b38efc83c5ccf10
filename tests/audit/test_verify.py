"""The pure verifier over pages that no database would hand out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from consent_service.audit import verify
from consent_service.audit.checkpoint import Checkpoint, write_note
from consent_service.audit.encoding import (
    Detail,
    Leaf,
    canonical_detail,
    commitment,
    encode_leaf,
    instant,
    milliseconds,
)
from consent_service.audit.events import Logout
from consent_service.audit.merkle import EMPTY_ROOT, leaf_hash, root_of
from consent_service.audit.verify import (
    Leftovers,
    LogIdentity,
    Page,
    SequencedEntry,
    StoredCheckpoint,
    verify_log,
)
from consent_service.foundation.ids import EntryId, PersonId, TenantId, new_id
from consent_service.keyring.primitives import new_signing_key, sign
from tests.audit.factories import SYSTEM

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
SALT = b"s" * 32
PRIVATE, PUBLIC = new_signing_key()
LOG = LogIdentity("tenant", "audit.example.org/t/1", (PUBLIC,))


def an_entry(
    seq: int, *, kind: str = "", tenant: str = "tenant", raw: bytes | None = None, at: datetime = AT
) -> SequencedEntry:
    entry = EntryId(new_id(milliseconds(AT)))
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
