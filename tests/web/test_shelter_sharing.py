"""Tests of `consent_service.web.shelter`: sharing, approving, stopping and tasks."""

from __future__ import annotations

from consent_service.audit import events
from consent_service.foundation.ids import TypeKey
from consent_service.records.model import Shared
from consent_service.records.service import Note
from tests.shelter import SECRET
from tests.web.visiting import Site
from tests.web.walking import at_linde, counsellor_at, family_path, pressed_twice, school_path

# --- sharing ---------------------------------------------------------------------------------


async def test_s17_an_unconsented_type_is_refused_with_type_reason_and_words(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes", "support_advice": "no"})
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "delen", "support_advice"))
    assert "Dit kan nu niet gedeeld worden." in counsellor.text
    await counsellor.press("Delen", {"field-helps": "Een vaste plek.", "field-moment": "always"}, status=403)

    (refused,) = [e for e in await site.events() if isinstance(e, events.RecordShareRefused)]
    assert "Dit is niet gedeeld. Wat helpt uw kind:" in counsellor.text
    assert refused.code in counsellor.text
    assert "Een vaste plek." in counsellor.text, "what was typed is kept"
    assert await site.world.services.records.written(site.world.counsellor, relationship) == ()


async def test_s19_without_the_gate_it_is_told_before_anybody_types(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"care_signal": "yes", "shelter_involvement": "no"})
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    link = next(a for a in counsellor.page.all("a") if a.attributes["href"].endswith("/care_signal"))
    assert "De school mag niet weten dat er hulp is." in link.text()
    await counsellor.open(link.attributes["href"])
    assert "De school mag niet weten dat er hulp is." in counsellor.text
    assert not counsellor.page.all("input", name="step"), "there is nothing to send it with"

    assert await site.world.services.records.written(site.world.counsellor, relationship) == ()


async def test_s13_an_address_under_a_safety_flag_never_gets_past_the_form(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes", "support_advice": "yes"})
    await site.world.services.families.assess_safety(site.world.counsellor, family.family, SECRET)
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "delen", "support_advice"))
    await counsellor.press("Delen", {"field-helps": "Woont Kerkstraat 12, 5038 AB."}, status=400)

    assert "dat laat zien waar het gezin is" in counsellor.text
    assert "Kerkstraat 12" in counsellor.text
    assert not counsellor.page.all("input", name="attested"), "nothing of this can be declared away"


async def test_a_number_that_may_be_a_bsn_is_asked_about_and_may_be_attested(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes", "support_advice": "yes"})
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "delen", "support_advice"))
    await counsellor.press("Delen", {"field-helps": "Zie 111222333."}, status=400)
    assert "Is dit een BSN?" in counsellor.text
    await counsellor.press("Delen", {"attested": "not_a_bsn", "field-helps": "Zie 111222333."})

    assert "Dit staat klaar voor de school." in counsellor.text


async def test_what_is_shared_twice_by_one_form_is_written_once(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes", "support_advice": "yes"})
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "delen", "support_advice"))
    await pressed_twice(counsellor, "Delen", {"field-helps": "Een vaste plek.", "field-moment": "always"})
    await counsellor.open(school_path(site, family, relationship, "gedeeld"))

    assert len(counsellor.page.all("tbody")[0].all("tr")) == 1
    assert "hangt af van wat de ouder goed vindt op dat moment" in counsellor.text
    assert "vaste plek" not in counsellor.text


async def test_that_it_cannot_be_shared_stays_on_the_page_beside_what_is_wrong(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes", "support_advice": "no"})
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "delen", "support_advice"))
    await counsellor.press("Delen", {"field-helps": "x" * 5000}, status=400)

    assert "Dit kan nu niet gedeeld worden." in counsellor.text


