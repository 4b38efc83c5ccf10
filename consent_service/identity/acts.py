"""Providers, operators, invitations and machine clients, and what the log tells of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import Act, ActSource, Done, Told, streamed
from consent_service.foundation.ids import TenantId
from consent_service.identity.tables import api_client_keys, api_clients, oidc_providers, staff_invitations
from consent_service.identity.tables_operators import operators


class ProviderActs(ActSource):
    """Whoever can vouch for a login, in the log of the installation."""

    tables = ("oidc_providers",)
    events = (events.ProviderRegistered,)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every registered provider."""
        async for row in streamed(conn, select(oidc_providers).where(oidc_providers.c.tenant == tenant)):
            yield Done(Act("provider", (row.id,)), row.created_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """Its registration."""
        if isinstance(detail.event, events.ProviderRegistered):
            yield Told(Act("provider", (detail.event.provider,)))


class InvitationActs(ActSource):
    """Who was invited to link a login, and which invitations ended unused."""

    tables = ("staff_invitations",)
    events = (events.StaffInvited, events.InvitationEnded)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every invitation; one that was used is told of by the link."""
        here = staff_invitations
        async for row in streamed(conn, select(here).where(here.c.tenant == tenant)):
            about = (row.staff,)
            yield Done(Act("invitation", (row.staff, row.school or ""), about), row.created_at)
            if row.ended_at is not None:
                yield Done(Act("invitation_end", (row.staff, row.ended_code), about), row.ended_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events."""
        match detail.event:
            case events.StaffInvited(staff=member, school=school):
                yield Told(Act("invitation", (member, school or ""), (member,)))
            case events.InvitationEnded(staff=member, code=code):
                yield Told(Act("invitation_end", (member, code), (member,)))
            case _:
                return


class ClientActs(ActSource):
    """Machine clients with what they are for, and each key they prove themselves with."""

    tables = ("api_clients", "api_client_keys")
    events = (events.ClientRegistered, events.ClientChanged, events.ClientEnded)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every client and key, and the end of each that ended."""
        async for row in streamed(conn, select(api_clients).where(api_clients.c.tenant == tenant)):
            yield Done(Act("client", (row.client, row.scopes)), row.created_at)
            if row.ended_at is not None:
                yield Done(Act("client_end", (row.client,)), row.ended_at)
        async for row in streamed(conn, select(api_client_keys).where(api_client_keys.c.tenant == tenant)):
            yield Done(Act("client_key", (row.client, row.key)), row.added_at)
            if row.dropped_at is not None:
                yield Done(Act("client_key_end", (row.client, row.key)), row.dropped_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """What was registered, added, dropped or ended."""
        match detail.event:
            case events.ClientRegistered(client=client, scopes=scopes, keys=keys):
                yield Told(Act("client", (client, " ".join(scopes))))
                yield from (Told(Act("client_key", (client, key))) for key in keys)
            case events.ClientChanged(client=client, changed=changed, keys=keys):
                kinds = [_OF_KEYS[what] for what in changed if what in _OF_KEYS]
                yield from (Told(Act(kind, (client, key))) for kind in kinds for key in keys)
            case events.ClientEnded(client=client):
                yield Told(Act("client_end", (client,)))
            case _:
                return


class OperatorActs(ActSource):
    """Who may run the installation, in its own log."""

    tables = ("operators",)
    events = (events.OperatorAdded, events.OperatorEnded)

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every operator there ever was, and its end."""
        async for row in streamed(conn, select(operators).where(operators.c.tenant == tenant)):
            yield Done(Act("operator", (row.operator,)), row.added_at)
            if row.ended_at is not None:
                yield Done(Act("operator_end", (row.operator,)), row.ended_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """That it was added, or left."""
        if isinstance(detail.event, events.OperatorAdded):
            yield Told(Act("operator", (detail.event.operator,)))
        if isinstance(detail.event, events.OperatorEnded):
            yield Told(Act("operator_end", (detail.event.operator,)))


_OF_KEYS: Final = {"key_added": "client_key", "key_dropped": "client_key_end"}
