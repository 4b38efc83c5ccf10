"""Receipts as files: on the tablet for whoever signed, at the shelter on request, and nowhere else."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from consent_service.consent.receipt.record import missing_fields
from consent_service.foundation.i18n import FAMILY
from consent_service.foundation.settings import shipped_policies
from consent_service.information.texts import load_texts
from tests.consent.receipt.reading import opened, squeezed, text_of
from tests.web.laying import lay
from tests.web.visiting import Site
from tests.web.walking import Walker, counsellor_at, family_path


async def fetched(walker: Walker, path: str, status: int = 200) -> httpx.Response:
    """A file, which is no page."""
    answer = await walker._send("GET", path, None)
    assert answer.status_code == status, (path, answer.status_code)
    return answer


async def test_s50_the_neutral_paper_comes_under_a_name_and_headers_that_tell_nothing(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()
    await table.parent.follow("Alleen de code")
    (link,) = [a.attributes["href"] for a in table.parent.page.all("a") if a.text() == "PDF"]
    answer = await fetched(table.parent, link)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="code.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    # a reader of PDF may see a space between letters that stand apart by kerning
    assert "".join(opened(answer.content).pages[0].extract_text().split()) == f"1-9-2026{code}"
    told = " ".join(f"{name}: {value}" for name, value in answer.headers.items()).lower()
    for telling in ("samira", "noor", "ruggensteun", "keuze", "opvang"):
        assert telling not in told


async def test_the_paper_of_the_tablet_has_the_code_in_each_language_it_offers(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()
    links = {a.attributes["lang"]: a for a in table.parent.page.all("a") if "lang" in a.attributes}
    assert set(links) == set(FAMILY)
    assert links["ar"].attributes["dir"] == "rtl"
    spoken = load_texts(shipped_policies()).languages
    titles = {language: texts.receipt.title for language, texts in spoken.items()}
    for language, link in links.items():
        answer = await fetched(table.parent, link.attributes["href"])
        assert answer.headers["content-disposition"] == 'inline; filename="keuzes.pdf"'
        assert code in text_of(answer.content)
        assert opened(answer.content).metadata["/Title"] == titles[language]  # type: ignore[index]
        assert squeezed("Samira Voorbeeld") in text_of(answer.content)


async def test_without_the_code_the_full_paper_says_so_and_the_neutral_one_is_not_there(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()
    await table.parent.open(table.at("klaar"))
    full = await fetched(table.parent, table.at("bewijs.pdf"))
    assert code not in text_of(full.content)
    assert squeezed("De code staat niet op dit papier.") in text_of(full.content)
    await fetched(table.parent, table.at("bewijs", "code.pdf"), 404)


async def test_a_secret_that_made_no_code_prints_no_code(site: Site) -> None:
    table = await lay(site)
    await table.sign()
    table.parent._cookies["bewijs"] = ("typed.guessed", table.at())
    full = await fetched(table.parent, table.at("bewijs.pdf"))
    assert squeezed("De code staat niet op dit papier.") in text_of(full.content)
    await fetched(table.parent, table.at("bewijs", "code.pdf"), 404)


async def test_the_record_is_a_complete_file(site: Site) -> None:
    table = await lay(site)
    await table.sign()
    answer = await fetched(table.parent, table.at("bewijs.json"))
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["content-disposition"] == 'attachment; filename="keuzes.json"'
    assert missing_fields(msgspec.json.decode(answer.content)) == ()


@pytest.mark.parametrize("language", ["xx", "NL", "%2e%2e%2fnl"])
async def test_a_language_without_texts_is_answered_with_a_sentence(site: Site, language: str) -> None:
    table = await lay(site)
    await table.sign()
    answer = await fetched(table.parent, table.at("bewijs.pdf") + f"?taal={language}", 400)
    assert "text/html" in answer.headers["content-type"]


async def test_what_a_browser_fetches_ahead_is_neither_made_nor_logged(site: Site) -> None:
    table = await lay(site)
    await table.sign()
    before = await site.events()
    for path in ("bewijs.pdf", "bewijs/code.pdf", "bewijs.json"):
        answer = await site.client.get(
            table.at(path),
            headers={"sec-purpose": "prefetch", "cookie": f"sessie-8080={table.parent.token}"},
        )
        assert answer.status_code == 503
    assert await site.events() == before


async def test_s44_the_tablet_of_one_guardian_gives_no_receipt_of_the_other(site: Site) -> None:
    table = await lay(site)
    await table.sign()
    father = Walker(site, (await site.with_tablet(table.family, 1)).token)
    for path in ("bewijs.pdf", "bewijs/code.pdf", "bewijs.json"):
        await fetched(father, table.at(path), 404)


async def test_the_counsellor_finds_the_receipts_of_a_family_and_prints_one_without_the_code(
    site: Site,
) -> None:
    table = await lay(site)
    code = await table.sign()
    walker = await counsellor_at(site)
    await walker.open(family_path(site, table.family.family))
    await walker.follow("Bewijzen")
    assert "Samira Voorbeeld" in walker.text
    links = {
        a.attributes["lang"]: a.attributes["href"] for a in walker.page.all("a") if "lang" in a.attributes
    }
    paper = await fetched(walker, links["en"])
    assert squeezed("Your choices") in text_of(paper.content)
    assert code not in text_of(paper.content)
    (record,) = [a.attributes["href"] for a in walker.page.all("a") if "JSON" in a.text()]
    assert missing_fields(msgspec.json.decode((await fetched(walker, record)).content)) == ()


async def test_a_family_without_a_signature_has_no_receipts(site: Site) -> None:
    table = await lay(site)
    walker = await counsellor_at(site)
    await walker.open(family_path(site, table.family.family, "bewijzen"))
    assert "nog niets ondertekend" in walker.text
    await fetched(
        walker, family_path(site, table.family.family, "bewijzen", table.sitting.sitting, "keuzes.pdf"), 404
    )


async def test_a_receipt_is_not_found_under_another_family_or_by_a_colleague(site: Site) -> None:
    table = await lay(site)
    await table.sign()
    other = await site.world.family(family_name="Anders")
    walker = await counsellor_at(site)
    for name in ("keuzes.pdf", "keuzes.json"):
        path = ("bewijzen", table.sitting.sitting, name)
        await fetched(walker, family_path(site, other.family, *path), 404)
        colleague = await counsellor_at(site, site.world.colleague)
        await fetched(colleague, family_path(site, table.family.family, *path), 404)
