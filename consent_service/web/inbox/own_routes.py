"""Messages on the own page of a guardian or young person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from consent_service.foundation.errors import InputError, Problem
from consent_service.identity.model import ChildActor, PersonActor
from consent_service.web.forms import FormReader, FormState
from consent_service.web.inbox.forms import languages, prefilled, read_wishes
from consent_service.web.inbox.routes import lines_of
from consent_service.web.inbox.views import OwnInboxPage
from consent_service.web.page import door
from consent_service.web.visit import Visit

_READ: Final = f"{door.MESSAGES}/gelezen"
_SETTINGS: Final = f"{door.MESSAGES}/instellen"


@get(door.MESSAGES, include_in_schema=False)
async def own_inbox(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _page(visit, visit.own_person())


@post(_READ, include_in_schema=False)
async def own_read(visit: NamedDependency[Visit]) -> Response[Any]:
    await visit.services.notice_inbox.read(visit.own_person(), visit.posted.first("notice"))
    return visit.redirect(door.MESSAGES)


@post(_SETTINGS, include_in_schema=False)
async def own_settings(visit: NamedDependency[Visit]) -> Response[Any]:
    """The hours she calls safe hold for everything, also for what is urgent."""
    actor, form = visit.own_person(), FormReader(visit.posted)
    wishes = read_wishes(form, hours=True)
    if form.problems:
        return await _page(visit, actor, form.problems)
    try:
        await visit.services.notice_inbox.wish(actor, wishes)
    except InputError as refused:
        return await _page(visit, actor, refused.problems)
    return visit.redirect(door.MESSAGES, done="berichten-ingesteld")


async def _page(visit: Visit, actor: PersonActor, problems: Sequence[Problem] = ()) -> Response[Any]:
    inbox = visit.services.notice_inbox
    form = (
        FormState.of(visit.posted, problems, language=visit.language)
        if problems
        else FormState.prefilled(prefilled(await inbox.wishes(actor)))
    )
    factor = await visit.services.page_access.chosen_factor(actor)
    view = OwnInboxPage(
        back_href=door.HOME,
        lines=await lines_of(visit, actor, door.HOME),
        read_action=_READ,
        settings_action=_SETTINGS,
        languages=languages(),
        has_channel=factor not in (None, "pin"),
        young=isinstance(actor, ChildActor),
        form=form,
    )
    return await visit.show(view, status=400 if problems else 200)


ROUTES = [own_inbox, own_read, own_settings]
