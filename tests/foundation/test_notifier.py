"""Messages over a real mail server: six digits, a neutral subject, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from consent_service.foundation.notifier import (
    MailNotifier,
    MailServer,
    MessagesUnavailableError,
    _is_this_machine,
)
from tests.postbox import SENDER, Postbox, mail_server


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def server(postbox: Postbox) -> Iterator[MailServer]:
    with mail_server(postbox) as running:
        yield running


async def test_a_mail_holds_six_digits_and_not_a_word_more(server: MailServer, postbox: Postbox) -> None:
    await MailNotifier(server).send_code("mail", "samira@example.org", "204618")
    envelope, message = postbox.newest()
    assert envelope.rcpt_tos == ["samira@example.org"]
    assert (message["Subject"], message["From"]) == ("Code", SENDER)
    assert postbox.digits() == "204618"
    said = message.as_string().lower()
    for word in ("http", "ruggensteun.example/", "school", "opvang", "kind", "mijn-pagina"):
        assert word not in said.replace(SENDER, "")


async def test_a_text_message_goes_through_the_gateway_as_a_number(
    server: MailServer, postbox: Postbox
) -> None:
    await MailNotifier(server).send_code("sms", "+31612345678", "204618")
    envelope, _ = postbox.newest()
    assert envelope.rcpt_tos == ["31612345678@sms.example"]


def test_only_what_can_be_sent_is_offered(server: MailServer) -> None:
    without = MailServer(server.host, server.port, SENDER)
    assert MailNotifier(None).offers == ()
    assert MailNotifier(without).offers == ("mail",)
    assert MailNotifier(server).offers == ("mail", "sms")


async def test_what_is_not_offered_is_not_sent(server: MailServer, postbox: Postbox) -> None:
    without = MailServer(server.host, server.port, SENDER)
    for notifier in (MailNotifier(None), MailNotifier(without)):
        with pytest.raises(MessagesUnavailableError):
            await notifier.send_code("sms", "+31612345678", "204618")
    assert postbox.envelopes == []


async def test_a_server_that_is_away_or_says_no_is_told_without_an_address(server: MailServer) -> None:
    nowhere = MailServer("127.0.0.1", 9, SENDER)
    for unreachable, to in ((nowhere, "samira@example.org"), (server, "full@example.org")):
        with pytest.raises(MessagesUnavailableError) as failure:
            await MailNotifier(unreachable).send_code("mail", to, "204618")
        assert to not in str(failure.value)
        assert "204618" not in str(failure.value)


async def test_elsewhere_than_on_this_machine_nothing_goes_unencrypted(
    server: MailServer, postbox: Postbox
) -> None:
    by_another_name = MailServer("localhost.", server.port, SENDER)
    with pytest.raises(MessagesUnavailableError):
        await MailNotifier(by_another_name).send_code("mail", "samira@example.org", "204618")
    assert postbox.envelopes == []


@pytest.mark.parametrize(
    "host,here",
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("m.nl", False)],
)
def test_this_machine_is_known(host: str, here: bool) -> None:
    assert _is_this_machine(host) == here
