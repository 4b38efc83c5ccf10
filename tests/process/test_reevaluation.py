"""What was known without and with one entry; S6 itself is a scenario."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec

from consent_service.audit import events
from consent_service.families.model import AuthorityFact, Competence
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import PersonId
from consent_service.policy.projection import Known
from consent_service.process.reevaluation import change_of_authority, change_of_competence
from consent_service.records.reading import read_known
from tests.shelter import World

AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
NOOR, SAMIRA, KARIM = PersonId("noor"), PersonId("samira"), PersonId("karim")


async def known(world: World) -> Known:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    found = await world.services.families.relationship(world.tenant, relationship)
    async with world.services.installation.database.reading() as conn:
        one, _ = await read_known(conn, world.services.installation.ring, world.services.organisations, found)
    return one


def fact(guardian: PersonId, kind: str, *, minutes: int) -> AuthorityFact:
    moment = AT + timedelta(minutes=minutes)
    return AuthorityFact(NOOR, guardian, kind, "judgment", date(2026, 9, 1), None, moment)  # type: ignore[arg-type]


async def test_a_change_of_authority_is_seen_without_what_came_later(world: World) -> None:
    first, second = fact(SAMIRA, "holder", minutes=0), fact(KARIM, "none", minutes=5)
    later, again = fact(SAMIRA, "none", minutes=9), fact(KARIM, "none", minutes=20)
    before = msgspec.structs.replace(await known(world), authority=(first, second, later, again))
    event = events.AuthorityRecorded(NOOR, KARIM, "none", "judgment", date(2026, 9, 1), None)
    change = change_of_authority(before, event, second.recorded_at + timedelta(milliseconds=2))
    assert change.before.authority == (first,)
    assert change.after.authority == (first, second)
    assert change.counts_from == local_midnight(date(2026, 9, 1))
    repeated = change_of_authority(before, event, again.recorded_at)
    assert repeated.before.authority == (first, second, later)


async def test_a_judgement_of_competence_likewise(world: World) -> None:
    first = Competence(NOOR, competent=True, recorded_at=AT)
    second = Competence(NOOR, competent=False, recorded_at=AT + timedelta(minutes=1))
    before = msgspec.structs.replace(await known(world), competence=(first, second))
    change = change_of_competence(before, events.CompetenceJudged(NOOR, competent=False), second.recorded_at)
    assert (change.before.competence, change.after.competence) == ((first,), (first, second))
