"""A period of figures in words: its code stays in addresses and files."""

from __future__ import annotations

from consent_service.foundation.i18n import N_, translator


def in_words(period: str, language: str) -> str:
    """`Kwartaal 3 van 2026` for `2026-Q3`, `Helft 1 van 2026` for `2026-H1`; a year is its own word."""
    year, _, part = period.partition("-")
    if not part:
        return year
    sentence = N_("Kwartaal {number} van {year}") if part.startswith("Q") else N_("Helft {number} van {year}")
    return translator(language).text(sentence, number=part[1:], year=year)
