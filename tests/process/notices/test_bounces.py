"""Mails that come back later: found by our own name of them, never by an address."""

from __future__ import annotations

import pytest

from consent_service.process.notices.bounces import LARGEST, NoticeBounces, read_bounce
from tests.process.notices.mailing import BO, addressed, all_notices, mailing, queue, send, states
from tests.scenarios.stories import trail
from tests.shelter import World

NAME = "0192b1de-0000-7000-8000-0123456789ab"


def a_report(mail: str, *, action: str = "failed", status: str = "5.1.1", headers: bool = True) -> bytes:
    """A delivery status notification as RFC 3464 has it."""
    kind = "text/rfc822-headers" if headers else "message/rfc822"
    return (
        "From: MAILER-DAEMON@mail.example\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mail.example\r\nOriginal-Envelope-Id: {mail}\r\n\r\n"
        f"Final-Recipient: rfc822; bo@opvang.example\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"\r\n--b\r\nContent-Type: {kind}\r\n\r\n"
        f"From: noreply@ruggensteun.example\r\nMessage-ID: <{mail}@ruggensteun.example>\r\n\r\n"
        "--b--\r\n"
    ).encode()


@pytest.mark.parametrize("headers", [True, False])
def test_a_report_names_the_mail_and_the_status(headers: bool) -> None:
    found = read_bounce(a_report(NAME, headers=headers))
    assert found is not None
    assert (found.mails, found.status) == (frozenset({NAME}), "5.1.1")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\x00 not a mail",
        b"Subject: Hoi\r\n\r\nIk ben er niet.",
        a_report(NAME, action="delayed", status="4.4.1"),
        a_report(NAME, action="failed", status="4.2.2"),
        a_report(NAME, action="failed", status="?"),
        a_report("nobody-knows-this"),
        a_report(NAME).replace(b"multipart/report", b"multipart/mixed"),
        a_report(NAME) + b" " * LARGEST,
    ],
    ids=["empty", "binary", "person", "delayed", "soft", "odd", "strange", "mixed", "endless"],
)
def test_what_is_no_final_report_of_ours_marks_nothing(raw: bytes) -> None:
    assert read_bounce(raw) is None


async def test_what_came_back_marks_the_address_once_and_the_log_holds_none(world: World) -> None:
    with mailing(world) as (world, _):
        await addressed(world, world.counsellor.staff, BO)
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        assert await send(world) == 1
        (one,) = await all_notices(world)
        report = read_bounce(a_report(one.mail or ""))
        assert report is not None
        bounces: NoticeBounces = world.services.notice_bounces
        assert await bounces.take(world.tenant, report) == 1
        assert await bounces.take(world.tenant, report) == 0
        strange = read_bounce(a_report(NAME))
        assert strange is not None
        assert await bounces.take(world.tenant, strange) == 0
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        assert await send(world) == 0
    assert await states(world) == ["bounced", "inbox_only"]
    assert len(await trail(world, "notice.bounced.v1")) == 1
