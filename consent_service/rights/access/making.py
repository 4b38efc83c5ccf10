"""What every part of a file is made with: whom it is about, short names, words, the shelf of texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import PersonId, RelationshipId, TenantId, TypeKey
from consent_service.information.model import Catalogue
from consent_service.information.texts import LanguageTexts
from consent_service.keyring.service import KeyRing
from consent_service.rights.access.document import Person
from consent_service.rights.access.redacting import TextShelf
from consent_service.rights.access.scope import Scope


@dataclass(frozen=True)
class Making:
    """One file that is being made."""

    conn: AsyncConnection
    ring: KeyRing
    scope: Scope
    shelf: TextShelf
    words: LanguageTexts
    catalogue: Catalogue
    now: datetime

    @property
    def tenant(self) -> TenantId:
        """The shelter."""
        return self.scope.tenant

    @property
    def own(self) -> PersonId:
        """Who gets the file."""
        return self.scope.requester

    @property
    def places(self) -> tuple[RelationshipId, ...]:
        """Every child at a school that it is about."""
        return tuple(one.relationship for one in self.scope.places)

    def person(self, person: PersonId) -> str:
        """The short name of a person."""
        return f"p{self._people.index(person) + 1}"

    def place(self, relationship: RelationshipId) -> str:
        """The short name of a child at a school."""
        return f"s{self.places.index(relationship) + 1}"

    def label(self, key: TypeKey) -> str:
        """What a type is called in Dutch; its key once no text names it."""
        text = self.words.types.get(key)
        return text.label if text is not None else key

    def people(self) -> tuple[Person, ...]:
        """Who they are."""
        known = {one.guardian: one.identity for one in self.scope.whole.guardians}
        known |= {one.child: one.identity for one in self.scope.whole.children}
        return tuple(
            Person(
                person=self.person(one),
                role="requester" if one == self.own else "child",
                given_names=known[one].given_names,
                family_name=known[one].family_name,
                birth_date=known[one].birth_date,
                phone=known[one].phone,
                email=known[one].email,
            )
            for one in self._people
        )

    @property
    def _people(self) -> tuple[PersonId, ...]:
        own = (self.own,) if self.scope.with_requester else ()
        return tuple(dict.fromkeys((*own, *self.scope.children)))
