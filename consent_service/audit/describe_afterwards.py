"""Sentences for what comes afterwards: asking back, the end of guidance, figures. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import (
    AfterwardsEvent,
    EndMoved,
    EndPlanned,
    ErasureNoticeAnswered,
    ErasureNotified,
    FiguresPublished,
    RecallAsked,
)
from consent_service.foundation.i18n import N_


def describe_afterwards(event: AfterwardsEvent) -> Sentence:
    """What was asked back, ended or counted, in one sentence."""
    match event:
        case RecallAsked(information_type=kind, records=count):
            msgid = N_("De school gevraagd om te verwijderen wat zij kreeg: {information_type}, {count}.")
            return say(msgid, information_type=kind, count=count)
        case ErasureNotified(information_type=kind):
            msgid = N_("De school verteld dat er iets gewist is: {information_type}.")
            return say(msgid, information_type=kind)
        case ErasureNoticeAnswered(answer=answer):
            return say(N_("De school antwoordde op het bericht over wissen: {answer}."), answer=answer)
        case EndPlanned(waits=True):
            return say(N_("Een einde gepland, dat wacht tot een ander met gezag gehoord is."))
        case EndPlanned(ends_on=day):
            return say(
                N_("Het einde van de samenwerking met de school gepland op {day}."), day=day.isoformat()
            )
        case EndMoved(state=state):
            return say(N_("Een gepland einde staat nu op: {state}."), state=state)
        case FiguresPublished(period=period):
            return say(N_("De cijfers van {period} vastgesteld."), period=period)
        case _:
            assert_never(event)
