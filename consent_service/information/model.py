"""What an information type is: pure structs and the rules that hold for every type.

Reading the file is `information.catalogue`, checking what somebody typed is `information.content`,
the words people see are `information.texts`. Whether a type may be released now is `policy`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final, Literal, assert_never

import msgspec

from consent_service.foundation.ids import TypeKey

Level = Literal["O", "O+", "A9", "A10"]
"""O ordinary, O+ delicate, A9 special category (AVG 9), A10 criminal-data risk (AVG 10)."""
Direction = Literal["s2c", "c2s"]
"""`s2c` shelter to school, `c2s` school to shelter."""
Purpose = Literal["contact", "support", "meeting", "attendance", "safety", "transition"]
SchoolRole = Literal["contact", "teacher", "director", "administration", "meldcode_officer"]
DecidedBy = Literal["one_holder", "all_holders", "own_guardian"]
FieldKind = Literal["text", "choice", "date", "time", "yes_no", "name", "phone", "address", "email"]
Part = Literal["", "emergency"]
LegalBasis = Literal["public_task", "consent", "explicit_consent", "legal_obligation", "legitimate_interest"]
"""AVG 6(1) and 9(2)(a). Unless it says consent, a yes is permission beside this basis."""
SecrecyRelease = Literal["permission", "not_needed"]
"""What releases the sender from professional secrecy."""
Rule = Literal[
    "child_chose_words",
    "coded_only",
    "continues_at_birthday",
    "copy_to_parents",
    "evidence_not_stored",
    "no_debt_details",
    "no_destination_under_safety",
    "no_diagnosis",
    "no_reason",
    "not_in_file",
    "not_under_five",
    "observation_not_opinion",
    "parents_hear_first",
    "parent_saw_text",
    "proposes_meeting",
    "renew",
    "secret_address_denies",
    "shown_as_neutral",
    "skips_quiet_hours",
]

WRITTEN_KINDS: Final[frozenset[FieldKind]] = frozenset({"text", "name", "phone", "address", "email"})
"""Kinds in which a person types freely, so that anything at all may stand in them."""


class AfterGuidance(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="after_guidance"
):
    """Kept until this many months after the end of guidance; 0 is the end itself."""

    months: int


class ForMonths(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="months"):
    """Kept this many months after writing."""

    months: int


class ForSchoolDays(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="school_days"
):
    """Kept this many school days after writing."""

    days: int


class ForSchoolYear(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="school_year"
):
    """Kept until the school year ends."""


class UntilChanged(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="until_changed"
):
    """Kept until a newer item replaces it, and asked about again every so many months."""

    check_every_months: int = 12


class AfterDate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="after_date"):
    """Kept until this many months after the date in the named field."""

    field: str
    months: int


Retention = AfterGuidance | ForMonths | ForSchoolDays | ForSchoolYear | UntilChanged | AfterDate


class FieldSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is asked for within a type.

    `roles` are the school roles that may see this field; empty is every reader of the type. `part`
    sets the emergency fields apart. `locating` fields stay empty under a safety flag. `confirm` is a
    yes/no that has to be yes before anything is shared.
    """

    name: str
    kind: FieldKind
    required: bool = False
    max_length: int = 200
    choices: tuple[str, ...] = ()
    roles: tuple[SchoolRole, ...] = ()
    part: Part = ""
    locating: bool = False
    confirm: bool = False


