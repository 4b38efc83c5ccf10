"""Sentences for documents that show that the law is kept. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, say
from consent_service.audit.events import AccountabilityEvent, DocumentTaken, ReportFixed
from consent_service.foundation.i18n import N_


def describe_accountability(event: AccountabilityEvent) -> Sentence:
    """What was taken along or fixed, in one sentence."""
    match event:
        case DocumentTaken(document=document, form=form, year=0):
            return say(N_("Document meegenomen: {document} ({form})."), document=document, form=form)
        case DocumentTaken(document=document, form=form, year=year):
            msgid = N_("Document meegenomen: {document} van {year} ({form}).")
            return say(msgid, document=document, form=form, year=str(year))
        case ReportFixed(year=year):
            return say(N_("De aantallen van het jaar {year} vastgesteld."), year=str(year))
        case _:
            assert_never(event)