async def test_what_is_taken_back_is_asked_once_more_and_the_school_gets_it_no_longer(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes", "support_advice": "yes"})
    note = Note(TypeKey("support_advice"), {"helps": "Een vaste plek."})
    shared = await site.world.services.records.share(site.world.counsellor, relationship, note)
    assert isinstance(shared, Shared)
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "gedeeld"))
    await counsellor.follow("Haal terug Wat helpt uw kind")
    assert "kunt u niet terughalen" in counsellor.text
    assert len(await site.world.services.records.written(site.world.counsellor, relationship)) == 1
    confirm = counsellor.form_with("Haal terug")
    await counsellor.press("Haal terug")

    assert "Dit is teruggehaald. De school krijgt het niet meer." in counsellor.text
    assert "Nog niets opgeschreven." in counsellor.text
    csrf = counsellor.page.all("input", name="csrf")[0].attributes["value"]
    await counsellor.send(confirm.attributes["action"], {"csrf": csrf}, status=404)
    contact = await site.logged_in(site.world.contact)
    child = f"/school/{site.world.tenant}/kinderen/{relationship}"
    answer = await contact.post(child, {"purpose": "support"})
    assert answer.status_code == 200
    assert "Een vaste plek." not in answer.text


async def test_what_the_school_wrote_is_not_taken_back_by_the_shelter(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"wellbeing_at_school": "yes"})
    kind = site.world.services.policies.proposal.catalogue.types[TypeKey("wellbeing_at_school")]
    fields = {
        spec.name: spec.choices[0] if spec.choices else "2026-09-01" if spec.kind == "date" else "Goed."
        for spec in kind.fields
        if spec.required
    }
    shared = await site.world.services.records.share(site.world.contact, relationship, Note(kind.key, fields))
    assert isinstance(shared, Shared)
    counsellor = await counsellor_at(site)
    retract = school_path(site, family, relationship, "gedeeld", shared.record, "terughalen")
    await counsellor.open(retract, status=404)
    await counsellor.open(school_path(site, family, relationship, "gedeeld"))
    csrf = counsellor.page.all("input", name="csrf")[0].attributes["value"]
    await counsellor.send(retract, {"csrf": csrf}, status=404)

    assert len(await site.world.services.records.written(site.world.contact, relationship)) == 1


async def test_a_type_about_one_guardian_asks_which(site: Site) -> None:
    yes = {"shelter_involvement": "yes", "parent_circumstances": "yes"}
    family, relationship = await at_linde(site.world, yes)
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "delen", "parent_circumstances"))
    entered = {"field-words": "Ik slaap slecht.", "field-parent_saw_text": "yes"}
    await counsellor.press("Delen", entered, status=400)
    assert "Kies over welke ouder dit gaat." in counsellor.text
    await counsellor.press("Delen", entered | {"about": family.guardians[0].guardian})

    assert "Dit staat klaar voor de school." in counsellor.text


async def test_a_colleague_approves_and_never_the_writer(site: Site) -> None:
    yes = {"shelter_involvement": "yes", "current_domestic_violence": "yes"}
    family, relationship = await at_linde(site.world, yes)
    writer = await counsellor_at(site)
    await writer.open(school_path(site, family, relationship, "delen", "current_domestic_violence"))
    fields = {c.attributes["name"]: c.attributes["value"] for c in writer.page.all("input", type="radio")}
    await writer.press("Delen", fields)
    assert "Dit wacht op goedkeuring" in writer.text
    await writer.open(f"/opvang/{site.world.tenant}/goedkeuren")
    assert "Er wacht nu niets op goedkeuring." in writer.text
    (waiting,) = await site.world.services.records.written(site.world.counsellor, relationship)
    own = f"/opvang/{site.world.tenant}/goedkeuren/{relationship}/{waiting.record}"
    csrf = writer.page.all("input", name="csrf")[0].attributes["value"]
    await writer.send(own, {"csrf": csrf}, status=400)
    assert "U kunt uw eigen bericht niet goedkeuren." in writer.text

    colleague = await counsellor_at(site, site.world.colleague)
    await colleague.open(f"/opvang/{site.world.tenant}/goedkeuren")
    assert "Geweld thuis" in colleague.text
    assert "Noor" not in colleague.text
    await colleague.press("Goedkeuren Geweld thuis")
    assert "Er wacht nu niets op goedkeuring." in colleague.text
    (approved,) = await site.world.services.records.written(site.world.counsellor, relationship)
    assert approved.approved_by == site.world.colleague.staff


