"""One conversation with one guardian: which questions, the draft answers, signing.

Nothing counts before it is signed; no choice is no. Each guardian has a sitting alone, each child its
own question. Handing the tablet over and taking it back is `identity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.consent.capacity import capacity_of, deciding_about
from consent_service.consent.codes import code_hash, code_of, new_code, normalised_code
from consent_service.consent.drafts import Draft, forget_drafts, keep_draft, read_drafts
from consent_service.consent.evidence import open_evidence, seal_evidence
from consent_service.consent.ledger import NewDecision, write_decisions
from consent_service.consent.model import (
    CHOICE_OF,
    Answer,
    Evidence,
    Interpreter,
    Question,
    Receipt,
    ReceiptLine,
    Shown,
    Signature,
    Sitting,
    consent_ends,
    is_written_name,
)
from consent_service.consent.tables import sittings, withdrawal_codes
from consent_service.consent.texts import keep_texts, require_text_usable
from consent_service.families.model import Ages
from consent_service.families.reading import guardian_ids
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.i18n import SUPPORTED
from consent_service.foundation.ids import (
    INSTALLATION,
    FamilyId,
    PersonId,
    StaffId,
    TypeKey,
    is_id,
    new_id,
)
from consent_service.identity.model import Counsellor, GuardianActor, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts, TypeText
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require

_ACTION_OF: dict[Answer, Action] = {
    "yes": Action.GIVE_CONSENT,
    "no": Action.REFUSE_CONSENT,
    "later": Action.POSTPONE_CONSENT,
}


_LONGEST_SIGNATURE = 20_000


class SittingService:
    """Intake conversations from the first question to the signature."""

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
        """Prepare the questions for one guardian; the first intake's types unless others are named.

        Raises:
            InputError: the guardian decides nothing here, or the texts are drafts in production.
            NotFoundError: no such information type.
        """
        chosen = list(types or [kind.key for kind in self._catalogue.asked_first()])
        async with self._database.transaction() as conn:
            assigned = await self._organisations.is_assigned(conn, actor, family)
            facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
            require(actor, Action.START_INTAKE, facts)
            self._require_reviewed(language, chosen)
            await require_text_usable(conn, actor.tenant, *self._hashes(language, chosen))
            if guardian not in await guardian_ids(conn, actor.tenant, family):
                raise InputError([Problem("guardian", "guardian_unknown")])
            asked = GuardianActor(actor.tenant, guardian, family)
            questions = await self._questions(conn, asked, chosen)
            if not questions:
                raise InputError([Problem("guardian", "nothing_to_decide")])
            opened = Sitting(new_id(), family, guardian, language, interpreter, questions, {})
            await self._keep(conn, actor, opened, chosen)
        return opened

    async def read(self, actor: GuardianActor, sitting: str) -> Sitting:
        """The sitting with its draft answers, for the guardian whose it is.

        Raises:
            NotFoundError: no such sitting of this guardian.
        """
        async with self._database.reading() as conn:
            return await self._read(conn, actor, sitting)

    async def current(self, actor: GuardianActor) -> str | None:
        """The newest sitting of this guardian that is not finished."""
        query = (
            select(sittings.c.sitting)
            .where(sittings.c.tenant == actor.tenant, sittings.c.family == actor.family)
            .where(sittings.c.guardian == actor.guardian, sittings.c.finished_at.is_(None))
            .order_by(sittings.c.started_at.desc(), sittings.c.sitting.desc())
            .limit(1)
        )
        async with self._database.reading() as conn:
            found: str | None = (await conn.execute(query)).scalar_one_or_none()
        return found

    async def answer(
        self,
        actor: GuardianActor,
        sitting: str,
        question: Question,
        *,
        answer: Answer,
        shown: Shown,
    ) -> Sitting:
        """Note one answer; until signing it can be changed and counts for nothing.

        Raises:
            ConflictError: the sitting is finished, or the text changed while it was on the screen.
            NotFoundError: this question is not asked in this sitting.
        """
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=actor.guardian)
        require(actor, _ACTION_OF[answer], facts)
        async with self._database.transaction() as conn:
            current = await self._open(conn, actor, sitting)
            if question not in current.questions:
                raise NotFoundError("question")
            self._require_current_text(question.information_type, current.language, shown)
            await require_text_usable(conn, actor.tenant, shown.text_hash)
            draft = Draft(answer, shown)
            now = self._clock.now()
            await keep_draft(conn, actor.tenant, sitting, question, draft, at=now)
            return await self._read(conn, actor, sitting)

    async def choose_language(self, actor: GuardianActor, sitting: str, language: str) -> None:
        """Go on in another language.

        Raises:
            InputError: the texts in that language may not be used here.
        """
        if language not in SUPPORTED:
            raise InputError([Problem("language", "language_unknown")])
        async with self._database.transaction() as conn:
            current = await self._open(conn, actor, sitting)
            asked = [question.information_type for question in current.questions]
            self._require_reviewed(language, asked)
            await require_text_usable(conn, actor.tenant, *self._hashes(language, asked))
            await conn.execute(
                update(sittings)
                .where(sittings.c.tenant == actor.tenant, sittings.c.sitting == sitting)
                .values(language=language)
            )

    async def sign(
        self,
        actor: GuardianActor,
        sitting: str,
        signature: Signature,
        *,
        secret: str | None = None,
        statement: str = "",
    ) -> Receipt:
        """Make the answers count: the ledger, the sealed evidence and a withdrawal code, at once.

        `secret` is what the code is made of (`codes.code_of`), for whoever must show it a second time;
        `statement` is what stood above the signature.

        Raises:
            InputError: a question is unanswered, nothing is left to decide, or the signature is empty.
            ConflictError: the sitting was signed or stopped before.
        """
        now = self._clock.now()
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=actor.guardian)
        require(actor, Action.GIVE_CONSENT, facts)
        if not _is_signed(signature):
            raise InputError([Problem("signature", "signature_missing")])
        code = new_code() if secret is None else code_of(secret)
        async with self._database.transaction() as conn:
            current = await self._open(conn, actor, sitting)
            if not current.questions:
                raise InputError([Problem("guardian", "nothing_to_decide")])
            if current.next_question() is not None:
                raise InputError([Problem("answers", "answers_missing")])
            await self._require_witness(conn, actor, sitting, signature)
            decisions = await self._decisions(conn, actor, current, now, witness=_witness(signature))
            await keep_texts(conn, actor.tenant, self._texts, [new.shown for new in decisions], at=now)
            await write_decisions(
                conn, self._log, tenant=actor.tenant, by=by(actor), now=now, decisions=decisions
            )
            await self._keep_evidence(conn, actor, current, signature, statement)
            await self._keep_code(conn, actor, code, now)
            await self._finish(conn, actor, current, "signed")
        lines = tuple(
            ReceiptLine(
                decision.relationship,
                decision.information_type,
                current.answers[decision.relationship, decision.information_type],
                decision.valid_until,
            )
            for decision in decisions
        )
        return Receipt(sitting, actor.family, actor.guardian, now, current.language, code, lines)

    async def not_now(self, actor: GuardianActor, sitting: str) -> None:
        """The parent is not fit to decide now: nothing counts, a task follows (S55)."""
        async with self._database.transaction() as conn:
            current = await self._open(conn, actor, sitting)
            await self._finish(conn, actor, current, "not_now")

    async def signed_as(self, actor: GuardianActor, sitting: str) -> Signature | None:
        """How the guardian signed this sitting, for the receipt; None when it was not signed.

        Raises:
            KeyDestroyedError: the guardian was erased.
        """
        mine = (
            (sittings.c.tenant == actor.tenant)
            & (sittings.c.sitting == sitting)
            & (sittings.c.guardian == actor.guardian)
        )
        async with self._database.reading() as conn:
            sealed = (await conn.execute(select(sittings.c.sealed_evidence).where(mine))).scalar_one_or_none()
            if sealed is None:
                return None
            key = await self._ring.person_key(conn, actor.tenant, actor.guardian)
        return open_evidence(self._ring, key, sitting, sealed).signature

    # --- parts -------------------------------------------------------------------------------

    async def _require_witness(
        self, conn: AsyncConnection, actor: GuardianActor, sitting: str, signature: Signature
    ) -> None:
        """Only the counsellor of this very sitting witnesses it."""
        if signature.kind != "witness":
            return
        query = select(sittings.c.counsellor).where(
            sittings.c.tenant == actor.tenant, sittings.c.sitting == sitting
        )
        if (await conn.execute(query)).scalar_one() != signature.value:
            raise InputError([Problem("signature", "signature_missing")])

    async def _keep(
        self, conn: AsyncConnection, actor: Counsellor, opened: Sitting, types: Sequence[TypeKey]
    ) -> None:
        await conn.execute(
            insert(sittings).values(
                tenant=actor.tenant,
                sitting=opened.sitting,
                family=opened.family,
                guardian=opened.guardian,
                counsellor=actor.staff,
                language=opened.language,
                interpreter=opened.interpreter,
                types=",".join(types),
                started_at=self._clock.now(),
                outcome="",
            )
        )
        event = events.IntakeStarted(opened.family, opened.guardian)
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=opened.guardian)

    async def _open(self, conn: AsyncConnection, actor: GuardianActor, sitting: str) -> Sitting:
        """The sitting, taken until the transaction ends: an answer never lands beside a signature."""
        await conn.execute(
            select(sittings.c.sitting)
            .where(sittings.c.tenant == actor.tenant, sittings.c.sitting == sitting)
            .with_for_update(key_share=True)
        )
        current = await self._read(conn, actor, sitting)
        if current.finished_at is not None:
            raise ConflictError("this sitting is finished")
        return current

    async def _read(self, conn: AsyncConnection, actor: GuardianActor, sitting: str) -> Sitting:
        mine = (
            (sittings.c.tenant == actor.tenant)
            & (sittings.c.sitting == sitting)
            & (sittings.c.guardian == actor.guardian)
        )
        row = (await conn.execute(select(sittings).where(mine))).first()
        if row is None or row.family != actor.family:
            raise NotFoundError("sitting")
        drafts = await read_drafts(conn, actor.tenant, sitting)
        types = [TypeKey(key) for key in row.types.split(",")]
        return Sitting(
            sitting=sitting,
            family=actor.family,
            guardian=actor.guardian,
            language=row.language,
            interpreter=row.interpreter,
            questions=await self._questions(conn, actor, types),
            answers={place: draft.answer for place, draft in drafts.items()},
            finished_at=row.finished_at,
            outcome=row.outcome,
        )

    async def _questions(
        self, conn: AsyncConnection, actor: GuardianActor, types: Sequence[TypeKey]
    ) -> tuple[Question, ...]:
        """One question per child and type, in the order of the catalogue."""
        deciding = await deciding_about(conn, self._ring, actor, ages=self._ages, now=self._clock.now())
        return tuple(
            Question(relationship.relationship, relationship.child, key)
            for key in self._catalogue.types
            if key in types
            for relationship in deciding
        )

    async def _decisions(
        self,
        conn: AsyncConnection,
        actor: GuardianActor,
        current: Sitting,
        now: datetime,
        *,
        witness: StaffId | None,
    ) -> list[NewDecision]:
        drafts = await read_drafts(conn, actor.tenant, current.sitting)
        capacities = {
            child: await capacity_of(
                conn, actor.tenant, family=actor.family, guardian=actor.guardian, child=child, now=now
            )
            for child in {question.child for question in current.questions}
        }
        decisions = []
        for question in current.questions:
            place = (question.relationship, question.information_type)
            answer = current.answers[place]
            kind = self._catalogue.types[question.information_type]
            decisions.append(
                NewDecision(
                    relationship=question.relationship,
                    information_type=question.information_type,
                    person=actor.guardian,
                    capacity=capacities[question.child],
                    kind=CHOICE_OF[answer],
                    method="tablet",
                    shown=drafts[place].shown,
                    decided_at=now,
                    valid_until=consent_ends(
                        kind, local_date(now), terms=self._catalogue.terms, method="tablet"
                    )
                    if answer == "yes"
                    else None,
                    interpreter=current.interpreter,
                    sitting=current.sitting,
                    witness=witness,
                )
            )
        return decisions

    async def _keep_evidence(
        self,
        conn: AsyncConnection,
        actor: GuardianActor,
        current: Sitting,
        signature: Signature,
        statement: str,
    ) -> None:
        asked = [(question.relationship, question.information_type) for question in current.questions]
        answers = {f"{place[0]}:{place[1]}": str(current.answers[place]) for place in asked}
        evidence = Evidence(signature, current.interpreter, answers, statement)
        key = await self._ring.person_key(conn, actor.tenant, actor.guardian)
        sealed = seal_evidence(self._ring, key, current.sitting, evidence)
        await conn.execute(
            update(sittings)
            .where(sittings.c.tenant == actor.tenant, sittings.c.sitting == current.sitting)
            .values(sealed_evidence=sealed)
        )

    async def _keep_code(self, conn: AsyncConnection, actor: GuardianActor, code: str, now: datetime) -> None:
        await conn.execute(
            insert(withdrawal_codes).values(
                tenant=INSTALLATION,
                code_hash=code_hash(normalised_code(code) or ""),
                shelter=actor.tenant,
                family=actor.family,
                guardian=actor.guardian,
                created_at=now,
            )
        )

    async def _finish(
        self, conn: AsyncConnection, actor: GuardianActor, current: Sitting, outcome: str
    ) -> None:
        """End the sitting; the drafts have served and go."""
        done = await conn.execute(
            update(sittings)
            .where(sittings.c.tenant == actor.tenant, sittings.c.sitting == current.sitting)
            .where(sittings.c.finished_at.is_(None))
            .values(finished_at=self._clock.now(), outcome=outcome)
        )
        if done.rowcount != 1:
            raise ConflictError("this sitting is finished")
        await forget_drafts(conn, actor.tenant, current.sitting)
        asked = [(question.relationship, question.information_type) for question in current.questions]
        given = [current.answers[place] for place in asked] if outcome == "signed" else []
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=events.IntakeFinished(
                current.family,
                current.guardian,
                yes=given.count("yes"),
                no=given.count("no"),
                later=given.count("later"),
                outcome=outcome,
            ),
            by=by(actor),
            subject=actor.guardian,
        )

    def _require_reviewed(self, language: str, types: Sequence[TypeKey]) -> None:
        if any(key not in self._catalogue.types for key in types):
            raise NotFoundError("information type")
        if language not in SUPPORTED:
            raise InputError([Problem("language", "language_unknown")])
        drafts = [k for k in types if self._texts.of_type(language, k).review == "draft"]
        if drafts and not self._drafts_allowed:
            raise InputError([Problem("language", "texts_not_reviewed")])

    def _hashes(self, language: str, types: Sequence[TypeKey]) -> list[str]:
        return [self._texts.of_type(language, key).hash for key in types]

    def _require_current_text(self, key: TypeKey, language: str, shown: Shown) -> None:
        """The text as it is now, in the language that was checked for this sitting."""
        current = self._texts.of_type(language, key)
        as_now = (language, text_version(current), current.hash)
        if (shown.language, shown.text_version, shown.text_hash) != as_now:
            raise ConflictError("the text changed while it was on the screen")


def text_version(text: TypeText) -> str:
    """Which text was shown: its id and version; a new purpose or recipient has a new id."""
    return f"{text.id}@{text.version}"


def _is_signed(signature: Signature) -> bool:
    """A typed name is a name; anything else is at least there."""
    if len(signature.value) > _LONGEST_SIGNATURE:
        return False
    return is_written_name(signature.value) if signature.kind == "typed" else bool(signature.value.strip())


def _witness(signature: Signature) -> StaffId | None:
    """Who signed for the parent, when a witness did; then the signature is the id of that counsellor."""
    if signature.kind != "witness":
        return None
    if not is_id(signature.value):
        raise InputError([Problem("signature", "signature_missing")])
    return StaffId(signature.value)
