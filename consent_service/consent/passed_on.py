"""Answers that a counsellor passes on: signed on paper, or said when the tablet could not be used.

The counsellor types them in and decides nothing. A yes is as old as the *start of the day* on which it
was said or signed: whatever was answered on that day or later wins over it, also when the form is found
a week later (S37). What was only said aloud holds for a few days, until the same person confirms it on
the tablet, on paper or on the own page; saying it again does not prolong it. Whether a statement can be
taken is `statement`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.consent.capacity import capacity_of, people_of
from consent_service.consent.evidence import open_passed_on, seal_passed_on
from consent_service.consent.ledger import NewDecision, write_decisions
from consent_service.consent.model import (
    CHOICE_OF,
    Capacity,
    Decision,
    Shown,
    consent_ends,
)
from consent_service.consent.questions import text_version
from consent_service.consent.reading import read_decisions
from consent_service.consent.repeated import asked, find_earlier, form_digest
from consent_service.consent.saying import read_says
from consent_service.consent.service import Key, Target, fold_all
from consent_service.consent.statement import (
    Answered,
    Known,
    PassedOnEvidence,
    PassedOnMethod,
    Say,
    Statement,
    needs_signature,
    problems_of,
    unconfirmed_of,
)
from consent_service.consent.tables import consent_ledger, passed_on_statements, suspended_texts
from consent_service.consent.texts import OUT_OF_USE, keep_texts
from consent_service.families.model import Ages
from consent_service.families.reading import (
    child_ids,
    lock_family,
    read_relationships,
)
from consent_service.foundation.clock import Clock, local_date, local_midnight
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import SUPPORTED
from consent_service.foundation.ids import (
    DecisionId,
    FamilyId,
    PersonId,
    RelationshipId,
    StaffId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.identity.model import Counsellor, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.child_text import is_asked_of_children
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts, TypeText
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require


class AskedQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question that can be answered for a child; `signed` is one for which a word alone is no yes."""

    relationship: RelationshipId
    child: PersonId
    information_type: TypeKey
    text_version: str
    signed: bool


