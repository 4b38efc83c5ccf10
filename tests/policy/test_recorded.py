"""A decision is kept without ids, small, and reads back as exactly the same question and answers."""

from __future__ import annotations

import zlib

import msgspec
import pytest
from hypothesis import given, settings

from consent_service.foundation.errors import IntegrityError
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import decide, judge
from consent_service.policy.facts import Question
from consent_service.policy.recorded import answer_of, from_bytes, recorded, to_bytes
from tests.policy.questions import NOW, question, relationship_facts, type_facts
from tests.policy.test_oracle import questions


@given(asked=questions())
@settings(max_examples=60, deadline=None)
def test_what_is_kept_gives_the_same_answers_again(bundle: Bundle, asked: Question) -> None:
    made = decide(bundle, asked, now=NOW)
    kept = from_bytes(to_bytes(recorded(made)))
    again = judge(bundle, kept.question, preview=False)
    assert tuple(map(answer_of, again)) == kept.answers == tuple(map(answer_of, made.answers))


def test_no_id_is_kept(bundle: Bundle) -> None:
    asked = question(type_facts(), type_facts("absence"))
    kept = recorded(decide(bundle, asked, now=NOW))
    assert (kept.question.reader.id, kept.question.reader.role) == ("", "contact")
    assert (kept.question.relationship.tenant, kept.question.relationship.relationship) == ("", "")
    elsewhere = msgspec.structs.replace(asked, reader=msgspec.structs.replace(asked.reader, id="another"))
    assert recorded(decide(bundle, elsewhere, now=NOW)) == kept


def test_fifteen_types_take_little_more_room_than_one(bundle: Bundle) -> None:
    one = to_bytes(recorded(decide(bundle, question(), now=NOW)))
    many = question(*(type_facts(key) for key in sorted(bundle.types)[:15]))
    assert len(to_bytes(recorded(decide(bundle, many, now=NOW)))) < 3 * len(one)


def test_bytes_that_are_no_decision_are_refused(bundle: Bundle) -> None:
    good = to_bytes(recorded(decide(bundle, question(), now=NOW)))
    plain = msgspec.msgpack.decode(zlib.decompress(good))
    wrong = [
        b"",
        b"no compressed data",
        good[:20],
        zlib.compress(b"no MessagePack"),
        zlib.compress(msgspec.msgpack.encode({**plain, "v": 2})),
        zlib.compress(msgspec.msgpack.encode({**plain, "who": "somebody"})),
        zlib.compress(msgspec.msgpack.encode({**plain, "answers": []})),
        zlib.compress(bytes(3_000_000)),
    ]
    for raw in wrong:
        with pytest.raises(IntegrityError):
            from_bytes(raw)


def test_the_duties_of_a_yes_are_kept(bundle: Bundle) -> None:
    """Without them nobody could tell afterwards that rules took a duty away."""
    need = relationship_facts(break_glass_persons=2, break_glass_running=True)
    asked = question(type_facts("child_health", level="A9"), basis="vital_interest", relationship=need)
    (answer,) = recorded(decide(bundle, asked, now=NOW)).answers
    assert (answer.allowed, answer.code, answer.duties) == (True, "vital_interest", ("officer_review",))
    assert [one.duties for one in recorded(decide(bundle, question(), now=NOW)).answers] == [()]
