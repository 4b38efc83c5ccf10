"""Sentences for what is restricted and put right. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import CarryingEvent, RectificationAsked, RestrictionMoved
from consent_service.foundation.i18n import N_


def describe_carrying(event: CarryingEvent) -> Sentence:
    """What was restricted or is put right, in one sentence."""
    match event:
        case RestrictionMoved(act="set", code=code, information_type=None):
            return say(N_("Gegevens over een kind mogen alleen bewaard worden ({code})."), code=code)
        case RestrictionMoved(act="set", code=code, information_type=kind):
            msgid = N_("{kind} mag alleen bewaard worden ({code}).")
            return say(msgid, kind=str(kind), code=code)
        case RestrictionMoved(act=act):
            return say(N_("Beperking van gegevens over een kind: {act}."), act=act)
        case RectificationAsked(information_type=kind):
            return say(N_("{kind} klopt niet en wordt rechtgezet."), kind=kind)
        case _:
            assert_never(event)
