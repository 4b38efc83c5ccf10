"""Sentences for retention: what went, what is held, and who stands behind the periods. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import (
    RecordExpired,
    RetentionEvent,
    RetentionHeld,
    RetentionRan,
    RetentionScheduled,
)
from consent_service.foundation.i18n import N_


def describe_retention(event: RetentionEvent) -> Sentence:
    """What was let go or held, in one sentence."""
    match event:
        case RecordExpired(information_type=kind):
            return say(
                N_("Informatie vernietigd omdat de termijn voorbij was: {information_type}."),
                information_type=kind,
            )
        case RetentionRan(records=records, families=families, rows=rows):
            msgid = N_("Opgeruimd: {records} keer informatie, {families} gezinnen, {rows} andere gegevens.")
            return say(msgid, records=records, families=families, rows=rows)
        case RetentionHeld(act="placed", review_on=day):
            return say(N_("Bewaren vastgezet; opnieuw bekijken op {day}."), day=day.isoformat())
        case RetentionHeld():
            return say(N_("Bewaren weer losgelaten."))
        case RetentionScheduled(act="proposed"):
            return say(N_("Bewaartermijnen voorgelegd aan een andere privacycoördinator."))
        case RetentionScheduled():
            return say(N_("Bewaartermijnen goedgekeurd."))
        case _:
            assert_never(event)
