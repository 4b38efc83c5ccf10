"""Sentences for the events of the log itself, of keys and stops, and of erasures. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import SHOWN_OF_ID, Sentence, joined, say
from consent_service.audit.events import (
    EntriesReleased,
    ErasureApproved,
    ErasureAsked,
    ErasureDropped,
    ErasureEvent,
    ErasureExecuted,
    KeyCreated,
    KeyDestroyed,
    LogEvent,
    LogExported,
    LogHeadAccepted,
    LogHeadLearned,
    LogKeyRotated,
    LogPinned,
    LogPruned,
    LogReopened,
    LogVerified,
    LogViewed,
    StopReplayed,
    WitnessDismissed,
)
from consent_service.foundation.i18n import N_, NN_


def describe_log(event: LogEvent) -> Sentence:
    """What was done with the log, a key or a stop, in one sentence."""
    match event:
        case LogViewed(results=results):
            return say(N_("Logboek bekeken; getoonde regels: {count}."), count=results)
        case LogVerified(size=size, problems=problems):
            msgid = N_("Logboek gecontroleerd. Regels: {count}; problemen: {problems}.")
            return say(msgid, count=size, problems=problems)
        case LogPinned(size=size):
            told = NN_(
                "Stand van het logboek bewaard: {count} regel.",
                "Stand van het logboek bewaard: {count} regels.",
            )
            return say(told, count=size)
        case LogExported(kind=kind, entries=entries, recipient=recipient):
            exported = NN_(
                "Uit het logboek meegegeven als {kind}: {count} regel.",
                "Uit het logboek meegegeven als {kind}: {count} regels.",
            )
            return say(exported, kind=f"bundle-{recipient}" if recipient else kind, count=entries)
        case LogReopened(reason=reason, previous_size=size):
            begun = NN_(
                "Nieuw logboek begonnen. Reden: {reason}. Laatst bekende stand: {count} regel.",
                "Nieuw logboek begonnen. Reden: {reason}. Laatst bekende stand: {count} regels.",
            )
            return say(begun, reason=reason, count=size)
        case LogKeyRotated(number=number, reason=reason):
            msgid = N_("Sleutel {number} tekent voortaan het logboek. Reden: {reason}.")
            return say(msgid, number=number, reason=reason)
        case LogHeadLearned(size=size):
            learned = NN_(
                "Elders bewaarde stand van het logboek ingelezen: {count} regel.",
                "Elders bewaarde stand van het logboek ingelezen: {count} regels.",
            )
            return say(learned, count=size)
        case _:
            return _describe_rest(event)


def _describe_rest(
    event: LogHeadAccepted
    | WitnessDismissed
    | LogPruned
    | EntriesReleased
    | KeyCreated
    | KeyDestroyed
    | StopReplayed,
) -> Sentence:
    match event:
        case LogHeadAccepted(size=size):
            accepted = NN_(
                "Stand van het logboek als bekend aangenomen, omdat heads.jsonl weg is: {count} regel.",
                "Stand van het logboek als bekend aangenomen, omdat heads.jsonl weg is: {count} regels.",
            )
            return say(accepted, count=size)
        case WitnessDismissed(witness=witness):
            return say(N_("Wat getuige {witness} zegt, telt niet langer mee."), witness=witness)
        case LogPruned(minimum=minimum):
            return say(N_("Regels voor nr. {number} worden niet langer bewaard."), number=minimum + 1)
        case EntriesReleased(entries=entries):
            msgid = N_("Regels die alleen de functionaris kon vinden zijn vrijgegeven: {count}.")
            return say(msgid, count=len(entries))
        case KeyCreated(kind=kind):
            return say(N_("Sleutel gemaakt voor {kind}."), kind=kind)
        case KeyDestroyed(kind=kind):
            return say(N_("Sleutel vernietigd van {kind}."), kind=kind)
        case StopReplayed(kind=kind):
            return say(N_("Eerder gemelde stop alsnog verwerkt: {kind}."), kind=kind)
        case _:
            assert_never(event)


def describe_erasure(event: ErasureEvent) -> Sentence:
    """What was done about somebody's right to be forgotten, in one sentence."""
    match event:
        case ErasureAsked(scope=scope, ground=ground):
            msgid = N_("Wissen gevraagd van {scope}. Grond: {ground}.")
            return say(msgid, scope=scope, ground=ground)
        case ErasureApproved():
            return say(N_("Wissen goedgekeurd."))
        case ErasureDropped(reason=reason):
            return say(N_("Wissen gaat niet door. Reden: {reason}."), reason=reason)
        case ErasureExecuted(scope=scope, persons=persons, details=details, approvers=approvers):
            msgid = N_(
                "Gewist: {scope}; personen: {persons}, regels zonder inhoud: {details}. "
                "Besloten door: {approvers}."
            )
            named = joined(one[-SHOWN_OF_ID:] for one in approvers)
            return say(msgid, scope=scope, persons=persons, details=details, approvers=named)
        case _:
            assert_never(event)
