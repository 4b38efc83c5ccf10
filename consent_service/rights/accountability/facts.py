"""What the documents are made of: settings, catalogue, rows of one shelter. Names the FG only. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from consent_service.information.model import Catalogue
from consent_service.organisations.model import Agreement, School, Tenant
from consent_service.rights.accountability.configured import Configured


class Facts(msgspec.Struct, frozen=True):
    """Everything that is known of one shelter at one moment; `labels` are the names of information types."""

    tenant: Tenant
    schools: tuple[tuple[School, Agreement], ...]
    officers: tuple[str, ...]
    coordinators: int
    login_providers: int
    epochs: int
    key_backups: int
    configured: Configured
    catalogue: Catalogue
    labels: dict[str, str]
    base_uri: str
    at: datetime


class Fixed(msgspec.Struct, frozen=True):
    """What does not change while the service runs."""

    configured: Configured
    catalogue: Catalogue
    labels: dict[str, str]
    base_uri: str
