"""Everything the service holds about the people of one request, put together as a draft (AVG 15, 20).

What is not the requester's stands in the list of what is left out. That list is the same whether there is
such a thing or not: it tells of kinds, so that nobody reads from it that another parent, a report or an
assessment exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from consent_service.organisations.looking import tenant_in
from consent_service.rights.access import about_people, about_sharing
from consent_service.rights.access.document import (
    AccessFile,
    LookLine,
    RecordLine,
    RedactionLine,
)
from consent_service.rights.access.law import law_part
from consent_service.rights.access.making import Making
from consent_service.rights.access.redacting import line
from consent_service.rights.cases.model import Case
from consent_service.rights.model import Disclosure

_CONSENT = frozenset({"consent", "explicit_consent"})


async def collect(
    making: Making, case: Case, records: Sequence[RecordLine], looks: Iterable[Disclosure]
) -> AccessFile:
    """The file, with tokens where texts stand on the shelf."""
    file = AccessFile(
        request="portability" if case.kind == "portability" else "access",
        about=case.about,
        received_on=case.received_on,
        made_at=making.now,
        law=law_part(await tenant_in(making.conn, making.tenant), making.words, making.catalogue, ()),
        people=making.people(),
        authority=about_people.authority(making),
        competence=about_people.competence(making),
        safety=about_people.safety(making),
        places=await about_people.places(making),
        decisions=await about_people.decisions(making),
        records=tuple(records),
    )
    if file.request == "portability":
        file = await _own_words(making, file)
    else:
        file = await _whole(making, file, looks)
    return await _with_law(making, file)


async def _whole(making: Making, file: AccessFile, looks: Iterable[Disclosure]) -> AccessFile:
    seen = () if making.scope.by_hand else await about_sharing.look_lines(making, looks)
    shelter = (await tenant_in(making.conn, making.tenant)).name
    return msgspec.structs.replace(
        file,
        conversations=await about_people.conversations(making),
        meetings=await about_sharing.meeting_lines(making),
        meldcode=await about_sharing.meldcode_lines(making),
        events=await about_sharing.event_lines(making),
        looks=(*seen, _coordinator(making, shelter)),
        own_page=await about_people.own_page(making),
        requests=await about_people.requests(making),
        redactions=left_out(by_hand=making.scope.by_hand, protected=making.scope.protected),
    )


async def _own_words(making: Making, file: AccessFile) -> AccessFile:
    """What the requester gave and what rests on consent: nothing that others wrote or did (AVG 20(1))."""
    types = {key for key, kind in making.catalogue.types.items() if kind.legal_basis in _CONSENT}
    meetings = await about_sharing.meeting_lines(making) if "three_way_meeting" in types else ()
    return msgspec.structs.replace(
        file,
        authority=(),
        competence=(),
        safety=(),
        decisions=tuple(one for one in file.decisions if one.type in types),
        records=tuple(
            one for one in file.records if one.type in types and one.direction == "shelter_to_school"
        ),
        meetings=tuple(msgspec.structs.replace(one, agenda="", agreements=()) for one in meetings),
        redactions=left_out(by_hand=making.scope.by_hand, protected=True),
    )


async def _with_law(making: Making, file: AccessFile) -> AccessFile:
    used = {one.type for one in file.decisions} | {one.type for one in file.records}
    used |= {key for look in file.looks for key in look.types}
    used |= {key for event in file.events for key in event.types}
    tenant = await tenant_in(making.conn, making.tenant)
    return msgspec.structs.replace(file, law=law_part(tenant, making.words, making.catalogue, used))


def left_out(*, by_hand: bool, protected: bool) -> tuple[RedactionLine, ...]:
    """What no file holds, by its kind."""
    found = [
        line("*", "names_of_staff", "staff_name"),
        line("*", "other_guardians", "other_guardian"),
        line("*", "brothers_and_sisters", "sibling"),
        line("*", "who_reported_something", "reporter"),
        line("*", "what_authorities_asked", "investigation"),
    ]
    if not protected:
        found.append(line("safety", "assessments", "safety"))
    if by_hand:
        found += [line("looks", "where_and_when", "safety"), line("meldcode", "steps", "safety")]
        found += [line("meetings", "where_and_when", "safety"), line("events", "where_and_when", "safety")]
        found.append(line("records", "where_and_when", "safety"))
    return tuple(found)


def _coordinator(making: Making, shelter: str) -> LookLine:
    """Who made the file saw what is in it."""
    return LookLine(
        at=making.now,
        person=making.people()[0].person,
        organisation=shelter,
        role="privacy_coordinator",
        purpose="access",
        types=(),
        emergency=False,
    )
