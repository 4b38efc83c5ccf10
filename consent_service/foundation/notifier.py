"""The wire: six digits to an address somebody called safe, or one sentence that something waits.

No name of a person, no word about anybody: whoever reads along learns nothing. Who gets a message and when
is decided elsewhere; text messages go through a provider that takes them as e-mail.
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Literal, Protocol

import aiosmtplib
import msgspec
import structlog

from consent_service.foundation.errors import UnavailableError

MessageKind = Literal["mail", "sms"]
SUBJECT: Final = "Code"
CALENDAR_NAME: Final = "afspraak.ics"
_NEVER: Final = 500
"""Reply codes from here on say that trying again is no use (RFC 5321 section 4.2.1)."""
_TIMEOUT: Final = 10.0
_log = structlog.get_logger()


class MessagesUnavailableError(UnavailableError):
    """The message could not be handed over; asking for a new one is the way out."""

    code = "messages_unavailable"


class CalendarPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A calendar file, and its method: mail says the same one beside it (RFC 6047 section 2.4)."""

    method: Literal["PUBLISH", "CANCEL"]
    content: bytes


class Outgoing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one mail says: a subject and a text that tell nothing, perhaps a calendar file.

    `mail` names it: bounces come back with that name (RFC 5322 section 3.6.4, RFC 3461 section 4.4).
    """

    mail: str
    subject: str
    text: str
    at: datetime
    calendar: CalendarPart | None = None


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the mail server said of one mail.

    taken: it goes on with it. later: it did not take it. refused: this address will never do (5xx). unknown:
    it went away while it had the mail, so nobody can tell. `code` is its reply code, or empty.
    """

    outcome: Literal["taken", "later", "refused", "unknown"]
    code: str = ""


class MailSession(Protocol):
    """One conversation with a mail server."""

    @property
    def is_open(self) -> bool:
        """Whether the server still listens."""
        ...

    async def post_message(self, kind: MessageKind, address: str, message: Outgoing) -> Answer:
        """Hand one mail over, at most once."""
        ...


class Notifier(Protocol):
    """Sends one-time codes, and opens conversations for everything else."""

    @property
    def sender(self) -> str:
        """The neutral address everything comes from; empty where nothing is sent."""
        ...

    @property
    def offers(self) -> tuple[MessageKind, ...]:
        """Which kinds this installation can send."""
        ...

    async def send_code(self, kind: MessageKind, address: str, code: str) -> None:
        """Hand one message over.

        Raises:
            MessagesUnavailableError: it was not taken.
        """
        ...

    def session(self) -> AbstractAsyncContextManager[MailSession]:
        """A conversation with the mail server.

        Raises:
            MessagesUnavailableError: there is none, it is away, or it does not encrypt.
        """
        ...


class MailServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where messages are handed over. `sms_gateway` is the domain that turns `number@domain` into a text."""

    host: str
    port: int
    sender: str
    sms_gateway: str = ""


class MailNotifier:
    """Messages through one mail server, if there is one; encrypted unless that is on this machine."""

    def __init__(self, server: MailServer | None) -> None:
        self._server = server

    @property
    def sender(self) -> str:
        return "" if self._server is None else self._server.sender

    @property
    def offers(self) -> tuple[MessageKind, ...]:
        if self._server is None:
            return ()
        return ("mail", "sms") if self._server.sms_gateway else ("mail",)

    async def send_code(self, kind: MessageKind, address: str, code: str) -> None:
        if self._server is None or kind not in self.offers:
            raise MessagesUnavailableError("this installation sends no messages of that kind")
        to = _mailbox(self._server, kind, address)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._server.sender, to, SUBJECT
        message.set_content(code)
        try:
            await aiosmtplib.send(
                message,
                hostname=self._server.host,
                port=self._server.port,
                start_tls=not _is_this_machine(self._server.host),
                timeout=_TIMEOUT,
            )
        except (aiosmtplib.SMTPException, OSError) as failure:
            _log.warning("a message was not taken", kind=type(failure).__name__)
            raise MessagesUnavailableError("the mail server did not take the message") from None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[MailSession]:
        if self._server is None:
            raise MessagesUnavailableError("this installation sends no messages")
        smtp = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            start_tls=not _is_this_machine(self._server.host),
            timeout=_TIMEOUT,
        )
        try:
            await smtp.connect()
        except (aiosmtplib.SMTPException, OSError) as failure:
            smtp.close()
            _log.warning("the mail server does not answer", kind=type(failure).__name__)
            raise MessagesUnavailableError("the mail server does not answer") from None
        try:
            yield _Conversation(smtp, self._server)
        finally:
            smtp.close()


class _Conversation:
    """One connection, used for one mail after the other."""

    def __init__(self, smtp: aiosmtplib.SMTP, server: MailServer) -> None:
        self._smtp = smtp
        self._server = server

    @property
    def is_open(self) -> bool:
        return self._smtp.is_connected

    async def post_message(self, kind: MessageKind, address: str, message: Outgoing) -> Answer:
        """Until the server has the address nothing was handed over; after that, what it says counts."""
        to = _mailbox(self._server, kind, address)
        raw = _raw(self._server, to, message)
        try:
            await self._smtp.mail(self._server.sender, options=self._envelope(message))
            await self._smtp.rcpt(to)
        except aiosmtplib.SMTPRecipientRefused as said:
            return await self._answered(said.code)
        except aiosmtplib.SMTPResponseException as said:
            await self._reset()
            return Answer("later", str(said.code))
        except (aiosmtplib.SMTPException, OSError):
            return Answer("later")
        try:
            await self._smtp.data(raw)
        except aiosmtplib.SMTPDataError as said:
            return await self._answered(said.code)
        except (aiosmtplib.SMTPException, OSError):
            return Answer("unknown")
        return Answer("taken")

    def _envelope(self, message: Outgoing) -> list[str]:
        """The name under which a bounce comes back, and without the mail itself, where the server can."""
        can = self._smtp.supports_extension("DSN")
        return [f"ENVID={message.mail}", "RET=HDRS"] if can else []

    async def _answered(self, code: int) -> Answer:
        await self._reset()
        return Answer("refused" if code >= _NEVER else "later", str(code))

    async def _reset(self) -> None:
        try:
            await self._smtp.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._smtp.close()


def _mailbox(server: MailServer, kind: MessageKind, address: str) -> str:
    return address if kind == "mail" else f"{address.removeprefix('+')}@{server.sms_gateway}"


def _raw(server: MailServer, to: str, message: Outgoing) -> bytes:
    """The mail as it goes over the wire; nobody answers it, no machine either (RFC 3834 section 5)."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = server.sender, to, message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.mail}@{server.sender.rpartition('@')[2].rstrip('>')}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.calendar is not None:
        mail.add_attachment(
            message.calendar.content,
            maintype="text",
            subtype="calendar",
            filename=CALENDAR_NAME,
            params={"method": message.calendar.method, "charset": "utf-8"},
        )
    return mail.as_bytes()


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
