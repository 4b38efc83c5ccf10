"""Tests of `consent_service.web.child`: the child with the tablet, and the counsellor who gives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from consent_service.consent.tables import consent_ledger, sittings
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.form_tokens import csrf_token
from consent_service.identity.model import ChildActor
from consent_service.information.child_text import speaks_formally
from tests.ledger import count, entries, rows
from tests.web.visiting import PIN, Site
from tests.web.walking import Walker, counsellor_at, family_path

SUPPORT, GATE = TypeKey("support_advice"), TypeKey("shelter_involvement")
THIRTEEN, SEVEN, SEVENTEEN = date(2013, 5, 4), date(2019, 3, 7), date(2009, 5, 4)
NO_INTERPRETER = {"language": "nl", "interpreter": "none"}


@dataclass
class Room:
    """A counsellor on the page of one child's voice."""

    site: Site
    view: FamilyView
    relationship: RelationshipId
    walker: Walker

    @property
    def child(self) -> ChildActor:
        return self.site.world.child(self.view)

    def at(self, *parts: str) -> str:
        own = self.view.children[0].child
        return family_path(self.site, self.view.family, "kinderen", own, "stem", *parts)

    async def give(self, fields: dict[str, str] = NO_INTERPRETER, *, status: int = 200) -> None:
        """The tablet goes to the child."""
        await self.walker.open(self.at())
        await self.walker.press("Tablet aan het kind geven", fields, status=status)

    async def answers(self) -> dict[str, str]:
        standing = await self.site.world.services.consent.own_answers(self.child)
        return {str(key): one.answer for (_, key), one in standing.items()}


async def enter(site: Site, born: date, *more: tuple[str, date]) -> Room:
    """A family whose eldest is with this counsellor, at school; the PIN is set."""
    world = site.world
    view = await world.family(children=(("Noor", born), *more))
    at = [await world.at_school(one.child) for one in view.children]
    walker = await counsellor_at(site)
    session = await world.services.identity.actor_for(walker.token)
    assert session is not None
    await world.services.identity.set_pin(session, PIN)
    return Room(site, view, at[0], walker)


# --- deciding ------------------------------------------------------------------------------------


async def test_a_child_of_thirteen_decides_question_by_question_and_gets_its_own_code(site: Site) -> None:
    room = await enter(site, THIRTEEN)
    await room.give()
    tablet, read = room.walker, []
    assert "Nee mag altijd. Niemand wordt boos." in tablet.text
    assert "Soms zien zij dat jij nee zei. Je begeleider ziet wat jij kiest." in tablet.text
    read.append(tablet.text)
    await tablet.begin()
    while tablet.page.all("button", name="answer"):
        assert [b.text() for b in tablet.page.all("button", name="answer")] == ["Ja", "Nee", "Later"]
        assert not [e for e in tablet.page.walk() if "checked" in e.attributes]
        read.append(tablet.text)
        await tablet.press("Ja" if "Wat jou helpt" in tablet.text else "Nee")
    assert tablet.heading == "Klopt dit?"
    read.append(tablet.text)
    await tablet.follow("Ja, dit klopt")
    read.append(tablet.text)
    await tablet.press("Ondertekenen", {"signature": "Noor"})
    read.append(tablet.text)

    assert (await room.answers())[SUPPORT] == "yes"
    (code,) = [e.text() for e in tablet.page.walk() if "withdrawal-code" in e.classes()]
    holder = await site.world.services.consent.holder_of_code(code)
    assert (holder.person, holder.is_child) == (room.child.child, True)
    assert not [text for text in read if speaks_formally(text)]
    kept = await rows(site.world, consent_ledger)
    assert {(row.person, row.capacity, row.evidence) for row in kept} == {
        (room.child.child, "child", "typed")
    }
    await tablet.follow("Klaar")
    await tablet.follow("Ik ben de begeleider")
    await tablet.press("Terugnemen", {"pin": PIN})
    assert tablet.path == family_path(site, room.view.family)


async def test_a_parents_name_and_a_sibling_are_on_no_page_of_the_child(site: Site) -> None:
    room = await enter(site, THIRTEEN, ("Sem", date(2012, 1, 2)))
    await room.give()
    tablet, read = room.walker, []
    await tablet.begin()
    while tablet.page.all("button", name="answer"):
        read.append(tablet.text)
        await tablet.press("Later")
    read.append(tablet.text)
    assert all("Noor" in text for text in read)
    assert not [text for text in read if "Samira" in text or "Sem" in text]
    assert len(read) == 6, "one question per type, about itself only"


