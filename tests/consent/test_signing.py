"""What a signature is, and what signed answers become."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from consent_service.consent.drafts import Draft, Seen
from consent_service.consent.model import Question, Shown, Signature, Sitting
from consent_service.consent.signing import (
    Signing,
    decisions_of,
    evidence_of,
    receipt_of,
    require_signed,
    require_witness,
)
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, StaffId, TypeKey, new_id
from consent_service.information.catalogue import load_catalogue

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[2] / "policies")
NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
AT, NOOR = RelationshipId("r"), PersonId("noor")
GATE, SUPPORT, HEALTH = (TypeKey(k) for k in ("shelter_involvement", "support_advice", "child_health"))
SHOWN = Shown("nl", "consent.x@1", "1" * 64, "2" * 64)
STAFF = StaffId(new_id())


def signing(signature: Signature = Signature("typed", "Noor")) -> Signing:  # noqa: B008 - frozen
    asked = tuple(Question(AT, NOOR, key) for key in (GATE, SUPPORT))
    sitting = Sitting("s", FamilyId("f"), NOOR, "nl", "telephone", asked, {}, read_aloud=True, device="d")
    minute_ago = NOW - timedelta(minutes=1)
    drafts = {
        (AT, GATE): Draft("yes", SHOWN, minute_ago, Seen(minute_ago, 7)),
        (AT, SUPPORT): Draft("no", SHOWN, minute_ago),
        (AT, HEALTH): Draft("yes", SHOWN, minute_ago),  # asked before, not any more
    }
    return Signing(sitting, drafts, {NOOR: "child"}, signature, "Jij vindt het goed.")


@pytest.mark.parametrize(
    "signature",
    [
        Signature("typed", "  "),
        Signature("typed", "x"),
        Signature("typed", "1 2 3"),
        Signature("typed", "N" * 20_001),
        Signature("witness", "Bo Begeleider"),
        Signature("witness", ""),
    ],
)
def test_what_is_no_signature_is_refused(signature: Signature) -> None:
    with pytest.raises(InputError) as raised:
        require_signed(signature)
    assert [problem.code for problem in raised.value.problems] == ["signature_missing"]


@pytest.mark.parametrize(
    "signature",
    [Signature("typed", "سلمى"), Signature("drawn", "[[0,0,200,90]]"), Signature("witness", STAFF)],
)
def test_a_name_in_any_script_a_drawing_and_a_witness_are_signatures(signature: Signature) -> None:
    require_signed(signature)


def test_only_the_counsellor_of_the_sitting_is_its_witness() -> None:
    require_witness(Signature("witness", STAFF), STAFF)
    require_witness(Signature("typed", "Noor"), STAFF)
    with pytest.raises(InputError):
        require_witness(Signature("witness", STAFF), new_id())


def test_a_row_says_who_how_with_what_and_how_long_it_was_looked_at() -> None:
    given, refused = decisions_of(signing(), CATALOGUE, now=NOW)
    assert (given.kind, refused.kind) == ("given", "refused")
    assert (given.person, given.capacity, given.method, given.evidence) == (NOOR, "child", "tablet", "typed")
    assert (given.interpreter, given.device, given.witness, given.sitting) == ("telephone", "d", None, "s")
    assert (given.seconds_shown, given.device_at) == (7, NOW - timedelta(minutes=1))
    assert given.chosen_at == NOW - timedelta(minutes=1)
    assert (given.valid_until, refused.valid_until) == (local_midnight(date(2027, 9, 1)), None)


def test_a_witness_is_named_in_the_row() -> None:
    (given, _) = decisions_of(signing(Signature("witness", STAFF)), CATALOGUE, now=NOW)
    assert (given.witness, given.evidence) == (STAFF, "witness")


def test_what_is_not_asked_any_more_is_in_no_row_no_evidence_and_no_receipt() -> None:
    one = signing()
    decisions = decisions_of(one, CATALOGUE, now=NOW)
    receipt = receipt_of(one, decisions, now=NOW, code="C", overruled=())
    assert HEALTH not in {new.information_type for new in decisions}
    assert set(evidence_of(one).answers) == {f"{AT}:{GATE}", f"{AT}:{SUPPORT}"}
    assert {line.information_type for line in receipt.lines} == {GATE, SUPPORT}


def test_the_evidence_holds_the_signature_what_stood_above_it_and_that_it_was_read_aloud() -> None:
    evidence = evidence_of(signing())
    assert (evidence.signature, evidence.statement) == (Signature("typed", "Noor"), "Jij vindt het goed.")
    assert (evidence.interpreter, evidence.read_aloud) == ("telephone", True)


def test_the_receipt_says_which_yes_does_not_stand() -> None:
    one = signing()
    decisions = decisions_of(one, CATALOGUE, now=NOW)
    receipt = receipt_of(one, decisions, now=NOW, code="C", overruled={(AT, GATE)})
    assert {line.information_type: line.stands for line in receipt.lines} == {GATE: False, SUPPORT: True}
    assert (receipt.person, receipt.withdrawal_code) == (NOOR, "C")


def test_an_answer_without_a_capacity_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        decisions_of(msgspec.structs.replace(signing(), capacities={}), CATALOGUE, now=NOW)
