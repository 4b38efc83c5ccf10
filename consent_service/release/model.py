"""What a release gives back: the released, or an ordinary-looking no."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, SchoolId, TenantId, TypeKey
from consent_service.information.model import Purpose
from consent_service.policy.facts import Basis
from consent_service.records.model import OpenedRecord


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader asks: about which child at which school, why, and in which language to answer.

    basis: on which ground in law; on that of vital interest a school asks for the item of a break-glass.
    only: of what there is for this purpose no more than this one type.
    """

    relationship: RelationshipId
    purpose: Purpose
    language: str = "nl"
    basis: Basis = "consent"
    only: TypeKey | None = None


class RefusedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One type that is not shown. `sentence` is already worded for the audience and in its language."""

    information_type: TypeKey
    sentence: str


class Released(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Permitted, logged as `entry` and committed before anything of it could leave."""

    relationship: RelationshipId
    purpose: Purpose
    entry: EntryId
    records: tuple[OpenedRecord, ...]
    refused: tuple[RefusedLine, ...]


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is shown; the refusal is logged as `entry`."""

    relationship: RelationshipId
    purpose: Purpose
    entry: EntryId
    refused: tuple[RefusedLine, ...]


class ChildLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child a school may know about: full name and birth date, because of twins (S31)."""

    tenant: TenantId
    relationship: RelationshipId
    child: PersonId
    school: SchoolId
    full_name: str
    birth_date: date


class WaitingLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child whom nobody at the school confirmed yet: asked to confirm, or with a care signal, or both."""

    child: ChildLine
    to_confirm: bool
    signal: bool


class UrgentLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing about a child that this reader may read now because a life may depend on it, until when."""

    child: ChildLine
    information_type: TypeKey
    purpose: Purpose
    until: datetime


class TypePreview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a type would be shared with the school now, and why (not), worded for the audience.

    valid_until: the first moment at which time alone would end it, as far as the audience may know.
    would_change_if: clauses that follow "verandert als"; for a guardian only what is the guardian's own.
    explanation: all of it as text: geldt tot ..., omdat ...; verandert als ...
    """

    information_type: TypeKey
    shared: bool
    sentence: str
    valid_until: datetime | None = None
    would_change_if: tuple[str, ...] = ()
    explanation: str = ""
