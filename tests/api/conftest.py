"""The application in front of the world, as for the pages."""

from __future__ import annotations

from tests.web.conftest import site as site