async def test_who_said_no_or_later_everywhere_signs_that_nothing_is_told(site: Site) -> None:
    room = await enter(site, THIRTEEN)
    await room.give()
    tablet = room.walker
    await tablet.begin()
    while tablet.page.all("button", name="answer"):
        await tablet.press("Nee")
    await tablet.follow("Ja, dit klopt")
    assert "Jij zei overal nee of later." in tablet.text
    await tablet.press("Ondertekenen", {"signature": " "}, status=400)
    assert "Typ je naam, of laat je begeleider tekenen als getuige." in tablet.text


async def test_at_seventeen_the_child_reads_that_it_decides_itself(site: Site) -> None:
    room = await enter(site, SEVENTEEN)
    await room.give()
    assert "Jij beslist zelf. Je ouders zien hier niet wat jij kiest." in room.walker.text


async def test_an_earlier_answer_is_a_sentence_to_the_child(site: Site) -> None:
    room = await enter(site, THIRTEEN)
    await room.give()
    tablet = room.walker
    await tablet.begin()
    first = tablet.path
    await tablet.press("Ja")
    await tablet.open(first)
    assert "Je koos eerder: Ja." in tablet.text


async def test_s52_a_young_person_may_tell_it_too(site: Site) -> None:
    room = await enter(site, SEVENTEEN)
    await room.give()
    await room.walker.press("Ik vertel het zelf")
    assert room.walker.heading == "Jij vertelt het zelf"
    assert "Wat jou helpt" in room.walker.text
    assert "Noor" not in room.walker.text
    assert await count(site.world, consent_ledger) == 0
    await room.walker.follow("Klaar")
    assert "Jij vertelt het zelf." in room.walker.text


async def test_a_newer_no_is_said_on_the_receipt(site: Site) -> None:
    room = await enter(site, THIRTEEN)
    earlier = await site.world.intake(room.child, {"support_advice": "yes"}, otherwise="yes")
    await room.give()
    tablet = room.walker
    await tablet.begin()
    while tablet.page.all("button", name="answer"):
        await tablet.press("Ja")
    await site.world.services.consent.withdraw_by_code(earlier.withdrawal_code)
    await tablet.follow("Ja, dit klopt")
    await tablet.press("Ondertekenen", {"signature": "Noor"})
    assert "Er is ook een nee van jou. Die nee telt. Dit delen wij niet:" in tablet.text
    assert set((await room.answers()).values()) == {"no"}


# --- being heard ---------------------------------------------------------------------------------


async def test_s10_a_child_of_seven_points_at_faces_and_says_it_in_its_own_words(site: Site) -> None:
    room = await enter(site, SEVEN)
    await room.give()
    tablet = room.walker
    assert tablet.path == "/kind/nl/none"
    assert tablet.heading == "Wat vind jij, Noor?"
    assert "Je begeleider ziet wat jij kiest. Soms zien je ouders dat jij nee zei." in tablet.text
    assert not [e for e in tablet.page.walk() if "checked" in e.attributes]
    assert not speaks_formally(tablet.text)
    words = "Ik slaap slecht en ik mis mijn konijn."
    await tablet.press("Klaar", {f"face-{SUPPORT}": "no", f"face-{GATE}": "so_so", "words": words})
    assert "Klaar. Dank je wel." in tablet.text

    (row,) = await rows(site.world, consent_ledger)
    assert (row.information_type, row.kind, row.person) == (SUPPORT, "opinion_no", room.child.child)
    (kept,) = await rows(site.world, sittings)
    assert (kept.decider, kept.outcome, kept.counsellor) == (
        "child",
        "heard",
        site.world.counsellor.staff,
    )
    assert words.encode() not in kept.sealed_evidence
    (entry,) = await entries(site.world, "consent.opinion.v1")
    assert "konijn" not in repr(entry)

    await tablet.follow("Ik ben de begeleider")
    await tablet.press("Terugnemen", {"pin": PIN})
    await tablet.open(room.at())
    assert words in tablet.text
    assert "Niet goed" in tablet.text


async def test_nothing_chosen_is_nothing_heard_and_a_form_sent_twice_is_heard_once(site: Site) -> None:
    room = await enter(site, SEVEN)
    await room.give()
    tablet = room.walker
    await tablet.press("Klaar", status=400)
    assert "Kies een gezicht, of schrijf iets op." in tablet.text
    await tablet.press("Klaar", {f"face-{SUPPORT}": "angry"}, status=400)
    form = tablet.form_with("Klaar")
    sent = tablet.sent_with(form, form.all("button")[0], {f"face-{SUPPORT}": "no"})
    for _ in range(2):
        await tablet.send("/kind/nl/none", sent)
        assert tablet.path == "/kind/nl/none/klaar"
    assert await count(site.world, consent_ledger) == 1


