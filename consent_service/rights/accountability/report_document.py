"""The report of a year as a document and as a file for a spreadsheet. Numbers only. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Final

from consent_service.process.evaluation.model import LEAST
from consent_service.rights.accountability.document import Document, Grid, Open, Said, section
from consent_service.rights.accountability.reports import FixedReport, MeasureFigures

WITHHELD: Final = f"<{LEAST}"
_TOO_SMALL: Final = "te klein"
MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "read_by": ("Gelezen", "AVG 5(2)"),
    "refused_because": ("Niet vrijgegeven, naar reden", "AVG 25"),
    "answers": ("Antwoorden van ouders en jongeren", "AVG 7, 21"),
    "break_glass_review": ("Noodgevallen, naar oordeel", "AVG 6(1)(d)"),
    "recall_answers": ("Teruggevraagd aan scholen", "AVG 17(2), 19"),
    "erasure_ends": ("Gevraagd om te wissen", "AVG 17"),
    "case_kinds": ("Verzoeken, naar soort", "AVG 15 tot en met 21"),
    "case_outcomes": ("Verzoeken, naar besluit", "AVG 12(4)"),
    "case_in_time": ("Verzoeken, op tijd", "AVG 12(3)"),
    "breach_kinds": ("Datalekken, naar soort", "AVG 33(5)"),
    "breach_reports": ("Datalekken, gemeld bij de toezichthouder", "AVG 33(1)"),
    "sample_verdicts": ("Steekproef van het logboek", "AVG 24, 39(1)(b)"),
    "sample_findings": ("Steekproef, wat niet in orde was", "AVG 24, 39(1)(b)"),
    "log": ("Het logboek", "AVG 5(2), 32"),
}
"""What is counted, and the article it answers to."""
CATEGORIES: Final[Mapping[str, str]] = {
    "school": "door een school",
    "shelter": "door de opvang",
    "guardian": "door een ouder of jongere",
    "no_yes": "geen geldig ja",
    "said_no": "nee of bezwaar",
    "safety": "veiligheid",
    "authority": "gezag niet vastgesteld",
    "second_person": "tweede persoon ontbrak",
    "reader": "de rol mocht het niet",
    "ended": "afspraak of begeleiding voorbij",
    "other": "anders",
    "yes": "ja",
    "no": "nee",
    "later": "later",
    "withdrawn": "ingetrokken",
    "objected": "bezwaar",
    "lifted": "bezwaar weg",
    "justified": "was nodig",
    "not_justified": "was niet nodig",
    "not_reviewed": "nog niet beoordeeld",
    "in_time": "op tijd",
    "late": "te laat",
    "open": "nog open",
    "executed": "gewist",
    "dropped": "niet gewist",
    "access": "inzage (AVG 15)",
    "portability": "meenemen (AVG 20)",
    "rectification": "verbeteren (AVG 16)",
    "restriction": "beperken (AVG 18)",
    "objection": "bezwaar (AVG 21)",
    "erasure": "wissen (AVG 17)",
    "grant": "toegewezen",
    "grant_in_part": "deels toegewezen",
    "refuse": "afgewezen",
    "wrong_recipient": "gegevens kwamen bij de verkeerde",
    "lost_or_stolen_device": "apparaat kwijt of gestolen",
    "account_misused": "account misbruikt",
    "leaked_backup": "reservekopie gelekt",
    "wrong_person_saw": "iemand zag wat niet voor die persoon was",
    "not_reported": "niet gemeld",
    "in_order": "in orde",
    "wrong": "niet in orde",
    "asked": "nog een vraag over",
    "not_judged": "nog niet bekeken",
    "no_reason": "geen reden te zien",
    "too_much": "meer dan nodig",
    "wrong_person": "verkeerde kind of lezer",
    "wrong_purpose": "ander doel dan er staat",
    "too_late": "te laat",
    "not_recorded": "niet vastgelegd wat erbij hoort",
    "other_rule": "andere regel niet gevolgd",
    "entries": "regels",
    "verified": "nagerekend, in orde",
    "verified_bad": "nagerekend, niet in orde",
    "pinned": "standen bewaard door wie toezicht houdt",
    "reopened": "opnieuw begonnen na herstel",
    "taken": "bestanden meegenomen",
}


def report_document(report: FixedReport, shelter: str) -> Document:
    """The report of a year, with room for what numbers do not tell."""
    return Document(
        name=f"jaarverslag-{report.year}",
        title=f"Jaarverslag privacy {report.year}",
        about=f"{shelter}. Vastgesteld op {report.fixed_at:%d-%m-%Y}; dat verandert niet meer.",
        made_at=report.fixed_at,
        sections=(
            section(
                "Hoe er geteld is",
                "AVG 5(2), 39(1)(b)",
                Said(
                    f"Een aantal onder {LEAST}, en alles waaruit zo'n aantal volgt, is 'te klein' en staat "
                    "er niet. Datalekken en regels van het logboek zijn geen mensen: die staan er altijd. "
                    "Wat gewist is, telt niet mee. Geteld is wat in dit jaar begon."
                ),
            ),
            *(section(*MEASURES[one.measure], _grid(one)) for one in report.measures),
            section(
                "Toelichting",
                "",
                Open("Wat opviel, wat eraan gedaan is, en wat de FG adviseerde."),
            ),
        ),
    )


def csv_of(report: FixedReport) -> bytes:
    """UTF-8, one line per figure in the order of the page (RFC 4180); codes and numbers only."""
    written = io.StringIO(newline="")
    lines = csv.writer(written)
    lines.writerow(("year", "measure", "category", "count"))
    for one in report.measures:
        for line in one.lines:
            lines.writerow((report.year, one.measure, line.category, _cell(line.value)))
        if not one.of_nobody:
            lines.writerow((report.year, one.measure, "*", _cell(one.whole)))
    return written.getvalue().encode()


def _cell(value: int | None) -> int | str:
    return WITHHELD if value is None else value


def _grid(one: MeasureFigures) -> Grid:
    rows = [(CATEGORIES[line.category], _said(line.value)) for line in one.lines]
    if not one.of_nobody:
        rows.append(("Samen", _said(one.whole)))
    return Grid(("Wat", "Aantal"), tuple(rows))


def _said(value: int | None) -> str:
    return _TOO_SMALL if value is None else str(value)
