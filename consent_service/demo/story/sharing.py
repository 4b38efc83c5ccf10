"""Second part of the story: what was allowed goes both ways, what was not goes nowhere, and it stops."""

from __future__ import annotations

from datetime import date

from consent_service.demo.shelter import LINDE, NEUTRAL_NAME, last_school_day
from consent_service.demo.story.outcome import Outcome, expect, told
from consent_service.demo.story.stage import CANARY, CHILD, Stage, must_not_say, must_say, must_show
from consent_service.foundation.i18n import N_

NOT_AVAILABLE = "Niet beschikbaar."
"""The one sentence for every cause in the family: a no, a later, a danger."""
WORK_NUMBER = "0611122233"


async def counsellor_shares(stage: Stage) -> Outcome:
    await stage.open_family()
    await stage.tablet.follow("Hulp voor uw gezin")
    await stage.tablet.press("Delen", {"field-status": "involved", "field-shown_as": "neutral"})
    await stage.open_family()
    page = await stage.tablet.follow("Wat helpt uw kind")
    stage.notes["share"] = page.address
    await stage.tablet.press("Delen", {"field-helps": CANARY, "field-moment": "changes"})
    return told(N_("Twee soorten staan verzegeld klaar voor de school."))


async def address_is_refused(stage: Stage) -> Outcome:
    """Under a safety flag nothing that locates the family gets past the form."""
    await stage.tablet.open(stage.notes["share"])
    entered = "Wonen nu Kerkstraat 12, 5038 AB."
    page = await stage.tablet.press("Delen", {"field-helps": entered}, status=400)
    must_say(page, "Kijk dit nog even na", "Haal de straat of het adres weg")
    form, _ = page.form_with("Delen")
    expect(form.controls["field-helps"].chosen == [entered], f"kept: {entered}", page.summary())
    return told(N_("Een adres in de tekst wordt tegengehouden: er is gevaar."))


async def unconsented_type_cannot_be_shared(stage: Stage) -> Outcome:
    page = await stage.tablet.open(stage.notes["share"].replace("support_advice", "contact_persons"))
    expect("contact_persons" in page.address, "contact_persons", page.summary())
    page = await stage.tablet.press(
        "Delen",
        {"field-name": "Bo Begeleider", "field-function": "counsellor", "field-phone": WORK_NUMBER},
        status=403,
    )
    must_say(page, "Dit is niet gedeeld.")
    return told(N_("Wie belt wie: de ouder zei nee, dus ook de begeleider kan het niet delen."))


async def first_contact_is_sent(stage: Stage) -> Outcome:
    """By hand, after code, street and phone were typed once more."""
    await stage.open_family()
    await stage.tablet.follow("Eerste contact")
    typed = {"establishment_code": LINDE.establishment_code, "street": LINDE.street, "phone": LINDE.phone}
    page = await stage.tablet.press("Verstuur het eerste contact", typed)
    must_say(page, "Verstuurd, de school moet nog bevestigen")
    return told(N_("Nagekeken en verstuurd. Tot nu toe zag de school niets van dit kind."))


async def school_confirms_the_pupil(stage: Stage) -> Outcome:
    page = await stage.school.log_in_as("Ida Intern")
    must_say(page, CHILD, "Is dit uw leerling?")
    must_not_say(page, NEUTRAL_NAME)
    await stage.school.follow("Is dit uw leerling?")
    page = await stage.school.press("Bevestigen", {"pupil": "yes"})
    must_say(page, NEUTRAL_NAME)
    return told(N_("Eerst een ja over {child}. Pas daarna leest de school wie er helpt."), child=CHILD)


async def school_contact_logs_in(stage: Stage) -> Outcome:
    page = await stage.school.open("/")
    must_say(page, "Kinderen van wie ik contactpersoon ben", CHILD)
    page = await stage.school.follow(CHILD)
    stage.child_page = page.address
    must_not_say(page, CANARY)
    return told(N_("Ida Intern ziet {child} in de lijst, en nog niets van wat gedeeld is."), child=CHILD)


async def school_gets_exactly_what_was_allowed(stage: Stage) -> Outcome:
    page = await stage.school.press("purpose=support")
    must_show(page, "Hulp voor uw gezin", "Wat helpt uw kind")
    must_say(page, CANARY)
    must_not_say(page, "Gevaar", "Geheim adres", WORK_NUMBER)
    others = {
        page.facts[label] for label in ("Extra aandacht", "Gezondheid van uw kind", "Uw eigen situatie")
    }
    expect(others == {NOT_AVAILABLE}, f"{NOT_AVAILABLE} three times, in the same words", page.summary())
    return told(N_("Met het doel steun in de klas: precies wat de ouder goed vond, en niets meer."))


async def refused_type_has_a_reason(stage: Stage) -> Outcome:
    await stage.school.open(stage.child_page)
    page = await stage.school.press("purpose=contact")
    must_show(page, "Hulp voor uw gezin")
    must_not_say(page, WORK_NUMBER, CANARY)
    expect(page.facts.get("Wie belt wie") == NOT_AVAILABLE, f"Wie belt wie: {NOT_AVAILABLE}", page.summary())
    return told(N_("Wie belt wie: niet beschikbaar; de school hoort niet waarom."))


async def teacher_gets_nothing(stage: Stage) -> Outcome:
    """Not on the list of contacts, so not in the list of children."""
    page = await stage.home.log_in_as("Jip Juf")
    must_not_say(page, CHILD)
    await stage.home.press("Uitloggen")
    return told(N_("Jip Juf staat niet op de lijst van contactpersonen en ziet dit kind niet."))


async def school_writes_absence(stage: Stage) -> Outcome:
    await stage.school.open(stage.child_page)
    await stage.school.follow("Niet op school")
    day = last_school_day(stage.today)
    absent: dict[str, str | date] = {
        "field-date": day,
        "field-part_of_day": "morning",
        "field-kind": "authorised",
    }
    await stage.school.press("Delen", absent)
    return told(N_("De school schrijft op: een ochtend niet op school, met verlof."))


async def counsellor_sees_absence(stage: Stage) -> Outcome:
    await stage.open_family()
    await stage.tablet.follow("Wat de school deelde")
    page = await stage.tablet.press("purpose=attendance")
    must_show(page, "Niet op school")
    expect("ochtend" in page.words.lower(), "ochtend", page.summary())
    return told(N_("De begeleider leest het."))


async def parent_withdraws(stage: Stage) -> Outcome:
    await stage.home.open("/intrekken")
    await stage.home.press("Verder", {"code": stage.code.lower().replace("-", " ")})
    page = await stage.home.press("Alles stoppen")
    must_say(page, "Het is gestopt", "U houdt uw plek en uw hulp.")
    return told(N_("Met de code van het papier, zonder inloggen en zonder reden: alles is gestopt."))


async def school_is_refused(stage: Stage) -> Outcome:
    page = await stage.school.press_again(stage.child_page, "purpose=support")
    must_show(page)
    must_not_say(page, CANARY)
    page = await stage.school.open("/")
    must_not_say(page, CHILD)
    return told(N_("De school krijgt niets meer, en {child} staat niet meer in de lijst."), child=CHILD)


async def counsellor_is_refused(stage: Stage) -> Outcome:
    await stage.tablet.open(stage.notes["share"])
    page = await stage.tablet.press(
        "Delen", {"field-helps": "Nog iets.", "field-moment": "always"}, status=403
    )
    must_say(page, "Dit is niet gedeeld.")
    return told(N_("Ook schrijven kan niet meer."))
