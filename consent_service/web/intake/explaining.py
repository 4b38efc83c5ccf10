"""Three questions with pictures before the first one: did we explain it well?

A wrong answer explains again and goes on; nothing is scored, nothing is kept, and it can be left out.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from consent_service.foundation.i18n import N_
from consent_service.web.components import Part
from consent_service.web.pages import View


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question with two answers and what is explained again; all message ids."""

    icon: str
    question: str
    answers: tuple[tuple[str, str, str], ...]
    """Code, icon and words; `right` is the right one."""
    explained: str


PARENT: Final = (
    Check(
        "hand",
        N_("Mag u nee zeggen?"),
        (
            ("right", "check", N_("Ja, altijd")),
            ("wrong", "house-gone", N_("Nee, dan verlies ik mijn hulp")),
        ),
        N_("U mag nee zeggen. U houdt uw plek en uw hulp."),
    ),
    Check(
        "eye",
        N_("Wat ziet de school?"),
        (
            ("wrong", "papers", N_("Alles wat de opvang weet")),
            ("right", "paper", N_("Alleen waar ik ja op zeg")),
        ),
        N_("De school ziet alleen waar u ja op zegt. Al het andere blijft bij ons."),
    ),
    Check(
        "stop",
        N_("Kunt u later stoppen?"),
        (
            ("right", "check", N_("Ja, altijd")),
            ("wrong", "lock", N_("Nee, ja blijft altijd ja")),
        ),
        N_("U kunt een ja altijd stoppen. Dat kan hier, met uw code of via ons."),
    ),
)
CHILD: Final = (
    msgspec.structs.replace(
        PARENT[0],
        question=N_("Mag je nee zeggen?"),
        explained=N_("Je mag nee zeggen. Je houdt je plek en je hulp."),
    ),
    msgspec.structs.replace(
        PARENT[1], explained=N_("De school ziet alleen waar jij ja op zegt. Al het andere blijft bij ons.")
    ),
    msgspec.structs.replace(
        PARENT[2],
        question=N_("Kun je later stoppen?"),
        explained=N_("Je kunt een ja altijd stoppen. Dat kan hier, met je code of via ons."),
    ),
)
COUNT: Final = len(PARENT)


class ExplainChoice(Part, frozen=True):
    """One answer with its picture."""

    code: str
    icon: str
    words: str


class ExplainPage(View, frozen=True):
    """One question with pictures; after a wrong answer the explanation stands in the place of the answers."""

    template: ClassVar[str] = "intake/explain.html"
    action: str
    number: int
    total: int
    icon: str
    question: str
    choices: tuple[ExplainChoice, ...]
    skip_href: str
    onward_href: str = ""
    explained: str = ""
    was_right: bool = False


class ChildExplainPage(ExplainPage, frozen=True):
    """The same in the je-form."""

    template: ClassVar[str] = "child/explain.html"
