"""One conversation with one guardian or child: which questions, the draft answers, signing.

Nothing counts before it is signed; no choice is no. Everybody has a sitting alone, each child its own
question, and a child is asked about itself only. What signing makes of the answers is `signing`; a child
that is heard and does not decide yet is `opinions`; handing the tablet over is `identity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.consent.codes import code_hash, code_of, new_code, normalised_code
from consent_service.consent.drafts import (
    NOT_SEEN,
    Draft,
    Place,
    Seen,
    forget_drafts,
    keep_draft,
    read_drafts,
)
from consent_service.consent.evidence import open_evidence, seal_evidence
from consent_service.consent.going_on import mark_saved, take_over
from consent_service.consent.ledger import moment_after, write_decisions
from consent_service.consent.model import (
    Answer,
    Interpreter,
    Outcome,
    Question,
    Receipt,
    Shown,
    Signature,
    Sitting,
)
from consent_service.consent.questions import Questions
from consent_service.consent.reading import decision_from, read_decisions
from consent_service.consent.service import fold_all
from consent_service.consent.signing import (
    Signing,
    decisions_of,
    evidence_of,
    receipt_of,
    require_signed,
    require_witness,
)
from consent_service.consent.tables import consent_ledger, sittings, withdrawal_codes
from consent_service.consent.texts import keep_texts, require_text_usable
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.i18n import SUPPORTED
from consent_service.foundation.ids import INSTALLATION, FamilyId, PersonId, TypeKey, new_id
from consent_service.identity.model import (
    ChildActor,
    Counsellor,
    GuardianActor,
    PersonActor,
    by,
    person_of,
)
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require

_ACTION_OF: dict[Answer, Action] = {
    "yes": Action.GIVE_CONSENT,
    "no": Action.REFUSE_CONSENT,
    "later": Action.POSTPONE_CONSENT,
}


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a conversation is held: in which language, who interprets, and at which device."""

    language: str
    interpreter: Interpreter = "none"
    read_aloud: bool = False
    device: str | None = None


