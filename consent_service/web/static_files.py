"""Serves the files in `static/`. Their caching is `security`'s, their addresses `rendering`'s."""

from __future__ import annotations

from litestar.config.compression import CompressionConfig
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.router import Router
from litestar.static_files import create_static_files_router

from consent_service.web.rendering import STATIC, STATIC_PATH

_SMALLER = CompressionConfig(backend="gzip", exclude=[r"\.woff2$"])
"""Files only: they are the same for everybody. The length of a page beside a secret would tell (BREACH)."""


def static_files() -> Router:
    """The router of the static files; register it with the application."""
    return create_static_files_router(
        path=STATIC_PATH,
        directories=[STATIC],
        include_in_schema=False,
        name="static",
        middleware=[DefineMiddleware(CompressionMiddleware, config=_SMALLER)],
    )
