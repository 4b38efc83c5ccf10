"""The officers read the rules: which hold, in plain words, as a table; and make a decision again."""

from __future__ import annotations

import re

import pytest

from consent_service.audit.events import PolicyReplayed
from consent_service.foundation.ids import INSTALLATION, new_id
from consent_service.policy.tables import active_bundles, policy_bundles
from tests.shelter import furnish
from tests.web.officer_rules import SAFETY, Room, archive, fg_of, form_of, make_room, text_of, widened
from tests.web.visiting import Site, words_of

NAMES = ("Noor", "Samira", "Voorbeeld", "Bo Begeleider", "Ida Intern", "De Linde", "Jip Juf")


@pytest.fixture
async def room(site: Site) -> Room:
    return await make_room(site)


async def test_the_overview_names_what_holds_and_a_proposal_that_is_open(room: Room) -> None:
    page = await room.first.get(room.at())
    words = words_of(page)
    assert await room.active() in words
    assert "cedarpy" in words
    assert "Er is nog niets voorgesteld." in words
    assert "Er golden nog geen andere regels." in words
    here = await room.proposed()
    page = await room.second.get(room.at())
    assert "Er staat een voorstel open." in words_of(page)
    assert f'href="{here}"' in page.text
    assert re.search(r"een wijziging op deze pagina; \w+ [0-9a-f]{8}", page.text)


@pytest.mark.parametrize(
    "language, said",
    [
        ("nl", ("Veiligheid", "het adres is geheim", "Verbiedt", "Staat toe", "Grond in de wet")),
        ("en", ("Safety", "the address is secret", "Forbids", "Allows", "Ground in law")),
    ],
)
async def test_every_rule_stands_in_words_beside_its_source(
    room: Room, language: str, said: tuple[str, ...]
) -> None:
    room.first.language = language
    page = await room.first.get(room.at("in-woorden"))
    words = words_of(page)
    for one in said:
        assert one in words
    rules = await room.world.services.policies.rules(await room.active())
    for name, place in rules.bundle.places.items():
        assert re.search(f'<h3>[^\n]*<span class="code">{re.escape(name)}</span></h3>', page.text), name
        assert str(place) in words
        assert " ".join(place.text.split()) in words
    assert page.text.count("/spelregels/bewerken?file=") == len(rules.bundle.places)


@pytest.mark.parametrize(
    "query, columns, cells",
    [
        ("", ("Leerkracht", "Ouder met gezag"), ("Wat helpt uw kind", "een ouder")),
        ("?show=school.teacher", ("Steun in de klas", "Verhuizing of nieuwe school"), ("Wat helpt uw kind",)),
        ("?show=support&action=share", ("Begeleider",), ("van opvang naar school",)),
        ("?show=support&basis=vital_interest", ("Leerkracht",), ("maar één beslisser",)),
        ("?show=nonsense&action=nonsense&basis=nonsense", ("Leerkracht",), ("Wat helpt uw kind",)),
    ],
)
async def test_the_table_tells_who_may_ever_get_what(
    room: Room, query: str, columns: tuple[str, ...], cells: tuple[str, ...]
) -> None:
    page = await room.first.get(f"{room.at('wie-mag-wat')}{query}")
    assert page.status_code == 200
    heads = re.findall(r'<th scope="col">([^<]+)</th>', page.text)
    for column in columns:
        assert column in heads
    for cell in cells:
        assert cell in words_of(page)
    assert "nooit" in words_of(page)


async def test_the_table_is_in_the_readers_language(room: Room) -> None:
    room.first.language = "en"
    words = words_of(await room.first.get(room.at("wie-mag-wat")))
    assert "Purpose: Support in class" in words
    assert "one parent" in words


