"""Each fact against a table made by hand: what is known at a moment, counted and resolved, not judged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from consent_service.consent.model import Capacity, Decision
from consent_service.consent.states import DecisionKind
from consent_service.families.model import (
    NOT_ASSESSED,
    AuthorityFact,
    AuthorityKind,
    Competence,
    Contact,
    Relationship,
    SafetyAssessment,
    SafetyMarker,
)
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import (
    AgreementId,
    DecisionId,
    FamilyId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    TypeKey,
)
from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Terms
from consent_service.organisations.model import Agreement
from consent_service.policy.facts import Question, Reader, TypeFacts
from consent_service.policy.projection import (
    Assigned,
    Known,
    active_contacts,
    is_agreement_valid,
    next_change,
    owners_with_yes,
    question_for,
)
from tests.policy.questions import NOW, POLICIES

CATALOGUE = load_catalogue(POLICIES)
TENANT, HERE, THERE = TenantId("t"), RelationshipId("here"), RelationshipId("there")
NOOR, SAMIRA, KARIM, VERA = (PersonId(name) for name in ("noor", "samira", "karim", "vera"))
IDA, BO = StaffId("ida"), StaffId("bo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SUPPORT, GATE, OWN = (
    TypeKey("support_advice"),
    TypeKey("shelter_involvement"),
    TypeKey("parent_circumstances"),
)
SCHOOL_READER = Reader("school", IDA, "contact")


def holds(guardian: PersonId, kind: AuthorityKind = "holder", until: date | None = None) -> AuthorityFact:
    return AuthorityFact(NOOR, guardian, kind, "register", date(2020, 1, 1), until, NOW - DAY)


def said(
    person: PersonId,
    kind: DecisionKind,
    key: TypeKey = SUPPORT,
    *,
    where: RelationshipId = HERE,
    at: datetime = NOW - HOUR,
    until: datetime | None = None,
) -> Decision:
    name = DecisionId(f"{person}-{kind}-{key}-{where}-{at}")
    capacity: Capacity = "child" if person == NOOR else "holder"
    text = CATALOGUE.types[key].text_id
    return Decision(name, where, key, person, capacity, kind, at, at, until, None, f"{text}@1")


def known(**changes: Any) -> Known:
    start = Known(
        relationship=Relationship(TENANT, HERE, NOOR, FamilyId("f"), SchoolId("s"), NOW - DAY, None),
        birth_date=date(2018, 5, 4),
        guardians=(SAMIRA, KARIM),
        authority=(holds(SAMIRA), holds(KARIM)),
        safety=SafetyAssessment("no_known_danger", False, False, None, date(2027, 1, 1)),
        agreements=(
            Agreement(TENANT, AgreementId("a"), SchoolId("s"), date(2026, 1, 1), date(2026, 12, 31), None),
        ),
        contacts=(Contact(IDA, None, NOW - DAY, None),),
        assigned=(Assigned(BO, NOW - DAY, None),),
        decisions=(said(SAMIRA, "given"), said(SAMIRA, "given", GATE)),
    )
    return msgspec.structs.replace(start, **changes)


def ask(about: Known, reader: Reader = SCHOOL_READER, key: TypeKey = SUPPORT) -> Question:
    return question_for(
        about,
        CATALOGUE,
        action="release",
        reader=reader,
        purpose="support",
        asked=[(key, "s2c")],
        now=NOW,
    )


def facts(about: Known, key: TypeKey = SUPPORT) -> TypeFacts:
    (found,) = ask(about, key=key).types
    return found


def test_with_everything_in_order_every_fact_says_so() -> None:
    asked = ask(known())
    assert (asked.action, asked.purpose, asked.basis, asked.reader) == (
        "release",
        "support",
        "consent",
        SCHOOL_READER,
    )
    assert facts(known()) == TypeFacts(
        key=SUPPORT,
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


GIVEN, GIVEN_GATE = said(SAMIRA, "given"), said(SAMIRA, "given", GATE)
BEFORE = NOW - 30 * DAY
MARKER = SafetyMarker("m", KARIM, BO, NOW - DAY, date(2026, 9, 30), approved=True, decided_by=StaffId("el"))
DANGER = SafetyAssessment("danger", False, False, None, None)
ENDED = NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    "changes, expected",
    [
        pytest.param({"decisions": ()}, {"yes": 0, "gate": "closed", "lapse": "none"}, id="nobody-spoke"),
        pytest.param(
            {"decisions": (said(SAMIRA, "later"), GIVEN_GATE)}, {"yes": 0, "lapse": "none"}, id="later"
        ),
        pytest.param(
            {"decisions": (GIVEN, said(SAMIRA, "withdrawn", at=NOW), GIVEN_GATE)}, {"yes": 0}, id="withdrawn"
        ),
        pytest.param({"decisions": (GIVEN, said(KARIM, "given"), GIVEN_GATE)}, {"yes": 2}, id="both"),
        pytest.param(
            {"decisions": (said(SAMIRA, "given", until=NOW), GIVEN_GATE)},
            {"yes": 0, "lapse": "expired"},
            id="every-yes-ran-out",
        ),
        pytest.param(
            {"decisions": (said(SAMIRA, "given", until=NOW), said(KARIM, "given"), GIVEN_GATE)},
            {"yes": 1, "lapse": "none"},
            id="one-of-two-ran-out",
        ),
        pytest.param(
            {"decisions": (GIVEN, said(KARIM, "objected"), GIVEN_GATE)},
            {"yes": 1, "objecting": 1},
            id="objection",
        ),
        pytest.param(
            {"objections": (said(KARIM, "objected", where=THERE),)},
            {"objecting": 1, "gate": "open"},
            id="an-objection-at-another-school-stands",
        ),
        pytest.param(
            {
                "objections": (
                    said(KARIM, "objected", where=THERE),
                    said(KARIM, "objection_lifted", where=THERE, at=NOW),
                )
            },
            {"objecting": 0},
            id="an-objection-at-another-school-was-lifted-there",
        ),
        pytest.param(
            {
                "decisions": (GIVEN, GIVEN_GATE, said(KARIM, "objection_lifted", at=NOW)),
                "objections": (said(KARIM, "objected", where=THERE),),
            },
            {"objecting": 1},
            id="lifting-it-here-does-not-lift-it-there",
        ),
        pytest.param(
            {"objections": (said(SAMIRA, "given", where=THERE), said(KARIM, "given", where=THERE))},
            {"yes": 1},
            id="a-yes-at-another-school-counts-there-only",
        ),
        pytest.param(
            {
                "authority": (holds(SAMIRA), holds(KARIM, "none")),
                "decisions": (GIVEN, GIVEN_GATE, said(KARIM, "objected"), said(KARIM, "given")),
            },
            {"holders": 1, "yes": 1, "objecting": 0},
            id="s04-without-authority-neither-yes-nor-objection-counts",
        ),
        pytest.param(
            {"authority": (holds(SAMIRA),)}, {"holders": 2, "authority_known": False}, id="one-unknown"
        ),
        pytest.param(
            {"guardians": (SAMIRA, KARIM, VERA), "authority": (holds(SAMIRA), holds(VERA, "voogd"))},
            {"holders": 1, "yes": 0, "authority_known": True, "gate": "closed"},
            id="s07-only-the-guardian-counts",
        ),
        pytest.param(
            {"authority": (holds(SAMIRA, until=date(2026, 9, 1)), holds(KARIM))},
            {"holders": 1, "yes": 0, "gate": "closed"},
            id="s06-lost-authority",
        ),
        pytest.param(
            {"birth_date": date(2014, 9, 1)},
            {"voice": "together", "child_answer": "none", "gate": "closed", "earlier_yes": 0},
            id="s08-from-12-the-child-has-still-to-agree",
        ),
        pytest.param(
            {
                "birth_date": date(2014, 9, 1),
                "decisions": (GIVEN, GIVEN_GATE, said(NOOR, "given"), said(NOOR, "given", GATE)),
            },
            {"voice": "together", "child_answer": "yes", "gate": "open"},
            id="from-12-parent-and-child-agree",
        ),
        pytest.param(
            {"decisions": (GIVEN, GIVEN_GATE, said(NOOR, "opinion_no"))},
            {"child_answer": "no", "yes": 1, "gate": "open"},
            id="s10-the-no-of-a-child-under-12",
        ),
        pytest.param(
            {"decisions": (GIVEN, GIVEN_GATE, said(NOOR, "opinion_no", GATE))},
            {"child_answer": "none", "gate": "closed"},
            id="the-childs-no-to-the-gate",
        ),
        pytest.param(
            {"decisions": (GIVEN, GIVEN_GATE, said(NOOR, "opinion_yes", until=NOW))},
            {"child_answer": "none"},
            id="a-childs-yes-that-ran-out",
        ),
        pytest.param(
            {"decisions": (GIVEN, GIVEN_GATE, said(NOOR, "later"))},
            {"child_answer": "none"},
            id="a-child-who-says-later",
        ),
        pytest.param(
            {
                "birth_date": date(2014, 9, 1),
                "decisions": (GIVEN, GIVEN_GATE, said(NOOR, "given", at=BEFORE), said(NOOR, "given", GATE)),
            },
            {"voice": "together", "child_answer": "none", "gate": "open"},
            id="s08-what-a-child-said-before-it-was-12-decides-nothing",
        ),
        pytest.param(
            {"birth_date": date(2014, 9, 1), "decisions": (said(NOOR, "opinion_yes"), GIVEN, GIVEN_GATE)},
            {"child_answer": "none", "gate": "closed"},
            id="from-12-an-opinion-is-no-decision",
        ),
        pytest.param(
            {"birth_date": date(2014, 9, 1), "decisions": (GIVEN, said(SAMIRA, "given", GATE, at=BEFORE))},
            {"voice": "together", "gate": "meanwhile", "earlier_yes": 0},
            id="the-gate-of-before-the-birthday",
        ),
        pytest.param(
            {
                "birth_date": date(2010, 9, 1),
                "decisions": (
                    said(SAMIRA, "given", at=BEFORE),
                    said(SAMIRA, "given", GATE, at=BEFORE),
                    said(NOOR, "given", at=BEFORE),
                    said(NOOR, "given", GATE, at=BEFORE),
                ),
            },
            {
                "voice": "alone",
                "gate": "meanwhile",
                "earlier_yes": 1,
                "child_answer": "none",
                "lapse": "none",
            },
            id="what-parents-and-child-chose-before-16",
        ),
        pytest.param(
            {
                "birth_date": date(2010, 9, 1),
                "decisions": (said(SAMIRA, "given", at=BEFORE), said(SAMIRA, "given", GATE, at=BEFORE)),
            },
            {"voice": "alone", "gate": "closed", "earlier_yes": 0},
            id="at-16-nothing-begins-that-still-waited-for-the-child",
        ),
        pytest.param(
            {
                "birth_date": date(2010, 9, 1),
                "decisions": (said(SAMIRA, "given", at=BEFORE), said(NOOR, "given", at=BEFORE, until=NOW)),
            },
            {"voice": "alone", "earlier_yes": 0, "lapse": "none"},
            id="what-a-child-said-before-16-cannot-lapse-after",
        ),
        pytest.param(
            {
                "birth_date": date(2010, 9, 1),
                "competence": (Competence(NOOR, False, NOW - HOUR),),
            },
            {"voice": "heard", "yes": 1, "gate": "open"},
            id="s42-judged-not-able-to-weigh-it-the-parents-consent-stays",
        ),
        pytest.param(
            {"markers": (MARKER,), "safety": DANGER},
            {"holders": 2, "excused": 1},
            id="not-contacted-under-an-approved-marker",
        ),
        pytest.param(
            {
                "markers": (MARKER,),
                "safety": DANGER,
                "decisions": (GIVEN, GIVEN_GATE, said(KARIM, "refused")),
            },
            {"excused": 0},
            id="who-has-answered-is-not-left-out",
        ),
        pytest.param(
            {
                "markers": (MARKER,),
                "safety": DANGER,
                "decisions": (GIVEN, GIVEN_GATE, said(KARIM, "objected")),
            },
            {"excused": 0, "objecting": 1},
            id="who-objects-is-not-left-out",
        ),
        pytest.param(
            {"markers": (msgspec.structs.replace(MARKER, review_on=date(2026, 8, 31)),), "safety": DANGER},
            {"excused": 0},
            id="a-marker-nobody-looked-at-again",
        ),
        pytest.param(
            {"markers": (MARKER,)}, {"excused": 0}, id="nobody-is-left-out-once-danger-is-ruled-out"
        ),
        pytest.param(
            {"markers": (msgspec.structs.replace(MARKER, approved=None),), "safety": DANGER},
            {"excused": 0},
            id="not-approved-yet",
        ),
        pytest.param(
            {"birth_date": date(2010, 9, 1), "decisions": (GIVEN, GIVEN_GATE, said(KARIM, "objected", GATE))},
            {"voice": "alone", "gate": "closed", "lapse": "none"},
            id="s09-at-16-the-parents-yes-opens-no-gate",
        ),
        pytest.param(
            {
                "birth_date": date(2010, 9, 1),
                "decisions": (
                    said(NOOR, "given"),
                    said(NOOR, "given", GATE),
                    said(KARIM, "objected", GATE),
                ),
            },
            {"voice": "alone", "child_answer": "yes", "gate": "open", "yes": 0},
            id="s09-at-16-the-young-person-alone",
        ),
        pytest.param(
            {"decisions": (GIVEN, GIVEN_GATE, said(KARIM, "objected", GATE))},
            {"gate": "closed", "objecting": 0},
            id="an-objection-to-the-gate",
        ),
        pytest.param(
            {"decisions": (GIVEN, said(SAMIRA, "given", GATE, until=NOW))},
            {"gate": "closed"},
            id="the-gate-ran-out",
        ),
        pytest.param({"approved": frozenset({SUPPORT})}, {"second_approved": True}, id="approved"),
        pytest.param({"approved": frozenset({GATE})}, {"second_approved": False}, id="another-type-approved"),
    ],
)
def test_what_is_counted_about_one_type(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    found = facts(known(**changes))
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    "spoke, owner, own_yes",
    [
        (SAMIRA, SAMIRA, True),
        (KARIM, SAMIRA, False),
        (NOOR, SAMIRA, False),
    ],
)
def test_about_one_parent_only_that_parents_own_yes_counts(
    spoke: PersonId, owner: PersonId, own_yes: bool
) -> None:
    about = known(decisions=(said(spoke, "given", OWN),), owners={OWN: frozenset({owner})})
    assert facts(about, OWN).own_yes is own_yes
    kind = CATALOGUE.types[OWN]
    assert owners_with_yes(about, kind, NOW) == (frozenset({owner}) if own_yes else frozenset())
    assert owners_with_yes(known(), kind, NOW) == frozenset()


@pytest.mark.parametrize(
    "changes, reader, expected",
    [
        ({}, SCHOOL_READER, {"active": True, "agreement_valid": True, "active_contact": True}),
        ({}, Reader("school", "jip", "teacher"), {"active_contact": False, "assigned": False}),
        ({}, Reader("shelter", BO, "counsellor"), {"assigned": True, "active_contact": False}),
        ({}, Reader("shelter", IDA, "counsellor"), {"assigned": False, "active_contact": False}),
        ({}, Reader("school", BO, "contact"), {"assigned": False, "active_contact": False}),
        ({"contacts": (Contact(IDA, None, NOW - DAY, NOW),)}, SCHOOL_READER, {"active_contact": False}),
        ({"contacts": (Contact(IDA, None, NOW + HOUR, None),)}, SCHOOL_READER, {"active_contact": False}),
        ({"contacts": (Contact(IDA, None, NOW, NOW + HOUR),)}, SCHOOL_READER, {"active_contact": True}),
        (
            {"assigned": (Assigned(BO, NOW - DAY, NOW),)},
            Reader("shelter", BO, "counsellor"),
            {"assigned": False},
        ),
        (
            {"assigned": (Assigned(BO, NOW + HOUR, None),)},
            Reader("shelter", BO, "counsellor"),
            {"assigned": False},
        ),
        ({"agreements": ()}, SCHOOL_READER, {"agreement_valid": False}),
        ({"safety": NOT_ASSESSED}, SCHOOL_READER, {"safety": "not_assessed", "secret_address": True}),
    ],
)
def test_what_is_known_of_the_relationship_and_the_reader(
    changes: dict[str, Any], reader: Reader, expected: dict[str, Any]
) -> None:
    about = ask(known(**changes), reader).relationship
    assert {name: getattr(about, name) for name in expected} == expected


def test_a_relationship_that_ended_is_not_active() -> None:
    start = known().relationship
    ended = msgspec.structs.replace(start, ended_at=NOW)
    assert not ask(known(relationship=ended)).relationship.active
    assert active_contacts(known(), Terms(), NOW) == {IDA}
    assert not is_agreement_valid(known(), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, local_midnight(date(2026, 9, 2))),
        ({"contacts": (Contact(IDA, None, NOW - DAY, NOW + HOUR),)}, NOW + HOUR),
        ({"contacts": (Contact(IDA, None, NOW + HOUR, None),)}, NOW + HOUR),
        ({"contacts": (Contact(IDA, None, NOW - DAY, NOW),)}, local_midnight(date(2026, 9, 2))),
        ({"assigned": (Assigned(BO, NOW - DAY, NOW + HOUR),)}, NOW + HOUR),
        ({"decisions": (said(SAMIRA, "given", until=NOW + HOUR),)}, NOW + HOUR),
        ({"decisions": (said(SAMIRA, "given", until=NOW + 9 * DAY),)}, local_midnight(date(2026, 9, 2))),
    ],
)
def test_a_decision_holds_until_the_first_moment_time_alone_could_change_it(
    changes: dict[str, Any], expected: datetime
) -> None:
    assert next_change(known(**changes), NOW) == expected
