"""An invented guardian's receipt, as a value."""

from __future__ import annotations

from datetime import UTC, datetime

from consent_service.consent.model import Answer
from consent_service.consent.receipt.model import (
    AnswerNow,
    ChildChoices,
    Controller,
    Head,
    ReceiptAnswer,
    Recipient,
    SignedChoices,
)
from consent_service.foundation.ids import (
    DecisionId,
    PersonId,
    RelationshipId,
    SchoolId,
    TenantId,
    TypeKey,
)
from consent_service.information.catalogue import load_catalogue
from consent_service.information.texts import load_texts
from tests.information.folders import POLICIES

CATALOGUE = load_catalogue(POLICIES)
TEXTS = load_texts(POLICIES)
SIGNED_AT = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
MADE_AT = datetime(2026, 11, 22, 13, 30, tzinfo=UTC)
CODE = "7K3M-9QXA-2B4C-8DEF"
ROOT = "mLrPz3o0tTz0Ck2n6d3GIPqhs4UXSFoElXjbG+Dy/6E="
HEAD = Head(1042, ROOT)


def answered(
    key: str, answer: Answer, *, now: AnswerNow | None = None, language: str = "nl"
) -> ReceiptAnswer:
    text = TEXTS.of_type(language, TypeKey(key))
    return ReceiptAnswer(
        decision=DecisionId(f"decision-{key}"),
        information_type=TypeKey(key),
        answer=answer,
        now=now or answer,
        decided_at=SIGNED_AT,
        valid_until=datetime(2027, 7, 31, 22, tzinfo=UTC) if answer == "yes" else None,
        text_version=f"{text.id}@{text.version}",
        text_hash=text.hash,
        screen_hash="0" * 64,
    )


def child_choices(
    *answers: ReceiptAnswer, name: str = "Noor Voorbeeld", school: str = "De Linde"
) -> ChildChoices:
    return ChildChoices(
        relationship=RelationshipId(f"at-{school}"),
        child=PersonId("child-1"),
        name=name,
        school=Recipient(SchoolId("school"), school, "Lindelaan 1, Tilburg", "013-5550101"),
        capacity="holder",
        answers=answers,
    )


def first_intake(language: str = "nl") -> tuple[ReceiptAnswer, ...]:
    return (
        answered("shelter_involvement", "yes", language=language),
        answered("contact_persons", "yes", language=language),
        answered("support_advice", "yes", now="withdrawn", language=language),
        answered("school_absence", "no", language=language),
        answered("three_way_meeting", "later", language=language),
    )


def choices(
    *children: ChildChoices,
    language: str = "nl",
    name: str = "Samira Voorbeeld",
    signed_name: str | None = None,
    head: Head | None = HEAD,
    person: str = "person-1",
) -> SignedChoices:
    return SignedChoices(
        sitting="sitting-1",
        person=PersonId(person),
        name=name,
        controller=Controller(
            TenantId("opvang-zuid"), "Opvang Zuid", "0800-5550000", "https://toestemming.example"
        ),
        signed_at=SIGNED_AT,
        made_at=MADE_AT,
        language=language,
        method="tablet",
        evidence="typed",
        signed_name=name if signed_name is None else signed_name,
        interpreter="telephone" if language != "nl" else "none",
        witness=None,
        statement="",
        children=children or (child_choices(*first_intake(language)),),
        withdraw_address="https://toestemming.example/intrekken",
        head=head,
    )
