"""The only wiring: settings -> database -> keys -> services -> Litestar."""

from consent_service.app.assembly import build_services
from consent_service.app.installation import Installation, Services
from consent_service.app.serving import create_app
from consent_service.app.starting import open_installation, start_up

__all__ = [
    "Installation",
    "Services",
    "build_services",
    "create_app",
    "open_installation",
    "start_up",
]