async def test_what_the_school_shared_opens_for_a_purpose_and_is_logged(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"wellbeing_at_school": "yes"})
    fields = {"observation": "Speelt weer mee."}
    kind = site.world.services.policies.proposal.catalogue.types[TypeKey("wellbeing_at_school")]
    for spec in kind.fields:
        if spec.required and spec.name not in fields:
            fields[spec.name] = spec.choices[0] if spec.choices else "2026-09-01"
    known = {spec.name for spec in kind.fields}
    note = Note(kind.key, {name: value for name, value in fields.items() if name in known})
    assert isinstance(await site.world.services.records.share(site.world.contact, relationship, note), Shared)
    counsellor = await counsellor_at(site)
    await counsellor.open(school_path(site, family, relationship, "gekregen"))
    assert "Speelt weer mee." not in counsellor.text
    await counsellor.press("Steun in de klas")

    assert "Hoe het gaat op school" in counsellor.text
    released = [e for e in await site.events() if isinstance(e, events.InformationReleased)]
    assert [(e.purpose, e.reader_kind) for e in released] == [("support", "shelter")]


# --- a guardian stops ------------------------------------------------------------------------


async def test_a_withdrawal_is_passed_on_and_nothing_ticked_stops_nothing(site: Site) -> None:
    family, relationship = await at_linde(site.world, {"shelter_involvement": "yes", "support_advice": "yes"})
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family))
    await counsellor.follow("Een ouder wil stoppen")
    said = {"guardian": family.guardians[0].guardian, "kind": "withdrawal", "method": "oral"}
    await counsellor.press("Doorgeven", said, status=400)
    await counsellor.press("Doorgeven", {**said, "keys": f"{relationship}.support_advice"})

    assert "De toestemming is ingetrokken." in counsellor.text
    answers = await site.world.services.consent.own_answers(site.world.guardian(family))
    given = {kind for (_, kind), standing in answers.items() if standing.answer == "yes"}
    assert given == {"shelter_involvement"}
    (withdrawn,) = [e for e in await site.events() if isinstance(e, events.ConsentWithdrawn)]
    assert withdrawn.method == "oral"


async def test_an_objection_to_everything_is_passed_on_and_seen(site: Site) -> None:
    family, _ = await at_linde(site.world, {"shelter_involvement": "yes"})
    counsellor = await counsellor_at(site)
    await counsellor.open(family_path(site, family.family, "stoppen"))
    said = {"guardian": family.guardians[0].guardian, "kind": "objection", "method": "paper"}
    await counsellor.press("Doorgeven", {**said, "keys": "everything"})

    assert "Bezwaar" in counsellor.text


# --- tasks -----------------------------------------------------------------------------------


async def test_a_task_leads_to_its_family_and_is_ticked_off_once(site: Site) -> None:
    family, _ = await at_linde(site.world)
    guardian = site.world.guardian(family)
    sitting = await site.world.services.sittings.start(
        site.world.counsellor,
        family=family.family,
        guardian=guardian.guardian,
        language="nl",
        interpreter="none",
    )
    await site.world.services.sittings.not_now(guardian, sitting.sitting)
    await site.world.settle()
    counsellor = await counsellor_at(site)
    await counsellor.open(f"/opvang/{site.world.tenant}")
    await counsellor.follow("De ouder kon nu niet kiezen.")
    assert counsellor.path == family_path(site, family.family, "pincode"), "first a PIN, then the tablet"
    await counsellor.open(f"/opvang/{site.world.tenant}")
    done = counsellor.form_with("Gedaan")
    await counsellor.press("Gedaan")
    assert "De taak is klaar." in counsellor.text

    csrf = counsellor.page.all("input", name="csrf")[0].attributes["value"]
    await counsellor.send(done.attributes["action"], {"csrf": csrf}, status=404)
