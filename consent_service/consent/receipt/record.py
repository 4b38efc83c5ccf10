"""The receipt for machines: consent records in the shape of ISO/IEC TS 27560:2023, one per answer.

A record is complete or it is not given: `missing_fields` names every mandatory field that is not there
or says nothing. Persons are pseudonyms; names of people never stand in a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from consent_service.consent.model import Capacity, EvidenceKind, Interpreter, Method
from consent_service.consent.receipt.model import (
    AnswerNow,
    ChildChoices,
    Head,
    ReceiptAnswer,
    SignedChoices,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.information.model import (
    Catalogue,
    InformationType,
    LegalBasis,
    Level,
    SchoolRole,
    retention_code,
)
from consent_service.information.texts import LanguageTexts, TypeText

SCHEMA: Final = "ISO/IEC TS 27560:2023 ruggensteun/1"
JURISDICTION: Final = "NL"
SUPERVISOR: Final = "Autoriteit Persoonsgegevens"
CONSENT_BASES: Final[frozenset[LegalBasis]] = frozenset({"consent", "explicit_consent"})
"""Only here is the yes itself the basis of the AVG; elsewhere it is permission beside another one."""

EventState = Literal["given", "refused", "later", "withdrawn", "expired", "outdated", "suspended",
                     "objected", "invalidated"]  # fmt: skip
EventType = Literal["explicit_consent", "consent", "permission"]

_STATE_SIGNED: Final[Mapping[str, EventState]] = MappingProxyType(
    {"yes": "given", "no": "refused", "later": "later"}
)
_STATE_NOW: Final[Mapping[AnswerNow, EventState]] = MappingProxyType(
    {
        "yes": "given",
        "no": "refused",
        "later": "later",
        "none": "invalidated",
        "withdrawn": "withdrawn",
        "expired": "expired",
        "outdated": "outdated",
        "suspended": "suspended",
        "objected": "objected",
    }
)


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything in a record."""


class PrivacyNotice(_Part, frozen=True):
    """Which words were shown: they can be found again by id, version and hash."""

    text_id: str
    version: str
    language: str
    hash: str
    screen_hash: str


class PiiInformation(_Part, frozen=True):
    """One kind of data."""

    pii_type: str
    pii_attribute_id: str
    pii_optional: bool
    sensitive_pii_category: bool
    special_pii_category: bool


class ProcessingPurpose(_Part, frozen=True):
    """What the data is for, on which basis, and what happens with it."""

    purpose: str
    purpose_type: tuple[str, ...]
    purpose_description: str
    lawful_basis: LegalBasis
    permission: Literal["is_the_basis", "beside_another_basis"]
    pii_information: tuple[PiiInformation, ...]
    level: Level
    pii_controllers: tuple[str, ...]
    collection_method: str
    processing_method: tuple[Literal["shelter_to_school", "school_to_shelter"], ...]
    storage_locations: tuple[str, ...]
    retention_period: str
    jurisdiction: str
    recipient_third_parties: tuple[str, ...]
    recipient_roles: tuple[SchoolRole, ...]
    withdrawal_method: str
    privacy_rights: tuple[str, ...]
    authority_party: str


class PiiProcessing(_Part, frozen=True):
    """The notice that was shown and what was asked with it."""

    privacy_notice: PrivacyNotice
    language: str
    purposes: tuple[ProcessingPurpose, ...]


class Party(_Part, frozen=True):
    """An organisation that has a part in it."""

    party_id: str
    party_name: str
    party_address: str
    party_phone: str
    party_contact: str
    party_role: Literal["pii_controller", "recipient"]
    party_type: Literal["shelter", "school"]


class ConsentEvent(_Part, frozen=True):
    """What somebody decided, or what became of it."""

    event_time: datetime
    validity_duration: str
    entity_id: str
    event_type: EventType
    event_state: EventState
    capacity: Capacity
    method: Method
    evidence: EvidenceKind
    interpreter: Interpreter
    witness_id: str | None = None


class ConsentRecord(_Part, frozen=True):
    """One answer about one child: header, processing, parties, events."""

    schema_version: str
    record_id: str
    pii_principal_id: str
    pii_processing: PiiProcessing
    party_identification: tuple[Party, ...]
    consent_events: tuple[ConsentEvent, ...]


