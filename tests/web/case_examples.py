"""Example views of requests about one's own data, and of the desk they stand on."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from consent_service.foundation.i18n import translator
from consent_service.web.cases import views as cases
from consent_service.web.cases.words import CASE_TABLES, REFUSALS
from consent_service.web.components import Option
from consent_service.web.pages import View
from tests.web.desk_examples import desk_examples
from tests.web.family_examples import wrong

_AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
_LINE = cases.CaseLine(
    href="/toezicht/t/verzoeken/1",
    kind="access",
    article="AVG 15",
    state="identified",
    standing="by_hand",
    channel="letter",
    received_on=date(2026, 11, 1),
    due_on=date(2026, 12, 1),
    left=10,
    is_open=True,
    number="9EDEC8",
)
_LATE = replace(
    _LINE, number="0A31F7", kind="erasure", article="AVG 17", state="received", left=-2, standing="unknown"
)
_DONE = replace(_LINE, kind="objection", article="AVG 21", state="done", is_open=False, channel="page")


def case_examples(language: str) -> dict[str, View]:
    """Each page full, empty and after a mistake; and the desk."""
    said = translator(language)
    own = _own(said.text(REFUSALS["law"]), language)
    passed = cases.PassOnPage(
        action="/opvang/t/gezinnen/g/eigen-gegevens",
        back_href="/gezin",
        step_token="x",
        people=(Option("1", "Samira Haile"), Option("2", "Noor Haile")),
        about=(Option("oneself", said.text(CASE_TABLES["case_about"]["oneself"])), Option("2", "Noor Haile")),
        lines=(_LINE, _DONE),
    )
    new = cases.NewCasePage("/toezicht/t/verzoek", "/toezicht/t/verzoeken", "x")
    nobody = wrong(language, {"case_requester": "choose_requester"})
    mistakes = {"case_kind": "choose_request", "asker": "required"}
    one = _one(said.text(REFUSALS["law"]), language)
    return {
        **desk_examples(),
        "officer-cases": cases.CasesPage((_LATE, _LINE, _DONE), "/toezicht/t/verzoek"),
        "officer-cases-none": cases.CasesPage(()),
        "officer-case-new": new,
        "officer-case-new-wrong": replace(new, form=wrong(language, mistakes)),
        "officer-case": one,
        "officer-case-wrong": replace(one, form=wrong(language, {"ground": "choose_ground_of_refusal"})),
        "parent-rights": own,
        "parent-rights-young": replace(own, young="alone", about=(), lines=()),
        "shelter-own-data": passed,
        "shelter-own-data-wrong": replace(passed, form=nobody),
    }


def _one(sentence: str, language: str) -> cases.CasePage:
    said, here = translator(language), "/toezicht/t/verzoeken/1"
    return cases.CasePage(
        back_href="/toezicht/t/verzoeken",
        line=_LINE,
        reference="AB12CD",
        capacity="guardian",
        words="Graag alles over de eerste maand.",
        standing_now="by_hand",
        identity="document",
        identified_at=_AT,
        extended="complex",
        opinion="disagree",
        outcome="refuse",
        ground="law",
        ground_article="AVG 17(3)(b)",
        decided_at=_AT,
        answer_from=date(2026, 11, 15),
        ended_at=_AT,
        delivered="letter",
        weigh=True,
        sentence=sentence,
        grounds=(Option("law", said.text(CASE_TABLES["case_ground"]["law"])),),
        identify_action=here,
        extend_action=here,
        advise_action=here,
        decide_action=here,
        finish_action=here,
        withdraw_action=here,
        carry_href=f"{here}/dossier",
        letter_href=f"{here}/brief",
    )


def _own(sentence: str, language: str) -> cases.OwnRightsPage:
    said, days = translator(language), (_LINE.received_on, _LINE.due_on)
    return cases.OwnRightsPage(
        back_href="/mijn-pagina/keuzes",
        action="/mijn-pagina/rechten",
        withdraw_action="/mijn-pagina/rechten/intrekken",
        step_token="x",
        kinds=tuple(Option(key, said.text(words)) for key, words in CASE_TABLES["case_kind"].items()),
        about=tuple(Option(key, said.text(words)) for key, words in CASE_TABLES["case_about"].items()),
        lines=(
            cases.OwnCaseLine("access", "identified", *days, answered=False, sentence="", value="1"),
            cases.OwnCaseLine("erasure", "done", *days, answered=True, sentence=sentence, value=""),
        ),
        young="",
    )
