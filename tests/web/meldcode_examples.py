"""Example views of the meldcode and of statutory requests, with invented people only."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from consent_service.web.components import Option
from consent_service.web.meldcode import views
from consent_service.web.pages import View
from tests.web.family_examples import wrong

AT = datetime(2026, 9, 3, 12, tzinfo=UTC)
AGAIN = date(2026, 9, 24)
CHILDREN = (Option("c1", "Noor Haile"), Option("c2", "Samuel Haile"))
WROTE = "Anouk Jansen"
STEPS = (
    views.StepLine(
        "map_signals",
        "",
        "Noor schrikt van harde stemmen.\nZij wil niet alleen naar huis.",
        "Drie keer in twee weken gezien.",
        AT,
        WROTE,
    ),
    views.StepLine(
        "consult",
        "anonymous",
        "Collega en Veilig Thuis: praat eerst met moeder.",
        "Past bij wat wij zien.",
        AT,
        WROTE,
    ),
    views.StepLine("postpone", "", "Vader leest mee.", "Vader leest mee op haar telefoon.", AT, WROTE),
    views.StepLine(
        "talk", "not_held", "Alleen met Noor gepraat.", "Met vader praten is niet veilig.", AT, WROTE
    ),
)


def meldcode_examples(language: str) -> dict[str, View]:
    """Each page, empty, full and after a mistake."""
    return {**_walks(language), **_requests(language), **_own()}


def _walks(language: str) -> dict[str, View]:
    lines = (
        views.MeldcodeLine("/m/1", "Noor Haile", "mapped", AT, AGAIN),
        views.MeldcodeLine("/m/2", "Samuel Haile", "closed", AT, None),
    )
    listed = views.MeldcodesPage("/meldcode", "/", lines, CHILDREN, "stap")
    bad = wrong(
        language,
        {
            "meldcode_child": "form.choose",
            "step_what": "form.missing",
            "openness": "meldcode_openness_unclear",
        },
        step_why="Dit zag ik.",
    )
    walk = views.MeldcodePage(
        base="/meldcode/1",
        back_href="/meldcode",
        child="Noor Haile",
        state="talked",
        steps=STEPS,
        act="weigh",
        has_choice=False,
        to_come=("decide_report", "decide_help"),
        postponed_until=AGAIN,
        recipient="veilig_thuis",
        may_export=False,
        may_close=False,
    )
    passed = wrong(language, {"step_what": "meldcode_not_now", "open_again_on": "review_not_later"})
    return {
        "shelter-meldcodes": listed,
        "shelter-meldcodes-wrong": replace(listed, walks=(), form=bad),
        "shelter-meldcode-weigh": walk,
        "shelter-meldcode-consult": replace(
            walk, state="mapped", steps=STEPS[:1], act="consult", has_choice=True, form=passed
        ),
        "shelter-meldcode-decided": replace(
            walk, state="decided", act="", to_come=(), postponed_until=None, may_export=True, may_close=True
        ),
    }


def _requests(language: str) -> dict[str, View]:
    lines = (views.RequestLine("/v/1", "Noor Haile", "raad", "received", AT),)
    listed = views.RequestsPage("/verzoeken", "/", lines, CHILDREN, "stap")
    one = views.RequestPage(
        action="/verzoeken/1/antwoord",
        back_href="/verzoeken",
        child="Noor Haile",
        asker="gi",
        ground="jw_7_3_11_4",
        state="received",
        received_at=AT,
        received_by=WROTE,
        asked_by="M. de Wit, gezinsvoogd",
        asked="Hoe gaat het met Noor op school en thuis?",
        letter="OTS-2026-118",
        answers=(),
        acts=("give", "refuse", "ask_back"),
    )
    asked_back = (views.AnswerLine("ask_back", "Welke periode?", "De vraag is te breed."),)
    bad = wrong(
        language, {"request_act": "form.choose", "answer_why": "form.missing"}, answer_what="Het gaat goed."
    )
    wrong_ground = wrong(language, {"ground": "ground_of_another"}, asker="police", ground="bw_1_240")
    return {
        "shelter-requests": listed,
        "shelter-requests-wrong": replace(listed, requests=(), form=wrong_ground),
        "shelter-request": one,
        "shelter-request-wrong": replace(one, form=bad),
        "shelter-request-asked-back": replace(
            one, state="asked_back", answers=asked_back, acts=("answer_back",), letter=""
        ),
        "shelter-request-given": replace(
            one,
            state="given",
            acts=(),
            answers=(*asked_back, views.AnswerLine("give", "Het gaat goed.", "Nodig.")),
        ),
    }


def _own() -> dict[str, View]:
    shown = tuple(replace(one, by="") for one in STEPS if one.act != "postpone")
    return {
        "parent-page-meldcode": views.OwnMeldcodePage(
            "/", young=False, walks=(views.OwnWalkLine("Noor Haile", shown),)
        ),
        "parent-page-meldcode-none": views.OwnMeldcodePage("/", young=False, walks=()),
        "parent-page-meldcode-young": views.OwnMeldcodePage(
            "/", young=True, walks=(views.OwnWalkLine("Yara Haile", shown[:1]),)
        ),
    }
