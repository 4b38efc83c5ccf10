"""A world whose messages go through a real mail server on this machine, and servers that misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session

from consent_service.app import build_services
from consent_service.foundation.ids import StaffId
from consent_service.foundation.notifier import MailNotifier, MailServer
from consent_service.process.notices.addresses import keep_address
from consent_service.process.notices.model import NewNotice, Notice
from consent_service.process.notices.rows import found
from tests.postbox import Postbox, mail_server
from tests.shelter import World

IDA = "ida@linde.example"
BO = "bo@opvang.example"


class Moody(Postbox):
    """Refuses, puts off or hangs up on what goes to some addresses."""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("gone@"):
            return "550 no such user here"
        if address.startswith("later@"):
            return "451 come back"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if envelope.rcpt_tos[0].startswith("lost@"):
            self.envelopes.append(envelope)
            assert server.transport is not None
            server.transport.close()
            return "250 nobody hears this"
        return await super().handle_DATA(server, session, envelope)


def with_server(world: World, server: MailServer | None) -> World:
    """The same world, sending through this server."""
    parts = msgspec.structs.replace(world.services.installation, notifier=MailNotifier(server))
    return replace(world, services=build_services(parts))


@contextmanager
def mailing(world: World, postbox: Postbox | None = None) -> Iterator[tuple[World, Postbox]]:
    """A world with a mail server, and what that server took."""
    box = postbox or Postbox()
    with mail_server(box) as server:
        yield with_server(world, server), box


async def addressed(world: World, staff: StaffId, to: str) -> None:
    """Messages to this member of staff go there."""
    parts = world.services.installation
    async with parts.database.transaction() as conn:
        await keep_address(conn, parts.ring, world.tenant, staff, to, world.clock.now())


async def queue(world: World, **given: object) -> str:
    """A message, committed."""
    notice = NewNotice(tenant=world.tenant, **given)  # type: ignore[arg-type]
    async with world.services.installation.database.transaction() as conn:
        return await world.services.notices.queue(conn, notice)


async def send(world: World) -> int:
    """One round of the sender."""
    return await world.services.notice_sender.run_once(world.tenant)


async def at(world: World, moment: datetime) -> None:
    """It is that late, and everything in the log has its place."""
    world.clock.set(moment)
    await world.services.sequencer.run_once(world.tenant)


async def states(world: World) -> list[str]:
    """The state of every message, oldest first."""
    return [one.state for one in await all_notices(world)]


async def all_notices(world: World) -> tuple[Notice, ...]:
    async with world.services.installation.database.reading() as conn:
        return await found(conn, world.tenant)


def recipients(postbox: Postbox) -> list[str]:
    """To whom the mails went, in order."""
    return [to for envelope in postbox.envelopes for to in envelope.rcpt_tos]
