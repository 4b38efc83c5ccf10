"""Example views of the conversation: pictures that explain, a drawn signature. Invented people."""

from __future__ import annotations

from typing import Final

import msgspec

from consent_service.foundation.i18n import translator
from consent_service.web.child.views import ChildDonePage, ChildReceiptPage
from consent_service.web.intake import explaining
from consent_service.web.intake.explaining import ChildExplainPage, ExplainChoice, ExplainPage
from consent_service.web.intake.views import DonePage, ReceiptPage
from consent_service.web.pages import View
from tests.web.family_examples import intake_examples

DRAWN: Final = "M80 220 L160 90 L230 310 L300 120 L420 260 L560 180 M640 80 L700 330 L900 140"


def explain_examples(language: str) -> dict[str, View]:
    """One example per view, and the ones that look different."""
    receipt = intake_examples(language)["intake-receipt"]
    assert isinstance(receipt, ReceiptPage)
    drawn = msgspec.structs.replace(receipt, method="drawn", signed_drawing=DRAWN)
    own = {name: getattr(drawn, name) for name in drawn.__struct_fields__}
    return {
        "intake-explain": _question(language, 1),
        "intake-explain-next": _question(language, 2, was_right=True),
        "intake-explain-again": _question(language, 3, explained=True),
        "intake-child-explain": _question(language, 1, child=True),
        "intake-child-explain-again": _question(language, 2, child=True, explained=True),
        "intake-saved": DonePage("/terug", stopped=True, saved=True),
        "intake-child-saved": ChildDonePage("/terug", stopped=True, saved=True),
        "intake-receipt-drawn": drawn,
        "intake-child-receipt-drawn": ChildReceiptPage(**own),
    }


def _question(
    language: str, number: int, *, child: bool = False, explained: bool = False, was_right: bool = False
) -> ExplainPage:
    check = (explaining.CHILD if child else explaining.PARENT)[number - 1]
    said = translator(language)
    return (ChildExplainPage if child else ExplainPage)(
        action="/uitleg",
        number=number,
        total=explaining.COUNT,
        icon=check.icon,
        question=said.text(check.question),
        choices=tuple(ExplainChoice(code, icon, said.text(words)) for code, icon, words in check.answers),
        skip_href="/vraag",
        onward_href="/uitleg/2",
        explained=said.text(check.explained) if explained else "",
        was_right=was_right,
    )
