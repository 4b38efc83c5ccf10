"""Messages of members of staff; a lent or locked tablet never gets here. What may be shown is `process`'s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.i18n import translator
from consent_service.identity.model import StaffActor
from consent_service.process.notices.inbox import InboxActor, check_wishes
from consent_service.process.notices.model import InboxLine
from consent_service.web.forms import FormReader, FormState
from consent_service.web.inbox.forms import languages, prefilled, read_wishes
from consent_service.web.inbox.views import InboxPage, MessageLine
from consent_service.web.shared.homes import home_of
from consent_service.web.turned_away import HandedOverError
from consent_service.web.visit import INBOX, Visit

_READ: Final = f"{INBOX}/gelezen"
_SETTINGS: Final = f"{INBOX}/instellen"


@get(INBOX, include_in_schema=False)
async def inbox(visit: NamedDependency[Visit]) -> Response[Any]:
    visit.refuse_prefetch()
    return await _page(visit, _everybody(visit))


@post(_READ, include_in_schema=False)
async def read(visit: NamedDependency[Visit]) -> Response[Any]:
    """Somebody else's is answered as one that is not there."""
    for actor in _everybody(visit):
        try:
            await visit.services.notice_inbox.read(actor, visit.posted.first("notice"))
        except NotFoundError:
            continue
        return visit.redirect(INBOX, done="bericht-gelezen")
    raise NotFoundError("notice")


@post(_SETTINGS, include_in_schema=False)
async def settings(visit: NamedDependency[Visit]) -> Response[Any]:
    """One address and one language for whoever logs in here, at every shelter."""
    actors, form = _everybody(visit), FormReader(visit.posted)
    wishes = read_wishes(form, hours=False)
    address = form.text("work_address", required=False)
    door = visit.services.notice_inbox
    problems = list(form.problems) or list(check_wishes(wishes))
    try:
        for actor in actors if not problems else ():
            if address or visit.posted.first("remove") == "yes":
                await door.enter_address(actor, actor.tenant, actor.staff, address)
            await door.wish(actor, wishes)
    except InputError as refused:
        problems += refused.problems
    if problems:
        return await _page(visit, actors, problems)
    return visit.redirect(INBOX, done="berichten-ingesteld")


def message_line(visit: Visit, line: InboxLine, href: str) -> MessageLine:
    """A message in the words of its kind."""
    sentence = translator(visit.language).text(line.words)
    return MessageLine(line.notice, sentence, line.created_at, line.is_read, href)


async def lines_of(visit: Visit, actor: InboxActor, href: str) -> tuple[MessageLine, ...]:
    """Everything one reader may know of now."""
    found = await visit.services.notice_inbox.inbox(actor)
    return tuple(message_line(visit, line, href) for line in found)


async def _page(
    visit: Visit, actors: Sequence[StaffActor], problems: Sequence[Problem] = ()
) -> Response[Any]:
    door, first = visit.services.notice_inbox, actors[0]
    lines = [line for actor in actors for line in await lines_of(visit, actor, home_of(actor))]
    state = await door.address_state(first)
    form = (
        FormState.of(visit.posted, problems, language=visit.language)
        if problems
        else FormState.prefilled(prefilled(await door.wishes(first)))
    )
    view = InboxPage(
        back_href=home_of(first),
        lines=tuple(sorted(lines, key=lambda line: line.at, reverse=True)),
        read_action=_READ,
        settings_action=_SETTINGS,
        languages=languages(),
        address=state,
        form=form,
    )
    return await visit.show(view, status=400 if problems else 200)


def _everybody(visit: Visit) -> tuple[StaffActor, ...]:
    """Everybody this login may act as now.

    Raises:
        LoginNeededError: nobody of the staff is logged in.
        HandedOverError: the tablet is with a parent.
        NotFoundError: whoever is linked waits for a second factor, or it is an own page.
    """
    session = visit.known_session()
    if session.handed_over is not None:
        raise HandedOverError("the tablet is handed over")
    if not session.actors:
        raise NotFoundError("page")
    return session.actors


ROUTES = [inbox, read, settings]
