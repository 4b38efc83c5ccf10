"""The privacy officer's search, as typed values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final, cast, get_args

import msgspec

from consent_service.audit.filtering import DECISIONS, Decision
from consent_service.foundation.clock import local_midnight
from consent_service.foundation.ids import PersonId, RelationshipId, is_id
from consent_service.information.model import LegalBasis
from consent_service.rights.searching import Search
from consent_service.web.forms import DAY_PARTS, FormReader

AFTER: Final = "after"
_IDS: Final = ("person", "relationship", "actor")
_DAYS: Final = ("from", "until")
SEARCH_FIELDS: Final = (
    *_IDS,
    "organisation",
    "event",
    "decision",
    "basis",
    "rests_on",
    *(f"{name}-{part}" for name in _DAYS for part in DAY_PARTS),
)
"""What a search is sent as; the next page is asked for with the same fields."""
_HASH: Final = r"[0-9a-f]{8,64}"


class SearchEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filled fields of the search; an empty field does not narrow. `until` is included."""

    person: str = ""
    relationship: str = ""
    actor: str = ""
    organisation: str = ""
    event: str = ""
    decision: str = ""
    basis: str = ""
    rests_on: str = ""
    since: date | None = None
    until: date | None = None

    def search(self) -> Search:
        """What is asked of the log: whole days in the Netherlands, the last day included."""
        return Search(
            person=PersonId(self.person) if self.person else None,
            relationship=RelationshipId(self.relationship) if self.relationship else None,
            actor=self.actor or None,
            organisation=self.organisation,
            event=self.event,
            decision=cast(Decision, self.decision) if self.decision else None,
            basis=cast(LegalBasis, self.basis) if self.basis else None,
            rests_on=self.rests_on,
            since=local_midnight(self.since) if self.since else None,
            until=local_midnight(self.until + timedelta(days=1)) if self.until else None,
        )


def read_search(
    form: FormReader, *, event_types: Collection[str], organisations: Collection[str]
) -> SearchEntered:
    """The search as ids, codes, the beginning of a hash and days; never a name."""
    since, until = form.day("from", required=False), form.day("until", required=False)
    if since and until and until < since:
        form.refuse("until", "form.order_of_days")
    return SearchEntered(
        person=_id(form, "person"),
        relationship=_id(form, "relationship"),
        actor=_id(form, "actor"),
        organisation=form.choice("organisation", organisations, required=False),
        event=form.choice("event", event_types, required=False),
        decision=form.choice("decision", DECISIONS, required=False),
        basis=form.choice("basis", get_args(LegalBasis), required=False),
        rests_on=form.matching("rests_on", _HASH, code="form.no_hash", required=False),
        since=since,
        until=until,
    )


def read_after(form: FormReader) -> str | None:
    """From which entry on; None for the newest, and empty for what no page of ours sends."""
    after = form.text(AFTER, required=False, max_length=36)
    return after if is_id(after) else ("" if after else None)


def _id(form: FormReader, name: str) -> str:
    value = form.text(name, required=False, max_length=36)
    if value and not is_id(value):
        form.refuse(name, "form.no_id")
    return value
