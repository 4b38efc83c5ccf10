"""A plain family as the service knows it, and the answer of projection and policies on it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from consent_service.consent.model import Decision
from consent_service.families.model import (
    AuthorityFact,
    Competence,
    Contact,
    Relationship,
    SafetyAssessment,
    SafetyMarker,
    protected_of,
    safety_of,
)
from consent_service.families.restrictions import restricted_from
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
from consent_service.information.model import InformationType, Terms
from consent_service.organisations.model import Agreement
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import Allowance, Refusal, preview
from consent_service.policy.facts import Reader
from consent_service.policy.projection import Assigned, Known, question_for
from consent_service.policy.rules import Rules, load_rules
from tests.policy.plain_family import CHILD, EMERGENCY, HERE, SHARED, PlainFamily, Word
from tests.policy.questions import POLICIES

TENANT, STAFF = TenantId("t"), StaffId("reader")
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)


@cache
def rules() -> Rules:
    """The policies of this repository."""
    return load_rules(POLICIES)


def kind_of(key: str) -> InformationType:
    return rules().catalogue.types[TypeKey(key)]


def known_of(family: PlainFamily) -> Known:
    """What a release would have read about this family."""
    rows = [_decision(number, word) for number, word in enumerate(family.words)]
    assessed = [_assessment(*one) for one in family.dangers]
    return Known(
        relationship=Relationship(
            TENANT,
            RelationshipId(HERE),
            PersonId(CHILD),
            FamilyId("f"),
            SchoolId("s"),
            LONG_AGO,
            family.ended,
        ),
        birth_date=family.born,
        guardians=tuple(PersonId(who) for who in family.guardians),
        authority=tuple(_fact(one) for one in family.papers),
        safety=safety_of(assessed),
        agreements=()
        if family.agreement is None
        else (Agreement(TENANT, AgreementId("a"), SchoolId("s"), *family.agreement, None),),
        contacts=(Contact(STAFF, None, LONG_AGO, None),),
        assigned=(Assigned(STAFF, LONG_AGO, None),),
        decisions=tuple(row for row in rows if row.relationship == HERE),
        objections=tuple(row for row in rows if row.relationship != HERE),
        approved=frozenset(TypeKey(key) for key in family.approved),
        owners={
            TypeKey(key): frozenset(PersonId(who) for who in about) for key, about in family.about.items()
        },
        markers=tuple(
            SafetyMarker(
                f"m{number}",
                PersonId(one.who),
                StaffId("bo"),
                LONG_AGO,
                one.review_on,
                one.approved,
                StaffId("cas"),
                LONG_AGO if one.ended else None,
            )
            for number, one in enumerate(family.markers)
        ),
        protected=protected_of(assessed),
        restricted=restricted_from(None if key == "everything" else key for key in sorted(family.restricted)),
        competence=tuple(Competence(PersonId(CHILD), able, at) for able, at in family.competent),
    )


def decided(family: PlainFamily, key: str, now: datetime) -> Allowance | Refusal:
    """The answer that the reader who is nearest to this type gets: a school, or the shelter's own."""
    return answer_on(known_of(family), key, now)


def answer_on(
    known: Known, key: str, now: datetime, in_force: Bundle | None = None, *, terms: Terms | None = None
) -> Allowance | Refusal:
    """The same, on what a release has read; under other policies or terms when these are in force."""
    kind = kind_of(key)
    school = "s2c" in kind.directions
    reader = Reader(
        "school" if school else "shelter",
        STAFF,
        next(iter(kind.readers), "contact") if school else "counsellor",
    )
    question = question_for(
        known,
        msgspec.structs.replace(rules().catalogue, terms=terms or rules().catalogue.terms),
        action="release",
        reader=reader,
        purpose=kind.purposes[0],
        asked=[(kind.key, "s2c" if school else "c2s")],
        now=now.astimezone(UTC),
    )
    seen = preview(in_force or rules().bundle, question, now=now)
    found: list[Allowance | Refusal] = [*seen.allowed, *seen.refusals]
    (answer,) = found
    return answer


def told(answer: Allowance | Refusal) -> str:
    """`shared`, `emergency` or the code of the refusal."""
    if isinstance(answer, Refusal):
        return answer.code
    return EMERGENCY if answer.emergency else SHARED


def _decision(number: int, word: Word) -> Decision:
    row: dict[str, Any] = {
        "decision": DecisionId(_name(number)),
        "relationship": RelationshipId(word.school),
        "information_type": TypeKey(word.type),
        "person": PersonId(word.who),
        "capacity": word.capacity,
        "kind": word.word,
        "decided_at": word.at.astimezone(UTC),
        "recorded_at": word.arrived.astimezone(UTC),
        "valid_until": None if word.until is None else word.until.astimezone(UTC),
        "concerns": None if word.about is None else DecisionId(_name(word.about)),
        "text_version": word.text,
    }
    return msgspec.convert(row, Decision)


def _name(number: int) -> str:
    return f"{number:04}"


def _fact(paper: Any) -> AuthorityFact:
    return AuthorityFact(
        PersonId(CHILD), PersonId(paper.who), paper.kind, "register", paper.since, paper.until, paper.recorded
    )


def _assessment(whose: str | None, level: Any, secret: bool) -> SafetyAssessment:
    who = None if whose is None else PersonId(whose)
    return SafetyAssessment(level, secret, False, None, None, who)
