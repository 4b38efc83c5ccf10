"""Example views of files of one's own data, and of the letter of a refusal."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from consent_service.foundation.i18n import SUPPORTED, language_name, translator
from consent_service.foundation.ids import TenantId
from consent_service.organisations.model import Tenant
from consent_service.rights.access.words import GROUNDS, PARTS
from consent_service.rights.cases.letters import refusal
from consent_service.web.access import views as access
from consent_service.web.access.showing import STAYS
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.pages import View
from tests.rights.cases.examples import A_CASE
from tests.web.family_examples import AT, wrong

TENANT = Tenant(TenantId("t"), "Opvang Zuid", "Hulporganisatie", "0800-5550000")
LONG = "Een vaste plek bij het raam helpt. " * 6
TEXTS = (
    access.TextLine("text-0", "Wat helpt uw kind", "Wat helpt", LONG, names=False),
    access.TextLine("text-1", "Driegesprekken", "afspraak", "Daniel haalt Noor op vrijdag op.", names=True),
)
PAGE: dict[str, Any] = {
    "back_href": "/terug",
    "article": "AVG 15",
    "state": "none",
    "granted": True,
    "done": False,
    "weigh": False,
    "lost": False,
    "stale": False,
    "by_hand": False,
    "made_at": None,
    "delivered_at": None,
}


def access_examples(language: str) -> dict[str, View]:
    """Before it is made, while texts are looked through, ready, lost, and what is taken at home."""
    said = translator(language)
    counts = tuple(
        access.CountLine(said.text(PARTS[name]), count)
        for name, count in (("people", 2), ("records", 3), ("looks", 14))
    )
    made = PAGE | {
        "made_at": AT,
        "counts": counts,
        "choices": (
            Option("keep", said.text(STAYS)),
            *(Option(code, said.text(words)) for code, words in GROUNDS.items()),
        ),
        "languages": tuple(Option(code, language_name(code)) for code in SUPPORTED),
    }
    draft = access.FilePage(
        **made | {"state": "draft"}, texts=TEXTS, look_action="/nakijken", make_action="/maken"
    )
    chosen = FormState({"text-0": ("keep",)})
    ready = made | {"state": "ready", "print_action": "/papier", "make_action": "/maken"}
    case = msgspec.structs.replace(A_CASE, outcome="refuse", ground="rights_of_others")
    letters = tuple(refusal(case, TENANT, each) for each in SUPPORTED)
    shown = tuple(access.RefusalText(one.language, one.title, one.paragraphs) for one in letters)
    file = access.OwnFileLine("case", portability=False, made_at=AT, until=None)
    again = access.OwnFileLine("other", portability=True, made_at=AT, until=AT)
    return {
        "officer-file-none": access.FilePage(**PAGE, make_action="/maken"),
        "officer-file-undecided": access.FilePage(**PAGE | {"granted": False}),
        "officer-file-weigh": access.FilePage(
            **PAGE | {"weigh": True}, make_action="/maken", form=wrong(language, {"weighed": "access_weigh"})
        ),
        "officer-file-draft": msgspec.structs.replace(draft, form=chosen),
        "officer-file-draft-wrong": msgspec.structs.replace(
            draft, form=wrong(language, {"text-1": "access_choose_text"})
        ),
        "officer-file-no-texts": msgspec.structs.replace(draft, texts=()),
        "officer-file-ready": access.FilePage(**ready),
        "officer-file-by-hand": access.FilePage(**ready | {"by_hand": True, "weigh": True}),
        "officer-file-given": access.FilePage(
            **ready | {"done": True, "granted": False, "delivered_at": AT, "make_action": ""}
        ),
        "officer-file-stale": access.FilePage(**ready | {"stale": True, "print_action": ""}),
        "officer-file-lost": access.FilePage(**PAGE | {"lost": True}, reopen_action="/opnieuw"),
        "officer-letter": access.RefusalPage("/", shown, None, neutral=False),
        "officer-letter-neutral": access.RefusalPage("/", shown, None, neutral=True),
        "officer-letter-early": access.RefusalPage("/", (), date(2026, 12, 7), neutral=True),
        "parent-page-files": access.OwnFilesPage("/", "/", (file, again)),
        "parent-page-files-none": access.OwnFilesPage("/", "/", ()),
        "parent-page-files-young": access.OwnFilesPage("/", "/", (file,), young="alone"),
    }
