"""Short messages out of the service: six digits to an address somebody called safe, and nothing else.

No name of the service, no link, no word about anybody: whoever reads along learns nothing. Who gets a
message and when is decided elsewhere; text messages go through a provider that takes them as e-mail.
"""

from __future__ import annotations

import ipaddress
from email.message import EmailMessage
from typing import Final, Literal, Protocol

import aiosmtplib
import msgspec
import structlog

from consent_service.foundation.errors import UnavailableError

MessageKind = Literal["mail", "sms"]
SUBJECT: Final = "Code"
_TIMEOUT: Final = 10.0
_log = structlog.get_logger()


class MessagesUnavailableError(UnavailableError):
    """The message could not be handed over; asking for a new one is the way out."""

    code = "messages_unavailable"


class Notifier(Protocol):
    """Sends one-time codes."""

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
    def offers(self) -> tuple[MessageKind, ...]:
        if self._server is None:
            return ()
        return ("mail", "sms") if self._server.sms_gateway else ("mail",)

    async def send_code(self, kind: MessageKind, address: str, code: str) -> None:
        if self._server is None or kind not in self.offers:
            raise MessagesUnavailableError("this installation sends no messages of that kind")
        to = address if kind == "mail" else f"{address.removeprefix('+')}@{self._server.sms_gateway}"
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


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
