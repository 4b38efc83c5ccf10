"""A trace in an entry links nothing outside, and the exports of this service have it as it was."""

from __future__ import annotations

import msgspec
import pytest

from consent_service.audit import traces
from consent_service.audit.encoding import canonical_detail, read_detail
from consent_service.audit.log import TrailEntry
from consent_service.audit.traces import with_traces
from consent_service.foundation.tracing import Trace, tracing
from tests.audit.factories import Desk, a_consent
from tests.rights.exports.factories import an_entry, gone

CHAIN, CALLER = "1" * 32, "2" * 16
HEADERS = [(b"traceparent", f"00-{CHAIN}-{CALLER}-01".encode())]


async def _plain(desk: Desk, *entries: TrailEntry) -> tuple[TrailEntry, ...]:
    async with desk.database.reading() as conn:
        return await with_traces(conn, desk.ring, desk.tenant, entries)


def _trace(entry: TrailEntry) -> Trace:
    assert entry.detail is not None
    assert entry.detail.trace is not None
    return entry.detail.trace


async def test_one_request_about_two_people_and_nobody_shows_no_id_twice(desk: Desk) -> None:
    with tracing(HEADERS) as trace:
        for subject in (desk.mother, desk.father, desk.father, None):
            await desk.append(a_consent(), subject=subject)
    with tracing([]) as own:
        await desk.append(subject=desk.mother)
    stored = (await desk.trail()).entries
    newest, *about = [_trace(one) for one in stored]

    seen = [text for one in about for text in (one.id, one.span, one.caller)]
    assert len(set(seen)) == len(seen) == 12
    assert not {trace.id, trace.span, CALLER} & set(seen)
    assert {one.form for one in (newest, *about)} == {1}
    assert newest.caller == ""
    assert [_trace(one) for one in await _plain(desk, *stored)] == [own, *[trace] * 4]


async def test_entries_of_earlier_releases_and_those_without_a_trace_stay_as_they_are(desk: Desk) -> None:
    old = an_entry(a_consent(), trace=Trace(CHAIN, CALLER))
    assert old.detail is not None
    assert b'"form"' not in canonical_detail(old.detail)
    assert read_detail(canonical_detail(old.detail)) == old.detail
    for entry in (old, gone(old), an_entry(a_consent())):
        assert await _plain(desk, entry) == (entry,)
    stranger = msgspec.structs.replace(
        old, detail=msgspec.structs.replace(old.detail, trace=Trace(CHAIN, CALLER, form=1))
    )
    (unknown,) = await _plain(desk, stranger)  # whose key is gone
    assert unknown.detail is not None
    assert unknown.detail.trace is None


async def test_an_id_that_the_mask_makes_zero_is_left_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = bytes.fromhex(CHAIN) + bytes(16)
    monkeypatch.setattr(traces, "trace_mask", lambda *_: mask)
    with tracing(HEADERS):
        await desk.append()
    (entry,) = (await desk.trail(limit=1)).entries
    assert entry.detail is not None
    assert entry.detail.trace is None
