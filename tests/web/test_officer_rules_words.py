"""Situations, answers and rules in words: whole, without an id, and honest where words are missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from consent_service.audit.happenings.policies import ProposalOrigin
from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey
from consent_service.information.texts import load_texts
from consent_service.policy.facts import Question, Reader, RelationshipFacts, TypeFacts
from consent_service.policy.matrix import Say, Stop
from consent_service.policy.proposals import (
    ApprovalLine,
    InvariantChange,
    MissingCode,
    ProposalLine,
    ProposalView,
    RerunObstacle,
)
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.recorded import RecordedAnswer
from consent_service.policy.replay import ReplayReport
from consent_service.policy.rules import load_rules
from consent_service.policy.sources import FOLDERS
from consent_service.web.officer.policies_reading import rule_differences
from consent_service.web.officer.policies_showing import OBSTACLES, settled
from consent_service.web.officer.policies_table import SAYS, SIGNS, STATES, STOPS
from consent_service.web.officer.policies_views import State
from consent_service.web.officer.policies_words import FOLDER_NAMES, ORIGINS, RuleWords
from tests.shelter import POLICIES

NOW = datetime(2026, 9, 1, tzinfo=UTC)
SCHOOL = Reader("school", "somebody", "teacher")
ABOUT = RelationshipFacts(
    tenant=TenantId("this-tenant"),
    relationship=RelationshipId("this-relationship"),
    active=True,
    agreement_valid=True,
    active_contact=True,
    assigned=True,
    safety="danger",
    secret_address=True,
)
FACTS = TypeFacts(
    key=TypeKey("support_advice"),
    level="O",
    direction="s2c",
    holders=2,
    authority_known=True,
    yes=1,
    objecting=0,
    own_yes=False,
    child_answer="none",
    voice="heard",
    gate="open",
    second_approved=False,
)
QUESTION = Question("release", SCHOOL, "support", "consent", ABOUT, (FACTS,))


def words(language: str = "nl") -> RuleWords:
    return RuleWords(load_texts(POLICIES).of(language))


def told(question: Question, language: str = "nl", *, preview: bool = False) -> dict[str, str]:
    lines = words(language).situation(question, preview=preview)
    return {line.label: line.value for line in lines}


def with_facts(**changed: object) -> Question:
    return msgspec.structs.replace(QUESTION, types=(msgspec.structs.replace(FACTS, **changed),))


def test_a_situation_is_told_in_whole_and_names_no_id() -> None:
    lines = told(QUESTION)
    assert lines["Wie"] == "School: Leerkracht"
    assert lines["Onderwerp"] == "Wat helpt uw kind; gewoon, van opvang naar school"
    assert lines["Veiligheid"] == "Gevaar; het adres is geheim"
    assert lines["Wie beslist"].startswith("2 met gezag, vastgesteld; 1 zegt ja; 0 maakt bezwaar")
    assert "Verder" not in lines
    everything = " ".join(lines.values())
    for name in ("this-tenant", "this-relationship", "somebody", "support_advice"):
        assert name not in everything
    assert told(QUESTION, "en")["Who decides"].startswith("2 with authority, established; 1 says yes")


@pytest.mark.parametrize(
    "reader, said",
    [
        (SCHOOL, "de lezer is contactpersoon"),
        (Reader("shelter", "", "counsellor"), "de begeleider hoort bij het gezin"),
        (Reader("guardian", "", "holder"), "het convenant geldt"),
    ],
)
def test_what_matters_depends_on_who_asks(reader: Reader, said: str) -> None:
    assert told(msgspec.structs.replace(QUESTION, reader=reader))["Samenwerking"].endswith(said)


@pytest.mark.parametrize(
    "question, label, said",
    [
        (with_facts(emergency=True), "Onderwerp", "alleen wat in nood nodig is"),
        (with_facts(excused=1), "Wie beslist", "1 wordt niet benaderd"),
        (with_facts(earlier_yes=2), "Wie beslist", "2 zei ja vóór de verjaardag"),
        (with_facts(authority_known=False), "Wie beslist", "2 met gezag, niet vastgesteld"),
        (with_facts(lapse="suspended"), "Verder", "de tekst was fout"),
        (with_facts(second_approved=True), "Verder", "Een tweede persoon keurde dit stuk goed."),
        (with_facts(gate="closed"), "De eerste vraag", "nee"),
        (with_facts(level="A9"), "Onderwerp", "bijzonder gegeven"),
        (with_facts(key=TypeKey("a_new_type")), "Onderwerp", "a_new_type"),
        (
            msgspec.structs.replace(QUESTION, basis="vital_interest"),
            "Verder",
            "Noodtoegang: besloten door 0. Zij loopt niet meer.",
        ),
        (
            msgspec.structs.replace(QUESTION, types=(FACTS, FACTS)),
            "Verder",
            "Er worden 2 dingen tegelijk gevraagd.",
        ),
    ],
)
def test_what_is_out_of_the_ordinary_is_said(question: Question, label: str, said: str) -> None:
    assert said in told(question)[label]
    assert said not in told(QUESTION).get(label, "")


def test_looking_without_opening_is_not_told_as_reading() -> None:
    assert told(QUESTION)["Wil"] == "Lezen"
    assert told(QUESTION, preview=True)["Wil"] == "alleen zien dát het gedeeld wordt"


def test_an_answer_without_its_rules_shows_its_code() -> None:
    bundle = load_rules(POLICIES).bundle
    no = RecordedAnswer(allowed=False, code="no_consent")
    yes = RecordedAnswer(allowed=True, code="yes_of_holder", determining=("consent.ordinary",))
    unknown = RecordedAnswer(allowed=True, code="a_new_ground")
    assert words().answer(None, "support_advice", no) == "Nee. no_consent"
    assert words().answer(bundle, "support_advice", no) == "Nee. Er is geen ja. Geen antwoord telt als nee."
    assert words().answer(bundle, "support_advice", yes).startswith("Ja. Een ouder met gezag zei ja")
    assert words().answer(bundle, "support_advice", unknown) == "Ja. a_new_ground"


def test_codes_without_a_word_stay_as_they_are() -> None:
    assert words().role("janitor") == "janitor"
    assert words().purpose("fun") == "fun"
    assert words().folder("elsewhere") == "elsewhere"
    assert words().problem(PolicyProblem("here", "never_heard_of", "")) == ""
    assert words().problem(PolicyProblem("here", "malformed", "")).startswith("Dit is niet te lezen.")


def test_every_code_has_words() -> None:
    assert set(get_args(ProposalOrigin)) == ORIGINS.keys()
    assert set(get_args(RerunObstacle)) == OBSTACLES.keys()
    assert set(get_args(Say)) == SAYS.keys()
    assert set(get_args(Stop)) == STOPS.keys()
    assert set(get_args(State)) == SIGNS.keys() == STATES.keys()
    assert set(FOLDERS) == FOLDER_NAMES.keys()


def test_a_rule_that_comes_or_goes_stands_on_one_side_only() -> None:
    bundle = load_rules(POLICIES).bundle
    kept = {key: policy for key, policy in bundle.source.items() if key != "consent.objection"}
    without = msgspec.structs.replace(bundle, source=kept)
    (gone,) = rule_differences((bundle, without), language="nl")
    (come,) = rule_differences((without, bundle), language="en")
    assert gone.id == come.id == "consent.objection"
    assert gone.before is not None
    assert gone.after is None
    assert come.before is None
    assert come.after is not None
    assert rule_differences((bundle, bundle), language="nl") == ()
    assert rule_differences((None, bundle), language="nl") == ()
    assert rule_differences((bundle, None), language="nl") == ()


def test_what_somebody_approved_is_settled_until_the_approval_no_longer_counts() -> None:
    """Nobody could tick it again otherwise, and the proposal would hang."""
    view = _proposal(missing=())
    assert settled(view, "third") == {"one", "two"}
    gone = msgspec.structs.replace(view, missing=("policies.items",))
    assert settled(gone, "third") == frozenset()
    assert settled(gone, "second") == {"one"}
    half = msgspec.structs.replace(gone, approved=view.approved[:1])
    assert settled(half, "third") == {"one"}
    own = msgspec.structs.replace(view, approved=(ApprovalLine("one", "first", NOW),))
    assert settled(own, "third") == frozenset()


def _proposal(missing: tuple[MissingCode, ...]) -> ProposalView:
    """Two promises of the old rules are given up; two officers approved one each."""
    line = ProposalLine("this", "new", "old", "edit", "open", "first", NOW, None)
    given = tuple(InvariantChange(key, key, {"nl": key}, "dropped") for key in ("one", "two"))
    return ProposalView(
        line=line,
        difference=(),
        replay=ReplayReport(replayed=0, unreadable=0, other_engine=0, same=0, changes=()),
        widenings=(),
        invariants=given,
        approved=(ApprovalLine("one", "second", NOW), ApprovalLine("two", "fourth", NOW)),
        missing=missing,
        may_approve=True,
        may_activate=False,
        comparable=True,
    )
