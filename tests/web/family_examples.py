"""Example views of the parent's pages: the intake on the tablet, stopping, and who looked."""

from __future__ import annotations

from datetime import UTC, date, datetime

from consent_service.foundation.errors import Problem
from consent_service.web.components import PasskeyAsked
from consent_service.web.forms import FormState, Posted
from consent_service.web.intake import views as intake
from consent_service.web.pages import View
from consent_service.web.parent import views as parent
from consent_service.web.receipts import views as receipts
from consent_service.web.receipts.showing import paper_links
from consent_service.web.shared import views as shared

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
ANSWERS = (
    intake.AnswerLine(
        "shelter_involvement",
        "Hulp voor uw gezin",
        "Mag de school weten dat een hulporganisatie uw gezin helpt?",
        "yes",
        "/v/1",
    ),
    intake.AnswerLine(
        "contact_persons",
        "Wie belt wie",
        "Mogen de school en wij weten wie wij kunnen bellen?",
        "yes",
        "/v/2",
    ),
    intake.AnswerLine(
        "support_advice", "Wat helpt uw kind", "Mogen de school en wij delen wat uw kind helpt?", "no", "/v/3"
    ),
    intake.AnswerLine(
        "school_absence",
        "Niet op school",
        "Mag de school ons vertellen wanneer uw kind er niet is?",
        "later",
        "/v/4",
    ),
)
CHILD_ANSWERS = (intake.ChildAnswers("Noor Haile", "Basisschool De Linde", ANSWERS),)
LOOKS = (
    parent.LookedLine(
        AT, "Noor", "Basisschool De Linde", "contact", "support", ("Wat helpt uw kind", "Wie belt wie")
    ),
    parent.LookedLine(AT, "Noor", "Basisschool De Linde", "contact", "safety", (), refused=True),
)


def wrong(language: str, fields: dict[str, str], **values: str) -> FormState:
    """A form that was sent with mistakes in `fields` (field -> problem code)."""
    problems = [Problem(field, code, {"max": "200"}) for field, code in fields.items()]
    return FormState.of(Posted.of(values.items()), problems, language=language)


def intake_examples(language: str) -> dict[str, View]:
    question = intake.QuestionPage(
        action="/antwoord",
        step_token="stap",
        number=3,
        total=5,
        child="Noor Haile",
        type_key="support_advice",
        label="Wat helpt uw kind",
        question="Mogen de school en wij delen wat uw kind helpt?",
        explanation="Bijvoorbeeld: een vaste plek in de klas. Wij zeggen niet waarom.",
        who_sees="De contactpersoon en de leerkracht, en wij.",
        until="Tot het einde van het schooljaar.",
        fixed_line="U mag nee zeggen. U houdt uw plek en uw hulp.",
        never_address="Nooit: uw adres, een ziekte of een oorzaak.",
        school="Basisschool De Linde",
        organisation="Opvang Het Baken",
        who_we_are="Wij zijn de organisatie die uw gezin nu helpt.",
        back_href="/vorige",
        earlier="no",
        not_now_action="/nu-niet",
        save_action="/bewaren",
    )
    sign = "Ik heb de vragen begrepen en zelf gekozen. Ik weet dat ik altijd kan stoppen."
    return {
        "intake-welcome": intake.WelcomePage(
            "/begin", "Selam Haile", "Opvang Het Baken", question.who_we_are, 5, "/nu-niet"
        ),
        "intake-question": question,
        "intake-question-first": intake.QuestionPage(
            action="/antwoord",
            step_token="stap",
            number=1,
            total=5,
            child="Noor Haile",
            type_key="shelter_involvement",
            label="Hulp voor uw gezin",
            question="Mag de school weten dat een hulporganisatie uw gezin helpt?",
            explanation="",
            who_sees="De contactpersoon van de school.",
            until="Tot 1 maand na het einde van onze hulp.",
            fixed_line=question.fixed_line,
            never_address="Nooit: uw adres of waarom u hulp krijgt.",
            school=question.school,
            organisation=question.organisation,
            who_we_are=question.who_we_are,
            draft_text=True,
        ),
        "intake-check": intake.CheckPage(
            "/teken", "Selam Haile", CHILD_ANSWERS, question.fixed_line, "/nu-niet", save_action="/bewaren"
        ),
        "intake-sign": intake.SignPage(
            "/teken", "stap", "Selam Haile", "/check", sign, passkey=PasskeyAsked("{}")
        ),
        "intake-sign-wrong": intake.SignPage(
            "/teken", "stap", "Selam Haile", "/check", sign, wrong(language, {"signature": "form.sign"})
        ),
        "intake-receipt": intake.ReceiptPage(
            "Opvang Het Baken",
            "Selam Haile",
            AT,
            "typed",
            "Selam Haile",
            (
                intake.ChildAnswers(
                    "Noor Haile", "Basisschool De Linde", tuple(_without_link(a) for a in ANSWERS)
                ),
            ),
            "K7QF-2MXD-9TRA",
            "consent.example.nl/stoppen",
            "2026-09 nl",
            "1204 9f2c7f0e4b1a6d33",
            "/code",
            "/klaar",
            paper_links("/bewijs.pdf", ("nl", "en", "ar")),
        ),
        "intake-receipt-neutral": intake.NeutralReceiptPage(
            date(2026, 9, 1), "K7QF-2MXD-9TRA", "/", "/code.pdf"
        ),
        "intake-done": intake.DonePage("/terug"),
        "intake-done-stopped": intake.DonePage("/terug", stopped=True),
        "parent-locked": shared.LockedPage(
            "/vergrendeld",
            parent=True,
            has_pin=True,
            passkeys=(PasskeyAsked("{}", "verder"), PasskeyAsked("{}", "terugnemen")),
        ),
        "shared-second-step": shared.ProofPage(
            "/stap", waits=True, provider="Inloggen opvang", cancel_href=""
        ),
        "shared-second-step-nowhere": shared.ProofPage("/stap", waits=True, provider="", cancel_href="/"),
        "shared-step-up": shared.ProofPage(
            "/stap", waits=False, provider="Inloggen opvang", cancel_href="/", passkey=PasskeyAsked("{}")
        ),
        "shared-locked": shared.LockedPage("/vergrendeld", parent=False, has_pin=True),
        "shared-locked-without-pin": shared.LockedPage("/vergrendeld", parent=False, has_pin=False),
        "intake-take-back": intake.TakeBackPage("/terug", "/verder"),
        "intake-take-back-passkey": intake.TakeBackPage(
            "/terug",
            "/verder",
            wrong(language, {"passkey": "identity.passkey_again"}),
            PasskeyAsked("{}"),
        ),
    }


