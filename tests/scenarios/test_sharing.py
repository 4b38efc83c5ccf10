"""Writing: nothing that locates (13), nothing without consent (17) or gate (19), no sibling's name (30)."""

from __future__ import annotations

from datetime import date

import pytest

from consent_service.audit.events import RecordShareRefused
from consent_service.families.model import SafetyAssessment
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.policy.decision import Refusal
from consent_service.policy.explain import sentence
from consent_service.process.signals.model import SignalSent
from consent_service.records.model import ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.scenarios.stories import (
    ADVICE,
    SUPPORT,
    YES,
    ask,
    everything_said,
    everything_stored,
    row_counts,
    sentence_of,
    share,
    told_family,
    trail,
)
from tests.shelter import SECRET, World

LOCATING = {
    "address": ("Het huis is Kerkstraat 12.", "content.street_under_safety"),
    "postcode": ("Stuur post naar 5038 KL.", "content.postcode_under_safety"),
    "phone": ("Bel moeder op 06 12 34 56 78.", "content.phone_under_safety"),
    "map link": ("Zie maps.app.goo.gl/x7Yz voor de plek.", "content.link_under_safety"),
}
HIDDEN_ADDRESS = SafetyAssessment("no_known_danger", True, False, None, date(2027, 3, 1))


@pytest.mark.parametrize("safety", [SECRET, HIDDEN_ADDRESS], ids=["danger", "secret address"])
@pytest.mark.parametrize("case", LOCATING)
async def test_s13_what_locates_a_secret_address_is_refused_before_it_is_sealed(
    world: World, case: str, safety: SafetyAssessment
) -> None:
    text, code = LOCATING[case]
    told = await told_family(world, safety=safety)
    before = await row_counts(world)
    for attested in (frozenset[str](), frozenset({"not_a_bsn", "no_diagnosis"})):
        note = Note(SUPPORT, {"helps": "Rust.", "avoid": text}, attested)
        with pytest.raises(InputError) as refused:
            await world.services.records.share(world.counsellor, told.relationship, note)
        assert [(problem.field, problem.code) for problem in refused.value.problems] == [("avoid", code)]
        assert text not in str(refused.value)
    assert await row_counts(world) == before
    stored = await everything_stored(world)
    assert text.encode() not in stored
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ADVICE}]


async def test_s13_a_replacement_that_locates_leaves_the_earlier_note_alone(world: World) -> None:
    told = await told_family(world, safety=SECRET)
    with pytest.raises(InputError):
        await world.services.records.share(
            world.counsellor,
            told.relationship,
            Note(SUPPORT, {"helps": "Kerkstraat 12"}, record=told.record),
        )
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [(one.record, one.version) for one in answer.records] == [(told.record, 1)]


async def test_s13_without_a_flag_the_same_words_may_be_shared(world: World) -> None:
    told = await told_family(world)
    for text, _ in LOCATING.values():
        await share(world, told.relationship, text)


async def test_s17_an_unconsented_type_is_refused_explained_and_logged(world: World) -> None:
    told = await told_family(world)
    key = TypeKey("practical_needs")
    kind = world.services.policies.proposal.catalogue.types[key]
    fields = {spec.name: spec.choices[0] if spec.choices else "Een jas." for spec in kind.fields}
    before = (await row_counts(world))["records"]

    refused = await world.services.records.share(world.counsellor, told.relationship, Note(key, fields))

    assert isinstance(refused, ShareRefused)
    assert (refused.information_type, refused.code) == (key, "no_consent")
    bundle = world.services.policies.proposal.bundle
    for language in ("nl", "en"):
        words = sentence(bundle, Refusal(key, refused.code), audience="counsellor", language=language)
        assert words
        assert all(len(part.split()) <= 16 for part in words.replace(";", ".").split("."))
    assert (await row_counts(world))["records"] == before
    (entry,) = await trail(world, "record.share_refused.v1")
    assert entry.id == refused.entry
    assert entry.detail is not None
    assert isinstance(entry.detail.event, RecordShareRefused)
    assert (entry.detail.event.information_type, entry.detail.event.code) == (key, "no_consent")
    assert (entry.detail.by.kind, entry.detail.by.id) == ("counsellor", world.counsellor.staff)
    assert entry.detail.subject == told.view.children[0].child


