"""The log to take along from the own page: a file that checks itself, outside this service.

What is in it and who may have it is `rights.exporting`. It holds what the log says about this person and
the key that finds it, so the page first says where not to keep it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from consent_service.keyring.spool import SealedSpool
from consent_service.web.page import door
from consent_service.web.visit import Visit

FILE_NAME: Final = "logboek.zip"


@post(door.LOG, include_in_schema=False, status_code=200)
async def take_log(visit: NamedDependency[Visit]) -> Response[Any]:
    """Made anew for whoever asks, and logged before the first byte leaves."""
    actor = visit.own_person()
    made = SealedSpool()  # closed once it is sent
    try:
        await visit.services.bundles.write_own(actor, made)
    except BaseException:
        made.close()
        raise
    return Stream(
        _pieces(made),
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{FILE_NAME}"'},
    )


@get(door.LOG, include_in_schema=False)
async def no_log(visit: NamedDependency[Visit]) -> Response[Any]:
    """Coming back to the address gives no file: taking it is a deed of its own."""
    visit.own_person()
    return visit.redirect(door.WHO_LOOKED)


ROUTES: list[HTTPRouteHandler] = [take_log, no_log]


def _pieces(made: SealedSpool) -> Iterator[bytes]:
    with made:
        yield from made.pieces()