class InformationType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of information on which a parent decides separately.

    `readers` are the school roles that receive it (shelter to school), `writers` those that send it
    (school to shelter). `locating`: it may hold something that says where the family is.
    `address_exempt`: work contacts, in which a phone number is not the family's.
    """

    key: TypeKey
    level: Level
    directions: tuple[Direction, ...]
    purposes: tuple[Purpose, ...]
    retention: Retention
    decided_by: DecidedBy
    legal_basis: LegalBasis
    secrecy_release: SecrecyRelease
    fields: tuple[FieldSpec, ...]
    readers: tuple[SchoolRole, ...] = ()
    writers: tuple[SchoolRole, ...] = ()
    rules: tuple[Rule, ...] = ()
    first_intake: bool = False
    gate: bool = False
    exempt_from_gate: bool = False
    locating: bool = False
    second_approver: bool = False
    free_text: bool = False
    address_exempt: bool = False
    emergency_decided_by: DecidedBy | None = None
    text: str = ""

    @property
    def text_id(self) -> str:
        """Which text is asked with. Another purpose or recipient is another text, and a fresh consent."""
        return self.text or f"consent.{self.key}"

    @property
    def has_emergency_part(self) -> bool:
        """Some of its fields are decided on by themselves, because they cannot wait."""
        return self.emergency_decided_by is not None

    def field(self, name: str) -> FieldSpec | None:
        """The field of that name, or None."""
        return next((spec for spec in self.fields if spec.name == name), None)

    def fields_for(self, role: SchoolRole) -> tuple[FieldSpec, ...]:
        """A role sees the fields that name it, and of a type it reads also those that name nobody."""
        if role not in self.readers:
            return ()
        return tuple(spec for spec in self.fields if not spec.roles or role in spec.roles)


DayOfYear = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2}-[0-9]{2}$")]
"""Month and day, as "08-01"."""


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ages and periods that a lawyer or the field may set otherwise; in years, months and days.

    together_from: from this age a child decides along. alone_from: from this age alone (UAVG 5).
    longest_months: no yes holds longer. oral_days: an oral yes waits so long for its confirmation.
    reminder_days: so many days before a yes ends somebody is told. birthday_notice_days: and before the
    birthdays on which a child gets a say. authority_reminder_days: so often somebody is told that it is
    not known who has authority. pattern_minimum: fewer answers make no pattern.

    term_starts: the days of a year ("MM-DD") on which a school term begins; attest_grace_days: so long after
    it a contact of before still reads without having been confirmed. Rules of before this was asked name
    neither: by those nobody is asked, and their hash stays what it was.

    aftercare_types: what a school and a shelter may still tell each other in aftercare; by rules that do not
    say it, nothing. review_sample: how many entries of each week an officer reviews; 10 where it is not said.
    """

    together_from: int = 12
    alone_from: int = 16
    longest_months: int = 12
    oral_days: int = 14
    reminder_days: tuple[int, ...] = (30, 7)
    birthday_notice_days: int = 30
    authority_reminder_days: int = 7
    pattern_minimum: int = 20
    term_starts: tuple[DayOfYear, ...] | msgspec.UnsetType = msgspec.UNSET
    attest_grace_days: int | msgspec.UnsetType = msgspec.UNSET
    aftercare_types: tuple[TypeKey, ...] | msgspec.UnsetType = msgspec.UNSET
    review_sample: Annotated[int, msgspec.Meta(ge=5, le=50)] | msgspec.UnsetType = msgspec.UNSET


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every information type, in the order of the file, the terms, and the hash of what both mean."""

    types: Mapping[TypeKey, InformationType]
    hash: str
    terms: Terms = Terms()

    @property
    def gate(self) -> InformationType:
        """The type whose no means that nothing else goes from shelter to school."""
        return next(kind for kind in self.types.values() if kind.gate)

    def asked_first(self) -> tuple[InformationType, ...]:
        """The types of the first intake, in order; the rest is asked in week two."""
        return tuple(kind for kind in self.types.values() if kind.first_intake)


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, so that neither order nor comments of a file count."""
    return msgspec.json.encode(value, order="deterministic")


def hash_of(value: object) -> str:
    """SHA-256 (hex) of canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def needs_gate(kind: InformationType, direction: Direction) -> bool:
    """Whatever goes from shelter to school needs the gate's yes, save the gate itself."""
    return direction == "s2c" and not kind.gate and not kind.exempt_from_gate


def may_write(kind: InformationType, role: SchoolRole) -> bool:
    """School staff write a type only in a role that the type lists as writer."""
    return "c2s" in kind.directions and role in kind.writers


def retention_code(retention: Retention) -> str:
    """The name under which texts describe how long something is kept."""
    match retention:
        case AfterGuidance(months=months):
            return f"after_guidance_{months}"
        case ForMonths(months=months):
            return f"months_{months}"
        case ForSchoolDays(days=days):
            return f"school_days_{days}"
        case ForSchoolYear():
            return "school_year"
        case UntilChanged():
            return "until_changed"
        case AfterDate(months=months):
            return f"after_date_{months}"
        case _:
            assert_never(retention)
