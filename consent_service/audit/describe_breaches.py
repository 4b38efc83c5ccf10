"""Sentences for data breaches. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import (
    BreachEvent,
    BreachExamined,
    BreachLetterMoved,
    BreachMoved,
    BreachOpened,
)
from consent_service.foundation.i18n import N_


def describe_breach(event: BreachEvent) -> Sentence:
    """What was found or done about a breach, in one sentence."""
    match event:
        case BreachOpened(kind=kind):
            return say(N_("Datalek in het register gezet: {kind}."), kind=kind)
        case BreachMoved(act=act, code=""):
            return say(N_("Datalek: {act}."), act=act)
        case BreachMoved(act=act, code=code):
            return say(N_("Datalek: {act} ({code})."), act=act, code=code)
        case BreachExamined(question=question, families=families, people=people):
            return say(
                N_("Datalek: wie kon wat zien ({question}). Gezinnen: {families}, mensen: {people}."),
                question=question,
                families=str(families),
                people=str(people),
            )
        case BreachLetterMoved(act=act, code=""):
            return say(N_("Brief over een datalek: {act}."), act=act)
        case BreachLetterMoved(act=act, code=code):
            return say(N_("Brief over een datalek: {act} ({code})."), act=act, code=code)
        case _:
            assert_never(event)
