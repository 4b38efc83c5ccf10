"""The web application over the services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler

from consent_service.api.problems import problem_of_error
from consent_service.api.v1.routes import api_headers, api_routes, is_api, openapi_config
from consent_service.api.v1.token_routes import metadata as oauth_metadata
from consent_service.app.installation import Services
from consent_service.app.jobs import run_calendar, run_chores, run_follower, run_key_care, run_notices
from consent_service.app.metrics import make_token, metrics, token_file
from consent_service.app.presence import present
from consent_service.app.starting import start_up
from consent_service.app.tracing import traced
from consent_service.foundation.settings import Settings
from consent_service.web.child import routes as child_routes
from consent_service.web.doors import Doors
from consent_service.web.inbox import own_routes as own_inbox_routes
from consent_service.web.inbox import routes as inbox_routes
from consent_service.web.intake import routes as intake_routes
from consent_service.web.invitation import routes as invitation_routes
from consent_service.web.log.routes import log_headers, log_routes
from consent_service.web.me import routes as me_routes
from consent_service.web.meetings import own_routes as own_meeting_routes
from consent_service.web.meetings import school_routes as school_meeting_routes
from consent_service.web.meetings import shelter_routes as meeting_routes
from consent_service.web.meldcode import own_routes as own_meldcode_routes
from consent_service.web.meldcode import request_routes
from consent_service.web.meldcode import routes as meldcode_routes
from consent_service.web.officer import routes as officer_routes
from consent_service.web.operator import routes as operator_routes
from consent_service.web.page import access_routes as page_access_routes
from consent_service.web.page import factor_routes as page_factor_routes
from consent_service.web.page import login_routes as page_login_routes
from consent_service.web.page import routes as page_routes
from consent_service.web.parent import routes as parent_routes
from consent_service.web.problems import page_of_error
from consent_service.web.proxies import BehindProxies
from consent_service.web.receipts import routes as receipts_routes
from consent_service.web.school import routes as school_routes
from consent_service.web.security import SecurityHeaders, refuse_nul
from consent_service.web.shared import lock_routes, logged_out_routes, proof_routes
from consent_service.web.shared import routes as shared_routes
from consent_service.web.shelter import routes as shelter_routes
from consent_service.web.signals import school_routes as school_signal_routes
from consent_service.web.start import school_routes as school_start_routes
from consent_service.web.static_files import static_files
from consent_service.web.style.house import read_house_style
from consent_service.web.together import letter_routes, method_routes, tasks_routes, timeline_routes
from consent_service.web.visit import open_visit


def create_app(services: Services, settings: Settings) -> Litestar:
    """The web application over the services; its lifespan starts up, works in the background and stops."""
    headers = SecurityHeaders(
        form_origins=services.identity.login_providers.origins,
        https=settings.public_origin.startswith("https://"),
    )

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        try:
            async with present(services.installation.database):
                await start_up(services)
                make_token(token_file(settings))
                await services.identity.login_providers.learn()
                async with _working(services):
                    yield
        finally:
            await services.installation.database.close()

    return Litestar(
        route_handlers=_routes(),
        middleware=[DefineMiddleware(BehindProxies, trusted=settings.proxy_networks), traced],
        before_request=refuse_nul,
        dependencies={"visit": Provide(open_visit)},
        exception_handlers={Exception: _answer_of_error},
        before_send=[headers, api_headers, log_headers],
        lifespan=[lifespan],
        state=State({"doors": Doors(services, settings, house_style=_house_style(settings))}),
        openapi_config=openapi_config(),
        logging_config=None,
        request_max_body_size=256 * 1024,
    )


def _house_style(settings: Settings) -> str:
    return read_house_style(settings.theme_file) if settings.theme_file else ""


@asynccontextmanager
async def _working(services: Services) -> AsyncIterator[None]:
    """What the service does by itself goes on beside the requests; at the end everything is finished."""
    stop = asyncio.Event()
    jobs = [
        asyncio.create_task(services.sequencer.run(stop)),
        asyncio.create_task(services.publisher.run(stop)),
        asyncio.create_task(run_follower(services, stop)),
        asyncio.create_task(run_chores(services, stop)),
        asyncio.create_task(run_notices(services, stop)),
        asyncio.create_task(run_calendar(services, stop)),
        asyncio.create_task(run_key_care(services, stop)),
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*jobs, return_exceptions=True)


def _routes() -> list[ControllerRouterHandler]:
    return [
        *shared_routes.ROUTES,
        *operator_routes.ROUTES,
        *lock_routes.ROUTES,
        *proof_routes.ROUTES,
        *me_routes.ROUTES,
        *inbox_routes.ROUTES,
        *own_inbox_routes.ROUTES,
        *logged_out_routes.ROUTES,
        *invitation_routes.ROUTES,
        *shelter_routes.ROUTES,
        *intake_routes.ROUTES,
        *child_routes.ROUTES,
        *receipts_routes.ROUTES,
        *parent_routes.ROUTES,
        *page_routes.ROUTES,
        *page_login_routes.ROUTES,
        *page_factor_routes.ROUTES,
        *page_access_routes.ROUTES,
        *school_routes.ROUTES,
        *meeting_routes.ROUTES,
        *school_meeting_routes.ROUTES,
        *school_signal_routes.ROUTES,
        *school_start_routes.ROUTES,
        *own_meeting_routes.ROUTES,
        *meldcode_routes.ROUTES,
        *request_routes.ROUTES,
        *own_meldcode_routes.ROUTES,
        *timeline_routes.ROUTES,
        *tasks_routes.ROUTES,
        *method_routes.ROUTES,
        *letter_routes.ROUTES,
        *officer_routes.ROUTES,
        *log_routes(),
        api_routes(),
        oauth_metadata,
        metrics,
        static_files(),
    ]


def _answer_of_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A page for people, problem details for programs; the address tells which, also where nothing is."""
    answer = problem_of_error if is_api(request.url.path) else page_of_error
    return answer(request, error)