class ConsentReceipt(_Part, frozen=True):
    """Every record of one sitting, and where the log stood when it was made."""

    schema_version: str
    receipt_id: str
    issued_at: datetime
    records: tuple[ConsentRecord, ...]
    log_checkpoint: Head | None


MANDATORY: Final[tuple[str, ...]] = (
    "schema_version",
    "receipt_id",
    "records[].schema_version",
    "records[].record_id",
    "records[].pii_principal_id",
    "records[].pii_processing.privacy_notice.text_id",
    "records[].pii_processing.privacy_notice.version",
    "records[].pii_processing.privacy_notice.hash",
    "records[].pii_processing.language",
    "records[].pii_processing.purposes[].purpose",
    "records[].pii_processing.purposes[].lawful_basis",
    "records[].pii_processing.purposes[].pii_information[].pii_type",
    "records[].pii_processing.purposes[].pii_controllers[]",
    "records[].pii_processing.purposes[].storage_locations[]",
    "records[].pii_processing.purposes[].retention_period",
    "records[].pii_processing.purposes[].jurisdiction",
    "records[].pii_processing.purposes[].recipient_third_parties[]",
    "records[].pii_processing.purposes[].withdrawal_method",
    "records[].party_identification[].party_id",
    "records[].party_identification[].party_name",
    "records[].party_identification[].party_address",
    "records[].party_identification[].party_contact",
    "records[].party_identification[].party_type",
    "records[].consent_events[].event_time",
    "records[].consent_events[].validity_duration",
    "records[].consent_events[].entity_id",
    "records[].consent_events[].event_type",
    "records[].consent_events[].event_state",
)
"""Mandatory in ISO/IEC TS 27560 clause 6, and the lawful basis besides (AVG 13(1)(c)). `[]`: each, at
least one."""


def write_record(choices: SignedChoices, catalogue: Catalogue, texts: LanguageTexts) -> bytes:
    """The receipt as JSON; `texts` are the words in the language of the sitting.

    Raises:
        IntegrityError: a mandatory field says nothing; then no receipt is better than half a one.
    """
    document = msgspec.to_builtins(receipt_record(choices, catalogue, texts))
    missing = missing_fields(document)
    if missing:
        raise IntegrityError("a consent record lacks " + ", ".join(missing))
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def receipt_record(choices: SignedChoices, catalogue: Catalogue, texts: LanguageTexts) -> ConsentReceipt:
    """Every answer of a sitting as a record of its own."""
    records = tuple(
        _record(choices, child, answer, catalogue.types[answer.information_type], texts)
        for child in choices.children
        for answer in child.answers
    )
    return ConsentReceipt(
        schema_version=SCHEMA,
        receipt_id=choices.sitting,
        issued_at=choices.made_at,
        records=records,
        log_checkpoint=choices.head,
    )


def missing_fields(document: object) -> tuple[str, ...]:
    """Every mandatory field that is absent or empty somewhere in a decoded receipt, in order."""
    return tuple(path for path in MANDATORY if not _says_something(document, path.split(".")))


def _says_something(value: object, path: Sequence[str]) -> bool:
    if not path:
        return not (value is None or value in ("", (), [], {}))
    name, several = path[0].removesuffix("[]"), path[0].endswith("[]")
    found = value.get(name) if isinstance(value, Mapping) else None
    if not several:
        return _says_something(found, path[1:])
    items = found if isinstance(found, list | tuple) else ()
    return bool(items) and all(_says_something(item, path[1:]) for item in items)


# --- parts ---------------------------------------------------------------------------------------


def _record(
    choices: SignedChoices,
    child: ChildChoices,
    answer: ReceiptAnswer,
    kind: InformationType,
    texts: LanguageTexts,
) -> ConsentRecord:
    """Of what is about the guardian alone, the guardian is the principal."""
    principal = choices.person if kind.decided_by == "own_guardian" else child.child
    text_id, _, version = answer.text_version.partition("@")
    notice = PrivacyNotice(
        text_id=text_id,
        version=version,
        language=choices.language,
        hash=answer.text_hash,
        screen_hash=answer.screen_hash,
    )
    purpose = _purpose(choices, child, kind, texts)
    return ConsentRecord(
        schema_version=SCHEMA,
        record_id=answer.decision,
        pii_principal_id=principal,
        pii_processing=PiiProcessing(privacy_notice=notice, language=choices.language, purposes=(purpose,)),
        party_identification=_parties(choices, child),
        consent_events=tuple(_events(choices, child, answer, kind)),
    )


