"""Tests of `consent_service.web.intake`: the parent with the tablet, over the whole application."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy import select

from consent_service.consent.screen import Screen, screen_hash
from consent_service.consent.tables import consent_ledger
from consent_service.foundation.ids import TypeKey
from tests.web.laying import TYPES, Table, lay
from tests.web.visiting import PIN, Site
from tests.web.walking import counsellor_at, family_path

# --- answering -------------------------------------------------------------------------------


async def test_s43_sending_no_choice_stores_no_answer_and_asks_again(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    form = table.parent.form_with("Ja")
    step = form.all("input", name="step")[0].attributes["value"]
    csrf = form.all("input", name="csrf")[0].attributes["value"]

    await table.parent.send(table.at("vraag", "1"), {"csrf": csrf, "step": step}, status=400)
    assert "Kies een van de antwoorden." in table.parent.text
    assert await table.drafts() == {}
    await table.parent.press("Nee")
    assert set((await table.drafts()).values()) == {"no"}


async def test_the_same_form_sent_twice_is_taken_once_and_shows_the_open_question(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    form = table.parent.form_with("Ja")
    yes, no = [b for b in form.all("button") if b.text() in ("Ja", "Nee")]
    sent = table.parent.sent_with(form, yes, {})
    again = table.parent.sent_with(form, no, {})

    await table.parent.send(table.at("vraag", "1"), sent)
    await table.parent.send(table.at("vraag", "1"), again)

    assert table.parent.path == table.at("vraag", "2")
    assert list((await table.drafts()).values()) == ["yes"]


async def test_back_to_an_earlier_question_shows_the_answer_as_a_sentence_and_may_change_it(
    site: Site,
) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.open(table.at("vraag", "2"))

    assert "U koos eerder: Ja." in table.parent.text
    assert not [e for e in table.parent.page.walk() if "checked" in e.attributes]
    await table.parent.press("Later")
    assert table.parent.heading == "Klopt dit?"
    assert sorted((await table.drafts()).values()) == ["later", *["yes"] * 4]


async def test_one_answer_is_changed_from_the_check_without_redoing_all(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()

    await table.parent.follow("Veranderen Wat helpt uw kind")
    await table.parent.press("Nee")

    assert table.parent.path == table.at("controle")
    assert sorted((await table.drafts()).values()) == ["no", *["yes"] * 4]


async def test_siblings_have_a_question_each_with_the_own_name_and_school(site: Site) -> None:
    children = (("Noor", date(2018, 5, 4)), ("Sam", date(2016, 2, 29)))
    table = await lay(site, children=children)
    seen = []
    await table.parent.open(table.at())
    await table.parent.begin()
    while table.parent.page.all("button", name="answer"):
        label = next(e for e in table.parent.page.walk() if "question-label" in e.classes())
        seen.append(label.text())
        assert ("Noor" in label.text()) != ("Sam" in label.text())
        await table.parent.press("Ja")

    assert len(seen) == 2 * TYPES
    assert table.parent.text.count("Noor Voorbeeld De Linde") == 1


async def test_a_number_that_is_no_question_leads_to_the_open_one(site: Site) -> None:
    table = await lay(site)
    for number in ("0", "6", "99"):
        await table.parent.open(table.at("vraag", number))
        assert table.parent.path == table.at("vraag", "1")


async def test_going_on_in_another_language_keeps_answers_and_makes_the_old_form_old(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    await table.parent.press("Ja")
    form = table.parent.form_with("Ja")
    old = table.parent.sent_with(form, form.all("button")[0], {})

    await table.parent.press("English")
    assert table.parent.path == table.at("vraag", "2")
    assert [b.text() for b in table.parent.page.all("button", name="answer")] == ["Yes", "No", "Later"]
    await table.parent.send(table.at("vraag", "2"), old)

    assert len(await table.drafts()) == 1, "a yes to the Dutch text is no yes to the English one"
    await table.parent.press("Yes")
    assert len(await table.drafts()) == 2


async def test_a_language_without_texts_changes_nothing(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    csrf = table.parent.form_with("Ja").all("input", name="csrf")[0].attributes["value"]

    await table.parent.send(table.at("taal"), {"csrf": csrf, "language": "xx", "back": "//evil.example"})

    assert table.parent.path == table.at("vraag", "1")
    assert "evil" not in " ".join(table.parent.locations)


# --- what was shown --------------------------------------------------------------------------


async def test_every_word_of_the_hashed_screen_stands_on_the_page_and_the_hash_is_kept(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    await table.parent.press("Nee")
    await table.parent.open(table.at("vraag", "1"))
    screen = _screen(table, earlier="U koos eerder: Nee.")

    for text in _texts(msgspec.to_builtins(screen)):
        assert text in table.parent.text, text
    await table.parent.press("Ja")
    while table.parent.page.all("button", name="answer"):
        await table.parent.press("Ja")
    await table.parent.follow("Ja, dit klopt")
    await table.parent.press("Ondertekenen", {"signature": "Samira"})
    query = select(consent_ledger).where(consent_ledger.c.information_type == "shelter_involvement")
    async with table.world.services.installation.database.reading() as conn:
        (row,) = (await conn.execute(query)).all()
    assert row.screen_hash == screen_hash(screen)
    assert (row.language, row.kind, row.person) == ("nl", "given", table.actor.guardian)


def test_a_screen_with_one_other_letter_has_another_hash() -> None:
    texts = dict.fromkeys(
        ("draft_notice", "child", "school", "label", "question", "who_sees", "until", "never", "say_no"), "x"
    )
    screen = Screen(
        language="nl",
        number=1,
        total=5,
        earlier="",
        choices=("Ja", "Nee", "Later"),
        explanation="",
        organisation="Opvang Zuid",
        who_we_are="x",
        **texts,
    )
    changed = [
        msgspec.structs.replace(screen, **{name: f"{value}."})
        for name, value in msgspec.to_builtins(screen).items()
        if isinstance(value, str)
    ]

    assert len({screen_hash(one) for one in (screen, *changed)}) == len(changed) + 1


async def test_the_first_page_says_who_asks(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at())

    assert "Opvang Zuid" in table.parent.text
    assert "Wij zijn de organisatie die uw gezin nu helpt." in table.parent.text
    assert "5 korte vragen per kind" in table.parent.text


async def test_s44_the_other_guardian_is_on_no_page(site: Site) -> None:
    table = await lay(site)
    seen = []
    await table.parent.open(table.at())
    seen.append(table.parent.text)
    await table.parent.begin()
    while table.parent.page.all("button", name="answer"):
        seen.append(table.parent.text)
        await table.parent.press("Ja")
    seen.append(table.parent.text)
    await table.parent.follow("Ja, dit klopt")
    seen.append(table.parent.text)
    await table.parent.press("Ondertekenen", {"signature": "Samira"})
    seen.append(table.parent.text)

    assert all("Samira" in text or "Noor" in text for text in seen), "the check that can see a name"
    assert not [text for text in seen if "Tarik" in text]
    assert set(table.parent.titles) == {"Uw keuzes"}


# --- stopping --------------------------------------------------------------------------------


async def test_s55_not_now_makes_nothing_count_and_a_task_follows(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    await table.parent.press("Ja")
    await table.parent.press("Nu niet")

    assert table.parent.path == table.at("klaar")
    assert "Er is niets gedeeld." in table.parent.text
    assert await table.answers() == {}
    await table.world.settle()
    tasks = await table.world.services.tasks.open_tasks(table.world.counsellor)
    assert [task.kind for task in tasks] == ["intake_again"]
    for closed in ("", "vraag/1", "controle", "tekenen", "bewijs"):
        await table.parent.open(table.at(closed) if closed else table.at())
        assert table.parent.path == table.at("klaar")


async def test_before_signing_nothing_counts_and_a_question_left_open_comes_first(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    await table.parent.press("Ja")
    for early in ("controle", "tekenen", "bewijs", "klaar"):
        await table.parent.open(table.at(early))
        assert table.parent.path == table.at("vraag", "2")

    assert await table.answers() == {}


# --- who has the tablet ----------------------------------------------------------------------


async def test_another_guardians_sitting_is_not_there(site: Site) -> None:
    table = await lay(site)
    other = await table.world.services.sittings.start(
        table.world.counsellor,
        family=table.family.family,
        guardian=table.family.guardians[1].guardian,
        language="nl",
        interpreter="none",
    )
    for path in ("", "/vraag/1", "/controle", "/tekenen", "/bewijs", "/bewijs/code", "/klaar"):
        await table.parent.open(f"/intake/{other.sitting}{path}", status=404)


async def test_a_counsellor_cannot_answer_for_the_parent(site: Site) -> None:
    table = await lay(site)
    counsellor = await counsellor_at(site)
    for path in ("", "/vraag/1", "/tekenen"):
        await counsellor.open(f"/intake/{table.sitting.sitting}{path}", status=401)


@pytest.mark.parametrize("step", ["begin", "taal", "vraag/1", "nu-niet", "tekenen"])
async def test_a_form_of_another_session_is_refused(site: Site, step: str) -> None:
    table = await lay(site)
    await table.parent.send(table.at(step), {"csrf": "guessed", "answer": "yes"}, status=400)

    assert await table.drafts() == {}


async def test_whoever_comes_back_goes_on_where_she_was(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    await table.parent.press("Ja")
    await table.parent.open("/")
    assert table.parent.path == table.at()
    await table.parent.begin()
    assert table.parent.path == table.at("vraag", "2")
    await table.parent.open("/tablet-terug")
    await table.parent.follow("Verder met de vragen")
    assert table.parent.path == table.at()


async def test_taken_back_the_tablet_shows_nothing_of_the_parent(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()
    receipt = table.parent.path
    await table.parent.open("/tablet-terug")
    await table.parent.press("Terugnemen", {"pin": PIN})
    assert table.parent.path == family_path(site, table.family.family)

    await table.parent.open(receipt, status=401)
    assert code not in table.parent.text


async def test_no_address_and_no_title_holds_personal_data(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()
    await table.parent.follow("Klaar")
    gone_to = " ".join([*table.parent.locations, *table.parent.titles])

    assert table.parent.locations
    for planted in ("Samira", "Noor", "Voorbeeld", "Tarik", code, "Linde", "2018"):
        assert planted not in gone_to


def _screen(table: Table, *, earlier: str) -> Screen:
    """The first question as the approved texts say it, put together here a second time."""
    texts = table.world.services.texts.of("nl")
    text, general = texts.types[TypeKey("shelter_involvement")], texts.general
    return Screen(
        language="nl",
        number=1,
        total=TYPES,
        draft_notice="Proefversie: deze tekst is nog niet door een mens nagekeken.",
        child="Noor Voorbeeld",
        school="De Linde",
        label=text.label,
        question=text.question,
        who_sees=text.who_sees,
        until=text.until,
        never=text.never,
        say_no=general.say_no,
        earlier=earlier,
        choices=("Ja", "Nee", "Later"),
        explanation=text.explanation,
        organisation="Opvang Zuid",
        who_we_are=general.who_we_are,
    )


def _texts(value: object) -> list[str]:
    """Every text in the screen, but not the code of its language."""
    assert isinstance(value, dict)
    found = [text for name, text in value.items() if isinstance(text, str) and name != "language"]
    return [text for text in (*found, *value["choices"]) if text]


# --- telling it herself, and when it was answered ------------------------------------------------


async def test_s52_telling_it_herself_sends_nothing_and_shows_what_she_may_tell(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    await table.parent.press("Ja")
    await table.parent.open(table.at())
    form = table.parent.form_with("Ik vertel het zelf")
    sent = table.parent.sent_with(form, form.all("button")[0], {})
    for _ in range(2):
        await table.parent.send(table.at("zelf"), sent)
        assert table.parent.path == table.at("zelf-vertellen")

    assert "Wij sturen de school niets. Hierover kunt u praten." in table.parent.text
    assert "Wat helpt uw kind" in table.parent.text
    for name in ("Samira", "Noor", "De Linde", "Opvang Zuid"):
        assert name not in table.parent.text
    assert await table.answers() == {}
    for closed in ("vraag/1", "controle", "tekenen", "bewijs"):
        await table.parent.open(table.at(closed))
        assert table.parent.path in (table.at("zelf-vertellen"), table.at("klaar"))
    await table.parent.open(table.at("klaar"))
    assert "U vertelt het zelf." in table.parent.text


async def test_the_talking_points_are_only_for_who_chose_that(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("zelf-vertellen"))
    assert table.parent.path == table.at("vraag", "1")


async def test_a_row_keeps_what_the_device_said_and_how_long_the_question_stood_there(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("vraag", "1"))
    form = table.parent.form_with("Ja")
    assert "data-device-time" in form.attributes
    (yes, *_) = [b for b in form.all("button") if b.text() == "Ja"]
    sent = table.parent.sent_with(form, yes, {})
    said = table.world.clock.now() + timedelta(seconds=5)
    table.world.clock.advance(timedelta(seconds=9))
    await table.parent.send(table.at("vraag", "1"), sent | {"device_time": said.isoformat()})
    while table.parent.page.all("button", name="answer"):
        await table.parent.press("Nee")
    await table.parent.follow("Ja, dit klopt")
    await table.parent.press("Ondertekenen", {"signature": "Samira"})

    query = select(consent_ledger).where(consent_ledger.c.kind == "given")
    async with table.world.services.installation.database.reading() as conn:
        (row,) = (await conn.execute(query)).all()
    assert (row.seconds_shown, row.device_at, row.evidence) == (9, said, "typed")


async def test_s53_a_gezinsvoogd_does_not_get_the_tablet_and_it_is_said_why(site: Site) -> None:
    guardians = (("Samira", "holder"), ("Gijs", "gezinsvoogd"))
    view = await site.world.family(guardians=guardians)  # type: ignore[arg-type]
    await site.world.at_school(view.children[0].child)
    counsellor = await counsellor_at(site)
    session = await site.world.services.identity.actor_for(counsellor.token)
    assert session is not None
    await site.world.services.identity.set_pin(session, PIN)
    await counsellor.open(family_path(site, view.family, "tablet"))
    given = {"guardian": view.guardians[1].guardian, "language": "nl", "interpreter": "none"}
    await counsellor.press("Tablet geven", given, status=400)
    assert "Een gezinsvoogd beslist niet voor de ouders." in counsellor.text
    assert "beslissing van de rechter" in counsellor.text
