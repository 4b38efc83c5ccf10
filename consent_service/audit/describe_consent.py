"""Sentences for the events of consent: answers, and what comes of them. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, joined, say
from consent_service.audit.events import (
    CompetenceJudged,
    ConsentEvent,
    ConsentGiven,
    ConsentInvalidated,
    ConsentLater,
    ConsentObjected,
    ConsentObjectionLifted,
    ConsentOpinion,
    ConsentReevaluated,
    ConsentRefused,
    ConsentResumed,
    ConsentSuspended,
    ConsentWithdrawn,
    IntakeFinished,
    IntakeStarted,
    PatternSeen,
    ReceiptPrinted,
    ReminderDue,
    TextResumed,
    TextSuspended,
    WrongInformationReported,
)
from consent_service.foundation.i18n import N_

_Answer = (
    ConsentGiven
    | ConsentRefused
    | ConsentLater
    | ConsentWithdrawn
    | ConsentObjected
    | ConsentObjectionLifted
    | ConsentOpinion
    | ConsentInvalidated
    | ConsentSuspended
    | ConsentResumed
)


def describe_consent(event: ConsentEvent) -> Sentence:
    """What was answered, or came of an answer, in one sentence."""
    if isinstance(event, _Answer):
        return _answer(event)
    match event:
        case IntakeStarted():
            return say(N_("Gesprek over toestemming begonnen."))
        case IntakeFinished(yes=yes, no=no, later=later):
            msgid = N_("Gesprek over toestemming afgerond: {yes} keer ja, {no} keer nee, {later} keer later.")
            return say(msgid, yes=yes, no=no, later=later)
        case ConsentReevaluated(cause=cause, before=before, after=after):
            msgid = N_("Opnieuw bekeken wat de school mag zien ({cause}). Eerst: {before}. Nu: {after}.")
            return say(msgid, cause=cause, before=joined(before), after=joined(after))
        case TextSuspended(text_version=version, consents=count):
            msgid = N_("Tekst {version} is fout bevonden; gepauzeerde antwoorden: {count}.")
            return say(msgid, version=version, count=count)
        case TextResumed(text_version=version, consents=count):
            msgid = N_("Tekst {version} is toch goed; antwoorden die weer tellen: {count}.")
            return say(msgid, version=version, count=count)
        case CompetenceJudged(competent=True):
            return say(N_("Beoordeeld: het kind kan dit zelf afwegen."))
        case CompetenceJudged(reason=reason):
            msgid = N_("Beoordeeld: het kind kan dit nog niet zelf afwegen. Reden: {reason}.")
            return say(msgid, reason=reason)
        case ReminderDue(kind=kind):
            return say(N_("Herinnering: {kind}."), kind=kind)
        case ReceiptPrinted(kind=kind):
            return say(N_("Bewijs van de keuzes gemaakt: {kind}."), kind=kind)
        case WrongInformationReported(information_type=kind):
            return say(N_("Gemeld dat iets niet klopt: {information_type}."), information_type=kind)
        case PatternSeen(kind=kind, count=count):
            return say(N_("Opvallend patroon: {kind}; aantal: {count}."), kind=kind, count=count)
        case _:
            assert_never(event)


def _answer(event: _Answer) -> Sentence:
    match event:
        case ConsentGiven(information_type=kind):
            return say(N_("Ja gezegd tegen delen van {information_type}."), information_type=kind)
        case ConsentRefused(information_type=kind):
            return say(N_("Nee gezegd tegen delen van {information_type}."), information_type=kind)
        case ConsentLater(information_type=kind):
            return say(N_("Nog niet gekozen over delen van {information_type}."), information_type=kind)
        case ConsentWithdrawn(information_type=kind):
            return say(N_("Toestemming voor {information_type} ingetrokken."), information_type=kind)
        case ConsentObjected(information_type=kind):
            return say(N_("Bezwaar gemaakt tegen delen van {information_type}."), information_type=kind)
        case ConsentObjectionLifted(information_type=kind):
            msgid = N_("Bezwaar tegen delen van {information_type} opgeheven.")
            return say(msgid, information_type=kind)
        case ConsentOpinion(information_type=kind, opinion=opinion):
            msgid = N_("Mening van het kind over {information_type} vastgelegd: {opinion}.")
            return say(msgid, information_type=kind, opinion=opinion)
        case ConsentInvalidated(information_type=kind, reason=reason):
            msgid = N_("Antwoord over {information_type} ongeldig verklaard. Reden: {reason}.")
            return say(msgid, information_type=kind, reason=reason)
        case ConsentSuspended(information_type=kind):
            msgid = N_("Antwoord over {information_type} gepauzeerd: de tekst was fout.")
            return say(msgid, information_type=kind)
        case ConsentResumed(information_type=kind):
            msgid = N_("Antwoord over {information_type} telt weer: de tekst was goed.")
            return say(msgid, information_type=kind)
        case _:
            assert_never(event)
