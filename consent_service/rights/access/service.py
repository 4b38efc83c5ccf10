"""Make the file of a granted request, look through its texts, and hand it over (AVG 15, 20, 12).

    1. is the request granted, and whose is it today     4. the exit door gives a permit
    2. collect; every opening is an entry                5. the entries, and the end of the request
    3. the coordinator looks through the free texts      6. commit before the first byte leaves

What lies ready is sealed under the key of who asked. Who is answered by a person gets it on paper only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.reading import lock_family
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    IntegrityError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.ids import PersonId, RelationshipId, TenantId, TypeKey, new_id
from consent_service.identity.model import Fg, PersonActor, PrivacyCoordinator, person_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.emergencies.sealed_text import open_text, seal_text
from consent_service.release.exits import ExitPermit
from consent_service.release.service import ReleaseService
from consent_service.rights.access.about_sharing import record_lines
from consent_service.rights.access.collecting import collect
from consent_service.rights.access.document import AccessFile, RecordLine
from consent_service.rights.access.making import Making
from consent_service.rights.access.model import KEPT_AFTER, KINDS, FileView, OwnFile
from consent_service.rights.access.redacting import Draft, TextShelf, looked_through
from consent_service.rights.access.scope import WEIGHED, Scope, ScopeReader
from consent_service.rights.access.tables import access_files
from consent_service.rights.cases.model import Case, Channel
from consent_service.rights.cases.rows import case_of, read_case_row
from consent_service.rights.cases.service import CaseService
from consent_service.rights.cases.tables import rights_cases
from consent_service.rights.service import RightsService

Officer = PrivacyCoordinator | Fg
_LOOKS: Final = 10_000
_LANGUAGE: Final = "nl"
"""Labels in the machine-readable file; the readable one has them in the reader's language."""
_HANDED: Final[tuple[Channel, ...]] = ("conversation", "letter")
_draft = msgspec.json.Decoder(Draft)
_file = msgspec.json.Decoder(AccessFile)


