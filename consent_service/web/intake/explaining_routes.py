"""Did we explain it well? Three questions with pictures, before the first question of the conversation."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.web.intake.desk import STEADY, Desk, sit_down
from consent_service.web.intake.explaining import COUNT
from consent_service.web.intake.showing import explain_page
from consent_service.web.visit import Visit

UNDERSTOOD = "goed"
"""In the address of the next question with pictures: the one before it was clear."""


@get("/intake/{sitting:str}/uitleg/{number:int}", include_in_schema=False, opt=STEADY)
async def explain(
    visit: NamedDependency[Visit],
    request: Request[Any, Any, Any],
    sitting: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """Did we explain it well? One question with pictures."""
    desk = await sit_down(visit, sitting)
    if not _is_explained(desk, number):
        return visit.redirect(desk.onward())
    return await desk.show(explain_page(desk, number, was_right=UNDERSTOOD in request.query_params))


@post("/intake/{sitting:str}/uitleg/{number:int}", include_in_schema=False, opt=STEADY)
async def explain_again(
    visit: NamedDependency[Visit], sitting: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """A wrong answer is explained again; it is kept nowhere."""
    desk = await sit_down(visit, sitting)
    if not _is_explained(desk, number):
        return visit.redirect(desk.onward())
    page = explain_page(desk, number, explained=True)
    if visit.posted.first("understood") == "right":
        return visit.redirect(f"{page.onward_href}?{UNDERSTOOD}" if number < COUNT else page.onward_href)
    return await desk.show(page)


ROUTES = [explain, explain_again]


def first_to_explain(desk: Desk) -> str:
    """The first question with pictures; not when the sitting is over."""
    return desk.at("uitleg", "1") if _is_explained(desk, 1) else desk.onward()


def _is_explained(desk: Desk, number: int) -> bool:
    return desk.sitting.finished_at is None and bool(desk.sitting.questions) and 1 <= number <= COUNT