async def test_s17_there_is_no_way_around_it(world: World) -> None:
    told = await told_family(world)
    key = TypeKey("care_signal")
    fields = {"code_word": "handle_with_care"}
    everything = frozenset({"not_a_bsn", "no_diagnosis", "consent", "override"})
    attempts = (
        Note(key, fields),
        Note(key, fields, everything),
        Note(key, fields, record=told.record),
        Note(key, fields, about=told.mother.guardian),
    )
    for note in attempts:
        refused = await world.services.records.share(world.counsellor, told.relationship, note)
        assert isinstance(refused, ShareRefused)
    with pytest.raises(NotAllowedError):
        await world.services.records.share(world.colleague, told.relationship, attempts[0])
    with pytest.raises(NotAllowedError):
        await world.services.records.share(world.teacher, told.relationship, attempts[0])
    assert len(await trail(world, "record.share_refused.v1")) == len(attempts)
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert {one.information_type for one in answer.records} == {SUPPORT}


async def test_s19_a_signal_without_the_gate_is_denied_to_writer_and_reader(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    await world.intake(mother, {"care_signal": "yes", "shelter_involvement": "no"})

    refused = await world.services.records.share(
        world.counsellor, relationship, Note(TypeKey("care_signal"), {"code_word": "handle_with_care"})
    )

    assert isinstance(refused, ShareRefused)
    assert refused.code == "gate_closed"
    answer = await ask(world, relationship)
    assert isinstance(answer, Refused)
    assert sentence_of(answer, TypeKey("care_signal")) == "Niet beschikbaar."
    assert await world.services.release.children_of_contact(world.contact, [relationship]) == ()


async def test_s19_it_is_explained_as_soon_as_it_was_chosen(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"care_signal": "yes", "shelter_involvement": "no"})
    seen = await world.services.release.preview(world.counsellor, relationship, language="nl")
    (line,) = (one for one in seen if one.information_type == "care_signal")
    assert not line.shared
    bundle = world.services.policies.proposal.bundle
    refusal = Refusal(TypeKey("care_signal"), "gate_closed")
    assert line.sentence == sentence(bundle, refusal, audience="counsellor", language="nl")


