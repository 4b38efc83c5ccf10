"""W3C Trace Context: which headers are believed, what is passed on, and that ids say nothing."""

from __future__ import annotations

import asyncio
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.tracing import (
    LONGEST_STATE,
    Trace,
    current_trace,
    outgoing_headers,
    read_traceparent,
    read_tracestate,
    started,
    tracing,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
OUTGOING = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01")


@pytest.mark.parametrize(
    "value",
    [
        PARENT,
        f"00-{TRACE}-{SPAN}-00",
        f"00-{TRACE}-{SPAN}-ff",
        f" \t{PARENT}\t ",
        f"cc-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like",
        f"01-{TRACE}-{SPAN}-00-",
    ],
)
def test_a_well_formed_traceparent_is_believed_also_of_a_later_version(value: str) -> None:
    assert read_traceparent(value) == (TRACE, SPAN)


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"000-{TRACE}-{SPAN}-01",
        f".0-{TRACE}-{SPAN}-01",
        f"0A-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-.{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN[1:]}-01",
        f"00-{TRACE}-{SPAN}0-01",
        f"00-{TRACE}-{SPAN[1:]}.-01",
        f"00-{TRACE}-{SPAN}-0.",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-001",
        f"{PARENT}.",
        f"{PARENT}-what-the-future-will-be-like",
        f"cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like",
        f"00_{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-٠{TRACE[1:]}-{SPAN}-01",
        f"{PARENT}\n",
        f"{PARENT},{PARENT}",
    ],
)
def test_a_traceparent_that_is_not_well_formed_begins_a_chain_of_our_own(value: str) -> None:
    assert read_traceparent(value) is None
    headers = [(b"traceparent", value.encode("utf-8")), (b"tracestate", b"foo=1")]
    with tracing(headers) as trace:
        assert trace.id != TRACE
        assert trace.caller == ""
        assert "tracestate" not in outgoing_headers()


@pytest.mark.parametrize(
    "values,read",
    [
        (["foo=1,bar=2"], "foo=1,bar=2"),
        (["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        ([""], ""),
        (["", "foo=1", ""], "foo=1"),
        (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        ([" foo=1\t"], "foo=1"),
        (["foo=1,,,bar=2"], "foo=1,bar=2"),
        (["foo=a b"], "foo=a b"),
        (["a" * 256 + "=1"], "a" * 256 + "=1"),
        (["t" * 241 + "@" + "v" * 14 + "=1"], "t" * 241 + "@" + "v" * 14 + "=1"),
        (["1a@v=1"], "1a@v=1"),
        (["foo=" + "v" * 256], "foo=" + "v" * 256),
        ([",".join(f"k{n}={n}" for n in range(32))], ",".join(f"k{n}={n}" for n in range(32))),
        (["foo=1,foo=1"], ""),
        (["foo=1", "foo=2"], ""),
        (["foo =1"], ""),
        (["FOO=1"], ""),
        (["foo.bar=1"], ""),
        (["1foo=1"], ""),
        (["foo@=1,bar=2"], ""),
        (["@foo=1,bar=2"], ""),
        (["foo@@bar=1,bar=2"], ""),
        (["foo@bar@baz=1,bar=2"], ""),
        (["foo=bar=baz"], ""),
        (["foo=,bar=3"], ""),
        (["foo"], ""),
        (["foo=\x00"], ""),
        (["foo=é"], ""),
        (["a" * 257 + "=1"], ""),
        (["t" * 242 + "@v=1"], ""),
        (["t@" + "v" * 15 + "=1"], ""),
        (["foo=" + "v" * 257], ""),
        ([",".join(f"k{n}={n}" for n in range(33))], ""),
    ],
)
def test_tracestate_is_taken_whole_or_not_at_all(values: list[str], read: str) -> None:
    assert read_tracestate(values) == read


def test_what_is_too_long_loses_its_long_members_first_and_then_its_last_ones() -> None:
    short = [f"k{n}=" + "v" * 96 for n in range(6)]
    assert read_tracestate([",".join([*short, "long=" + "v" * 200])]) == ",".join(short[:5])
    assert read_tracestate(["long=" + "v" * 200 + "," + ",".join(short[:4])]) == ",".join(short[:4])


@given(st.lists(st.text(alphabet="ab1@=, \t/*é\x00", max_size=200), max_size=5))
def test_whatever_comes_what_goes_on_is_short_and_reads_the_same_again(values: list[str]) -> None:
    read = read_tracestate(values)
    assert len(read) <= LONGEST_STATE
    assert read_tracestate([read]) == read
    assert read.isascii()


@given(st.text(alphabet="0123456789abcdefF-", max_size=80))
def test_whatever_comes_what_is_believed_makes_a_trace(value: str) -> None:
    found = read_traceparent(value)
    if found is not None:
        trace = Trace(found[0], found[1], found[1])
        assert msgspec.convert(msgspec.to_builtins(trace), Trace) == trace


def test_a_request_of_a_caller_keeps_the_chain_and_gets_a_span_of_its_own() -> None:
    headers = [(b"TraceParent", PARENT.encode()), (b"TRACESTATE", b"foo=1"), (b"tracestate", b"bar=2")]
    with tracing(headers) as trace:
        assert (trace.id, trace.caller) == (TRACE, SPAN)
        assert trace.span not in (SPAN, "")
        assert current_trace() == trace
        assert outgoing_headers() == {
            "traceparent": f"00-{TRACE}-{trace.span}-01",
            "tracestate": "foo=1,bar=2",
        }
    assert current_trace() is None


def test_two_traceparents_count_as_none_and_another_header_is_none() -> None:
    twice = [(b"traceparent", PARENT.encode())] * 2
    for headers in (twice, [(b"trace-parent", PARENT.encode())], []):
        with tracing(headers) as trace:
            assert trace.id != TRACE
            assert trace.caller == ""


def test_a_command_is_one_chain_and_what_belongs_to_none_begins_one_each_time() -> None:
    with started() as trace:
        sent = [OUTGOING.fullmatch(outgoing_headers()["traceparent"]) for _ in range(2)]
        assert [one and one.groups() for one in sent] == [(trace.id, trace.span)] * 2
        with started() as inner:
            assert inner.id != trace.id
        assert current_trace() == trace
    alone = {outgoing_headers()["traceparent"] for _ in range(3)}
    assert len(alone) == 3
    assert all(OUTGOING.fullmatch(one) for one in alone)


async def test_requests_that_are_answered_at_the_same_time_keep_their_own_chain() -> None:
    async def answer(number: int) -> str:
        with tracing([(b"traceparent", f"00-{number:032x}-{SPAN}-01".encode())]):
            await asyncio.sleep(0)
            trace = current_trace()
            assert trace is not None
            return trace.id

    assert await asyncio.gather(*map(answer, range(1, 9))) == [f"{number:032x}" for number in range(1, 9)]
