"""The trace context of a request: kept in what is logged for it, carried on by every request made for it."""

from __future__ import annotations

from datetime import timedelta

from consent_service.app.jobs import _told
from consent_service.app.tracing import trace_token_file
from consent_service.audit.log import TrailEntry, TrailFilter
from consent_service.audit.traces import with_traces
from consent_service.foundation.errors import UnavailableError
from consent_service.foundation.tracing import current_trace
from tests.web.visiting import Site

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
TOKEN = b"t" * 43
PARENT = f"00-{TRACE}-{SPAN}-01"


async def _newest(site: Site) -> TrailEntry:
    """With its trace as an export has it."""
    services, viewed = site.world.services, TrailFilter(types=frozenset({"log.viewed.v1"}))
    async with services.installation.database.reading() as conn:
        page = await services.log.trail(conn, site.world.tenant, viewed, limit=1)
        stored = page.entries[0].detail
        assert stored is not None
        assert stored.trace is not None
        assert stored.trace.form == 1
        assert TRACE not in (stored.trace.id, current_trace())
        (plain,) = await with_traces(conn, services.installation.ring, site.world.tenant, page.entries)
    return plain


def _let_in(site: Site, token: bytes = TOKEN) -> None:
    trace_token_file(site.settings).write_bytes(token)


async def test_what_a_request_logs_belongs_to_its_callers_chain_and_tells_outsiders_nothing(
    site: Site,
) -> None:
    officer, home = await site.logged_in(site.world.officer), f"/toezicht/{site.world.tenant}"
    _let_in(site, TOKEN + b"\n")
    spans = set()
    for _ in range(2):
        site.world.clock.advance(timedelta(seconds=1))
        answer = await officer.get(home, traceparent=PARENT, tracestate="rojo=1", trace_token=TOKEN.decode())
        assert answer.status_code == 200
        for sent in answer.headers.items():
            assert TRACE not in sent[1]
        assert TRACE not in answer.text
        entry = await _newest(site)
        assert entry.detail is not None
        trace = entry.detail.trace
        assert trace is not None
        assert (trace.id, trace.caller) == (TRACE, SPAN)
        spans.add(trace.span)
    assert len(spans) == 2
    assert current_trace() is None


async def test_a_request_of_a_browser_begins_a_chain_and_an_ill_formed_header_is_no_reason_to_refuse(
    site: Site,
) -> None:
    officer, home = await site.logged_in(site.world.officer), f"/toezicht/{site.world.tenant}"
    found = []
    _let_in(site)
    known = {"trace_token": TOKEN.decode()}
    for headers in ({}, known, {"traceparent": PARENT.upper(), **known}):
        site.world.clock.advance(timedelta(seconds=1))
        assert (await officer.get(home, **headers)).status_code == 200
        entry = await _newest(site)
        assert entry.detail is not None
        assert entry.detail.trace is not None
        assert entry.detail.trace.caller == ""
        found.append(entry.detail.trace.id)
    assert len({*found, TRACE}) == 4


async def test_who_is_not_known_chooses_nothing_that_is_kept(site: Site) -> None:
    """Without the token, with another, with one too short, or before there is one: a chain of our own."""
    officer, home = await site.logged_in(site.world.officer), f"/toezicht/{site.world.tenant}"
    tried: list[tuple[bytes | None, dict[str, str]]] = [
        (None, {"trace_token": TOKEN.decode()}),
        (TOKEN, {}),
        (TOKEN, {"trace_token": "x" * 40}),
        (TOKEN, {"trace_token": ""}),
        (b"", {"trace_token": ""}),
        (b"short", {"trace_token": "short"}),
    ]
    for token, headers in tried:
        if token is not None:
            _let_in(site, token)
        site.world.clock.advance(timedelta(seconds=1))
        assert (await officer.get(home, traceparent=PARENT, **headers)).status_code == 200
        entry = await _newest(site)
        assert entry.detail is not None
        assert entry.detail.trace is not None
        assert (entry.detail.trace.caller, entry.detail.trace.id != TRACE) == ("", True)


def test_each_round_of_a_job_is_a_chain_of_its_own_also_when_it_fails() -> None:
    seen = []
    for _ in range(2):
        with _told("a job"):
            seen.append(current_trace())
            raise UnavailableError("planted")
    first, second = seen
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert current_trace() is None
