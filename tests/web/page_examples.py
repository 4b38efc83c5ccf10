"""Example views of the own page, for every test that renders all pages. Invented people only."""

from __future__ import annotations

from datetime import date

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.web.forms import FormState, Posted
from consent_service.web.page import views as own
from consent_service.web.pages import View
from tests.web.inbox_examples import inbox_examples
from tests.web.me_examples import me_examples

_UNTIL = date(2027, 8, 1)
_ADDRESS = "ruggensteun.example/mijn-pagina"


def page_examples(language: str) -> dict[str, View]:
    """One example per view, and the ones that look different."""
    wrong = _wrong(language, ("digits", "page.wrong"))
    waits = _wrong(language, ("digits", "page.wait"), minutes="4")
    many = _wrong(language, ("digits", "page.many_tries"))
    busy = _wrong(language, ("digits", "page.busy"))
    shared = _shared()
    place = own.OwnPlacePart("Noor Voorbeeld", "De Linde", shared, (_refused(), _objected()), (_told(),), ())
    page = own.OwnChoicesNowPage(
        stop_action="/mijn-pagina/stoppen",
        object_action="/mijn-pagina/bezwaar",
        lift_action="/mijn-pagina/bezwaar/weg",
        change_action="/mijn-pagina/vraag",
        wrong_action="/mijn-pagina/klopt-niet",
        wrong_token="x",
        who_looked_href="/mijn-pagina/wie-keek",
        secure_href="/mijn-pagina/pincode",
        leave_action="/mijn-pagina/weg",
        messages_href="/mijn-pagina/berichten",
        unread=2,
        young="",
        places=(place,),
        anything_to_stop=True,
    )
    return {
        **me_examples(language),
        **inbox_examples(language),
        "parent-page-code": own.OwnCodePage("/mijn-pagina", "/intrekken"),
        "parent-page-code-problem": own.OwnCodePage(
            "/mijn-pagina", "/intrekken", _wrong(language, ("code", "form.withdrawal_code"))
        ),
        "parent-page-factor": own.OwnFactorPage("/cijfers", "7K3M", "c", "/mijn-pagina"),
        "parent-page-factor-wrong": own.OwnFactorPage("/cijfers", "7K3M", "c", "/mijn-pagina", True, wrong),
        "parent-page-factor-waits": own.OwnFactorPage("/cijfers", "7K3M", "c", "/mijn-pagina", True, waits),
        "parent-page-factor-many": own.OwnFactorPage("/cijfers", "7K3M", "c", "/mijn-pagina", True, many),
        "parent-page-factor-busy": own.OwnFactorPage("/cijfers", "7K3M", "c", "/mijn-pagina", True, busy),
        "parent-page-own": page,
        "parent-page-own-young": _changed(page, young="alone"),
        "parent-page-own-together": _changed(page, young="together"),
        "parent-page-own-heard": _changed(page, young="heard"),
        "parent-page-own-nothing": _changed(page, places=(), anything_to_stop=False),
        "parent-page-question": _question(),
        "parent-page-question-young": _changed(_question(), young="alone", earlier="", draft_text=False),
        "parent-page-who-looked": _looked(),
        "parent-page-who-looked-none": _changed(_looked(), days=(), young="alone", destroyed=()),
        "parent-page-reported": own.ReportedPage("/mijn-pagina/keuzes", ""),
        "parent-page-choose-factor": own.ChooseFactorPage("/intake/eigen-pagina", "/intake", _ADDRESS, ()),
        "parent-page-choose-factor-all": own.ChooseFactorPage(
            "/intake/eigen-pagina",
            "/intake",
            _ADDRESS,
            ("mail", "sms"),
            chosen="pin",
            code="7K3M-9QXA-B2CD-EF0G",
            form=_wrong(
                language, ("address", "page.mail_form"), ("only_mine", "page.not_only_you"), factor="mail"
            ),
        ),
        "parent-page-new-code": own.NewCodePage(date(2026, 9, 1), "7K3M-9QXA-B2CD-EF0G", "/terug"),
        "shelter-page-access": own.PageAccessPage(
            "/toegang",
            "/gezin",
            "x",
            (
                own.AccessLine("a", "Samira Voorbeeld", False, True, "pin"),
                own.AccessLine("b", "Noor Voorbeeld", True, False, "none"),
            ),
        ),
    }


