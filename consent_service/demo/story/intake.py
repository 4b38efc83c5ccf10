"""First part of the story: the family comes in, and the parent decides."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from consent_service.demo.shelter import LINDE
from consent_service.demo.story.outcome import DifferentError, Outcome, expect, told
from consent_service.demo.story.stage import CHILD, FAMILY_NAME, PARENT, PIN, Stage, must_say
from consent_service.foundation.i18n import N_

ANSWERS: Final = {
    "Hulp voor uw gezin": "yes",
    "Wie belt wie": "no",
    "Wat helpt uw kind": "yes",
    "Niet op school": "yes",
    "Afspraken driegesprek": "later",
}
"""What the parent of the story says, by the label of the question."""
_CODE: Final = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b")
_MOST_QUESTIONS: Final = 40


async def counsellor_logs_in(stage: Stage) -> Outcome:
    page = await stage.tablet.log_in_as("Bo Begeleider")
    must_say(page, "Mijn gezinnen", "Bo Begeleider")
    return told(N_("Bo Begeleider is binnen en ziet de eigen gezinnen."))


async def family_is_registered(stage: Stage) -> Outcome:
    await stage.tablet.follow("Gezin inschrijven")
    page = await stage.tablet.press(
        "Inschrijven",
        {
            "guardian-0-given_names": PARENT,
            "guardian-0-family_name": FAMILY_NAME,
            "guardian-0-capacity": "holder",
            "guardian-0-authority_source": "register",
            "guardian-0-seen_on": stage.today,
            "child-0-given_names": CHILD,
            "child-0-family_name": FAMILY_NAME,
            "child-0-birth_date": stage.child_born,
        },
    )
    found = re.search(r"/opvang/[0-9a-f-]{36}/gezinnen/[0-9a-f-]{36}", page.address)
    expect(found is not None, "/opvang/.../gezinnen/...", page.summary())
    stage.family_page = found[0] if found else ""
    return told(N_("{parent} en {child} zijn ingeschreven."), parent=PARENT, child=CHILD)


async def safety_comes_first(stage: Stage) -> Outcome:
    await stage.open_family()
    await stage.tablet.follow("Veiligheid bespreken")
    await stage.tablet.press(
        "Opslaan",
        {
            "safety": "danger",
            "secret_address": "yes",
            "other_parent_at_school": "yes",
            "review_on": stage.today + timedelta(days=60),
        },
    )
    must_say(await stage.open_family(), "Gevaar", "Geheim adres")
    return told(N_("Gevaar en een geheim adres staan vast, voordat er een school gekozen is."))


async def school_is_confirmed(stage: Stage) -> Outcome:
    await stage.open_family()
    await stage.tablet.follow("School kiezen")
    await stage.tablet.press("Zoeken", {"school": LINDE.establishment_code})
    page = await stage.tablet.follow(LINDE.name)
    form, _ = page.form_with("Ja, dit is de school")
    await stage.tablet.press(
        "Ja, dit is de school",
        {
            "confirmed": ("code", "street", "phone"),
            "contacts": (form.value_of("contacts", "Ida Intern"),),
            "despite_other_parent": "yes",
        },
    )
    must_say(await stage.open_family(), LINDE.name, "Ida Intern")
    return told(
        N_("{school} is nagekeken op code, straat en telefoon; Ida Intern is contactpersoon."),
        school=LINDE.name,
    )


async def tablet_is_handed_over(stage: Stage) -> Outcome:
    await stage.open_family()
    page = await stage.tablet.follow("Tablet aan de ouder geven")
    if any("pin_again" in form.controls for form in page.forms):
        page = await stage.tablet.press("Opslaan", {"pin": PIN, "pin_again": PIN})
    form, _ = page.form_with("Tablet geven")
    page = await stage.tablet.press(
        "Tablet geven",
        {"guardian": form.value_of("guardian", PARENT), "language": "nl", "interpreter": "none"},
    )
    must_say(page, "Wat mag de school weten?", "U mag nee zeggen.")
    closed = await stage.tablet.open(stage.family_page)
    must_say(closed, "Tablet terugnemen")
    await stage.tablet.open("/intake")
    return told(N_("De tablet is bij de ouder; de pagina's van de begeleider zijn dicht."))


async def parent_answers(stage: Stage) -> Outcome:
    page = await stage.tablet.press("Beginnen")
    must_say(page, "Mag u nee zeggen?")
    for _ in range(3):
        page = await stage.tablet.press("understood=right")
    given: dict[str, str] = {}
    while any(form.button("answer=yes") for form in page.forms):
        expect(len(given) < _MOST_QUESTIONS, "the questions end", page.summary())
        label = next((label for label in ANSWERS if f"{label} " in f"{page.words} "), "")
        expect(bool(label) and label not in given, "one known question per page", page.summary())
        given[label] = ANSWERS[label]
        page = await stage.tablet.press(f"answer={ANSWERS[label]}")
    expect(given == ANSWERS, ", ".join(ANSWERS), ", ".join(given))
    must_say(page, "Klopt dit?", "Met deze antwoorden is nog niets gedeeld.")
    return told(
        N_("{count} vragen, een per pagina: {yes} keer ja, {no} keer nee, {later} keer later."),
        count=len(given),
        yes=list(given.values()).count("yes"),
        no=list(given.values()).count("no"),
        later=list(given.values()).count("later"),
    )


async def parent_signs(stage: Stage) -> Outcome:
    await stage.tablet.follow("Ja, dit klopt")
    page = await stage.tablet.press("Ondertekenen", {"signature": f"{PARENT} {FAMILY_NAME}"})
    found = _CODE.search(page.words)
    if found is None:
        raise DifferentError("a withdrawal code", page.summary())
    stage.code = found[0]
    must_say(page, "Uw keuzes")
    return told(N_("Ondertekend; op de ontvangst staat de code {code}."), code=stage.code)


async def tablet_is_taken_back(stage: Stage) -> Outcome:
    await stage.tablet.follow("Klaar")
    await stage.tablet.follow("Ik ben de begeleider")
    wrong = await stage.tablet.press("Terugnemen", {"pin": "000001"}, status=400)
    must_say(wrong, "Tablet terugnemen")
    await stage.tablet.press("Terugnemen", {"pin": PIN})
    must_say(await stage.open_family(), "Bo Begeleider")
    return told(N_("Een verkeerde pincode geeft niets; met de goede is de tablet weer van Bo."))
