"""Every address of questions to the log and samples of it."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from consent_service.web.reviews import question_routes, sample_routes

ROUTES: list[HTTPRouteHandler] = [*question_routes.ROUTES, *sample_routes.ROUTES]
