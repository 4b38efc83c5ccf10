"""What a mail says, and putting it on the wire with the permit of the exit door.

It says nothing: a neutral subject, one sentence, the bare address of the service. Who sent what about whom
stands in the service, behind a login. Sending itself is `foundation.notifier`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.notifier import Answer, CalendarPart, MailSession, Outgoing
from consent_service.process.notices.addresses import Destination
from consent_service.process.notices.model import Notice
from consent_service.release.exits import ExitPermit

SUBJECT: Final = N_("Er staat een bericht voor u klaar")
CalendarFile = Callable[[AsyncConnection, Notice, ExitPermit], Awaitable[CalendarPart | None]]
"""Makes the calendar file of a message: no telling title, no names, no place. None: it is off."""


def mail_of(
    mail: str, *, origin: str, language: str, at: datetime, calendar: CalendarPart | None
) -> Outgoing:
    """The mail for one recipient, whatever and however much waits."""
    subject = translator(language).text(SUBJECT)
    return Outgoing(mail, subject, f"{subject}.\n\n{origin}\n", at, calendar)


async def put_on_the_wire(
    session: MailSession, permits: tuple[ExitPermit, ...], to: Destination, message: Outgoing
) -> Answer:
    """Hand one mail to the mail server, at most once.

    Raises:
        ValueError: there is no permit: a fault of ours, nothing leaves.
    """
    if not permits:
        raise ValueError("nothing leaves without a permit")
    return await session.post_message(to.kind, to.to, message)
