"""Who is asked what, and with which words: the rules around a sitting, read from what stands now.

A sitting itself, its answers and its signature are `sittings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.capacity import capacity_of, deciding_about, voices_of
from consent_service.consent.model import Capacity, Question, Shown
from consent_service.families.model import Ages
from consent_service.families.reading import child_ids, guardian_ids, read_relationships
from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.i18n import FAMILY, is_draft
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.identity.model import ChildActor, GuardianActor, PersonActor, person_of
from consent_service.information.child_text import is_asked_of_children
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts, TypeText
from consent_service.keyring.service import KeyRing


class Questions:
    """The questions for one person, and whether the words for them may be used."""

    def __init__(
        self, *, ring: KeyRing, clock: Clock, catalogue: Catalogue, texts: Texts, drafts_allowed: bool
    ) -> None:
        self._ring = ring
        self._clock = clock
        self._catalogue = catalogue
        self._ages = Ages(catalogue.terms.together_from, catalogue.terms.alone_from)
        self._texts = texts
        self._drafts_allowed = drafts_allowed

    async def put_to(
        self, conn: AsyncConnection, actor: PersonActor, types: Sequence[TypeKey]
    ) -> tuple[Question, ...]:
        """One question per child and type, in the order of the catalogue.

        Counted anew on each reading: who lost authority, or whose child decides alone since midnight, is
        asked nothing more about it (S9), and what was answered is not signed.
        """
        deciding = await deciding_about(conn, self._ring, actor, ages=self._ages, now=self._clock.now())
        return tuple(
            Question(relationship.relationship, relationship.child, key)
            for key, kind in self._catalogue.types.items()
            if key in types and (isinstance(actor, GuardianActor) or is_asked_of_children(kind))
            for relationship in deciding
        )

    async def capacities(
        self, conn: AsyncConnection, actor: PersonActor, children: set[PersonId]
    ) -> Mapping[PersonId, Capacity]:
        """In which capacity this person speaks about each of these children today."""
        now = self._clock.now()
        return {
            child: await capacity_of(
                conn, actor.tenant, family=actor.family, guardian=person_of(actor), child=child, now=now
            )
            for child in children
        }

    async def require_of_family(self, conn: AsyncConnection, asked: PersonActor) -> None:
        """Whoever is asked belongs to the family.

        Raises:
            InputError: somebody else, or nobody.
        """
        if isinstance(asked, ChildActor):
            if asked.child not in await child_ids(conn, asked.tenant, asked.family):
                raise InputError([Problem("child", "child_unknown")])
        elif asked.guardian not in await guardian_ids(conn, asked.tenant, asked.family):
            raise InputError([Problem("guardian", "guardian_unknown")])

    async def why_nothing(self, conn: AsyncConnection, asked: PersonActor) -> Problem:
        """Why somebody is asked nothing, as far as the counsellor is to know: one neutral sentence.

        A child that is too young is heard instead; a gezinsvoogd supervises and needs a court order (S53).
        """
        now = self._clock.now()
        if isinstance(asked, ChildActor):
            voices = await voices_of(conn, self._ring, asked.tenant, asked.family, ages=self._ages, now=now)
            heard = voices.get(asked.child) == "heard"
            return Problem("child", "child_is_heard" if heard else "nothing_to_decide")
        children = {one.child for one in await read_relationships(conn, asked.tenant, family=asked.family)}
        if "gezinsvoogd" in (await self.capacities(conn, asked, children)).values():
            return Problem("guardian", "court_order_needed")
        return Problem("guardian", "nothing_to_decide")

    def require_reviewed(self, asked: PersonActor, language: str, types: Sequence[TypeKey]) -> None:
        """Texts in this language that a human reviewed, for the types and for who reads them.

        Raises:
            InputError: no such language, or a draft where none is allowed.
            NotFoundError: no such information type.
        """
        if any(key not in self._catalogue.types for key in types):
            raise NotFoundError("information type")
        if language not in FAMILY:
            raise InputError([Problem("language", "language_unknown")])
        reviews = [self._texts.of_type(language, key).review for key in types]
        if isinstance(asked, ChildActor):
            reviews.append(self._texts.of(language).child.review)
        if ("draft" in reviews or is_draft(language)) and not self._drafts_allowed:
            raise InputError([Problem("language", "texts_not_reviewed")])

    def hashes(self, language: str, types: Sequence[TypeKey]) -> list[str]:
        """The hashes of these texts, to ask whether they are in use."""
        return [self._texts.of_type(language, key).hash for key in types]

    def require_current_text(self, key: TypeKey, language: str, shown: Shown) -> None:
        """The text as it is now, in the language that was checked for this sitting.

        Raises:
            ConflictError: something else was on the screen.
        """
        current = self._texts.of_type(language, key)
        as_now = (language, text_version(current), current.hash)
        if (shown.language, shown.text_version, shown.text_hash) != as_now:
            raise ConflictError("the text changed while it was on the screen")


def text_version(text: TypeText) -> str:
    """Which text was shown: its id and version; a new purpose or recipient has a new id."""
    return f"{text.id}@{text.version}"