async def test_the_fg_sees_everything_and_has_nothing_to_press(room: Room) -> None:
    here = await room.proposed()
    fg = await room.site.logged_in(await fg_of(room.world))
    for address in (room.at(), room.at("in-woorden"), room.at("wie-mag-wat"), here):
        page = await fg.get(address)
        assert page.status_code == 200, address
        assert not re.search(r'method="post"(?! action="/(uitloggen|taal)")', page.text), address
    assert "U houdt toezicht." in words_of(await fg.get(here))
    for step in ("goedkeuren", "intrekken", "invoeren"):
        assert (await fg.post(f"{here}/{step}")).status_code == 403, step
    assert (await fg.post(room.at("bewerken"), form_of(widened()))).status_code == 403
    assert (await fg.post(room.at("voorstellen", "software"))).status_code == 403


async def test_another_shelters_proposal_is_not_there(room: Room) -> None:
    here = await room.proposed()
    elsewhere = await furnish(room.world.services, room.world.clock, "Opvang Noord")
    stranger = await room.site.logged_in(elsewhere.officer)
    number = here.rpartition("/")[2]
    assert (await stranger.get(here)).status_code == 404
    theirs = f"/toezicht/{elsewhere.tenant}/spelregels/voorstellen/{number}"
    assert (await stranger.get(theirs)).status_code == 404
    assert (await stranger.post(f"{theirs}/goedkeuren")).status_code == 404
    assert (await room.first.get(room.at("voorstellen", new_id()))).status_code == 404


async def test_rules_of_an_engine_that_is_gone_are_told_and_not_shown_as_if_they_held(room: Room) -> None:
    gone, now = "0" * 64, room.world.clock.now()
    async with room.world.services.installation.database.transaction() as conn:
        row = {"tenant": INSTALLATION, "hash": gone, "files": b"", "stored_at": now, "engine": "cedarpy 1.0"}
        await conn.execute(policy_bundles.insert().values(**row))
        await conn.execute(active_bundles.update().values(hash=gone))
    page = words_of(await room.first.get(room.at()))
    assert "Er wordt nu niets gedeeld." in page
    assert "Deze versie van de software heeft andere regels" in page
    assert "bewuste keuze" not in page
    for part in ("in-woorden", "wie-mag-wat"):
        assert (await room.first.get(room.at(part))).headers["location"] == room.at()


async def test_a_file_is_added_to_the_page_and_nothing_typed_is_lost(room: Room) -> None:
    opened = await room.first.get(f"{room.at('bewerken')}?file={SAFETY}")
    assert 'spellcheck="false"' in opened.text
    typed = form_of({SAFETY: "// mine\r\n" + text_of(SAFETY)}, step="add", file="tests/safety.toml")
    both = await room.first.post(room.at("bewerken"), typed)
    assert both.status_code == 200
    assert "// mine" in both.text
    assert 'value="tests/safety.toml"' in both.text
    wrong = await room.first.post(room.at("bewerken"), form_of({SAFETY: "// mine\r\nforbid (principal"}))
    assert wrong.status_code == 400
    assert "// mine" in wrong.text
    assert 'role="alert"' in wrong.text


async def test_a_comment_is_a_change_and_the_same_text_is_none(room: Room) -> None:
    """Officers stand behind exactly these texts; how a browser ends its lines is no part of them."""
    same = await room.first.post(
        room.at("bewerken"), form_of({SAFETY: text_of(SAFETY).replace("\n", "\r\n")})
    )
    assert same.status_code == 400
    assert "verandert er niets" in words_of(same)
    told = await room.first.post(room.at("bewerken"), form_of({SAFETY: "// why\r\n" + text_of(SAFETY)}))
    assert told.status_code == 303
    page = words_of(await room.second.get(told.headers["location"]))
    assert "// why" in page
    assert "Apart goedgekeurd" not in page


@pytest.mark.parametrize(
    "form, said",
    [
        ({}, "Vul dit in."),
        ({"file-0": SAFETY, "text-0": " "}, "Vul dit in."),
        ({"file-0": SAFETY, "text-0": "x" * 150_001}, "Dit is te lang."),
        ({"file-0": "../LOCK", "text-0": "x"}, "Kies een van de antwoorden."),
        ({"file-0": SAFETY, "text-0": "x", "step": "add"}, "Kies een van de antwoorden."),
        ({"file-0": SAFETY, "text-0": "forbid (principal"}, "Wat de controle vond:"),
    ],
)
async def test_wrong_input_is_told_on_the_page(room: Room, form: dict[str, str], said: str) -> None:
    answer = await room.first.post(room.at("bewerken"), form)
    assert answer.status_code == 400
    assert said in words_of(answer)


