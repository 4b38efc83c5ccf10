"""Events of sharing: written, approved, retracted, released, refused."""

from __future__ import annotations

from typing import Literal

import msgspec

from consent_service.audit.happenings.happening import Code, Direction, Happening
from consent_service.foundation.ids import (
    AgreementId,
    EntryId,
    RecordId,
    RelationshipId,
    TypeKey,
)


class RecordVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly which version of which record left."""

    record: RecordId
    version: int
    information_type: TypeKey


class RefusedType(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why one information type was refused: the reason code and the policies that decided."""

    information_type: TypeKey
    code: Code
    policies: tuple[Code, ...] = ()


class RecordShared(Happening, frozen=True, tag="record.shared.v1"):
    """`digest` commits to the newest versions of this type, so that `check` finds a rollback."""

    relationship: RelationshipId
    record: RecordId
    version: int
    information_type: TypeKey
    direction: Direction
    digest: Code = ""


class RecordApproved(Happening, frozen=True, tag="record.approved.v1"):
    """A second person approved this version; without it the type is not released."""

    relationship: RelationshipId
    record: RecordId
    version: int
    information_type: TypeKey
    digest: Code = ""


class RecordAttested(Happening, frozen=True, tag="record.attested.v1"):
    """The writer was warned, and declared that it is not what it looks like (S18): no diagnosis, no BSN."""

    relationship: RelationshipId
    record: RecordId
    version: int
    information_type: TypeKey
    attested: tuple[Code, ...]


class RecordRetracted(Happening, frozen=True, tag="record.retracted.v1"):
    """Taken back by the side that wrote it; what was read before stays in the log."""

    relationship: RelationshipId
    record: RecordId
    version: int
    information_type: TypeKey
    digest: Code = ""


class RecordShareRefused(Happening, frozen=True, tag="record.share_refused.v1"):
    relationship: RelationshipId
    information_type: TypeKey
    direction: Direction
    code: Code
    policies: tuple[Code, ...] = ()


class InformationPreviewed(Happening, frozen=True, tag="information.previewed.v1"):
    relationship: RelationshipId
    purpose: Code
    reader: Code
    types: tuple[TypeKey, ...] = ()


class InformationReleased(Happening, frozen=True, tag="information.released.v1"):
    """`reader` is the id of who read it, `reader_kind` and `role` the capacity."""

    relationship: RelationshipId
    purpose: Code
    reader: Code
    reader_kind: Literal["school", "shelter", "guardian"]
    role: Code = ""
    types: tuple[TypeKey, ...] = ()
    records: tuple[RecordVersion, ...] = ()
    agreement: AgreementId | None = None


class ReleaseRefused(Happening, frozen=True, tag="release.refused.v1"):
    relationship: RelationshipId
    purpose: Code
    reader: Code
    reader_kind: Literal["school", "shelter", "guardian"]
    role: Code = ""
    refused: tuple[RefusedType, ...] = ()


class DutyArose(Happening, frozen=True, tag="release.duty_arose.v1"):
    """The policies that allowed entry `released` ask for `duty` because of it; from here it is a task."""

    relationship: RelationshipId
    duty: Code
    released: EntryId
    information_type: TypeKey


class ReleaseFailed(Happening, frozen=True, tag="release.failed.v1"):
    """Sending broke after entry `released` was committed."""

    relationship: RelationshipId
    released: EntryId
    code: Code = ""


RecordEvent = (
    RecordShared
    | RecordApproved
    | RecordAttested
    | RecordRetracted
    | RecordShareRefused
    | InformationPreviewed
    | InformationReleased
    | ReleaseRefused
    | DutyArose
    | ReleaseFailed
)
