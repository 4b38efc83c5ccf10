"""Sentences for the events of what leaves: permits of the exit door and messages. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import (
    ExitPermitted,
    ExitRefused,
    NoticeAddressEntered,
    NoticeBounced,
    NoticeEvent,
    NoticeNotSent,
    NoticeQueued,
    NoticeSent,
    NoticeUncertain,
)
from consent_service.foundation.i18n import N_


def describe_notices(event: NoticeEvent) -> Sentence:
    """What left, or did not, in one sentence."""
    match event:
        case ExitPermitted(exit=way):
            return say(N_("Iets mocht de dienst verlaten, als {way}."), way=way)
        case ExitRefused(exit=way, code=code):
            return say(N_("Niets mocht de dienst verlaten, als {way}. Reden: {code}."), way=way, code=code)
        case NoticeQueued(kind=kind):
            return say(N_("Bericht klaargezet: {kind}."), kind=kind)
        case NoticeSent(kind=kind):
            return say(N_("Bericht verstuurd: {kind}."), kind=kind)
        case NoticeNotSent(kind=kind, code=code):
            return say(N_("Bericht niet verstuurd: {kind}. Reden: {code}."), kind=kind, code=code)
        case NoticeUncertain(kind=kind):
            return say(
                N_("Onbekend of een bericht is aangekomen: {kind}. Het gaat niet nog eens."), kind=kind
            )
        case NoticeBounced(code=code):
            return say(N_("Adres voor berichten werkt niet. Reden: {code}."), code=code)
        case NoticeAddressEntered(code="removed"):
            return say(N_("Adres voor berichten van een medewerker verwijderd."))
        case NoticeAddressEntered():
            return say(N_("Adres voor berichten van een medewerker ingevoerd."))
        case _:
            assert_never(event)
