"""What a child thinks that is heard and does not decide: three faces, and its own words (IVRK 12; S10).

A yes decides nothing. A no at any age, to any type, pauses it at once, and the follower makes a conversation
of it. So-so is neither: an earlier no stands until the child takes it back with a smile. The child's words
are sealed under its own key; the log never has them. A child that decides has a sitting (`sittings`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.log import AuditLog
from consent_service.consent.capacity import voices_of
from consent_service.consent.evidence import open_child_words, seal_child_words
from consent_service.consent.ledger import NOTHING_SHOWN, NewDecision, write_decisions
from consent_service.consent.model import ChildSaid, Face, Interpreter, Method, Shown
from consent_service.consent.states import DecisionKind
from consent_service.consent.tables import sittings
from consent_service.consent.texts import keep_texts
from consent_service.families.model import Ages, Relationship
from consent_service.families.reading import read_relationship
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, StaffId, TypeKey, new_id
from consent_service.identity.model import ChildActor, Counsellor, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.child_text import is_asked_of_children
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require

LONGEST_WORDS = 1000
"""Characters; it is what a child wants its teacher to know, not a case note."""
_KINDS: Mapping[Face, DecisionKind] = {"yes": "opinion_yes", "no": "opinion_no"}


class Opinion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a child said about one school: a face per type, as shown to it, and its own words."""

    relationship: RelationshipId
    counsellor: StaffId
    """Who was with the child."""
    faces: Mapping[TypeKey, Face]
    shown: Mapping[TypeKey, Shown]
    words: str = ""
    language: str = "nl"
    interpreter: Interpreter = "none"
    device: str | None = None


