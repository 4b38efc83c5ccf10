"""A real mail server on this machine, and what it took."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from consent_service.foundation.notifier import MailServer

SENDER = "noreply@ruggensteun.example"


class Postbox:
    """Keeps what a mail server took; a mail to `full@` is refused."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if envelope.rcpt_tos[0].startswith("full@"):
            return "552 mailbox full"
        self.envelopes.append(envelope)
        return "250 taken"

    def newest(self) -> tuple[Envelope, Message]:
        envelope = self.envelopes[-1]
        content = envelope.content
        assert isinstance(content, bytes)
        return envelope, message_from_bytes(content)

    def digits(self) -> str:
        """What the newest message says."""
        payload = self.newest()[1].get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload.decode().strip()


@contextmanager
def mail_server(postbox: Postbox) -> Iterator[MailServer]:
    """A server that puts everything into `postbox`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield MailServer("127.0.0.1", port, SENDER, "sms.example")
    finally:
        controller.stop()
