"""Looking into the log is logged too: by whom, in the log that was looked into.

Where that cannot be written (a database that is read only, keys that are away) the command says so and goes
on: verifying must work on what is broken.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from consent_service.app import Services
from consent_service.audit.events import Event
from consent_service.cli.admission import operator
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import ConsentServiceError
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import TenantId
from consent_service.identity.model import by

Look = tuple[TenantId, Event]


async def note_looks(terminal: Terminal, services: Services, looks: Sequence[Look]) -> bool:
    """Write an entry for each look, all or none; False, once that is told, when it cannot be written."""
    try:
        async with services.installation.database.transaction() as conn:
            for tenant, event in looks:
                await services.log.append(conn, tenant=tenant, event=event, by=by(operator()), subject=None)
    except (ConsentServiceError, SQLAlchemyError):
        terminal.complain(
            terminal.text(N_("Dit staat niet in het logboek: daarin kan nu niet geschreven worden."))
        )
        return False
    return True
