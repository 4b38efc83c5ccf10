"""Statements as a counsellor would type them in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from consent_service.consent.model import Answer, Standing
from consent_service.consent.statement import Answered, Statement
from consent_service.consent.tables import consent_ledger, passed_on_statements
from consent_service.families.model import FamilyView
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey, new_id
from consent_service.identity.model import GuardianActor
from tests.ledger import count
from tests.shelter import World

SUPPORT = "support_advice"


@dataclass
class AtTheDesk:
    """A family at a school, and the counsellor who types in what its people say."""

    world: World
    view: FamilyView
    relationship: RelationshipId

    @property
    def mother(self) -> GuardianActor:
        return self.world.guardian(self.view)

    @property
    def today(self) -> date:
        return local_date(self.world.clock.now())

    def answered(self, key: str, answer: Answer, *, language: str = "nl", version: str = "") -> Answered:
        text = version or self.world.shown(key, language).text_version
        return Answered(self.relationship, TypeKey(key), answer, text)

    def statement(self, given: dict[str, Answer] | None = None, /, **changed: Any) -> Statement:
        """A paper form signed today by the mother, who says yes to support advice."""
        method = changed.get("method", "paper")
        language = changed.get("language", "nl")
        known = language if language in ("nl", "en") else "nl"
        said = Statement(
            family=self.view.family,
            person=self.mother.guardian,
            method=method,
            said_on=self.today,
            language="nl",
            interpreter="none",
            answers=tuple(
                self.answered(key, answer, language=known)
                for key, answer in (given or {SUPPORT: "yes"}).items()
            ),
            form=new_id(),
            reason="no_tablet" if method == "oral" else None,
            kept="locked_cabinet" if method == "paper" else None,
        )
        return msgspec.structs.replace(said, **changed)

    async def record(self, said: Statement) -> str:
        return (await self.world.services.passed_on.record(self.world.counsellor, said)).statement

    async def refused(self, said: Statement) -> list[tuple[str, str]]:
        """The problems; nothing may have been written."""
        before = await self._written()
        try:
            await self.record(said)
        except InputError as refusal:
            assert await self._written() == before
            return [(one.field, one.code) for one in refusal.problems]
        raise AssertionError("it was taken")

    async def _written(self) -> tuple[int, int]:
        return await count(self.world, consent_ledger), await count(self.world, passed_on_statements)

    async def standing(self, person: PersonId | None = None, key: str = SUPPORT) -> Standing | None:
        async with self.world.services.installation.database.reading() as conn:
            answers = await self.world.services.consent.standing_answers(
                conn, self.world.tenant, [self.relationship]
            )
        people = answers.get((self.relationship, TypeKey(key)), {})
        return people.get(person or self.mother.guardian)

    async def answer(self, person: PersonId | None = None, key: str = SUPPORT) -> str:
        found = await self.standing(person, key)
        return "none" if found is None else found.answer

    def days_ago(self, days: int) -> date:
        return self.today - timedelta(days=days)


async def at_the_desk(world: World, **family: Any) -> AtTheDesk:
    view = await world.family(**family)
    return AtTheDesk(world, view, await world.at_school(view.children[0].child))
