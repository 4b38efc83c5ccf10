"""Each kind of event has one frozen detail: what stands in a log today is read by every later release.

A new kind of event gets a line in `frozen_details.json`; a line that is there never changes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from consent_service.audit.encoding import Detail, canonical_detail, read_detail
from consent_service.audit.events import By, event_type
from consent_service.foundation.ids import EntryId, PersonId, TenantId
from tests.audit.test_describe import an_example
from tests.audit.test_events import ALL

FROZEN: dict[str, str] = json.loads((Path(__file__).parent / "frozen_details.json").read_text())


def a_detail(kind: type[Any]) -> Detail:
    return Detail(
        v=1,
        tenant=TenantId("t1"),
        entry=EntryId("e1"),
        event=an_example(kind),
        by=By(kind="counsellor", id="s1"),
        shown_to=PersonId("p1"),
        subject=PersonId("p1"),
    )


def test_every_kind_of_event_has_a_frozen_detail_and_none_was_taken_away() -> None:
    assert sorted(FROZEN) == sorted(event_type(an_example(kind)) for kind in ALL)


@pytest.mark.parametrize("kind", ALL, ids=lambda struct: struct.__name__)
def test_a_frozen_detail_still_reads_and_still_has_exactly_these_bytes(kind: type[Any]) -> None:
    frozen = FROZEN[event_type(an_example(kind))].encode()
    assert canonical_detail(read_detail(frozen)) == frozen
    assert isinstance(read_detail(frozen).event, kind)
    assert canonical_detail(a_detail(kind)) == frozen


@pytest.mark.parametrize(
    "event",
    [
        '{"kind":"person","owner":"p2","type":"key.destroyed.v1"}',
        '{"coordinator":"s2","kind":"person","owner":"p2","type":"key.destroyed_on_order.v1"}',
        '{"details":3,"erasing":true,"kind":"person","owner":"p2","type":"key.destroyed.v1"}',
        '{"coordinator":"s2","details":3,"kind":"person","owner":"p2","type":"key.destroyed_on_order.v1"}',
        (
            '{"approvers":["s1","s2"],"details":3,"erasure":"e1","index":3,"keys":3,"persons":3,"rows":3,'
            '"scope":"person","type":"erasure.executed.v1"}'
        ),
    ],
)
def test_what_earlier_releases_said_of_the_end_of_keys_and_erasures_still_reads(event: str) -> None:
    raw = (
        f'{{"by":{{"id":"s1","kind":"operator"}},"entry":"e1","event":{event},"shown_to":"officer",'
        '"tenant":"t1","v":1}'
    ).encode()
    read = read_detail(raw)
    assert getattr(read.event, "emptied", "") == ""
    assert getattr(read.event, "unnamed", -1) == -1
    assert canonical_detail(read) == raw
