"""Tests of `consent_service.web.rendering`."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from markupsafe import Markup

from consent_service.foundation.i18n import translator
from consent_service.web.rendering import (
    environment,
    isolated,
    pictogram_address,
    sentence,
    static_address,
)
from consent_service.web.vocabulary import TABLES, tone, word


def _shown(template: str, language: str = "nl", **values: object) -> str:
    return environment(language).from_string(template).render(**values)


def test_a_name_with_markup_in_it_is_shown_as_text_also_inside_a_sentence() -> None:
    nasty = "<script>alert(1)</script>"

    assert "<script>" not in _shown(
        '{{ _("Over {child}, sinds {day}.", child=x | name, day=x) }}{{ x }}', x=nasty
    )


def test_a_name_that_looks_like_a_placeholder_stays_a_name() -> None:
    shown = sentence(translator("nl"), "Over {child}, sinds {day}.", child="{day}", day="{child}")

    assert shown == "Over {day}, sinds {child}."


def test_markup_inside_a_sentence_stays_markup() -> None:
    shown = sentence(translator("nl"), "Welke school heeft {child}?", child=isolated("O'Brien & Zn"))

    assert shown == Markup("Welke school heeft <bdi>O&#39;Brien &amp; Zn</bdi>?")


def test_a_missing_parameter_is_an_error() -> None:
    with pytest.raises(KeyError):
        sentence(translator("nl"), "Welke school heeft {child}?")


def test_days_and_moments_are_written_in_dutch_time_and_in_the_readers_language() -> None:
    just_before_midnight = datetime(2026, 8, 31, 22, 30, tzinfo=UTC)

    assert _shown("{{ x | day }}", x=just_before_midnight) == "1 september 2026"
    assert _shown("{{ x | moment }}", x=just_before_midnight) == "di 1 september 2026, 00:30"
    until = "{{ x | moment_until(y) }}"
    assert _shown(until, x=just_before_midnight, y=None) == "di 1 september 2026, 00:30"
    later = datetime(2026, 9, 1, 21, 59, tzinfo=UTC)
    assert _shown(until, x=just_before_midnight, y=later) == "di 1 september 2026, 00:30 - 23:59"
    next_day = datetime(2026, 9, 1, 22, 0, tzinfo=UTC)
    both = "di 1 september 2026, 00:30 - wo 2 september 2026, 00:00"
    assert _shown(until, x=just_before_midnight, y=next_day) == both
    assert _shown("{{ x | day }}", "en", x=date(2026, 9, 1)) == "1 September 2026"
    assert _shown("{{ x | short_day }}", x=date(2026, 9, 1)) == "01-09-2026"


def test_an_unknown_code_has_no_word() -> None:
    with pytest.raises(KeyError):
        word("safety", "probably_fine")


def test_every_code_of_every_table_has_a_word_and_a_tone() -> None:
    assert all(word(table, code) and tone(code) for table, codes in TABLES.items() for code in codes)


def test_a_no_is_as_calm_as_any_other_answer() -> None:
    assert tone("no") == tone("withdrawn") == tone("objected") == "calm"


def test_an_address_of_a_static_file_changes_with_its_content() -> None:
    assert static_address("app.css").startswith("/static/app.css?v=")
    assert static_address("app.css") != static_address("app.js").replace("app.js", "app.css")
    with pytest.raises(FileNotFoundError):
        static_address("missing.css")


def test_a_type_without_a_pictogram_gets_the_general_one() -> None:
    assert pictogram_address("support_advice").endswith("#support_advice")
    assert pictogram_address("a_new_type").endswith("#information")
