"""Mails that come back later: a delivery status notification marks the address, and nothing of it is kept.

Recognised by our own name of the mail (its Message-ID, or the envelope id where the server kept it), never by
an address: RFC 3464 sections 2.2.1 and 2.3, RFC 6522. Reading a mailbox is the mail server's own affair; it
pipes each message into `consent-service notices bounce`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from typing import Final

import msgspec

from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId
from consent_service.process.notices.addresses import mark_bounced
from consent_service.process.notices.entries import NoticeLog
from consent_service.process.notices.rows import ended, move
from consent_service.process.notices.sending import bounced
from consent_service.process.notices.tables import notices

LARGEST: Final = 1024 * 1024
"""Bytes; a longer message is no notification of ours."""
_NAME = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")


class Bounce(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a mail came back for good: our names of it that the notification holds, and the status code."""

    mails: frozenset[str]
    status: str


def read_bounce(raw: bytes) -> Bounce | None:
    """What a delivery status notification says; None: it is none, or the mail may still arrive."""
    if len(raw) > LARGEST:
        return None
    message = BytesParser().parsebytes(raw)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    statuses = [one for part in message.walk() for one in _statuses(part)]
    if not statuses or not all(one.startswith("5") for one in statuses):
        return None
    names = frozenset(name for part in message.walk() for name in _names(part))
    return Bounce(names, statuses[0]) if names else None


class NoticeBounces:
    """Takes mails that came back."""

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._entries = NoticeLog(log)

    async def take(self, tenant: TenantId, bounce: Bounce) -> int:
        """Mark the address of each mail that came back, if it is this shelter's; how many messages it held.

        Raises:
            UnavailableError: the database, the log or the keys are away: give it again.
        """
        now = self._clock.now()
        async with self._database.transaction() as conn:
            mine = notices.c.mail.in_(sorted(bounce.mails))
            back = [
                one
                for state in ("sent", "uncertain")
                for one in await move(conn, tenant, "bounce", state, mine, **ended("bounced", now))
            ]
            for one in back:
                if one.address is not None and await mark_bounced(
                    conn, tenant, one.address, bounce.status, now
                ):
                    await self._entries.about(conn, one, bounced(one, bounce.status))
        return len(back)


def _statuses(part: Message) -> Iterator[str]:
    """The status of each recipient, of the machine-readable part only."""
    if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
        return
    for fields in part.get_payload():
        if isinstance(fields, Message):
            action = str(fields.get("Action", "")).strip().lower()
            status = _STATUS.search(str(fields.get("Status", "")))
            if action == "failed" and status is not None:
                yield status.group()
            elif action:
                yield "4"


def _names(part: Message) -> Iterator[str]:
    """Our own names of mails: in the headers that came back, or as envelope id."""
    kind = part.get_content_type()
    if kind == "text/rfc822-headers":
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield from _ours(str(BytesParser().parsebytes(payload, headersonly=True).get("Message-ID", "")))
    elif kind == "message/delivery-status" and part.is_multipart():
        for fields in part.get_payload():
            if isinstance(fields, Message):
                yield from _ours(str(fields.get("Original-Envelope-Id", "")))
    elif kind == "message/rfc822" and part.is_multipart():
        inner = part.get_payload(0)
        if isinstance(inner, Message):
            yield from _ours(str(inner.get("Message-ID", "")))


def _ours(text: str) -> Iterator[str]:
    yield from _NAME.findall(text.lower())
