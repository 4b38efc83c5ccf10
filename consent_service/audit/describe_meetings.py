"""Sentences for the events of three-way meetings. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import (
    MeetingAgreementStepped,
    MeetingEvent,
    MeetingRefused,
    MeetingStepped,
)
from consent_service.foundation.i18n import N_


def describe_meetings(event: MeetingEvent) -> Sentence:
    """What was done with a meeting or an agreement, in one sentence."""
    match event:
        case MeetingStepped(act=act, state=state):
            return say(N_("Driegesprek: {act}. Het is nu {state}."), act=act, state=state)
        case MeetingRefused(code=code):
            return say(N_("Driegesprek niet voorgesteld. Reden: {code}."), code=code)
        case MeetingAgreementStepped(act="agree"):
            return say(N_("Afspraak gemaakt in een driegesprek."))
        case MeetingAgreementStepped(act="finish"):
            return say(N_("Afspraak uit een driegesprek is nagekomen."))
        case MeetingAgreementStepped(reason=reason):
            return say(N_("Afspraak uit een driegesprek is niet nagekomen. Reden: {reason}."), reason=reason)
        case _:
            assert_never(event)
