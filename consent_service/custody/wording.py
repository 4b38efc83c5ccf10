"""What a person is told of a destruction: one Dutch sentence for each of its three stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from consent_service.audit.describing import Sentence
from consent_service.custody.model import DestructionReport
from consent_service.foundation.clock import local_date
from consent_service.foundation.i18n import N_


def sentences(report: DestructionReport, write: Callable[[date], str]) -> tuple[Sentence, ...]:
    """One sentence for each of the three stages; `write` puts a day in the reader's words."""
    return tuple(_sentences(report, write))


def _sentences(report: DestructionReport, write: Callable[[date], str]) -> Iterator[Sentence]:
    live = write(local_date(report.live_dead_at))
    yield Sentence(N_("Sinds {day} kan niemand dit hier nog lezen."), {"day": live})
    if report.path_dead_at is not None:
        msgid = N_("Sinds {day} is het ook in een oude kopie van de gegevens niet meer te lezen.")
        yield Sentence(msgid, {"day": write(local_date(report.path_dead_at))})
    elif report.path_expected_on is None:
        msgid = N_("In een oude kopie van de gegevens is het nog te lezen; tot wanneer is niet bekend.")
        yield Sentence(msgid, {})
    else:
        msgid = N_("In een oude kopie van de gegevens is het nog te lezen, tot uiterlijk {day}.")
        if report.overdue:
            msgid = N_(
                "In een oude kopie van de gegevens is het nog te lezen. Dat moest op {day} voorbij zijn."
            )
        yield Sentence(msgid, {"day": write(report.path_expected_on)})
    if report.backups_dead_at is not None:
        msgid = N_("Sinds {day} is ook de laatste kopie van de sleutel weg. Niemand kan dit ooit nog lezen.")
        yield Sentence(msgid, {"day": write(local_date(report.backups_dead_at))})
    elif report.backups_until is not None:
        msgid = N_("De laatste kopie van de sleutel wordt gewist op {day}.")
        yield Sentence(msgid, {"day": write(report.backups_until)})
    else:
        yield Sentence(N_("Daarna worden ook de kopieën van de sleutel gewist."))
