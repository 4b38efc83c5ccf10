"""A family whose school may read one thing, and ways to look at everything the service said or kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import func, select

from consent_service.audit.log import TrailEntry, TrailFilter
from consent_service.consent.model import Answer, Receipt
from consent_service.families.model import AuthorityKind, FamilyView, SafetyAssessment
from consent_service.foundation.database import metadata
from consent_service.foundation.ids import EntryId, RecordId, RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.shelter import SAFE, World

ADVICE = "Even naar buiten lopen helpt."
SUPPORT = TypeKey("support_advice")
YES: dict[str, Answer] = {"shelter_involvement": "yes", "support_advice": "yes"}
NOT_AVAILABLE = "Niet beschikbaar."


@dataclass
class Told:
    """A family of which the school was told one thing."""

    view: FamilyView
    relationship: RelationshipId
    mother: GuardianActor
    receipt: Receipt
    record: RecordId


async def told_family(
    world: World,
    *,
    guardians: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"),),
    safety: SafetyAssessment = SAFE,
    family_name: str = "Voorbeeld",
    begun: bool = True,
) -> Told:
    """The first guardian said yes to support advice, and the counsellor shared some (`World.at_school`)."""
    view = await world.family(guardians=guardians, safety=safety, family_name=family_name)
    relationship = await world.at_school(view.children[0].child, begun=begun)
    mother = world.guardian(view)
    receipt = await world.intake(mother, YES)
    shared = await share(world, relationship)
    return Told(view, relationship, mother, receipt, shared.record)


async def share(world: World, relationship: RelationshipId, text: str = ADVICE) -> Shared:
    """The counsellor writes what helps."""
    shared = await world.services.records.share(
        world.counsellor, relationship, Note(SUPPORT, {"helps": text})
    )
    assert isinstance(shared, Shared)
    return shared


async def ask(world: World, relationship: RelationshipId) -> Released | Refused:
    """The school's contact asks what may help."""
    return await world.services.release.to_school(world.contact, Ask(relationship, "support"))


def sentence_of(answer: Released | Refused, key: TypeKey = SUPPORT) -> str:
    """What the reader is told about one type that is not shown."""
    (line,) = (line for line in answer.refused if line.information_type == key)
    return line.sentence


def everything_said(*answers: object) -> str:
    """Whatever the service answered, as one text to search."""
    return "\n".join(msgspec.json.encode(answer, enc_hook=str).decode() for answer in answers)


async def trail(world: World, *types: str, **wanted: Any) -> tuple[TrailEntry, ...]:
    """The entries of these types, newest first, as the privacy coordinator reads them."""
    asked = TrailFilter(types=frozenset(types), **wanted)
    found: list[TrailEntry] = []
    after: EntryId | None = None
    while True:
        page = await world.services.supervision.trail(world.officer, asked, after=after, limit=200)
        found += page.entries
        after = page.next
        if after is None:
            return tuple(found)


async def row_counts(world: World) -> dict[str, int]:
    """How many rows each table holds."""
    async with world.services.installation.database.reading() as conn:
        return {
            name: (await conn.execute(select(func.count()).select_from(table))).scalar_one()
            for name, table in metadata.tables.items()
        }


async def everything_stored(world: World) -> bytes:
    """Every value of every row, as bytes to search."""
    found = []
    async with world.services.installation.database.reading() as conn:
        for table in metadata.tables.values():
            for row in await conn.execute(select(table)):
                found += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\n".join(found)
