"""The text for the report form of Veilig Thuis: what leaves, and only with a permit (S45)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError
from consent_service.process.emergencies.model import LEGAL_STEPS, WrittenStep
from consent_service.release.exits import ExitPermit

HEADINGS: Final[Mapping[str, str]] = {
    "map_signals": "1. Signalen",
    "consult": "2. Overleg met een collega en met Veilig Thuis",
    "talk": "3. Gesprek met ouders en kind",
    "weigh": "4. Weging met het afwegingskader",
    "decide_report": "5a. Melden: het besluit",
    "decide_help": "5b. Hulp: het besluit",
}
"""In the order and words of the report form, which is Dutch; no names: the form asks for those."""


def report_file(permit: ExitPermit, steps: Sequence[WrittenStep]) -> bytes:
    """The legal steps as text (UTF-8), oldest first; `permit` says in the log that it leaves.

    Raises:
        ConflictError: the permit is for another way out.
    """
    if permit.kind != "print":
        raise ConflictError("a permit for another exit")
    return "\n".join(_lines(steps)).encode()


def _lines(steps: Sequence[WrittenStep]) -> Iterator[str]:
    yield "Voor het meldformulier van Veilig Thuis\n"
    for step in steps:
        if step.act in LEGAL_STEPS:
            yield f"{HEADINGS[step.act]} ({local_date(step.at):%d-%m-%Y})"
            yield f"{step.text.what}\nReden: {step.text.why}\n"
