"""Examples of the child's pages: its own words, the same shapes as its parents'."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from consent_service.web.child import views as child
from consent_service.web.components import Option
from consent_service.web.intake import views as intake
from consent_service.web.pages import View
from tests.web.explain_examples import explain_examples
from tests.web.family_examples import AT, intake_examples, wrong

Page = TypeVar("Page", bound=View)
SEE = "Je ouders kiezen zelf ook. Soms zien zij dat jij nee zei."
POINTS = (
    intake.TalkingPoint("shelter_involvement", "Hulp voor uw gezin", "Nooit: uw adres."),
    intake.TalkingPoint("support_advice", "Wat helpt uw kind", "Nooit: een ziekte of een oorzaak."),
)
FACES = (
    child.FaceQuestion(
        "face-support_advice",
        "support_advice",
        "Wat jou helpt",
        "Mogen de school en wij delen wat jou helpt?",
    ),
    child.FaceQuestion(
        "face-school_absence",
        "school_absence",
        "Niet op school",
        "Mag de school ons vertellen wanneer jij er niet bent?",
    ),
)
LANGUAGES = (Option("nl", "Nederlands"), Option("en", "English"))


def child_examples(language: str) -> dict[str, View]:
    """Every page of a child, and its counsellor's."""
    parents = intake_examples(language)
    opinion = child.OpinionPage(
        "/kind/nl/none",
        "stap",
        "Noor",
        "Nee mag altijd. Niemand wordt boos.",
        "Je begeleider ziet wat jij kiest. Soms zien je ouders dat jij nee zei.",
        "Wat wil je dat de juf of meester weet?",
        "Je begeleider leest dit.",
        FACES,
        draft_text=True,
    )
    voice = child.VoicePage(
        "Noor Haile", 13, "together", True, True, True, "/tablet", "/oordeel", "/", LANGUAGES
    )
    return {
        **explain_examples(language),
        "intake-talking-points": intake.TalkingPointsPage(POINTS, "/klaar"),
        "intake-child-welcome": _as(
            child.ChildWelcomePage, parents["intake-welcome"], say_no="Nee mag altijd. Niemand wordt boos."
        ),
        "intake-child-question": _as(child.ChildQuestionPage, parents["intake-question"]),
        "intake-child-question-first": _as(child.ChildQuestionPage, parents["intake-question-first"]),
        "intake-child-check": _as(child.ChildCheckPage, parents["intake-check"]),
        "intake-child-sign": _as(child.ChildSignPage, parents["intake-sign-wrong"]),
        "intake-child-receipt": _as(child.ChildReceiptPage, parents["intake-receipt"]),
        "intake-child-talking-points": child.ChildTalkingPointsPage(POINTS, "/klaar"),
        "intake-child-done": child.ChildDonePage("/terug"),
        "intake-child-done-told": child.ChildDonePage("/terug", stopped=True, told_self=True),
        "intake-child-opinion": opinion,
        "shelter-voice": voice,
        "shelter-voice-heard": _as(
            child.VoicePage,
            voice,
            voice="heard",
            competent=False,
            heard_at=AT,
            heard=(child.HeardLine("support_advice", "Wat helpt uw kind", "no"),),
            words="Ik mis mijn konijn.",
            decides_from=date(2026, 9, 1),
        ),
        "shelter-voice-wrong": _as(
            child.VoicePage, voice, form=wrong(language, {"interpreter_fit": "interpreter_confirm"})
        ),
    }


def _as(page: type[Page], view: View, **changes: object) -> Page:
    """The same, as a child's page."""
    own = {name: getattr(view, name) for name in view.__struct_fields__}
    if "parents_see" in page.__struct_fields__:
        own["parents_see"] = SEE
    return page(**(own | changes))
