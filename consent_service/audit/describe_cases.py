"""Sentences for requests about one's own data. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import CaseEvent, CaseMoved, CaseOpened
from consent_service.foundation.i18n import N_


def describe_case(event: CaseEvent) -> Sentence:
    """What was asked, or done about it, in one sentence."""
    match event:
        case CaseOpened(kind=kind, due_on=day):
            msgid = N_("Verzoek over eigen gegevens: {kind}. Antwoord uiterlijk {day}.")
            return say(msgid, kind=kind, day=day.isoformat())
        case CaseMoved(act=act, code=""):
            return say(N_("Verzoek over eigen gegevens: {act}."), act=act)
        case CaseMoved(act=act, code=code):
            return say(N_("Verzoek over eigen gegevens: {act} ({code})."), act=act, code=code)
        case _:
            assert_never(event)
