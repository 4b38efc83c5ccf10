"""What happened with somebody's data, for that person: in plain Dutch, as it happened (NEN 7513, chapter 9).

Per line: when, by whom by organisation and role, and what. The name of a member of staff stands in no
line: it is given after weighing (AVG 15), which is not done here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Final

import msgspec

from consent_service.audit.events import By
from consent_service.audit.log import TrailEntry
from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import N_, Translator
from consent_service.rights.exports.model import Order, Wording

_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-([0-9a-f]{12})")
_SHOWN_OF_ID: Final = 8


class Sheet(msgspec.Struct, frozen=True):
    """What stands above and around the lines. `shelter` is the name that tells nothing about the place.

    `schools` holds the name of the school of a member of its staff, where this person may know it.
    """

    order: Order
    made_at: datetime
    shelter: str
    schools: Mapping[str, str]


def client_lines(
    entries: Iterable[TrailEntry], sheet: Sheet, words: Wording, said: Translator
) -> Iterator[str]:
    """The lines of the file, oldest entry first, under the day on which it happened."""
    yield said.text(N_("Wat er met uw gegevens gebeurde"))
    yield ""
    yield said.text(N_("Van: {shelter}"), shelter=sheet.shelter)
    yield said.text(N_("Gemaakt op: {moment}"), moment=said.instant(sheet.made_at))
    yield _period(sheet.order, said)
    yield said.text(N_("Wat alleen de privacycoördinator mag zien, staat hier niet bij."))
    found = False
    for day, of_day in groupby(entries, lambda entry: local_date(entry.at)):
        yield ""
        yield said.date(day)
        for entry in of_day:
            found = True
            yield f"{said.time(entry.at)}  {_who(entry, sheet, words, said)}: {_what(entry, words, said)}"
    if not found:
        yield ""
        yield said.text(N_("In deze tijd is er niets opgeschreven."))


def _period(order: Order, said: Translator) -> str:
    """The last day is told inclusive, as people say it."""
    since = said.date(local_date(order.since)) if order.since else ""
    until = said.instant(order.until) if order.until else ""
    if since and until:
        return said.text(N_("Van {since} tot {until}"), since=since, until=until)
    if since:
        return said.text(N_("Vanaf {since}"), since=since)
    return said.text(N_("Tot {until}"), until=until) if until else said.text(N_("Vanaf het begin"))


def _who(entry: TrailEntry, sheet: Sheet, words: Wording, said: Translator) -> str:
    """The capacity, never an id; at which school, where that may be known."""
    if entry.detail is None:
        return said.text(N_("Niet meer bekend"))
    by = entry.detail.by
    if by.id and by.id == sheet.order.person:
        return said.text(N_("Uzelf"))
    capacity = words.by(By(kind=by.kind, id=""))
    school = sheet.schools.get(by.id)
    return f"{capacity} ({school})" if school else capacity


def _what(entry: TrailEntry, words: Wording, said: Translator) -> str:
    """The sentence of the entry; of an id, which says nothing to anybody, only the end is kept."""
    if entry.detail is None:
        return said.text(N_("De inhoud is gewist."))
    return _ID.sub(lambda found: found[1][-_SHOWN_OF_ID:], words.event(entry.detail.event))