def _purpose(
    choices: SignedChoices, child: ChildChoices, kind: InformationType, texts: LanguageTexts
) -> ProcessingPurpose:
    text = texts.types[kind.key]
    ways: dict[str, Literal["shelter_to_school", "school_to_shelter"]] = {
        "s2c": "shelter_to_school",
        "c2s": "school_to_shelter",
    }
    return ProcessingPurpose(
        purpose=kind.key,
        purpose_type=kind.purposes,
        purpose_description=text.for_child.question if choices.by_child else text.question,
        lawful_basis=kind.legal_basis,
        permission="is_the_basis" if kind.legal_basis in CONSENT_BASES else "beside_another_basis",
        pii_information=tuple(_pii(kind, text)),
        level=kind.level,
        pii_controllers=(choices.controller.tenant,),
        collection_method="entered_by_shelter_or_school",
        processing_method=tuple(ways[direction] for direction in kind.directions),
        storage_locations=(JURISDICTION,),
        retention_period=retention_code(kind.retention),
        jurisdiction=JURISDICTION,
        recipient_third_parties=(child.school.school,),
        recipient_roles=kind.readers,
        withdrawal_method=choices.withdraw_address,
        privacy_rights=(texts.general.your_rights, texts.general.see_who_looked),
        authority_party=SUPERVISOR,
    )


def _pii(kind: InformationType, text: TypeText) -> Iterator[PiiInformation]:
    for spec in kind.fields:
        yield PiiInformation(
            pii_type=text.fields[spec.name].label,
            pii_attribute_id=f"{kind.key}.{spec.name}",
            pii_optional=not spec.required,
            sensitive_pii_category=kind.level != "O",
            special_pii_category=kind.level == "A9",
        )


def _parties(choices: SignedChoices, child: ChildChoices) -> tuple[Party, ...]:
    shelter, school = choices.controller, child.school
    return (
        Party(
            party_id=shelter.tenant,
            party_name=shelter.name,
            party_address=shelter.address,
            party_phone=shelter.phone,
            party_contact=shelter.phone,
            party_role="pii_controller",
            party_type="shelter",
        ),
        Party(
            party_id=school.school,
            party_name=school.name,
            party_address=school.address,
            party_phone=school.phone,
            party_contact=school.phone,
            party_role="recipient",
            party_type="school",
        ),
    )


def _events(
    choices: SignedChoices, child: ChildChoices, answer: ReceiptAnswer, kind: InformationType
) -> Iterator[ConsentEvent]:
    """What was signed; and, where it is different now, that too."""
    signed = ConsentEvent(
        event_time=answer.decided_at,
        validity_duration=_duration(answer),
        entity_id=choices.person,
        event_type=_event_type(kind),
        event_state=_STATE_SIGNED[answer.answer],
        capacity=child.capacity,
        method=choices.method,
        evidence=choices.evidence,
        interpreter=choices.interpreter,
        witness_id=choices.witness,
    )
    yield signed
    state = _STATE_NOW[answer.now]
    if state != signed.event_state:
        yield msgspec.structs.replace(
            signed, event_time=choices.made_at, validity_duration="P0D", event_state=state
        )


def _duration(answer: ReceiptAnswer) -> str:
    """An ISO 8601 interval for a yes; what is no yes is valid for no time at all."""
    if answer.answer != "yes":
        return "P0D"
    end = answer.valid_until
    return f"{answer.decided_at.isoformat()}/{'..' if end is None else end.isoformat()}"


def _event_type(kind: InformationType) -> EventType:
    match kind.legal_basis:
        case "explicit_consent":
            return "explicit_consent"
        case "consent":
            return "consent"
        case "public_task" | "legal_obligation" | "legitimate_interest":
            return "permission"