class SittingService:
    """Conversations at the tablet from the first question to the signature."""

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
        self._texts = texts
        self._questions = Questions(
            ring=ring, clock=clock, catalogue=catalogue, texts=texts, drafts_allowed=drafts_allowed
        )

    async def start(
        self,
        actor: Counsellor,
        *,
        family: FamilyId,
        guardian: PersonId,
        language: str,
        interpreter: Interpreter,
        types: Sequence[TypeKey] | None = None,
    ) -> Sitting:
        """Prepare the questions for one guardian; see `prepare`."""
        asked = GuardianActor(actor.tenant, guardian, family)
        return await self.prepare(actor, asked, Setting(language, interpreter), types=types)

    async def prepare(
        self,
        actor: Counsellor,
        asked: PersonActor,
        setting: Setting,
        *,
        types: Sequence[TypeKey] | None = None,
    ) -> Sitting:
        """Prepare the questions for a guardian or child; the first intake's types unless others are named.

        Answers that were saved for another day are there already, as far as their words still stand.

        Raises:
            InputError: whoever is asked decides nothing here, or the texts may not be used.
            NotFoundError: no such information type.
            NotAllowedError: another counsellor's family.
        """
        chosen = tuple(types or [kind.key for kind in self._catalogue.asked_first()])
        if asked.tenant != actor.tenant:
            raise NotFoundError("family")
        async with self._database.transaction() as conn:
            assigned = await self._organisations.is_assigned(conn, actor, asked.family)
            facts = Circumstances(tenant=actor.tenant, family=asked.family, assigned=assigned)
            require(actor, Action.START_INTAKE, facts)
            self._questions.require_reviewed(asked, setting.language, chosen)
            await require_text_usable(conn, actor.tenant, *self._questions.hashes(setting.language, chosen))
            await self._questions.require_of_family(conn, asked)
            questions = await self._questions.put_to(conn, asked, chosen)
            if not questions:
                raise InputError([await self._questions.why_nothing(conn, asked)])
            opened = _opened(asked, setting, questions)
            await self._keep(conn, actor, asked, opened, chosen)
            into = (opened.sitting, questions)
            await take_over(conn, actor.tenant, _own(asked), into, self._require_current)
            return await self._read(conn, asked, opened.sitting)

    async def read(self, actor: PersonActor, sitting: str) -> Sitting:
        """The sitting with its draft answers, for whose it is.

        Raises:
            NotFoundError: no such sitting of this person.
        """
        async with self._database.reading() as conn:
            return await self._read(conn, actor, sitting)

    async def current(self, actor: PersonActor) -> str | None:
        """The newest sitting of this person that is not finished."""
        query = (
            select(sittings.c.sitting)
            .where(_own(actor), sittings.c.finished_at.is_(None))
            .order_by(sittings.c.started_at.desc(), sittings.c.sitting.desc())
            .limit(1)
        )
        async with self._database.reading() as conn:
            found: str | None = (await conn.execute(query)).scalar_one_or_none()
        return found

    async def answer(
        self,
        actor: PersonActor,
        sitting: str,
        question: Question,
        *,
        answer: Answer,
        shown: Shown,
        seen: Seen = NOT_SEEN,
    ) -> Sitting:
        """Note one answer; until signing it can be changed and counts for nothing.

        Raises:
            ConflictError: the sitting is finished, or the text changed while it was on the screen.
            InputError: a yes to a text that was taken out of use.
            NotFoundError: this question is not asked in this sitting.
        """
        require(actor, _ACTION_OF[answer], _facts(actor))
        async with self._database.transaction() as conn:
            current = await self._open(conn, actor, sitting)
            if question not in current.questions:
                raise NotFoundError("question")
            self._questions.require_current_text(question.information_type, current.language, shown)
            if answer == "yes":
                await require_text_usable(conn, actor.tenant, shown.text_hash)
            at = await moment_after(conn, actor.tenant, [question.relationship], self._clock.now())
            await keep_draft(conn, actor.tenant, sitting, question, Draft(answer, shown, at, seen))
            return await self._read(conn, actor, sitting)

    async def choose_language(self, actor: PersonActor, sitting: str, language: str) -> None:
        """Go on in another language.

        Raises:
            InputError: the texts in that language may not be used here.
        """
        if language not in SUPPORTED:
            raise InputError([Problem("language", "language_unknown")])
        async with self._database.transaction() as conn:
            current = await self._open(conn, actor, sitting)
            asked = [question.information_type for question in current.questions]
            self._questions.require_reviewed(actor, language, asked)
            await require_text_usable(conn, actor.tenant, *self._questions.hashes(language, asked))
            await conn.execute(
                update(sittings).where(_own(actor), sittings.c.sitting == sitting).values(language=language)
            )

    async def sign(
        self,
        actor: PersonActor,
        sitting: str,
        signature: Signature,
        *,
        secret: str | None = None,
        statement: str = "",
    ) -> Receipt:
        """Make the answers count: the ledger, the sealed evidence and a withdrawal code, at once.

        A yes is as old as the answer, so that a no that came in before the signature wins (S37).
        `secret` is what the code is made of (`codes.code_of`), for whoever must show it a second time;
        `statement` is what stood above the signature.

        Raises:
            InputError: a question is unanswered, nothing is left to decide, the signature is empty, or a yes
                is to a text that was taken out of use.
            ConflictError: the sitting was signed or stopped before.
        """
        now = self._clock.now()
        require(actor, Action.GIVE_CONSENT, _facts(actor))
        require_signed(signature)
        code = new_code() if secret is None else code_of(secret)
        async with self._database.transaction() as conn:
            signing = await self._signing(conn, actor, sitting, signature, statement)
            decisions = decisions_of(signing, self._catalogue, now=now)
            await keep_texts(conn, actor.tenant, self._texts, decisions, at=now)
            await write_decisions(
                conn, self._log, tenant=actor.tenant, by=by(actor), now=now, decisions=decisions
            )
            await self._keep_evidence(conn, actor, signing)
            await self._keep_code(conn, actor, code, now)
            await self._finish(conn, actor, signing.sitting, "signed")
            overruled = await self._overruled(conn, actor, sitting)
        return receipt_of(signing, decisions, now=now, code=code, overruled=overruled)

    async def not_now(self, actor: PersonActor, sitting: str) -> None:
        """Not fit to decide now: nothing counts, a task follows (S55)."""
        await self._stop(actor, sitting, "not_now")

    async def save(self, actor: PersonActor, sitting: str) -> None:
        """Keep the answers for another day: nothing counts meanwhile, and `prepare` goes on with them."""
        async with self._database.transaction() as conn:
            await self._open(conn, actor, sitting)
            await mark_saved(conn, _own(actor), sitting)

    async def tell_myself(self, actor: PersonActor, sitting: str) -> None:
        """She tells the school herself: nothing is sent, and the ledger stays as it was (S52)."""
        await self._stop(actor, sitting, "tell_myself")

    async def overruled(self, actor: PersonActor, sitting: str) -> frozenset[Place]:
        """To which questions of this signed sitting a yes does not stand any more: a newer no counts."""
        async with self._database.reading() as conn:
            await self._read(conn, actor, sitting)
            return await self._overruled(conn, actor, sitting)

    async def signed_as(self, actor: PersonActor, sitting: str) -> Signature | None:
        """How this sitting was signed, for the receipt; None when it was not.

        Raises:
            KeyDestroyedError: whoever signed was erased.
        """
        query = select(sittings.c.sealed_evidence).where(
            _own(actor), sittings.c.sitting == sitting, sittings.c.outcome == "signed"
        )
        async with self._database.reading() as conn:
            sealed = (await conn.execute(query)).scalar_one_or_none()
            if sealed is None:
                return None
            key = await self._ring.person_key(conn, actor.tenant, person_of(actor))
        return open_evidence(self._ring, key, sitting, sealed).signature

    def _require_current(self, question: Question, draft: Draft) -> None:
        self._questions.require_current_text(question.information_type, draft.shown.language, draft.shown)

    # --- parts -------------------------------------------------------------------------------

    async def _keep(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        asked: PersonActor,
        opened: Sitting,
        types: Sequence[TypeKey],
    ) -> None:
        await conn.execute(
            insert(sittings).values(
                tenant=actor.tenant,
                sitting=opened.sitting,
                family=opened.family,
                guardian=opened.person,
                decider=_decider(asked),
                counsellor=actor.staff,
                language=opened.language,
                interpreter=opened.interpreter,
                read_aloud=opened.read_aloud,
                device=opened.device,
                types=",".join(types),
                started_at=self._clock.now(),
                outcome="",
            )
        )
        event = events.IntakeStarted(opened.family, opened.person)
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=opened.person)

    async def _open(self, conn: AsyncConnection, actor: PersonActor, sitting: str) -> Sitting:
        """The sitting, taken until the transaction ends: an answer never lands beside a signature."""
        await conn.execute(
            select(sittings.c.sitting)
            .where(_own(actor), sittings.c.sitting == sitting)
            .with_for_update(key_share=True)
        )
        current = await self._read(conn, actor, sitting)
        if current.finished_at is not None:
            raise ConflictError("this sitting is finished")
        return current

    async def _read(self, conn: AsyncConnection, actor: PersonActor, sitting: str) -> Sitting:
        query = select(sittings).where(_own(actor), sittings.c.sitting == sitting)
        row = (await conn.execute(query)).first()
        if row is None:
            raise NotFoundError("sitting")
        drafts = await read_drafts(conn, actor.tenant, sitting)
        types = [TypeKey(key) for key in row.types.split(",")]
        return Sitting(
            sitting=sitting,
            family=actor.family,
            person=person_of(actor),
            language=row.language,
            interpreter=row.interpreter,
            questions=await self._questions.put_to(conn, actor, types),
            answers={place: draft.answer for place, draft in drafts.items()},
            finished_at=row.finished_at,
            outcome=row.outcome,
            read_aloud=row.read_aloud,
            device=row.device,
        )

    async def _signing(
        self,
        conn: AsyncConnection,
        actor: PersonActor,
        sitting: str,
        signature: Signature,
        statement: str,
    ) -> Signing:
        """The sitting with every question answered, ready to be signed.

        Raises:
            InputError: a question is unanswered, nothing is left to decide, or another one is the witness.
            ConflictError: the sitting was signed or stopped before.
        """
        current = await self._open(conn, actor, sitting)
        if not current.questions:
            raise InputError([Problem("guardian", "nothing_to_decide")])
        if current.next_question() is not None:
            raise InputError([Problem("answers", "answers_missing")])
        query = select(sittings.c.counsellor).where(_own(actor), sittings.c.sitting == sitting)
        require_witness(signature, (await conn.execute(query)).scalar_one())
        drafts = await read_drafts(conn, actor.tenant, sitting)
        capacities = await self._questions.capacities(conn, actor, {one.child for one in current.questions})
        return Signing(current, drafts, capacities, signature, statement)

    async def _overruled(self, conn: AsyncConnection, actor: PersonActor, sitting: str) -> frozenset[Place]:
        query = select(consent_ledger).where(
            consent_ledger.c.tenant == actor.tenant,
            consent_ledger.c.sitting == sitting,
            consent_ledger.c.person == person_of(actor),
            consent_ledger.c.kind == "given",
        )
        given = [decision_from(row) for row in await conn.execute(query)]
        rows = await read_decisions(conn, actor.tenant, {row.relationship for row in given})
        mine = [row for row in rows if row.person == person_of(actor)]
        folded = fold_all(mine, self._catalogue, now=self._clock.now())
        places = {(row.relationship, row.information_type) for row in given}
        return frozenset(
            place
            for place in places
            if (standing := folded.get(place, {}).get(person_of(actor))) is None
            or standing.answer in ("no", "later")
        )

    async def _keep_evidence(self, conn: AsyncConnection, actor: PersonActor, signing: Signing) -> None:
        sitting = signing.sitting.sitting
        key = await self._ring.person_key(conn, actor.tenant, person_of(actor))
        sealed = seal_evidence(self._ring, key, sitting, evidence_of(signing))
        await conn.execute(
            update(sittings).where(_own(actor), sittings.c.sitting == sitting).values(sealed_evidence=sealed)
        )

    async def _keep_code(self, conn: AsyncConnection, actor: PersonActor, code: str, now: datetime) -> None:
        await conn.execute(
            insert(withdrawal_codes).values(
                tenant=INSTALLATION,
                code_hash=code_hash(normalised_code(code) or ""),
                shelter=actor.tenant,
                family=actor.family,
                guardian=person_of(actor),
                created_at=now,
            )
        )

    async def _stop(self, actor: PersonActor, sitting: str, outcome: Outcome) -> None:
        async with self._database.transaction() as conn:
            current = await self._open(conn, actor, sitting)
            await self._finish(conn, actor, current, outcome)

    async def _finish(
        self, conn: AsyncConnection, actor: PersonActor, current: Sitting, outcome: Outcome
    ) -> None:
        """End the sitting; the drafts have served and go."""
        done = await conn.execute(
            update(sittings)
            .where(_own(actor), sittings.c.sitting == current.sitting, sittings.c.finished_at.is_(None))
            .values(finished_at=self._clock.now(), outcome=outcome)
        )
        if done.rowcount != 1:
            raise ConflictError("this sitting is finished")
        await forget_drafts(conn, actor.tenant, current.sitting)
        asked = [(question.relationship, question.information_type) for question in current.questions]
        given = [current.answers[place] for place in asked] if outcome == "signed" else []
        event = events.IntakeFinished(
            current.family,
            current.person,
            yes=given.count("yes"),
            no=given.count("no"),
            later=given.count("later"),
            outcome=outcome,
        )
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=current.person)


def _opened(asked: PersonActor, setting: Setting, questions: tuple[Question, ...]) -> Sitting:
    return Sitting(
        sitting=new_id(),
        family=asked.family,
        person=person_of(asked),
        language=setting.language,
        interpreter=setting.interpreter,
        questions=questions,
        answers={},
        read_aloud=setting.read_aloud,
        device=setting.device,
    )


def _decider(actor: PersonActor) -> Literal["guardian", "child"]:
    return "child" if isinstance(actor, ChildActor) else "guardian"


def _facts(actor: PersonActor) -> Circumstances:
    return Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))


def _own(actor: PersonActor) -> ColumnElement[bool]:
    """The sittings of this person; the sibling's or the other guardian's are not there."""
    return and_(
        sittings.c.tenant == actor.tenant,
        sittings.c.family == actor.family,
        sittings.c.guardian == person_of(actor),
        sittings.c.decider == _decider(actor),
    )
