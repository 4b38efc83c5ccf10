"""What a machine client of the API may know, and that it was told so. Nothing here is about a person.

Entries of the log it reads through `rights.entry_bundles`; who it is, is `identity.machine_clients`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from consent_service.audit.events import ClientServed
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import logs_of
from consent_service.audit.served import served_checkpoint
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import TenantId
from consent_service.foundation.pacing import Pace
from consent_service.identity.client_scopes import Scope
from consent_service.identity.model import MachineClient, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.model import School, is_valid_on
from consent_service.organisations.service import OrganisationService, require

ANSWERS_PER_MINUTE: Final = 60
"""To one client, of each kind: every answer leaves an entry."""


class LogHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One log a shelter has had. `note` is its newest signed head (C2SP tlog-checkpoint); empty: not yet.

    `origin` ends in the random name by which its tiles and entries are asked for.
    """

    log: int
    origin: str
    public_key: bytes
    note: bytes

    @property
    def name(self) -> str:
        """The random name: 32 hexadecimal digits."""
        return self.origin.rpartition("/")[2]


class ClientAnswers:
    """Each answer asks the permission table, and appends an entry before it is given."""

    def __init__(
        self, *, database: Database, log: AuditLog, clock: Clock, organisations: OrganisationService
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._pace = Pace(clock, times=ANSWERS_PER_MINUTE, within=timedelta(minutes=1))

    async def heads(self, client: MachineClient, tenant: TenantId) -> tuple[LogHead, ...]:
        """Every log of the client's shelter, oldest first.

        Raises:
            NotFoundError: another shelter, or none.
            NotAllowedError: the token is not for that.
            TooOftenError: more than a program needs.
        """
        self._begin(client, tenant, Action.READ_ENTRIES)
        async with self._database.transaction() as conn:
            found = [(one, await served_checkpoint(conn, one)) for one in await logs_of(conn, tenant)]
            event = ClientServed(client.client, Scope.LOG)
            await self._log.append(conn, tenant=tenant, event=event, by=by(client), subject=None)
        return tuple(LogHead(one.log, one.origin, one.public, note or b"") for one, note in found)

    async def schools(self, client: MachineClient, tenant: TenantId) -> tuple[School, ...]:
        """The schools with which the client's shelter has an agreement today, by name.

        Raises:
            NotFoundError: another shelter, or none.
            NotAllowedError: the token is not for that.
            TooOftenError: more than a program needs.
        """
        self._begin(client, tenant, Action.LIST_SCHOOLS)
        now = self._clock.now()
        found: list[School] = []
        schools = await self._organisations.schools(tenant)
        async with self._database.transaction() as conn:
            for school in schools:
                signed = await self._organisations.agreements_with(conn, tenant, school.school)
                if any(is_valid_on(one, local_date(now), now) for one in signed):
                    found.append(school)
            event = ClientServed(client.client, Scope.SCHOOLS)
            await self._log.append(conn, tenant=tenant, event=event, by=by(client), subject=None)
        return tuple(found)

    def _begin(self, client: MachineClient, tenant: TenantId, action: Action) -> None:
        """Another shelter is answered as one that is not there, whatever the token is for."""
        if tenant != client.tenant:
            raise NotFoundError("tenant")
        require(client, action, Circumstances(tenant=tenant))
        self._pace.count((tenant, client.client, action))


def own_client(client: MachineClient) -> MachineClient:
    """A client may know which it is and what for; it says nothing that the client did not show.

    Raises:
        NotAllowedError: the permission table has no row for that.
    """
    require(client, Action.SEE_OWN_CLIENT, Circumstances(tenant=client.tenant))
    return client
