"""Sentences for the events of those who supervise. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import (
    PersonSought,
    QuestionAsked,
    ReviewEvent,
    SampleDrawn,
    SampleJudged,
)
from consent_service.foundation.i18n import N_


def describe_review(event: ReviewEvent) -> Sentence:
    """What was asked of the log or judged in it, in one sentence."""
    match event:
        case QuestionAsked(question=question, results=results, case=""):
            msgid = N_("Vraag aan het logboek: {question}. Gevonden: {count}.")
            return say(msgid, question=question, count=results)
        case QuestionAsked(question=question, results=results, case=case):
            msgid = N_("Vraag aan het logboek voor zaak {case}: {question}. Gevonden: {count}.")
            return say(msgid, case=case, question=question, count=results)
        case PersonSought(case=case, purpose=purpose, results=results):
            msgid = N_("Kind opgezocht voor zaak {case}. Doel: {purpose}. Gevonden: {count}.")
            return say(msgid, case=case, purpose=purpose, count=results)
        case SampleDrawn(week=week, entries=entries):
            msgid = N_("Steekproef getrokken uit de week van {week}. Regels: {count}.")
            return say(msgid, week=week.isoformat(), count=len(entries))
        case SampleJudged(verdict=verdict, finding=""):
            return say(N_("Regel uit de steekproef beoordeeld: {verdict}."), verdict=verdict)
        case SampleJudged(verdict=verdict, finding=finding):
            msgid = N_("Regel uit de steekproef beoordeeld: {verdict}. Wat er was: {finding}.")
            return say(msgid, verdict=verdict, finding=finding)
        case _:
            assert_never(event)
