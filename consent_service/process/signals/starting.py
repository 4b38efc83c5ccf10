"""The start with a school: first contact, the list of the first day, calls, and who tells it in person.

Nothing goes by itself: a counsellor confirms which school it is and sends. That a contact may know of the
child is decided by `release` each time; what is said by phone passes the same door.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, cast, get_args

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.attesting import SchoolTerms
from consent_service.families.listing import reading_contacts
from consent_service.families.model import Relationship, SchoolConfirmation, check_confirmation
from consent_service.families.reading import read_contacts
from consent_service.families.tables_starting import first_contacts
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import EntryId, RelationshipId, StaffId, TenantId, TypeKey, new_id
from consent_service.identity.establishment import normalised_establishment_code
from consent_service.identity.model import Counsellor, SchoolStaff, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue, Purpose
from consent_service.organisations.looking import school_in
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.signals.model import (
    AT_SCHOOL,
    FIRST_DAY,
    Call,
    CallCard,
    FirstContact,
    FirstContactRefused,
    FirstContactSent,
    FirstContactState,
    FirstDayItem,
    SpokenTo,
)
from consent_service.process.signals.rows import calls_in, first_contact_in, packed, running, unpacked
from consent_service.process.signals.states import FIRST_CONTACT
from consent_service.process.signals.tables import first_day_ticks, phone_calls
from consent_service.process.signals.telling import Tell, ToHear, tell_nobody
from consent_service.process.states import START
from consent_service.release.model import Ask, Released
from consent_service.release.service import ReleaseService

CARD_LASTS: Final = timedelta(hours=12)
"""How long after a card was opened a call about it can be noted."""


class StartService:
    """First contact, the first day, calls."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        release: ReleaseService,
        catalogue: Catalogue,
        school_terms: SchoolTerms,
        tell: Tell = tell_nobody,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._release = release
        self._catalogue = catalogue
        self._school_terms = school_terms
        self._tell = tell

    # --- the counsellor ----------------------------------------------------------------------

    async def send_first_contact(
        self, actor: Counsellor, relationship: RelationshipId, confirmed: SchoolConfirmation
    ) -> FirstContactSent | FirstContactRefused:
        """Let the contacts of this school know that something waits; sent twice, they hear it once.

        Raises:
            InputError: code, street or phone is another school's, or nobody is contact (S49).
            ConflictError: this was sent already, or the relationship has ended.
            NotAllowedError: the counsellor is not with this family.
        """
        await self._require_with(actor, relationship, Action.SEND_FIRST_CONTACT)
        async with self._database.reading() as conn:
            about = await running(conn, actor.tenant, relationship, self._clock)
            problems = await self._wrong_about(conn, about, confirmed)
        if problems:
            raise InputError(problems)
        gate = self._catalogue.gate.key
        known = await self._release.preview(actor, relationship, language="nl")
        line = next((one for one in known if one.information_type == gate), None)
        if line is None or not line.shared:
            return await self._refused(actor, about, gate, "" if line is None else line.explanation)
        async with self._database.transaction() as conn:
            found = await first_contact_in(conn, actor.tenant, relationship, lock=True)
            state = FIRST_CONTACT.after(START if found is None else found.state, "send")
            await conn.execute(
                insert(first_contacts).values(
                    tenant=actor.tenant,
                    relationship=relationship,
                    state=state,
                    sent_at=self._clock.now(),
                    sent_by=actor.staff,
                )
            )
            hearers = await self._reading(conn, about)
            for member in sorted(hearers):
                message = ToHear(about.tenant, member, relationship, relationship, urgent=False)
                await self._tell(conn, message)
            event = events.FirstContactSent(relationship, about.school)
            await self._log_entry(conn, actor, about, event)
        return FirstContactSent(len(hearers))

    async def first_contact(self, actor: Counsellor, relationship: RelationshipId) -> FirstContact | None:
        """How far the start is, for whoever is with the family; None before it.

        Raises:
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: no such relationship.
        """
        await self._require_with(actor, relationship, Action.SEND_FIRST_CONTACT)
        async with self._database.reading() as conn:
            return await first_contact_in(conn, actor.tenant, relationship)

    async def call_card(
        self, actor: Counsellor, relationship: RelationshipId, purpose: Purpose, *, language: str = "nl"
    ) -> CallCard:
        """What may be said now, opened for this look only (S48). Asked again, it is decided again (S1).

        Raises:
            InputError: nobody is contact at the school now.
            NotAllowedError, NotFoundError, UnavailableError: as `release.to_phone`.
        """
        answer = await self._release.to_phone(actor, Ask(relationship, purpose, language))
        records = answer.records if isinstance(answer, Released) else ()
        call, now = new_id(), self._clock.now()
        async with self._database.transaction() as conn:
            await conn.execute(
                insert(phone_calls).values(
                    tenant=actor.tenant,
                    call=call,
                    relationship=relationship,
                    staff=actor.staff,
                    types=packed(dict.fromkeys(one.information_type for one in records)),
                    shown_at=now,
                )
            )
        return CallCard(call, records, answer.refused, now)

    async def note_call(
        self, actor: Counsellor, call: str, spoken_to: SpokenTo, types: Iterable[TypeKey]
    ) -> RelationshipId:
        """I called: whom by function, and which of the types on that card were told; once.

        What was said was said: a withdrawal since then does not keep it out of the log.

        Raises:
            InputError: nobody of a school was spoken to, or a type that was not on the card.
            NotFoundError: no such card of this counsellor, too old, or noted already.
        """
        told = tuple(dict.fromkeys(types))
        since = self._clock.now() - CARD_LASTS
        async with self._database.transaction() as conn:
            query = select(phone_calls).where(
                phone_calls.c.tenant == actor.tenant,
                phone_calls.c.call == call,
                phone_calls.c.staff == actor.staff,
                phone_calls.c.called_at.is_(None),
                phone_calls.c.shown_at >= since,
            )
            card = (await conn.execute(query.with_for_update())).first()
            if card is None:
                raise NotFoundError("call")
            about = await running(conn, actor.tenant, RelationshipId(card.relationship), self._clock)
            await self._require_assigned(conn, actor, about, Action.CALL_SCHOOL)
            if problems := _wrong_call(spoken_to, told, unpacked(card.types)):
                raise InputError(problems)
            await conn.execute(
                update(phone_calls)
                .where(phone_calls.c.tenant == actor.tenant, phone_calls.c.call == call)
                .values(spoken_to=spoken_to, told=packed(told), called_at=self._clock.now())
            )
            event = events.CallMade(about.relationship, call, spoken_to, told)
            await self._log_entry(conn, actor, about, event)
        return about.relationship

    async def calls(self, actor: Counsellor, relationship: RelationshipId) -> tuple[Call, ...]:
        """The calls about this child, newest first.

        Raises:
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: no such relationship.
        """
        await self._require_with(actor, relationship, Action.CALL_SCHOOL)
        async with self._database.reading() as conn:
            return await calls_in(conn, actor.tenant, relationship)

    async def tells_itself(
        self, actor: Counsellor, relationship: RelationshipId, types: Iterable[TypeKey]
    ) -> tuple[TypeKey, ...]:
        """The parent tells the school itself: points to print, nothing is sent and nothing is shared (S52).

        Raises:
            InputError: no type was chosen, or one that is none.
            NotAllowedError: the counsellor is not with this family.
        """
        await self._require_with(actor, relationship, Action.CALL_SCHOOL)
        chosen = tuple(dict.fromkeys(types))
        if not chosen or not set(chosen) <= self._catalogue.types.keys():
            raise InputError([Problem("types", "form.choose")])
        async with self._database.transaction() as conn:
            about = await running(conn, actor.tenant, relationship, self._clock)
            await self._log_entry(conn, actor, about, events.ToldByParent(relationship, chosen))
        return chosen

    # --- the school --------------------------------------------------------------------------

    async def seen_at_school(self, actor: SchoolStaff, relationship: RelationshipId) -> FirstContact | None:
        """How far the start is, for a contact who reads now; None before it.

        Raises:
            NotAllowedError: not an active contact.
            NotFoundError: no such relationship.
        """
        async with self._database.reading() as conn:
            await self._at_school(conn, actor, relationship)
            return await first_contact_in(conn, actor.tenant, relationship)

    async def confirm_pupil(self, actor: SchoolStaff, relationship: RelationshipId) -> None:
        """Yes, a pupil of ours. Only from now on the organisation has its name.

        Raises:
            ConflictError: nothing was sent, or it was confirmed already.
            NotAllowedError, NotFoundError: as `seen_at_school`.
        """
        event = events.FirstContactConfirmed(relationship)
        now = self._clock.now()
        await self._step(actor, relationship, "confirm", event, confirmed_at=now, confirmed_by=actor.staff)

    async def read_who_helps(self, actor: SchoolStaff, relationship: RelationshipId) -> None:
        """The contact read who is involved and whom to call: the receipt for the counsellor, once.

        Raises:
            ConflictError: the pupil was not confirmed, or it was read already.
            NotAllowedError, NotFoundError: as `seen_at_school`.
        """
        event = events.FirstContactRead(relationship)
        await self._step(actor, relationship, "read", event, read_at=self._clock.now(), read_by=actor.staff)

    async def ticked(self, actor: SchoolStaff, relationship: RelationshipId) -> dict[FirstDayItem, datetime]:
        """What the school did of the list of the first day, and when.

        Raises:
            NotAllowedError, NotFoundError: as `seen_at_school`.
        """
        async with self._database.reading() as conn:
            await self._at_school(conn, actor, relationship)
            return await _ticks(conn, actor.tenant, relationship)

    async def tick(
        self, actor: SchoolStaff, relationship: RelationshipId, items: Iterable[FirstDayItem]
    ) -> None:
        """These are done, the others are not; what changed is logged.

        Raises:
            InputError: something that is not on the list.
            NotAllowedError, NotFoundError: as `seen_at_school`.
        """
        wanted = set(items)
        if not wanted <= set(FIRST_DAY):
            raise InputError([Problem("items", "form.choose")])
        async with self._database.transaction() as conn:
            about = await self._at_school(conn, actor, relationship)
            before = set(await _ticks(conn, actor.tenant, relationship))
            for item in (one for one in FIRST_DAY if one in wanted ^ before):
                await self._set_tick(conn, actor, relationship, item, done=item in wanted)
                event = events.FirstDayTicked(relationship, item, item in wanted)
                await self._log_entry(conn, actor, about, event)

    # --- parts -------------------------------------------------------------------------------

    async def _wrong_about(
        self, conn: AsyncConnection, about: Relationship, confirmed: SchoolConfirmation
    ) -> list[Problem]:
        """S49: it is this very school, and somebody there is contact."""
        school = await school_in(conn, about.tenant, about.school)
        problems = list(check_confirmation(confirmed, school))
        code = normalised_establishment_code(confirmed.establishment_code)
        if school is not None and school.establishment_code != code:
            problems.append(Problem("establishment_code", "other_school_code"))
        if not await self._reading(conn, about):
            problems.append(Problem("contact", "call_no_contact"))
        return problems

    async def _refused(
        self, actor: Counsellor, about: Relationship, gate: TypeKey, why: str
    ) -> FirstContactRefused:
        async with self._database.transaction() as conn:
            event = events.FirstContactRefused(about.relationship, gate)
            await self._log_entry(conn, actor, about, event, hidden=True)
        return FirstContactRefused(gate, why)

    async def _step(
        self,
        actor: SchoolStaff,
        relationship: RelationshipId,
        act: str,
        event: events.FirstContactConfirmed | events.FirstContactRead,
        **values: object,
    ) -> None:
        async with self._database.transaction() as conn:
            about = await self._at_school(conn, actor, relationship)
            found = await first_contact_in(conn, actor.tenant, relationship, lock=True)
            state = FIRST_CONTACT.after(START if found is None else found.state, act)
            known = next(one for one in get_args(FirstContactState) if one == state)
            await conn.execute(
                update(first_contacts)
                .where(first_contacts.c.tenant == actor.tenant)
                .where(first_contacts.c.relationship == relationship)
                .values(state=known, **values)
            )
            await self._log_entry(conn, actor, about, event)

    async def _set_tick(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff,
        relationship: RelationshipId,
        item: FirstDayItem,
        *,
        done: bool,
    ) -> None:
        place = {"tenant": actor.tenant, "relationship": relationship, "item": item}
        if done:
            made = {"ticked_at": self._clock.now(), "ticked_by": actor.staff}
            await conn.execute(insert(first_day_ticks).values(**place, **made))
            return
        here = [first_day_ticks.c[name] == value for name, value in place.items()]
        await conn.execute(delete(first_day_ticks).where(*here))

    async def _reading(self, conn: AsyncConnection, about: Relationship) -> frozenset[StaffId]:
        lists = await read_contacts(conn, about.tenant, [about.relationship])
        return reading_contacts(lists[about.relationship], self._school_terms, self._clock.now())

    async def _at_school(
        self, conn: AsyncConnection, actor: SchoolStaff, relationship: RelationshipId
    ) -> Relationship:
        about = await running(conn, actor.tenant, relationship, self._clock)
        listed = actor.staff in await self._reading(conn, about)
        facts = Circumstances(tenant=about.tenant, school=about.school, active_contact=listed)
        require(actor, Action.CONFIRM_PUPIL, facts)
        return about

    async def _require_with(self, actor: Counsellor, relationship: RelationshipId, action: Action) -> None:
        async with self._database.reading() as conn:
            about = await running(conn, actor.tenant, relationship, self._clock)
            await self._require_assigned(conn, actor, about, action)

    async def _require_assigned(
        self, conn: AsyncConnection, actor: Counsellor, about: Relationship, action: Action
    ) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, about.family)
        require(actor, action, Circumstances(tenant=about.tenant, family=about.family, assigned=assigned))

    async def _log_entry(
        self,
        conn: AsyncConnection,
        actor: Counsellor | SchoolStaff,
        about: Relationship,
        event: events.SignalEvent,
        *,
        hidden: bool = False,
    ) -> EntryId | None:
        return await self._log.append(
            conn,
            tenant=about.tenant,
            event=event,
            by=by(actor),
            subject=about.child,
            tagged_for=OFFICER if hidden else None,
            relationship=about.relationship,
        )


def _wrong_call(
    spoken_to: SpokenTo, told: tuple[TypeKey, ...], shown: tuple[TypeKey, ...]
) -> tuple[Problem, ...]:
    """Somebody of the school, and only what stood on the card."""
    problems = []
    if spoken_to not in AT_SCHOOL:
        problems.append(Problem("spoken_to", "form.choose"))
    if not set(told) <= set(shown):
        problems.append(Problem("types", "form.choose"))
    return tuple(problems)


async def _ticks(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
) -> dict[FirstDayItem, datetime]:
    query = select(first_day_ticks).where(
        first_day_ticks.c.tenant == tenant, first_day_ticks.c.relationship == relationship
    )
    return {cast("FirstDayItem", row.item): row.ticked_at for row in await conn.execute(query)}