class AccessService:
    """The files of one shelter."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        clock: Clock,
        organisations: OrganisationService,
        families: FamilyService,
        release: ReleaseService,
        rights: RightsService,
        cases: CaseService,
        texts: Texts,
        catalogue: Catalogue,
    ) -> None:
        self._database = database
        self._ring = ring
        self._clock = clock
        self._organisations = organisations
        self._release = release
        self._rights = rights
        self._cases = cases
        self._texts = texts
        self._catalogue = catalogue
        self._scopes = ScopeReader(families=families, clock=clock)

    # --- at the desk -------------------------------------------------------------------------

    async def view(self, actor: Officer, case: str) -> FileView:
        """How the file of a request stands. The texts are for who decides, and that they are seen is logged.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such request for a file here.
        """
        require(actor, Action.VIEW_CASES, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = await self._case(conn, actor.tenant, case)
            row = await self._row(conn, actor.tenant, case)
            standing = await self._scopes.standing(conn, actor.tenant, one)
            lost, stale = await self._now(conn, actor.tenant, one, row)
            view = FileView(
                case=one,
                standing=standing,
                state="none" if row is None else row.state,
                weigh=standing in WEIGHED,
                lost=lost,
                stale=stale,
            )
            if row is None:
                return view
            draft: Draft | None = None
            counts: tuple[tuple[str, int], ...] = ()
            if isinstance(actor, PrivacyCoordinator):
                draft, counts = await self._seen(conn, actor, one, row)
            return msgspec.structs.replace(
                view,
                file=row.file,
                by_hand=row.by_hand,
                made_at=row.made_at,
                delivered_at=row.delivered_at,
                texts=() if draft is None else draft.texts,
                counts=counts,
            )

    async def make(
        self, actor: PrivacyCoordinator, case: str, *, weighed: bool = False, with_children: bool = False
    ) -> None:
        """Collect everything anew; what was looked through before must be looked through again.

        `weighed`: the interests of others were weighed by hand, for who is answered by a person (S21, S46);
        only then children may be in it, with `with_children`.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no granted request for a file here, or the requester was erased.
            InputError: it must be weighed first, or the requester does not decide over the child any more.
            IntegrityError: something was tampered with or damaged.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing is made.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        looks = await self._looks(actor.tenant, case)
        async with self._database.transaction() as conn:
            one = await self._cases.granted(conn, actor.tenant, case, *KINDS)
            if one.family is None:
                raise NotFoundError("case")
            await lock_family(conn, actor.tenant, one.family)
            standing = await self._scopes.standing(conn, actor.tenant, one)
            if standing in WEIGHED and not weighed:
                raise InputError([Problem("weighed", "access_weigh")])
            scope = await self._scopes.read(conn, actor.tenant, one, with_children=weighed and with_children)
            file = new_id()
            making = await self._making(conn, scope, file)
            records = await self._records(actor, making)
            draft = Draft(await collect(making, one, records, looks), tuple(making.shelf.texts))
            await self._keep(conn, actor, one, scope, file, draft)
            await self._cases.tell(conn, actor, one, "file_made")

    async def look_through(
        self, actor: PrivacyCoordinator, case: str, file: str, chosen: Mapping[int, str]
    ) -> None:
        """Each text stays or goes, with its ground; from then on the file lies ready.

        `file`: the draft whose texts were looked at; in one that was made since, others may stand.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no granted request for a file here.
            ConflictError: there is no draft, it was looked through already, or it was made anew since.
            InputError: of every text without a choice that needs one.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = await self._cases.granted(conn, actor.tenant, case, *KINDS)
            row = await self._row(conn, actor.tenant, case)
            if row is None or row.state != "draft" or row.file != file:
                raise ConflictError("there is no draft")
            made = looked_through(await self._open_draft(conn, row), chosen)
            key = await self._ring.person_key(conn, actor.tenant, PersonId(row.requester))
            sealed = seal_text(self._ring, key, row.file, {"file": msgspec.json.encode(made).decode()})
            await conn.execute(
                update(access_files)
                .where(access_files.c.tenant == actor.tenant, access_files.c.case == case)
                .values(state="ready", ready_at=self._clock.now(), sealed=sealed)
            )
            await self._cases.tell(conn, actor, one, "file_ready")

    async def print_out(self, actor: PrivacyCoordinator, case: str, channel: Channel) -> AccessFile:
        """The file, to be printed and given in a conversation or by letter; with it the request has ended.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: nothing lies ready; or the exit door gives no permit.
            InputError: no way was chosen, or things stand otherwise than when it was made.
            UnavailableError: database, keys or log are away: nothing leaves.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        if channel not in _HANDED:
            raise InputError([Problem("channel", "access_channel")])
        async with self._database.transaction() as conn:
            one = await self._case(conn, actor.tenant, case, lock=True)
            row = await self._ready(conn, actor.tenant, one)
            if not await self._still_fits(conn, actor.tenant, one, row):
                raise InputError([Problem("file", "access_make_again")])
            permit = await self._print_permit(conn, actor, row)
            if permit is not None:
                return await self._hand_over(conn, actor, one, row, (permit, channel))
        raise NotFoundError("file")

    # --- at home -----------------------------------------------------------------------------

    async def own(self, actor: PersonActor) -> tuple[OwnFile, ...]:
        """The files that lie ready on this person's own page; none for who is answered by a person.

        Raises:
            NotAllowedError: not one's own page.
        """
        self._require_own(actor)
        c, found = access_files.c, []
        async with self._database.reading() as conn:
            query = select(access_files).where(c.tenant == actor.tenant, c.requester == person_of(actor))
            for row in await conn.execute(query.order_by(c.made_at.desc(), c.case)):
                one = await self._case(conn, actor.tenant, row.case)
                if await self._is_for_page(conn, actor, one, row):
                    found.append(OwnFile(one.case, one.kind, row.ready_at, _until(row)))
        return tuple(found)

    async def take(self, actor: PersonActor, case: str) -> AccessFile:
        """The file, for the own page; with it the request has ended.

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: nothing lies ready here for this person now, whatever the reason.
            UnavailableError: database, keys or log are away: nothing leaves.
        """
        self._require_own(actor)
        async with self._database.transaction() as conn:
            one = await self._case(conn, actor.tenant, case, lock=True)
            row = await self._row(conn, actor.tenant, case)
            if row is not None and await self._is_for_page(conn, actor, one, row):
                permit = await self._release.permit_for_guardian(
                    conn, actor.tenant, person_of(actor), "page", actor=actor
                )
                if permit is not None:
                    return await self._hand_over(conn, actor, one, row, (permit, "page"))
        raise NotFoundError("file")

    async def tidy(self, tenant: TenantId) -> int:
        """Remove files handed over some time ago, and those of requests that were taken back; how many."""
        c, case, over = access_files.c, rights_cases.c, self._clock.now() - KEPT_AFTER
        ended = select(case.case).where(case.tenant == tenant, case.state.in_(("withdrawn", "refused")))
        gone = (c.delivered_at.is_not(None) & (c.delivered_at <= over)) | c.case.in_(ended)
        async with self._database.transaction() as conn:
            return (await conn.execute(delete(access_files).where(c.tenant == tenant, gone))).rowcount

    # --- collecting --------------------------------------------------------------------------

    async def _looks(self, tenant: TenantId, case: str) -> tuple[Any, ...]:
        """Who looked, as the own page of who asked would show it: nothing for who is answered by a person."""
        async with self._database.reading() as conn:
            one = await self._case(conn, tenant, case)
            if one.state != "granted":
                raise NotFoundError("case")
            if one.requester is None or await self._scopes.standing(conn, tenant, one) == "by_hand":
                return ()
            scope = await self._scopes.read(conn, tenant, one)
        return await self._rights.who_looked(scope.actor, limit=_LOOKS)

    async def _making(self, conn: AsyncConnection, scope: Scope, file: str) -> Making:
        staff = await self._organisations.staff_members(conn, scope.tenant)
        names = [word for member in staff for word in member.name.split()]
        shelf = TextShelf(file, [*names, *_others(scope)])
        words = self._texts.of(_LANGUAGE)
        return Making(conn, self._ring, scope, shelf, words, self._catalogue, self._clock.now())

    async def _records(self, actor: PrivacyCoordinator, making: Making) -> list[RecordLine]:
        found: list[RecordLine] = []
        for relationship in making.places:
            opened = await self._release.held_for(making.conn, actor, relationship, making.own)
            found += record_lines(making, relationship, opened)
        return found

    async def _keep(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        one: Case,
        scope: Scope,
        file: str,
        draft: Draft,
    ) -> None:
        key = await self._ring.sealing_person_key(conn, actor.tenant, scope.requester)
        sealed = seal_text(self._ring, key, file, {"draft": msgspec.json.encode(draft).decode()})
        c = access_files.c
        await conn.execute(delete(access_files).where(c.tenant == actor.tenant, c.case == one.case))
        await conn.execute(
            insert(access_files).values(
                tenant=actor.tenant,
                case=one.case,
                file=file,
                state="draft",
                requester=scope.requester,
                about=scope.ids,
                by_hand=scope.by_hand,
                made_by=actor.staff,
                made_at=self._clock.now(),
                sealed=sealed,
            )
        )

    # --- handing over ------------------------------------------------------------------------

    async def _hand_over(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator | PersonActor,
        one: Case,
        row: Row[Any],
        way: tuple[ExitPermit, Channel],
    ) -> AccessFile:
        permit, channel = way
        made = await self._open_file(conn, row)
        await self._release.tell_handed_over(
            conn, actor, permit, _given(row, made), role="child" if one.capacity == "child" else "guardian"
        )
        now = self._clock.now()
        await conn.execute(
            update(access_files)
            .where(access_files.c.tenant == row.tenant, access_files.c.case == one.case)
            .values(delivered_at=row.delivered_at or now)
        )
        await self._cases.carried_out(conn, actor, one, channel)
        return made

    async def _print_permit(
        self, conn: AsyncConnection, actor: PrivacyCoordinator, row: Row[Any]
    ) -> ExitPermit | None:
        who = PersonId(row.requester)
        if row.by_hand:
            return await self._release.permit_by_hand(conn, who, actor=actor)
        return await self._release.permit_for_guardian(conn, actor.tenant, who, "print", actor=actor)

    async def _is_for_page(self, conn: AsyncConnection, actor: PersonActor, one: Case, row: Row[Any]) -> bool:
        """Ready, of this person, shown on the page, and made while things stood as they do now."""
        if one.requester != person_of(actor) or row.state != "ready" or row.by_hand:
            return False
        if one.state not in ("granted", "done") or self._is_over(row):
            return False
        return await self._still_fits(conn, actor.tenant, one, row)

    async def _ready(self, conn: AsyncConnection, tenant: TenantId, one: Case) -> Row[Any]:
        row = await self._row(conn, tenant, one.case)
        if row is None or row.state != "ready" or one.state not in ("granted", "done") or self._is_over(row):
            raise NotFoundError("file")
        return row

    def _is_over(self, row: Row[Any]) -> bool:
        until = _until(row)
        return until is not None and until <= self._clock.now()

    async def _still_fits(self, conn: AsyncConnection, tenant: TenantId, one: Case, row: Row[Any]) -> bool:
        """Whether everybody in it may still be: authority, age and safety change (S6, S9, S14)."""
        try:
            scope = await self._scopes.read(conn, tenant, one, with_children=row.by_hand)
        except (InputError, NotFoundError):
            return False
        return scope.by_hand == row.by_hand and set(_ids(row.about)) <= set(_ids(scope.ids))

    async def _now(
        self, conn: AsyncConnection, tenant: TenantId, one: Case, row: Row[Any] | None
    ) -> tuple[bool, bool]:
        """Whether the requester lost the say since it was granted, and whether the file is out of date."""
        if one.state != "granted":
            return False, False
        try:
            await self._scopes.read(conn, tenant, one, with_children=True)
        except (InputError, NotFoundError):
            return True, row is not None
        return False, row is not None and not await self._still_fits(conn, tenant, one, row)

    # --- rows --------------------------------------------------------------------------------

    def _require_own(self, actor: PersonActor) -> None:
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, Action.ASK_CASE, facts)

    async def _case(self, conn: AsyncConnection, tenant: TenantId, case: str, *, lock: bool = False) -> Case:
        one = case_of(await read_case_row(conn, tenant, case, lock=lock))
        if one.kind not in KINDS:
            raise NotFoundError("case")
        return one

    async def _row(self, conn: AsyncConnection, tenant: TenantId, case: str) -> Row[Any] | None:
        c = access_files.c
        query = select(access_files).where(c.tenant == tenant, c.case == case)
        return (await conn.execute(query)).first()

    async def _seen(
        self, conn: AsyncConnection, actor: PrivacyCoordinator, one: Case, row: Row[Any]
    ) -> tuple[Draft | None, tuple[tuple[str, int], ...]]:
        if row.state == "draft":
            draft = await self._open_draft(conn, row)
            await self._cases.tell(conn, actor, one, "texts_read")
            return draft, _counts(draft.file)
        await self._cases.tell(conn, actor, one, "read")
        return None, _counts(await self._open_file(conn, row))

    async def _open_draft(self, conn: AsyncConnection, row: Row[Any]) -> Draft:
        try:
            return _draft.decode((await self._opened(conn, row))["draft"])
        except (KeyError, msgspec.DecodeError) as failure:
            raise IntegrityError("a draft has an unknown shape") from failure

    async def _open_file(self, conn: AsyncConnection, row: Row[Any]) -> AccessFile:
        try:
            return _file.decode((await self._opened(conn, row))["file"])
        except (KeyError, msgspec.DecodeError) as failure:
            raise IntegrityError("a file has an unknown shape") from failure

    async def _opened(self, conn: AsyncConnection, row: Row[Any]) -> dict[str, str]:
        key = await self._ring.person_key(conn, row.tenant, PersonId(row.requester))
        return open_text(self._ring, key, row.file, row.sealed)


