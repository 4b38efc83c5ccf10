"""Example views of the pages on which a counsellor passes answers on, and of the page on patterns."""

from __future__ import annotations

from datetime import date

from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.officer import patterns_views as patterns
from consent_service.web.pages import View
from consent_service.web.shelter import answers_views as answers
from tests.web.family_examples import wrong

_DAY = date(2026, 9, 1)
_HIDDEN = (answers.HiddenField("person", "1"), answers.HiddenField("method", "paper"))


def _question(number: int, *, no_word: bool = False) -> answers.PassedOnQuestion:
    return answers.PassedOnQuestion(
        field=f"answer-{number}-support_advice",
        type_key="support_advice",
        label="Wat helpt uw kind",
        question="Mogen de school en wij delen wat uw kind helpt?",
        explanation="Wij schrijven op wat uw kind rust geeft.",
        who_sees="De contactpersoon en de leerkracht.",
        until="Tot het einde van het schooljaar.",
        never="Nooit uw adres.",
        version_field=f"text-{number}-support_advice",
        version="consent.support_advice@1",
        no_word=no_word,
    )


def answers_examples(language: str) -> dict[str, View]:
    """Each page, empty and after a mistake."""
    people = (Option("1", "Selam Haile"), Option("2", "Noor Haile (kind)"))
    languages = (Option("nl", "Nederlands"), Option("en", "English"))
    start = answers.AnswersStartPage(
        action="/antwoorden", back_href="/gezin", tablet_href="/tablet", people=people, languages=languages
    )
    children = (
        answers.PassedOnChild(
            "Noor Haile", "De Linde", (_question(1), _question(2, no_word=True)), (_question(3),)
        ),
    )
    questions = answers.AnswersQuestionsPage(
        action="/controle",
        back_href="/antwoorden",
        person="Selam Haile",
        method="oral",
        said_on=_DAY,
        language="nl",
        direction="ltr",
        hidden=_HIDDEN,
        children=children,
        fixed_line="U mag nee zeggen. U houdt uw plek en uw hulp.",
        draft_text=True,
    )
    line = answers.PassedOnAnswer(
        "support_advice",
        "Wat helpt uw kind",
        "Mogen de school en wij delen wat uw kind helpt?",
        "yes",
        "consent.support_advice@1",
    )
    return {
        "officer-patterns": patterns.PatternsPage(
            since=_DAY,
            patterns=(
                patterns.PatternLine("almost_all_yes", "team-noord", 118, 120),
                patterns.PatternLine("too_fast", "", 4, 60),
            ),
            minimum=20,
            smallest_team=3,
        ),
        "officer-patterns-none": patterns.PatternsPage(since=_DAY, patterns=(), minimum=20, smallest_team=3),
        "shelter-answers": start,
        "shelter-answers-known": answers.AnswersStartPage(
            action="/antwoorden",
            back_href="/gezin",
            tablet_href="/tablet",
            people=people,
            languages=languages,
            to_confirm=(answers.ToConfirmLine("Selam Haile", "Noor Haile", "Wat helpt uw kind", _DAY),),
            earlier=(
                answers.EarlierLine("Selam Haile", "paper", _DAY, "Anouk Jansen", _DAY, 4, "family_file"),
                answers.EarlierLine(
                    "Selam Haile",
                    "oral",
                    _DAY,
                    "Anouk Jansen",
                    _DAY,
                    1,
                    reason="urgent",
                    note="Aan de telefoon.",
                ),
            ),
            form=wrong(language, {"person": "form.choose"}),
        ),
        "shelter-answers-questions": questions,
        "shelter-answers-check": answers.AnswersCheckPage(
            action="/vastleggen",
            change_action="/antwoorden",
            back_href="/gezin",
            step_token="stap",
            person="Selam Haile",
            method="paper",
            said_on=_DAY,
            language="nl",
            direction="ltr",
            hidden=_HIDDEN,
            children=(answers.PassedOnAnswers("Noor Haile", "De Linde", (line,)),),
            form=FormState(),
        ),
    }