def _without_link(line: intake.AnswerLine) -> intake.AnswerLine:
    return intake.AnswerLine(line.type_key, line.label, line.question, line.answer)


def receipt_examples() -> dict[str, View]:
    papers = paper_links("/bewijzen/1/keuzes.pdf", ("nl", "en", "ar"))
    line = receipts.ReceiptLine("Selam Haile", AT, papers, "/bewijzen/1/keuzes.json")
    return {
        "shelter-receipts": receipts.ReceiptsPage("/gezin", (line,)),
        "shelter-receipts-none": receipts.ReceiptsPage("/gezin", ()),
    }


def parent_examples(language: str) -> dict[str, View]:
    return {
        "parent-withdraw-code": parent.WithdrawCodePage("/stoppen"),
        "parent-withdraw-code-wrong": parent.WithdrawCodePage(
            "/stoppen", wrong(language, {"code": "form.withdrawal_code"}, code="K7QF")
        ),
        "parent-withdraw-choose": parent.WithdrawChoosePage("/stoppen", "bewijs"),
        "parent-withdraw-choose-away": parent.WithdrawChoosePage("/stoppen", "bewijs", away=True),
        "parent-own-choices": parent.OwnChoicesPage(
            "/keuzes",
            "/wie-keek",
            "/",
            (
                parent.OwnAnswers(
                    "Noor Haile",
                    "Basisschool De Linde",
                    (
                        parent.OwnAnswer("Hulp voor uw gezin", "yes", "t1"),
                        parent.OwnAnswer("Wie belt wie", "yes", "t2"),
                        parent.OwnAnswer("Gezondheid van uw kind", "no"),
                        parent.OwnAnswer("Ophalen", "later"),
                    ),
                ),
            ),
        ),
        "parent-own-choices-none": parent.OwnChoicesPage("/keuzes", "/wie-keek", "/", ()),
        "parent-withdrawn": parent.WithdrawnPage(AT, ("Hulp voor uw gezin", "Wie belt wie"), "/meer"),
        "parent-withdrawn-late": parent.WithdrawnPage(AT, (), late=True),
        "parent-who-looked": parent.WhoLookedPage(LOOKS, "/"),
        "parent-who-looked-nobody": parent.WhoLookedPage(()),
    }