async def test_s19_a_signal_shared_before_goes_when_the_gate_closes(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    await world.intake(mother, {"care_signal": "yes", "shelter_involvement": "yes"})
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    sent = await world.services.signals.send(world.counsellor, relationship)
    assert isinstance(sent, SignalSent)
    assert isinstance(await ask(world, relationship), Released)
    await world.intake(mother, {"care_signal": "yes", "shelter_involvement": "no"})
    assert isinstance(await ask(world, relationship), Refused)


async def _siblings(world: World) -> tuple[RelationshipId, RelationshipId]:
    born = date(2018, 5, 4), date(2016, 2, 1)
    view = await world.family(children=(("Noor Sofie", born[0]), ("Sam Jesse", born[1])))
    noor = next(one.child for one in view.children if one.identity.given_names == "Noor Sofie")
    sam = next(one.child for one in view.children if one.identity.given_names == "Sam Jesse")
    at_linde = await world.at_school(noor, world.linde)
    at_eik = await world.at_school(sam, world.eik)
    await world.intake(world.guardian(view), YES)
    return at_linde, at_eik


async def test_s30_a_school_sees_its_own_pupil_and_not_the_sibling_elsewhere(world: World) -> None:
    at_linde, at_eik = await _siblings(world)
    await share(world, at_linde, "Noor houdt van tekenen.")
    await share(world, at_eik, "Sam houdt van rennen.")
    release = world.services.release

    for_linde = await release.to_school(world.contact, Ask(at_linde, "support"))
    for_eik = await release.to_school(world.eik_contact, Ask(at_eik, "support"))
    assert isinstance(for_linde, Released)
    assert isinstance(for_eik, Released)
    assert [one.fields["helps"] for one in for_linde.records] == ["Noor houdt van tekenen."]
    assert [one.fields["helps"] for one in for_eik.records] == ["Sam houdt van rennen."]
    lists = (
        await release.children_of_contact(world.contact, [at_linde]),
        await release.children_of_contact(world.eik_contact, [at_eik]),
    )
    assert [[line.full_name for line in lines] for lines in lists] == [
        ["Noor Sofie Voorbeeld"],
        ["Sam Jesse Voorbeeld"],
    ]
    assert "Sam" not in everything_said(for_linde, list(lists[0]))
    assert at_eik not in everything_said(for_linde, list(lists[0]))

    for stranger, theirs in ((world.eik_contact, at_linde), (world.contact, at_eik)):
        with pytest.raises(NotFoundError):
            await release.to_school(stranger, Ask(theirs, "support"))
        with pytest.raises(NotAllowedError):
            await release.children_of_contact(stranger, [theirs])


@pytest.mark.parametrize(
    "text",
    [
        "Noor en Sam Jesse helpt het om te spelen.",
        "Het helpt als Noor even met Sam belt.",
        "Sams school weet het ook.",
        "JESSE mist Noor.",
    ],
)
async def test_s30_a_note_that_names_both_siblings_is_refused(world: World, text: str) -> None:
    at_linde, _ = await _siblings(world)
    before = await row_counts(world)
    with pytest.raises(InputError) as refused:
        await world.services.records.share(world.counsellor, at_linde, Note(SUPPORT, {"helps": text}))
    assert [problem.code for problem in refused.value.problems] == ["content.names_other_child"]
    assert await row_counts(world) == before
    assert text.encode() not in await everything_stored(world)
    await share(world, at_linde, "Noor Sofie helpt het om te spelen.")  # split: only what is about Noor


async def test_s30_a_name_both_children_bear_may_be_written(world: World) -> None:
    born = date(2018, 5, 4), date(2016, 2, 1)
    view = await world.family(children=(("Mohammed Ali", born[0]), ("Mohammed Amin", born[1])))
    ali = next(one.child for one in view.children if one.identity.given_names == "Mohammed Ali")
    relationship = await world.at_school(ali)
    await world.intake(world.guardian(view), YES)
    await share(world, relationship, "Mohammed houdt van rust.")
    with pytest.raises(InputError):
        await share(world, relationship, "Amin ook.")


async def test_s31_twins_in_one_class_are_told_apart_by_their_full_identity(world: World) -> None:
    born = date(2018, 5, 4)
    view = await world.family(children=(("Noor", born), ("Nora", born)))
    relationships = {one.identity.given_names: await world.at_school(one.child) for one in view.children}
    await world.intake(world.guardian(view), YES)
    await share(world, relationships["Noor"], "Voorlezen.")
    await share(world, relationships["Nora"], "Buiten spelen.")

    lines = await world.services.release.children_of_contact(world.contact, list(relationships.values()))

    assert [(line.full_name, line.birth_date) for line in lines] == [
        ("Noor Voorbeeld", born),
        ("Nora Voorbeeld", born),
    ]
    assert [line.relationship for line in lines] == [relationships["Noor"], relationships["Nora"]]
    for name, text in (("Noor", "Voorlezen."), ("Nora", "Buiten spelen.")):
        answer = await ask(world, relationships[name])
        assert isinstance(answer, Released)
        assert [one.fields["helps"] for one in answer.records] == [text]


async def test_s31_twins_are_registered_found_and_stopped_one_by_one(world: World) -> None:
    born = date(2018, 5, 4)
    view = await world.family(children=(("Noor", born), ("Nora", born)))
    first, second = [await world.at_school(one.child) for one in view.children]
    receipt = await world.intake(world.guardian(view), YES)
    await share(world, first)
    await share(world, second)
    (found,) = await world.services.families.search(world.counsellor, names="Nora Voorbeeld", birth_date=born)
    assert found.identity.given_names == "Nora"
    await world.services.consent.withdraw_by_code(receipt.withdrawal_code, [(first, SUPPORT)])
    assert isinstance(await ask(world, first), Refused)
    assert isinstance(await ask(world, second), Released)
