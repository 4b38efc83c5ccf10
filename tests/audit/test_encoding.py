"""Canonical bytes never change: golden bytes, and everything outside the profile refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.audit import encoding
from consent_service.audit.encoding import Detail, Leaf, OutsideProfileError
from consent_service.audit.events import (
    By,
    Event,
    IdentityChanged,
    InformationReleased,
    IntakeFinished,
    RecordVersion,
    StopReplayed,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import (
    EntryId,
    FamilyId,
    PersonId,
    RecordId,
    RelationshipId,
    TenantId,
    TypeKey,
)
from consent_service.foundation.tracing import Trace

ENTRY = "01990000-0000-7000-8000-000000000001"
LEAF = Leaf(
    v=1,
    id=ENTRY,
    time="2026-09-01T08:00:00.000Z",
    bundle="ab" * 32,
    tag="A" * 43,
    com="B" * 42 + "A",
)
GOLDEN_LEAF = (
    b'{"bundle":"abababababababababababababababababababababababababababababababab",'
    b'"com":"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",'
    b'"id":"01990000-0000-7000-8000-000000000001",'
    b'"tag":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",'
    b'"time":"2026-09-01T08:00:00.000Z","v":1}'
)
GOLDEN_DETAIL = (
    b'{"by":{"id":"s1","kind":"school_staff"},"entry":"e1","event":{"agreement":"a1","purpose":"support",'
    b'"reader":"s1","reader_kind":"school","records":[{"information_type":"support_advice","record":"r1",'
    b'"version":2}],"relationship":"c1","role":"contact","type":"information.released.v1",'
    b'"types":["support_advice"]},"late_since":"2026-09-01T07:59:59.999Z","relationship":"c1",'
    b'"shown_to":"p1","subject":"p1","tenant":"t1","v":1}'
)


def a_detail(event: Event, **changes: object) -> Detail:
    detail = Detail(
        v=1,
        tenant=TenantId("t1"),
        entry=EntryId("e1"),
        event=event,
        by=By(kind="school_staff", id="s1"),
        shown_to=PersonId("p1"),
        subject=PersonId("p1"),
    )
    return msgspec.structs.replace(detail, **changes)


def test_leaf_v1_has_exactly_these_bytes() -> None:
    assert encoding.encode_leaf(LEAF) == GOLDEN_LEAF
    assert encoding.decode_leaf(GOLDEN_LEAF) == LEAF


def test_an_administration_leaf_also_shows_its_type() -> None:
    shown = msgspec.structs.replace(LEAF, bundle="", type="log.viewed.v1")
    assert encoding.encode_leaf(shown).endswith(b'"type":"log.viewed.v1","v":1}')
    assert encoding.decode_leaf(encoding.encode_leaf(shown)) == shown


def test_a_detail_has_exactly_these_bytes() -> None:
    released = InformationReleased(
        relationship=RelationshipId("c1"),
        purpose="support",
        reader="s1",
        reader_kind="school",
        role="contact",
        types=(TypeKey("support_advice"),),
        records=(RecordVersion(RecordId("r1"), 2, TypeKey("support_advice")),),
        agreement=None,
    )
    released = msgspec.structs.replace(released, agreement="a1")
    late = datetime(2026, 9, 1, 9, 59, 59, 999_900, tzinfo=timezone(timedelta(hours=2)))
    detail = a_detail(released, relationship=RelationshipId("c1"), late_since=late)
    assert encoding.canonical_detail(detail) == GOLDEN_DETAIL
    assert encoding.read_detail(GOLDEN_DETAIL).event == released


def test_the_commitment_is_the_hmac_of_the_detail_under_the_salt() -> None:
    assert encoding.commitment(b"s" * 32, b"detail") == "3dcI-uwSo_T2drq0qkKPc42Se-h9zfrkmYJPsv9LkrM"
    assert encoding.commitment(b"t" * 32, b"detail") != encoding.commitment(b"s" * 32, b"detail")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        GOLDEN_LEAF + b" ",
        GOLDEN_LEAF.replace(b'"v":1', b'"v": 1'),
        GOLDEN_LEAF.replace(b'"v":1', b'"v":2'),
        GOLDEN_LEAF.replace(b'"v":1', b'"v":1,"v":1'),
        GOLDEN_LEAF.replace(b'"v":1', b'"v":1,"w":1'),
        GOLDEN_LEAF.replace(b'"v":1', b'"type":"","v":1'),
        GOLDEN_LEAF.replace(b'"v":1', b'"type":"Log viewed","v":1'),
        GOLDEN_LEAF.replace(b"01990000", b"01990000-"),
        GOLDEN_LEAF.replace(b"2026-09", b"2026-13"),
        GOLDEN_LEAF.replace(b"08:00:00.000Z", b"08:00:00Z"),
        GOLDEN_LEAF.replace(b"abab", b"ABAB"),
        GOLDEN_LEAF.replace(b"AAAA", b"AAA="),
        GOLDEN_LEAF.replace(b"BBBBA", b"BBBBB"),
        GOLDEN_LEAF.replace(b"id", b"\\u0069d"),
    ],
)
def test_another_spelling_of_a_leaf_is_refused(raw: bytes) -> None:
    with pytest.raises(IntegrityError):
        encoding.decode_leaf(raw)


@pytest.mark.parametrize("raw", [b"{}", GOLDEN_DETAIL + b" ", GOLDEN_DETAIL.replace(b"s1", b"s 1")])
def test_another_spelling_of_a_detail_is_refused(raw: bytes) -> None:
    with pytest.raises(IntegrityError):
        encoding.read_detail(raw)


@pytest.mark.parametrize(
    "event",
    [
        IdentityChanged(PersonId("p1"), ("the other parent",)),
        IdentityChanged(PersonId("p1"), ("naam\n",)),
        IdentityChanged(PersonId("Jo de Vries"), ("names",)),
        IntakeFinished(FamilyId("f1"), PersonId("p1"), yes=1 << 53),
        StopReplayed("x" * 65, "withdrawal", datetime(2026, 9, 1, tzinfo=UTC)),
        IntakeFinished(FamilyId("f1"), PersonId("p1"), yes="many"),  # type: ignore[arg-type]
    ],
)
def test_free_text_and_large_numbers_are_refused_when_written(event: Event) -> None:
    with pytest.raises(OutsideProfileError):
        encoding.canonical_detail(a_detail(event))


def test_a_detail_that_is_too_long_is_refused() -> None:
    with pytest.raises(OutsideProfileError):
        encoding.canonical_detail(a_detail(IdentityChanged(PersonId("p1"), ("names",) * 9000)))


@pytest.mark.parametrize(
    "value", [1.5, None, b"x", {"\u00e9": 1}, {1: "x"}, {"a\n": 1}, "\ud800", -(1 << 53), {1}]
)
def test_what_the_profile_has_no_form_for_is_refused(value: object) -> None:
    with pytest.raises(OutsideProfileError):
        encoding.canonical({"x": [value]})


PROFILE = st.recursive(
    st.text() | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=5), inner)
    ),
    max_leaves=12,
)


@given(PROFILE)
def test_canonical_bytes_equal_an_independent_writer_and_read_back(value: object) -> None:
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert encoding.canonical(value) == expected
    assert json.loads(encoding.canonical(value)) == value


@given(st.timedeltas(timedelta(0), timedelta(days=2_000_000)))
def test_milliseconds_and_the_written_instant_are_the_same_moment(later: timedelta) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + later
    written = datetime.fromisoformat(encoding.instant(at))
    assert encoding.milliseconds(written) == encoding.milliseconds(at)


def _outcome(decode: Callable[[bytes], Leaf], raw: bytes) -> Leaf | None:
    try:
        return decode(raw)
    except IntegrityError:
        return None


_TYPED_LEAF = GOLDEN_LEAF.replace(b',"v":1}', b',"type":"log.viewed.v1","v":1}')


@pytest.mark.parametrize(
    "raw, is_leaf",
    [
        (GOLDEN_LEAF, True),
        (_TYPED_LEAF, True),
        (GOLDEN_LEAF + b"\n", False),
        (GOLDEN_LEAF.replace(b"2026-09-01", b"2026-02-30"), False),
        (GOLDEN_LEAF.replace(b"08:00:00", b"24:00:00"), False),
        (_TYPED_LEAF.replace(b"log.", b"log." + b"a" * 4096 + b"."), False),
        (_TYPED_LEAF.replace(b"log.viewed.v1", b""), False),
    ],
)
def test_the_form_of_a_leaf_is_seen_at_a_glance_exactly_where_the_rule_takes_it(
    raw: bytes, is_leaf: bool
) -> None:
    found = _outcome(encoding.decode_leaf, raw)
    assert (found is not None) is is_leaf
    assert found == _outcome(encoding._decode_any_leaf, raw)


@given(
    st.sampled_from([GOLDEN_LEAF, _TYPED_LEAF]),
    st.integers(0, 400),
    st.integers(0, 3),
    st.one_of(st.text('"{},:. \\u\n019aZAv', max_size=3).map(str.encode), st.binary(max_size=2)),
)
def test_what_is_nearly_a_leaf_is_judged_by_the_rule(raw: bytes, at: int, gone: int, added: bytes) -> None:
    changed = raw[: at % len(raw)] + added + raw[at % len(raw) + gone :]
    assert _outcome(encoding.decode_leaf, changed) == _outcome(encoding._decode_any_leaf, changed)


def test_the_trace_of_an_entry_has_exactly_these_bytes_and_without_one_nothing_changes() -> None:
    plain = a_detail(IntakeFinished(family=FamilyId("f1"), guardian=PersonId("p1")))
    traced = msgspec.structs.replace(plain, trace=Trace("1" * 32, "2" * 16, "3" * 16))
    raw = encoding.canonical_detail(traced)
    told = b'"trace":{"caller":"' + b"3" * 16 + b'","id":"' + b"1" * 32 + b'","span":"' + b"2" * 16 + b'"},'
    assert raw.replace(told, b"") == encoding.canonical_detail(plain)
    assert encoding.read_detail(raw) == traced
    unasked = msgspec.structs.replace(plain, trace=Trace("1" * 32, "2" * 16))
    assert b"caller" not in encoding.canonical_detail(unasked)


@pytest.mark.parametrize(
    "trace",
    [
        Trace("0" * 32, "2" * 16),
        Trace("1" * 31, "2" * 16),
        Trace("1" * 32, "0" * 16),
        Trace("A" * 32, "2" * 16),
        Trace("1" * 32, "2" * 16, "3" * 15),
        Trace("1" * 32, "2" * 16 + "\n"),
        Trace("my own words", "2" * 16),
    ],
)
def test_a_trace_that_is_not_well_formed_is_neither_written_nor_read(trace: Trace) -> None:
    plain = a_detail(IntakeFinished(family=FamilyId("f1"), guardian=PersonId("p1")))
    with pytest.raises(OutsideProfileError):
        encoding.canonical_detail(msgspec.structs.replace(plain, trace=trace))
    good = Trace("1" * 32, "2" * 16)
    raw = encoding.canonical_detail(msgspec.structs.replace(plain, trace=good))
    told, planted = (msgspec.json.encode(one, order="sorted") for one in (good, trace))
    assert told in raw
    with pytest.raises(IntegrityError):
        encoding.read_detail(raw.replace(told, planted))
