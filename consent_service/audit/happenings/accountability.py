"""Events of showing that the law is kept: documents that were taken out, and the report of a year."""

from __future__ import annotations

from consent_service.audit.happenings.happening import Code, Happening


class DocumentTaken(Happening, frozen=True, tag="accountability.taken.v1"):
    """Somebody took a document along, in which form; `year` of a yearly report."""

    document: Code
    form: Code
    year: int = 0
    coordinator: Code = ""


class ReportFixed(Happening, frozen=True, tag="accountability.report_fixed.v1"):
    """The numbers of a year were counted and fixed: how many are shown, how many withheld as too small."""

    year: int
    shown: int
    withheld: int


AccountabilityEvent = DocumentTaken | ReportFixed