def _shared() -> tuple[own.OwnLine, ...]:
    return (
        own.OwnLine(
            "support_advice",
            "Wat helpt uw kind",
            "De contactpersoon en de leerkracht.",
            shared=True,
            why="Dit wordt gedeeld. Uw ja geldt tot 1 augustus 2027. Dit kan veranderen als u uw ja intrekt.",
            until=None,
            answer="yes",
            stop="x:support_advice",
            wrong="x:support_advice",
        ),
        own.OwnLine(
            "contact_persons",
            "Wie belt wie",
            "De contactpersoon en de directeur.",
            shared=True,
            why="Dit wordt gedeeld. Dit kan veranderen als u bezwaar maakt.",
            until=None,
            answer="none",
            object="x:contact_persons",
            wrong="x:contact_persons",
        ),
    )


def _refused() -> own.OwnLine:
    return own.OwnLine(
        "wellbeing_at_school",
        "Hoe het gaat op school",
        "Alleen uw begeleider.",
        shared=False,
        why="Dit is niet gedeeld, want u zei nee.",
        until=None,
        answer="no",
        change="x:wellbeing_at_school",
    )


def _objected() -> own.OwnLine:
    return own.OwnLine(
        "pickup",
        "Ophalen",
        "De contactpersoon.",
        shared=False,
        why="Dit is niet gedeeld, want u maakte bezwaar.",
        until=None,
        answer="objected",
        lift="x:pickup",
    )


def _told() -> own.OwnLine:
    return own.OwnLine(
        "school_absence",
        "Niet op school",
        "Alleen uw begeleider.",
        shared=True,
        why="Dit wordt gedeeld. Zo lang uw ja geldt: tot en met 31 juli 2027.",
        until=None,
        answer="yes",
        stop="x:school_absence",
        wrong="x:school_absence",
    )


def _question() -> own.OwnQuestionPage:
    return own.OwnQuestionPage(
        action="/mijn-pagina/vraag/antwoord",
        about="x:pickup",
        step_token="x",
        back_href="/mijn-pagina/keuzes",
        child="Noor Voorbeeld",
        school="De Linde",
        type_key="pickup",
        label="Ophalen",
        question="Mag de school weten wie uw kind mag ophalen?",
        explanation="Dan weet de school wie bij het hek mag staan.",
        who_sees="De contactpersoon.",
        until="Tot het verandert.",
        never_address="Nooit uw adres.",
        fixed_line="U mag nee zeggen. U houdt uw plek en uw hulp.",
        earlier="no",
        organisation="Opvang Zuid",
        who_we_are="Wij helpen uw gezin.",
        draft_text=True,
    )


def _looked() -> own.WhoLookedDaysPage:
    seen = (
        own.LookedType("Wat helpt uw kind", "x:support_advice"),
        own.LookedType("Hulp voor uw gezin", ""),
    )
    days = (
        own.LookedDayPart(
            date(2026, 9, 2), "Noor Voorbeeld", "De Linde", "contact", "support", seen, 3, "pending"
        ),
        own.LookedDayPart(
            date(2026, 9, 1), "Noor Voorbeeld", "Opvang Zuid", "counsellor", "meeting", seen, 1, "proved"
        ),
        own.LookedDayPart(
            date(2026, 9, 1),
            "Noor Voorbeeld",
            "De Linde",
            "contact",
            "safety",
            seen[:1],
            1,
            "proved",
            emergency=True,
        ),
    )
    gone = own.DestroyedPart(
        "Noor Voorbeeld",
        "De Linde",
        (
            "Sinds 1 september 2026 kan niemand dit hier nog lezen.",
            "In een oude kopie van de gegevens is het nog te lezen, tot uiterlijk 2 september 2026.",
            "Daarna worden ook de kopieën van de sleutel gewist.",
        ),
    )
    return own.WhoLookedDaysPage(
        "/mijn-pagina/keuzes", "/klopt-niet", "x", "", days, (gone,), "/mijn-pagina/logboek"
    )


def _wrong(language: str, *problems: tuple[str, str], minutes: str = "", factor: str = "pin") -> FormState:
    params = {"minutes": minutes} if minutes else {}
    return FormState.of(
        Posted({"factor": (factor,)}),
        [Problem(field, code, params) for field, code in problems],
        language=language,
    )


def _changed(view: View, **changed: object) -> View:
    return msgspec.structs.replace(view, **changed)
