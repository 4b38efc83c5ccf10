"""The own page: taking along the file that lies ready.

Whoever has nothing there sees the same page, whatever the reason (S46).
"""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.i18n import SOURCE, SUPPORTED
from consent_service.foundation.ids import is_id
from consent_service.web.access.showing import PDF, ZIP, as_download
from consent_service.web.access.views import OwnFileLine, OwnFilesPage
from consent_service.web.page import door
from consent_service.web.visit import Visit


@get(door.FILE, include_in_schema=False)
async def own_files(visit: NamedDependency[Visit]) -> Response[Any]:
    actor = visit.own_person()
    found = await visit.services.access.own(actor)
    view = OwnFilesPage(
        action=door.FILE,
        back_href=door.HOME,
        files=tuple(
            OwnFileLine(one.case, one.kind == "portability", one.made_at, one.until) for one in found
        ),
        young=door.young_of(actor),
    )
    return await visit.show(view)


@post(door.FILE, include_in_schema=False, status_code=200)
async def take_file(visit: NamedDependency[Visit]) -> Response[Any]:
    """Logged before the first byte leaves; taken again it is logged again."""
    actor = visit.own_person()
    case, kind = visit.posted.first("case"), visit.posted.first("kind")
    if not is_id(case) or kind not in (PDF, ZIP):
        raise NotFoundError("file")
    made = await visit.services.access.take(actor, case)
    language = visit.language if visit.language in SUPPORTED else SOURCE
    return await as_download(visit, made, kind, language)


ROUTES: list[HTTPRouteHandler] = [own_files, take_file]
