"""Several people's standing answers on one type as the one answer a counsellor sees. Pure.

Whether it is enough to release anything is `policy`; this only says where the conversation stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from consent_service.consent.model import Standing
from consent_service.families.model import Authority
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import PersonId
from consent_service.web.vocabulary import Answer

_BY_WEIGHT: tuple[Answer, ...] = ("no", "later")


def answer_of(standing: Standing | None) -> Answer:
    """What one person said, in the word a counsellor reads."""
    if standing is None:
        return "none"
    if standing.objecting:
        return "objected"
    return "expired" if standing.expired else standing.answer


def combined_answer(
    standings: Mapping[PersonId, Standing], authority: Authority, *, all_must: bool
) -> tuple[Answer, date | None]:
    """The answer of whoever decides, and the last day it holds; an objection comes before everything."""
    deciding = [standings[person] for person in authority.deciders if person in standings]
    if any(one.objecting for one in deciding):
        return "objected", None
    given = [one for one in deciding if one.answer == "yes" and not one.expired]
    if given:
        ends = min((one.valid_until for one in given if one.valid_until is not None), default=None)
        complete = not all_must or len(given) == len(authority.deciders)
        return ("yes" if complete else "partly"), None if ends is None else local_date(ends)
    if any(one.expired for one in deciding):
        return "expired", None
    said = {one.answer for one in deciding}
    return next((answer for answer in _BY_WEIGHT if answer in said), "none"), None
