"""Changing one's own answer on the own page: one question, in the words of today, with a login as evidence.

Saying no to what somebody said yes to is a stop and goes through `service.withdraw`; here is the way back
to yes, and "later". Only what was asked before can be answered here: the first question is a conversation
(`sittings`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.consent.capacity import capacity_of, deciding_about
from consent_service.consent.ledger import NewDecision, write_decisions
from consent_service.consent.model import CHOICE_OF, Answer, Shown, Standing, consent_ends
from consent_service.consent.questions import text_version
from consent_service.consent.reading import read_decisions
from consent_service.consent.service import Key, fold_all
from consent_service.consent.texts import keep_texts
from consent_service.families.model import Ages, ChildVoice, Relationship, is_competent, voice_on
from consent_service.families.reading import (
    is_family_shown,
    lock_family,
    read_children,
    read_competence,
    read_relationships,
)
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey
from consent_service.identity.model import ChildActor, GuardianActor, PersonActor, by, person_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.child_text import is_asked_of_children
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require

_ACTION_OF: Final[dict[Answer, Action]] = {
    "yes": Action.GIVE_CONSENT,
    "no": Action.REFUSE_CONSENT,
    "later": Action.POSTPONE_CONSENT,
}


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer to one question, as it stood on the screen. `device` is what this shelter knows it by."""

    relationship: RelationshipId
    information_type: TypeKey
    answer: Answer
    shown: Shown
    device: str | None = None
    device_at: datetime | None = None
    seconds_shown: int | None = None


class ChangeService:
    """Answers given on the own page."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        catalogue: Catalogue,
        texts: Texts,
        drafts_allowed: bool,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._catalogue = catalogue
        self._texts = texts
        self._drafts_allowed = drafts_allowed
        self._ages = Ages(catalogue.terms.together_from, catalogue.terms.alone_from)

    async def may_answer(self, actor: PersonActor) -> dict[Key, Standing]:
        """The questions this person was asked before and decides on today, with the answer now.

        None for a guardian who is answered by a person (`is_shown`).

        Raises:
            NotAllowedError: not one's own page.
        """
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, Action.SEE_OWN_PAGE, facts)
        async with self._database.reading() as conn:
            return await self._open_questions(conn, actor)

    async def answer(self, actor: PersonActor, change: Change) -> bool:
        """Write one answer; False when it stood there already, so that sending it twice changes nothing.

        Raises:
            InputError: the text may not be used here; a yes to one that was found to be wrong.
            ConflictError: the text changed while it was on the screen.
            NotFoundError: not asked before, or not this person's to decide (any more).
            NotAllowedError: somebody else's answer.
        """
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, _ACTION_OF[change.answer], facts)
        now = self._clock.now()
        async with self._database.transaction() as conn:
            await lock_family(conn, actor.tenant, actor.family)
            asked = await self._open_questions(conn, actor)
            standing = asked.get((change.relationship, change.information_type))
            if standing is None:
                raise NotFoundError("question")
            self._require_current_text(change)
            decision = await self._decision(conn, actor, change, now)
            if _stands_already(standing, decision, change.answer):
                return False
            await keep_texts(conn, actor.tenant, self._texts, [decision], at=now)
            await write_decisions(
                conn, self._log, tenant=actor.tenant, by=by(actor), now=now, decisions=[decision]
            )
        return True

    # --- parts -------------------------------------------------------------------------------

    async def _decision(
        self, conn: AsyncConnection, actor: PersonActor, change: Change, now: datetime
    ) -> NewDecision:
        kind = self._catalogue.types[change.information_type]
        child = await self._child_of(conn, actor, change.relationship)
        capacity = await capacity_of(
            conn, actor.tenant, family=actor.family, guardian=person_of(actor), child=child, now=now
        )
        ends = consent_ends(kind, local_date(now), terms=self._catalogue.terms, method="page")
        return NewDecision(
            relationship=change.relationship,
            information_type=change.information_type,
            person=person_of(actor),
            capacity=capacity,
            kind=CHOICE_OF[change.answer],
            method="page",
            shown=change.shown,
            decided_at=now,
            valid_until=ends if change.answer == "yes" else None,
            evidence="session",
            interpreter="none",
            device=change.device,
            device_at=change.device_at,
            seconds_shown=change.seconds_shown,
        )

    async def _child_of(
        self, conn: AsyncConnection, actor: PersonActor, relationship: RelationshipId
    ) -> PersonId:
        found = await read_relationships(conn, actor.tenant, family=actor.family)
        return next(one.child for one in found if one.relationship == relationship)

    async def _open_questions(self, conn: AsyncConnection, actor: PersonActor) -> dict[Key, Standing]:
        deciding = await self._deciding(conn, actor)
        rows = await read_decisions(conn, actor.tenant, [one.relationship for one in deciding])
        mine = [row for row in rows if row.person == person_of(actor)]
        asked = {(row.relationship, row.information_type) for row in mine if row.text_version}
        folded = fold_all(mine, self._catalogue, now=self._clock.now())
        return {
            key: people[person_of(actor)]
            for key, people in folded.items()
            if key in asked
            if isinstance(actor, GuardianActor) or is_asked_of_children(self._catalogue.types[key[1]])
        }

    async def _deciding(self, conn: AsyncConnection, actor: PersonActor) -> Sequence[Relationship]:
        now = self._clock.now()
        if isinstance(actor, GuardianActor):
            today = local_date(now)
            if not await is_family_shown(conn, actor.tenant, actor.family, actor.guardian, day=today):
                return ()
            return await deciding_about(conn, self._ring, actor, ages=self._ages, now=now)
        if await self._voice(conn, actor, now) == "heard":
            return ()
        found = await read_relationships(conn, actor.tenant, family=actor.family)
        return [one for one in found if one.child == actor.child and one.is_active(now)]

    async def _voice(self, conn: AsyncConnection, actor: ChildActor, now: datetime) -> ChildVoice:
        """What the child's own answer is today; of nobody's child: nothing that decides."""
        for kid in await read_children(conn, self._ring, actor.tenant, family=actor.family):
            if kid.child == actor.child and kid.identity.birth_date is not None:
                judged = await read_competence(conn, actor.tenant, children=[kid.child])
                competent = is_competent(judged)
                return voice_on(kid.identity.birth_date, local_date(now), self._ages, competent=competent)
        return "heard"

    def _require_current_text(self, change: Change) -> None:
        """The text as it is now, in a language that may be used here."""
        shown = change.shown
        if shown.language not in self._texts.languages:
            raise InputError([Problem("language", "language_unknown")])
        current = self._texts.of_type(shown.language, change.information_type)
        if (shown.text_version, shown.text_hash) != (text_version(current), current.hash):
            raise ConflictError("the text changed while it was on the screen")
        if change.answer == "yes" and current.review == "draft" and not self._drafts_allowed:
            raise InputError([Problem("language", "texts_not_reviewed")])


def _stands_already(standing: Standing, decision: NewDecision, answer: Answer) -> bool:
    """The same answer in force, a yes at least as long: an oral one, or an old one, is said anew."""
    if answer != "yes":
        return standing.answer == answer
    if not standing.is_yes or standing.valid_until is None or decision.valid_until is None:
        return False
    return standing.valid_until >= decision.valid_until