async def test_a_child_in_english_reads_english(site: Site) -> None:
    room = await enter(site, SEVEN)
    await room.give({"language": "en", "interpreter": "none"})
    assert room.walker.heading == "What do you think, Noor?"
    assert "What do you want your teacher to know?" in room.walker.text
    await room.walker.open("/kind/xx/none", status=404)
    await room.walker.open("/kind/nl/a-sister", status=404)


async def test_a_guardian_with_the_tablet_has_no_faces_and_a_child_no_parents_sitting(site: Site) -> None:
    room = await enter(site, SEVEN)
    parent = await site.with_tablet(room.view)
    assert (await parent.get("/kind/nl/none")).status_code == 401
    assert (await parent.post("/kind/nl/none", {"words": "x"})).status_code == 401
    sitting = await site.world.services.sittings.start(
        site.world.counsellor,
        family=room.view.family,
        guardian=room.view.guardians[0].guardian,
        language="nl",
        interpreter="none",
    )
    await room.give()
    for path in ("", "/vraag/1", "/controle", "/tekenen", "/bewijs", "/zelf-vertellen", "/klaar"):
        await room.walker.open(f"/intake/{sitting.sitting}{path}", status=404)
    await room.walker.send(
        f"/intake/{sitting.sitting}/zelf", {"csrf": csrf_token(room.walker.token)}, status=404
    )


async def test_the_sitting_of_a_sibling_is_not_there(site: Site) -> None:
    room = await enter(site, THIRTEEN, ("Sem", date(2012, 1, 2)))
    other = Room(site, room.view, room.relationship, await counsellor_at(site))
    await room.give()
    path = room.walker.path
    session = await site.world.services.identity.actor_for(other.walker.token)
    assert session is not None
    await site.world.services.identity.set_pin(session, PIN)
    siblings = family_path(site, room.view.family, "kinderen", room.view.children[1].child, "stem")
    await other.walker.open(siblings)
    await other.walker.press("Tablet aan het kind geven", NO_INTERPRETER)
    await other.walker.open(path, status=404)


async def test_a_child_that_decides_is_not_asked_with_faces(site: Site) -> None:
    room = await enter(site, THIRTEEN)
    await room.give()
    await room.walker.open("/kind/nl/none")
    assert room.walker.path == "/kind/nl/none/klaar"


# --- the counsellor's page -----------------------------------------------------------------------


@pytest.mark.parametrize("interpreter", ["professional", "telephone", "staff"])
async def test_whoever_interprets_the_counsellor_confirms_it_is_no_child_or_relative(
    site: Site, interpreter: str
) -> None:
    room = await enter(site, THIRTEEN)
    given = {"language": "nl", "interpreter": interpreter}
    await room.give(given, status=400)
    assert "Kijk na: de tolk is geen kind en geen familie." in room.walker.text
    await room.walker.press(
        "Tablet aan het kind geven", {**given, "interpreter_fit": "yes", "read_aloud": "yes"}
    )
    (row,) = await rows(site.world, sittings)
    assert (row.interpreter, row.read_aloud, row.decider) == (interpreter, True, "child")


async def test_s42_the_counsellor_judges_and_the_child_is_heard_from_then_on(site: Site) -> None:
    room = await enter(site, THIRTEEN)
    await room.walker.open(room.at())
    assert "Het kind beslist mee" in room.walker.text
    await room.walker.press("Oordeel vastleggen", status=400)
    await room.walker.press("Oordeel vastleggen", {"competent": "no"}, status=400)
    await room.walker.press("Oordeel vastleggen", {"competent": "no", "incompetence": "too_upset"})
    assert "Wij horen het kind" in room.walker.text
    assert "Beoordeeld: kan dit nog niet zelf afwegen" in room.walker.text
    await room.give()
    assert room.walker.path == "/kind/nl/none"


async def test_without_a_pin_the_tablet_stays_and_without_a_school_there_is_nothing_to_ask(
    site: Site,
) -> None:
    world = site.world
    view = await world.family(children=(("Noor", THIRTEEN),))
    walker = await counsellor_at(site)
    page = family_path(site, view.family, "kinderen", view.children[0].child, "stem")
    await walker.open(page)
    assert "Er is nog geen school gekozen." in walker.text
    await world.at_school(view.children[0].child)
    await walker.open(page)
    await walker.press("Tablet aan het kind geven", NO_INTERPRETER)
    assert walker.path == family_path(site, view.family, "pincode")


async def test_the_family_page_leads_to_each_childs_voice(site: Site) -> None:
    room = await enter(site, SEVEN)
    await room.walker.open(family_path(site, room.view.family))
    await room.walker.follow("De stem van het kind")
    assert room.walker.path == room.at()
