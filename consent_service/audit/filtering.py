"""What somebody looks for in the log, and whether an opened entry is it. Pure.

What the index can narrow is a query of `trail`; the rest is judged here, entry by entry, after opening.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from consent_service.audit.encoding import Detail
from consent_service.audit.events import Event
from consent_service.foundation.ids import (
    EntryId,
    PersonId,
    RelationshipId,
    SchoolId,
    StaffId,
    TypeKey,
)

Decision = Literal["allowed", "refused", "yes", "no", "later", "stopped"]
DECISIONS: Final[Mapping[Decision, frozenset[str]]] = {
    "allowed": frozenset(
        {
            "information.released.v1",
            "exit.permitted.v1",
            "record.shared.v1",
            "record.approved.v1",
            "policy.approved.v1",
            "erasure.approved.v1",
            "retention.scheduled.v1",
        }
    ),
    "refused": frozenset(
        {
            "release.refused.v1",
            "first_contact.refused.v1",
            "exit.refused.v1",
            "record.share_refused.v1",
            "meeting.refused.v1",
            "login.refused.v1",
            "logout.refused.v1",
            "page.refused.v1",
            "factor.refused.v1",
            "handover.refused.v1",
            "client.refused.v1",
            "policy.refused.v1",
            "erasure.dropped.v1",
        }
    ),
    "yes": frozenset({"consent.given.v1", "consent.objection_lifted.v1"}),
    "no": frozenset({"consent.refused.v1"}),
    "later": frozenset({"consent.later.v1"}),
    "stopped": frozenset({"consent.withdrawn.v1", "consent.objected.v1"}),
}
"""Which events are which decision: of the service (allowed, refused) and of the family."""
_OF_SHELTER: Final = frozenset({"counsellor", "privacy_coordinator", "fg"})


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An organisation as the log knows it. Without `school` it is the shelter, known by its people's kinds.

    Of a school: the staff it has or had, and the relationships of children there.
    """

    school: SchoolId | None = None
    staff: frozenset[StaffId] = frozenset()
    relationships: frozenset[RelationshipId] = frozenset()


class TrailFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries are asked for; everything given must hold. `until` is exclusive.

    `shown_to` keeps to what a guardian's page may show: entries that carry this person's own tag, and
    those in `released`. `sealed_for` finds the entries about a person without the index, by whose key
    seals them. `basis` is which information types rest on the legal basis asked for; `rests_on` begins the
    hash of the rules that decided, or of the text or screen that was answered.
    """

    entry: EntryId | None = None
    person: PersonId | None = None
    shown_to: PersonId | None = None
    released: frozenset[EntryId] = frozenset()
    sealed_for: PersonId | None = None
    relationship: RelationshipId | None = None
    actor: str | None = None
    organisation: Party | None = None
    types: frozenset[str] = frozenset()
    decision: Decision | None = None
    basis: frozenset[TypeKey] | None = None
    rests_on: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def used(self) -> tuple[str, ...]:
        """The names of the filters in use; their values stay out of the log."""
        return tuple(
            name for name in self.__struct_fields__ if getattr(self, name) != getattr(_NOTHING, name)
        )

    def fits(self, *, kind: str, bundle: str, detail: Detail | None) -> bool:
        """Whether an entry of this kind is asked for; one whose detail is gone fits by its kind alone."""
        if self.types and kind not in self.types:
            return False
        if self.decision and kind not in DECISIONS[self.decision]:
            return False
        if self.rests_on and not _rests_on(self.rests_on, bundle, detail):
            return False
        if self.basis is not None and (detail is None or self.basis.isdisjoint(types_of(detail.event))):
            return False
        return self.organisation is None or (detail is not None and _concerns(self.organisation, detail))


_NOTHING: Final = TrailFilter()


def types_of(event: Event) -> frozenset[TypeKey]:
    """Every information type an event names."""
    return frozenset(_types_of(event))


def _types_of(event: Event) -> Iterator[TypeKey]:
    one = getattr(event, "information_type", None)
    if one is not None:
        yield one
    for name in ("types", "before", "after"):
        yield from getattr(event, name, ())
    for name in ("records", "refused"):
        yield from (part.information_type for part in getattr(event, name, ()))


def _rests_on(begin: str, bundle: str, detail: Detail | None) -> bool:
    event = None if detail is None else detail.event
    hashes = (bundle, *(getattr(event, name, "") for name in ("bundle", "text_hash", "screen_hash")))
    return any(found.startswith(begin) for found in hashes)


def _concerns(party: Party, detail: Detail) -> bool:
    """Done by the organisation's people, or about a child there."""
    if party.school is None:
        return detail.by.kind in _OF_SHELTER
    event = detail.event
    relationship = detail.relationship or getattr(event, "relationship", None)
    return (
        (detail.by.kind == "school_staff" and detail.by.id in party.staff)
        or relationship in party.relationships
        or getattr(event, "school", None) == party.school
    )
