"""The view of `/stijl`: every component in its states, to look at before it is used."""

from __future__ import annotations

from typing import ClassVar

from consent_service.foundation.errors import Problem
from consent_service.web.components import Option
from consent_service.web.forms import EMPTY, FormState, Posted
from consent_service.web.pages import View
from consent_service.web.rendering import PICTOGRAMS


class StylePage(View, frozen=True):
    """Every component in its states."""

    template: ClassVar[str] = "style/style.html"
    pictograms: tuple[str, ...]
    options: tuple[Option, ...]
    wrong: FormState
    filled: FormState
    empty: FormState = EMPTY


def style_page(language: str) -> StylePage:
    """The page with invented values, in `language`."""
    posted = Posted({"wrong_text": ("Sam",), "wrong_day-day": ("31",), "wrong_day-month": ("2",)})
    problems = (
        Problem("wrong_text", "form.missing"),
        Problem("wrong_day", "form.no_date"),
        Problem("wrong_choice", "form.choose"),
    )
    return StylePage(
        pictograms=PICTOGRAMS,
        options=(Option("a", "Eerste"), Option("b", "Tweede"), Option("c", "Derde")),
        wrong=FormState.of(posted, problems, language=language),
        filled=FormState({"full_text": ("Sam de Vries",), "full_choice": ("b",)}),
    )