async def test_more_files_at_once_than_the_page_takes_need_an_archive(room: Room) -> None:
    files = list(await room.world.services.policy_changes.files(room.world.officer))[:7]
    form = form_of(dict.fromkeys(files[:6], "x"), step="add", file=files[6])
    answer = await room.first.post(room.at("bewerken"), form)
    assert "Stuur een zip in." in words_of(answer)
    assert (await room.first.get(f"{room.at('bewerken')}?file=nope")).status_code == 404
    assert "Welk bestand?" in words_of(await room.first.get(room.at("bewerken")))


@pytest.mark.parametrize(
    "raw, said",
    [
        (b"", "Kies een bestand."),
        (b"no archive at all", "Dit is geen zip-bestand dat te lezen is."),
        (b"0" * 1_000_001, "groot"),
    ],
)
async def test_an_upload_that_is_no_archive_is_told_beside_the_field(
    room: Room, raw: bytes, said: str
) -> None:
    answer = await room.first.upload(room.at("voorstellen", "bestand"), "archive", raw)
    assert answer.status_code == 400
    assert said in words_of(answer)
    assert "Spelregels" in words_of(answer)


async def test_an_archive_that_fails_its_check_is_told_in_full(room: Room) -> None:
    broken = archive({SAFETY: "permit (principal, action, resource);"})
    answer = await room.first.upload(room.at("voorstellen", "bestand"), "archive", broken)
    assert answer.status_code == 400
    assert "Dit voorstel is niet bewaard" in words_of(answer)
    assert f"{SAFETY}:1" in words_of(answer)


async def test_a_decision_is_made_again_with_the_same_outcome(room: Room) -> None:
    home = f"/toezicht/{room.world.tenant}"
    trail = await room.first.post(f"{home}/zoeken", {"event": "release.refused.v1"})
    (entry,) = set(re.findall(r'href="([^"]+/regels/[^"]+)"', trail.text))
    page = await room.first.get(entry)
    assert f'action="{entry}/opnieuw"' in page.text
    again = await room.first.post(f"{entry}/opnieuw")
    words = words_of(again)
    assert "Dezelfde uitkomst." in words
    assert "Wat helpt uw kind" in words
    assert any(isinstance(event, PolicyReplayed) for event in await room.site.events())
    assert (await room.first.get(f"{entry}/opnieuw")).headers["location"] == entry
    for name in NAMES:
        assert name not in again.text.replace("Puk Privacy", "")


async def test_an_entry_without_a_decision_offers_no_judging(room: Room) -> None:
    home = f"/toezicht/{room.world.tenant}"
    trail = await room.first.get(f"{home}?event=family.registered.v1")
    entry = re.findall(r'href="([^"]+/regels/[^"]+)"', trail.text)[0]
    assert "/opnieuw" not in (await room.first.get(entry)).text
    answer = await room.first.post(f"{entry}/opnieuw")
    assert "hoort geen beslissing" in words_of(answer)
    for wrong in (f"{home}/regels/niets/opnieuw",):
        assert (await room.first.post(wrong)).status_code == 404
        assert (await room.first.get(wrong)).status_code == 404


async def test_no_page_on_the_rules_names_anybody(room: Room) -> None:
    here = await room.proposed()
    for address in (room.at(), room.at("in-woorden"), room.at("wie-mag-wat"), room.at("bewerken"), here):
        page = await room.second.get(address)
        for name in NAMES:
            assert name not in page.text, (address, name)


async def test_nothing_is_fetched_ahead(room: Room) -> None:
    here = await room.proposed()
    assert (await room.second.get(here, sec_purpose="prefetch")).status_code == 503
