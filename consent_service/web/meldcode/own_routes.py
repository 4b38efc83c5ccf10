"""The own page: what was written about her child in a meldcode, as far as it is open (S28)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from consent_service.web.meldcode.showing import own_page
from consent_service.web.page import door
from consent_service.web.visit import Visit


@get(door.MELDCODE, include_in_schema=False)
async def own_meldcode(visit: NamedDependency[Visit]) -> Response[Any]:
    """The same page when nothing was written, when it is postponed, and when a person answers (S46)."""
    visit.refuse_prefetch()
    actor = visit.own_person()
    found = await visit.services.meldcodes.own(actor)
    return await visit.show(await own_page(visit, actor, found))


ROUTES: list[HTTPRouteHandler] = [own_meldcode]
