"""Tasks for the people they are for."""

from __future__ import annotations

from sqlalchemy import or_, select, update

from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.ids import EntryId, FamilyId, PersonId, RelationshipId, TypeKey
from consent_service.identity.model import Counsellor, Fg, PrivacyCoordinator
from consent_service.organisations.service import OrganisationService
from consent_service.organisations.tables import relationship_state
from consent_service.process.model import SAMPLE_TASKS, Audience, Task
from consent_service.process.tables import tasks

Doer = Counsellor | PrivacyCoordinator | Fg


class TaskService:
    """Open tasks: an officer sees the officer's, a counsellor those of the own families.

    The FG sees what the privacy coordinator has to decide, and decides nothing (AVG 38(6), 39).
    """

    def __init__(self, *, database: Database, clock: Clock, organisations: OrganisationService) -> None:
        self._database = database
        self._clock = clock
        self._organisations = organisations

    async def open_tasks(self, actor: Doer) -> tuple[Task, ...]:
        """What this person has to do: the first due first, what has no day last, else the oldest first."""
        state = relationship_state.c
        query = (
            select(tasks, state.family.label("of_family"))
            .outerjoin(
                relationship_state,
                (state.tenant == tasks.c.tenant) & (state.relationship == tasks.c.relationship),
            )
            .where(tasks.c.tenant == actor.tenant, tasks.c.done_at.is_(None))
            .where(tasks.c.audience.in_(_audiences(actor)))
            .order_by(tasks.c.due_on.is_(None), tasks.c.due_on, tasks.c.created_at, tasks.c.task)
        )
        async with self._database.reading() as conn:
            if isinstance(actor, Counsellor):
                mine = await self._organisations.families_of(conn, actor)
                query = query.where(
                    or_(
                        tasks.c.family.in_(mine),
                        state.family.in_(mine),
                        (tasks.c.kind == "invitation_declined") & (tasks.c.person == actor.staff),
                        tasks.c.audience == "approver",
                    )
                )
            rows = (await conn.execute(query)).all()
        return tuple(
            Task(
                task=row.task,
                kind=row.kind,
                audience=row.audience,
                family=_family(row.family or row.of_family),
                relationship=None if row.relationship is None else RelationshipId(row.relationship),
                entry=EntryId(row.entry),
                created_at=row.created_at,
                information_type=None if row.information_type is None else TypeKey(row.information_type),
                person=None if row.person is None else PersonId(row.person),
                due_on=row.due_on,
            )
            for row in rows
        )

    async def finish(self, actor: Doer, task: str) -> None:
        """It has been done; of a sample that is only so once it was reviewed.

        Raises:
            NotFoundError: no such open task for this person.
            NotAllowedError: the FG supervises and leaves doing it to others.
        """
        if isinstance(actor, Fg):
            raise NotAllowedError("finish a task: not_your_role")
        if task not in {one.task for one in await self.open_tasks(actor) if one.kind not in SAMPLE_TASKS}:
            raise NotFoundError("task")
        async with self._database.transaction() as conn:
            await conn.execute(
                update(tasks)
                .where(tasks.c.tenant == actor.tenant, tasks.c.task == task)
                .where(tasks.c.done_at.is_(None))
                .values(done_at=self._clock.now(), done_by=actor.staff)
            )


def _audiences(actor: Doer) -> tuple[Audience, ...]:
    if isinstance(actor, Counsellor):
        return ("counsellor", "approver")
    return ("privacy_coordinator",)


def _family(family: str | None) -> FamilyId | None:
    return None if family is None else FamilyId(family)