class PassedOn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement as it was taken. `again`: it was taken before, and nothing was written now.

    `overtaken` are the questions to which the same person gave a newer answer, which stands.
    """

    statement: str
    again: bool
    overtaken: tuple[Key, ...] = ()


class ToConfirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A yes that was only said aloud; it stops counting on `until` unless it is confirmed before."""

    person: PersonId
    relationship: RelationshipId
    information_type: TypeKey
    until: date


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A statement that was taken earlier, with its evidence."""

    statement: str
    person: PersonId
    method: PassedOnMethod
    said_on: date
    entered_by: StaffId
    entered_at: datetime
    evidence: PassedOnEvidence


class PassedOnService:
    """What a counsellor enters for somebody else."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        catalogue: Catalogue,
        texts: Texts,
        drafts_allowed: bool,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._catalogue = catalogue
        self._ages = Ages(catalogue.terms.together_from, catalogue.terms.alone_from)
        self._texts = texts
        self._drafts_allowed = drafts_allowed

    async def questions(
        self, actor: Counsellor, family: FamilyId, person: PersonId, *, language: str
    ) -> tuple[AskedQuestion, ...]:
        """What this person can be asked now, in the order of the catalogue; of a child only about itself.

        Raises:
            NotFoundError: nobody of this family.
            InputError: no texts in that language, or nothing can be asked.
        """
        versions = self._versions(language)
        if not versions:
            raise InputError([Problem("language", "language_unknown")])
        async with self._database.reading() as conn:
            await self._require(conn, actor, family, person)
            whose = Target(actor.tenant, family, person)
            says = await self._says(conn, whose, [self._clock.now()])
            places = await read_relationships(conn, actor.tenant, family=family)
            types = self._asked_of(person, await child_ids(conn, actor.tenant, family))
        found = tuple(
            AskedQuestion(at.relationship, at.child, kind.key, versions[kind.key], needs_signature(kind))
            for at in places
            if at.relationship in says
            for kind in self._catalogue.types.values()
            if kind.key in types
        )
        if not found:
            raise InputError([Problem("person", "nothing_to_decide")])
        return found

    async def check(self, actor: Counsellor, said: Statement) -> None:
        """Whether this statement can be taken; writes nothing.

        Raises:
            InputError: with every problem at once.
            NotFoundError: nobody of this family.
        """
        async with self._database.reading() as conn:
            await self._require(conn, actor, said.family, said.person)
            await self._require_taken(conn, actor.tenant, said, self._clock.now())

    async def record(self, actor: Counsellor, said: Statement) -> PassedOn:
        """Write down what somebody said or signed; the same form sent twice is written once.

        Raises:
            InputError: with every problem at once; nothing was recorded.
            NotFoundError: nobody of this family.
        """
        async with self._database.transaction() as conn:
            await self._require(conn, actor, said.family, said.person)
            await lock_family(conn, actor.tenant, said.family)
            now = self._clock.now()
            earlier = await find_earlier(conn, actor.tenant, said, now)
            if earlier is not None:
                return PassedOn(earlier, again=True)
            await self._require_taken(conn, actor.tenant, said, now)
            statement = new_id()
            await self._keep(conn, actor, said, statement, now)
            decisions = await self._decisions(conn, actor, said, statement, now)
            await keep_texts(conn, actor.tenant, self._texts, decisions, at=now)
            await write_decisions(
                conn, self._log, tenant=actor.tenant, by=by(actor), now=now, decisions=decisions
            )
            overtaken = await self._overtaken(conn, actor.tenant, said, statement)
        return PassedOn(statement, again=False, overtaken=overtaken)

    async def to_confirm(self, actor: Counsellor, family: FamilyId) -> tuple[ToConfirm, ...]:
        """Every yes of this family that was only said aloud; what ends first comes first."""
        async with self._database.reading() as conn:
            await self._require(conn, actor, family, None)
            places = await read_relationships(conn, actor.tenant, family=family)
            rows = await read_decisions(conn, actor.tenant, [at.relationship for at in places])
        return still_to_confirm(rows, self._catalogue, now=self._clock.now())

    async def earlier(self, actor: Counsellor, family: FamilyId) -> tuple[Kept, ...]:
        """What was passed on for this family, newest first; without what was of somebody who was erased."""
        of_family = (passed_on_statements.c.tenant == actor.tenant) & (
            passed_on_statements.c.family == family
        )
        query = select(passed_on_statements).where(of_family)
        newest = passed_on_statements.c.entered_at.desc(), passed_on_statements.c.statement.desc()
        async with self._database.reading() as conn:
            await self._require(conn, actor, family, None)
            rows = (await conn.execute(query.order_by(*newest))).all()
            keys = await self._ring.person_keys(conn, actor.tenant, {PersonId(row.person) for row in rows})
        return tuple(
            Kept(
                row.statement,
                PersonId(row.person),
                row.method,
                row.said_on,
                StaffId(row.entered_by),
                row.entered_at,
                open_passed_on(self._ring, keys[PersonId(row.person)], row.statement, row.sealed_evidence),
            )
            for row in rows
            if PersonId(row.person) in keys
        )

    # --- who, and about whom -----------------------------------------------------------------

    async def _require(
        self, conn: AsyncConnection, actor: Counsellor, family: FamilyId, person: PersonId | None
    ) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=actor.tenant, family=family, person=person, assigned=assigned)
        require(actor, Action.PASS_ON_ANSWER, facts)
        if person is None:
            return
        if person not in await people_of(conn, actor.tenant, family):
            raise NotFoundError("person")

    async def _says(
        self, conn: AsyncConnection, whose: Target, moments: Sequence[datetime]
    ) -> dict[RelationshipId, Say]:
        return await read_says(conn, self._ring, whose, self._ages, moments=moments)

    def _asked_of(self, person: PersonId, children: Collection[PersonId]) -> frozenset[TypeKey]:
        """What is about one parent is asked of no child."""
        types = self._catalogue.types.values()
        return frozenset(kind.key for kind in types if person not in children or is_asked_of_children(kind))

    # --- whether it can be taken -------------------------------------------------------------

    async def _require_taken(
        self, conn: AsyncConnection, tenant: TenantId, said: Statement, now: datetime
    ) -> None:
        days = [now, min(now, local_midnight(said.said_on))]
        says = await self._says(conn, Target(tenant, said.family, said.person), days)
        known = Known(
            now=now,
            catalogue=self._catalogue,
            says=says,
            asked=self._asked_of(said.person, await child_ids(conn, tenant, said.family)),
            versions=self._versions(said.language),
            drafts=self._unusable(said.language),
            suspended=await self._suspended(conn, tenant, said.language),
            unconfirmed=unconfirmed_of(await read_decisions(conn, tenant, list(says)), said.person),
        )
        problems = problems_of(said, known)
        if problems:
            raise InputError(problems)

    def _words(self, language: str) -> Mapping[TypeKey, TypeText]:
        """The words in force in a language that can be asked in; none for any other."""
        return self._texts.of(language).types if language in SUPPORTED else {}

    def _versions(self, language: str) -> dict[TypeKey, str]:
        return {key: text_version(text) for key, text in self._words(language).items()}

    def _unusable(self, language: str) -> frozenset[TypeKey]:
        """Types of which nobody reviewed the words, where that is asked."""
        if self._drafts_allowed:
            return frozenset()
        return frozenset(key for key, text in self._words(language).items() if text.review == "draft")

    async def _suspended(self, conn: AsyncConnection, tenant: TenantId, language: str) -> frozenset[TypeKey]:
        query = select(suspended_texts.c.text_hash).where(
            suspended_texts.c.tenant == tenant, suspended_texts.c.state.in_(sorted(OUT_OF_USE))
        )
        hashes = set((await conn.execute(query)).scalars())
        return frozenset(key for key, text in self._words(language).items() if text.hash in hashes)

    # --- writing -----------------------------------------------------------------------------

    async def _keep(
        self, conn: AsyncConnection, actor: Counsellor, said: Statement, statement: str, now: datetime
    ) -> None:
        key = await self._ring.person_key(conn, actor.tenant, said.person)
        evidence = PassedOnEvidence(
            language=said.language,
            interpreter=said.interpreter,
            answers={_place(one): one.answer for one in said.answers},
            texts={_place(one): one.text_version for one in said.answers},
            reason=said.reason,
            kept=said.kept,
            note=said.note,
        )
        await conn.execute(
            insert(passed_on_statements).values(
                tenant=actor.tenant,
                statement=statement,
                family=said.family,
                person=said.person,
                method=said.method,
                said_on=said.said_on,
                entered_by=actor.staff,
                entered_at=now,
                form=form_digest(said.form),
                sealed_evidence=seal_passed_on(self._ring, key, statement, evidence),
            )
        )

    async def _decisions(
        self, conn: AsyncConnection, actor: Counsellor, said: Statement, statement: str, now: datetime
    ) -> list[NewDecision]:
        children = {
            at.relationship: at.child
            for at in await read_relationships(conn, actor.tenant, family=said.family)
        }
        decisions = []
        for one in said.answers:
            capacity = await capacity_of(
                conn,
                actor.tenant,
                family=said.family,
                guardian=said.person,
                child=children[one.relationship],
                now=now,
            )
            decisions.append(self._decision(actor, said, one, statement, now=now, capacity=capacity))
        return decisions

    def _decision(
        self,
        actor: Counsellor,
        said: Statement,
        one: Answered,
        statement: str,
        *,
        now: datetime,
        capacity: Capacity,
    ) -> NewDecision:
        kind = self._catalogue.types[one.information_type]
        ends = consent_ends(kind, said.said_on, terms=self._catalogue.terms, method=said.method)
        return NewDecision(
            relationship=one.relationship,
            information_type=one.information_type,
            person=said.person,
            capacity=capacity,
            kind=CHOICE_OF[one.answer],
            method=said.method,
            shown=self._shown(said, one),
            decided_at=now,
            valid_until=ends if one.answer == "yes" else None,
            sitting=statement,
            interpreter=said.interpreter,
            evidence="paper_form" if said.method == "paper" else "note",
            reason=said.reason if said.method == "oral" else None,
            entered_by=actor.staff,
            device_at=local_midnight(said.said_on),
        )

    def _shown(self, said: Statement, one: Answered) -> Shown:
        """Which words: there was no screen, so their own hash is all there is. Older words have none here."""
        text = self._words(said.language)[one.information_type]
        text_hash = text.hash if text_version(text) == one.text_version else ""
        return Shown(said.language, one.text_version, text_hash, "")

    async def _overtaken(
        self, conn: AsyncConnection, tenant: TenantId, said: Statement, statement: str
    ) -> tuple[Key, ...]:
        """The questions on which another answer of the same person stands, because it is newer."""
        places = asked(said)
        rows = await read_decisions(conn, tenant, [relationship for relationship, _ in places])
        folded = fold_all(rows, self._catalogue, now=self._clock.now())
        written = await self._written(conn, tenant, statement)
        return tuple(
            place
            for place in places
            if (standing := folded.get(place, {}).get(said.person)) is None
            or standing.decision not in written
        )

    async def _written(
        self, conn: AsyncConnection, tenant: TenantId, statement: str
    ) -> frozenset[DecisionId]:
        query = select(consent_ledger.c.decision).where(
            consent_ledger.c.tenant == tenant, consent_ledger.c.sitting == statement
        )
        return frozenset((await conn.execute(query)).scalars())


def still_to_confirm(
    rows: Iterable[Decision], catalogue: Catalogue, *, now: datetime
) -> tuple[ToConfirm, ...]:
    """Each yes in force that was only said aloud; a later answer of the same person confirms or ends it."""
    known = tuple(rows)
    aloud = {row.decision: row for row in known if row.method == "oral" and row.kind == "given"}
    found = _spoken(known, aloud, catalogue, now)
    return tuple(sorted(found, key=lambda one: (one.until, one.relationship, one.information_type)))


def _spoken(
    rows: tuple[Decision, ...],
    aloud: Mapping[DecisionId, Decision],
    catalogue: Catalogue,
    now: datetime,
) -> Iterator[ToConfirm]:
    for (relationship, key), people in fold_all(rows, catalogue, now=now).items():
        for person, standing in people.items():
            if standing.is_yes and standing.decision in aloud and standing.valid_until is not None:
                yield ToConfirm(person, relationship, key, local_date(standing.valid_until))


def _place(one: Answered) -> str:
    return f"{one.relationship}:{one.information_type}"