def _ids(about: str) -> list[str]:
    return about.replace("|", " ").split()


def _given(row: Row[Any], made: AccessFile) -> dict[RelationshipId, tuple[TypeKey, ...]]:
    """What the log says was handed over, per child at a school."""
    relationships = row.about.split("|")[1].split()
    return {
        RelationshipId(relationship): tuple(
            dict.fromkeys(TypeKey(one.type) for one in made.records if one.place == f"s{number}")
        )
        for number, relationship in enumerate(relationships, start=1)
    }


def _until(row: Row[Any]) -> datetime | None:
    return None if row.delivered_at is None else row.delivered_at + KEPT_AFTER


def _counts(file: AccessFile) -> tuple[tuple[str, int], ...]:
    """How much of everything there is."""
    parts = msgspec.structs.asdict(file)
    return tuple((name, len(value)) for name, value in parts.items() if isinstance(value, tuple))


def _others(scope: Scope) -> list[str]:
    """Names and ways to reach everybody of the family whom the file is not about."""
    kept = {scope.requester, *scope.children}
    people = [(one.guardian, one.identity) for one in scope.whole.guardians]
    people += [(one.child, one.identity) for one in scope.whole.children]
    found: list[str] = []
    for person, identity in people:
        if person not in kept:
            found += [*identity.given_names.split(), identity.phone, identity.email]
    return found