class HeardOpinion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a child said, as its counsellor reads it."""

    heard_at: datetime
    faces: Mapping[TypeKey, Face]
    words: str


class OpinionService:
    """Opinions of children, from the tablet or noted by the counsellor."""

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
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._catalogue = catalogue
        self._ages = Ages(catalogue.terms.together_from, catalogue.terms.alone_from)
        self._texts = texts

    def asked(self) -> tuple[TypeKey, ...]:
        """The types a child is asked about: those of the first intake."""
        return tuple(kind.key for kind in self._catalogue.asked_first() if is_asked_of_children(kind))

    async def record(self, actor: ChildActor | Counsellor, opinion: Opinion) -> None:
        """Write the faces to the ledger and seal the words; a no pauses from this moment.

        A no is always taken: about whatever type, at whatever age, with a text in doubt or none shown.

        Raises:
            InputError: nothing was chosen or written, or the words are too long; but for a no: this child
                decides, or a text was taken out of use.
            NotFoundError: no such child at a school, another child's, no such type; but for a no: a type no
                child is asked about.
            NotAllowedError: another counsellor's family.
            ConflictError: but for a no: a text changed while it was on the screen.
        """
        problems = _problems_of(opinion)
        if isinstance(actor, Counsellor):
            opinion = msgspec.structs.replace(opinion, counsellor=actor.staff)
        async with self._database.transaction() as conn:
            about = await read_relationship(conn, actor.tenant, opinion.relationship)
            if about is None or not about.is_active(self._clock.now()):
                raise NotFoundError("relationship")
            await self._require(conn, actor, about)
            self._require_types(opinion)
            if problems:
                raise InputError(problems)
            await self._write(conn, actor, about, opinion, await self._heard(conn, about, opinion))

    async def latest(self, actor: Counsellor, family: FamilyId, child: PersonId) -> HeardOpinion | None:
        """What the child said last; for the counsellor who is with the family.

        Raises:
            NotAllowedError: another counsellor's family.
            KeyDestroyedError: the child was erased.
        """
        query = (
            select(sittings)
            .where(sittings.c.tenant == actor.tenant, sittings.c.family == family)
            .where(sittings.c.guardian == child, sittings.c.outcome == "heard")
            .order_by(sittings.c.finished_at.desc(), sittings.c.sitting.desc())
            .limit(1)
        )
        async with self._database.reading() as conn:
            assigned = await self._organisations.is_assigned(conn, actor, family)
            facts = Circumstances(tenant=actor.tenant, family=family, person=child, assigned=assigned)
            require(actor, Action.RECORD_OPINION, facts)
            row = (await conn.execute(query)).first()
            if row is None:
                return None
            key = await self._ring.person_key(conn, actor.tenant, child)
        said = open_child_words(self._ring, key, row.sitting, row.sealed_evidence)
        return HeardOpinion(row.finished_at, {TypeKey(k): face for k, face in said.faces.items()}, said.words)

    # --- parts -------------------------------------------------------------------------------

    async def _require(
        self, conn: AsyncConnection, actor: ChildActor | Counsellor, about: Relationship
    ) -> None:
        if isinstance(actor, ChildActor) and actor.child != about.child:
            raise NotFoundError("relationship")
        assigned = False
        if isinstance(actor, Counsellor):
            assigned = await self._organisations.is_assigned(conn, actor, about.family)
        facts = Circumstances(tenant=about.tenant, family=about.family, person=about.child, assigned=assigned)
        require(actor, Action.RECORD_OPINION, facts)

    def _require_types(self, opinion: Opinion) -> None:
        for key, face in opinion.faces.items():
            kind = self._catalogue.types.get(key)
            if kind is None:
                raise NotFoundError("information type")
            if face == "no":
                continue
            if not is_asked_of_children(kind) or key not in opinion.shown:
                raise NotFoundError("information type")
            if not self._is_current(opinion, key):
                raise ConflictError("the text changed while it was on the screen")

    def _is_current(self, opinion: Opinion, key: TypeKey) -> bool:
        current, shown = self._texts.of_type(opinion.language, key), opinion.shown[key]
        return (shown.language, shown.text_hash) == (opinion.language, current.hash)

    def _shown(self, opinion: Opinion, key: TypeKey) -> Shown:
        """What a face rests on; a no to words that nobody can show any more rests on nothing."""
        if key in opinion.shown and self._is_current(opinion, key):
            return opinion.shown[key]
        return NOTHING_SHOWN

    async def _heard(
        self, conn: AsyncConnection, about: Relationship, opinion: Opinion
    ) -> Mapping[TypeKey, Face]:
        """The faces for the ledger. Of a child that decides only a no: its yes takes a conversation."""
        now = self._clock.now()
        voices = await voices_of(conn, self._ring, about.tenant, about.family, ages=self._ages, now=now)
        if voices.get(about.child) == "heard":
            return opinion.faces
        refusals = {key: face for key, face in opinion.faces.items() if face == "no"}
        if not refusals:
            raise InputError([Problem("child", "child_decides")])
        return refusals

    async def _write(
        self,
        conn: AsyncConnection,
        actor: ChildActor | Counsellor,
        about: Relationship,
        opinion: Opinion,
        faces: Mapping[TypeKey, Face],
    ) -> None:
        now, heard = self._clock.now(), new_id()
        decisions = [
            self._decision(actor, about, opinion, key, kind, heard=heard, now=now)
            for key in self._catalogue.types
            if (kind := _KINDS.get(faces.get(key, "so_so"))) is not None
        ]
        await keep_texts(conn, about.tenant, self._texts, decisions, at=now)
        await write_decisions(
            conn, self._log, tenant=about.tenant, by=by(actor), now=now, decisions=decisions
        )
        said = ChildSaid({str(key): face for key, face in opinion.faces.items()}, opinion.words.strip())
        key = await self._ring.person_key(conn, about.tenant, about.child)
        await conn.execute(
            insert(sittings).values(
                tenant=about.tenant,
                sitting=heard,
                family=about.family,
                guardian=about.child,
                decider="child",
                counsellor=opinion.counsellor,
                language=opinion.language,
                interpreter=opinion.interpreter,
                types=",".join(opinion.faces),
                started_at=now,
                finished_at=now,
                outcome="heard",
                device=opinion.device,
                sealed_evidence=seal_child_words(self._ring, key, heard, said),
            )
        )

    def _decision(
        self,
        actor: ChildActor | Counsellor,
        about: Relationship,
        opinion: Opinion,
        key: TypeKey,
        kind: DecisionKind,
        *,
        heard: str,
        now: datetime,
    ) -> NewDecision:
        method: Method = "oral" if isinstance(actor, Counsellor) else "tablet"
        return NewDecision(
            relationship=about.relationship,
            information_type=key,
            person=about.child,
            capacity="child",
            kind=kind,
            method=method,
            shown=self._shown(opinion, key),
            decided_at=now,
            sitting=heard,
            interpreter=opinion.interpreter,
            evidence="note" if isinstance(actor, Counsellor) else "none",
            entered_by=opinion.counsellor if isinstance(actor, Counsellor) else None,
            device=opinion.device,
        )


def _problems_of(opinion: Opinion) -> list[Problem]:
    words = opinion.words.strip()
    if len(words) > LONGEST_WORDS:
        return [Problem("words", "too_long", {"max": str(LONGEST_WORDS)})]
    return [] if opinion.faces or words else [Problem("faces", "faces_missing")]
