"""The page that checks a bundle in a browser without a network: opened as a file, as an outsider does."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, async_playwright

from consent_service.audit.events import LogReopened
from consent_service.audit.merkle import root_of
from consent_service.audit.standalone.joining import page_source
from consent_service.audit.standalone.telling import answer
from consent_service.audit.standalone.words import ASKED_WRONGLY, WRONG
from tests.audit.standalone.forging import a_forge, zipped
from tests.audit.standalone.restoring import put_back
from tests.audit.standalone.tampering import tampered_bundles
from tests.audit.standalone.test_bad_input import spoiled_bundle
from tests.audit.standalone.test_telling import CHILD, LOOK
from tests.browser.conftest import CHROMIUM, FLAGS, SIDEWAYS

pytestmark = pytest.mark.browser
_ASK = "#check"


@pytest.fixture
async def verifier(photographs: Path | None, tmp_path: Path) -> AsyncIterator[Page]:
    """The page, opened from the disk; nothing may be asked of any network, and nothing may break."""
    file = tmp_path / "verify.html"
    file.write_text(page_source(), encoding="utf-8")
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 800, "height": 1100}, locale="nl-NL")
        page.set_default_timeout(60_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith("file:") else complaints.append(request.url),
        )
        await page.goto(file.as_uri())
        yield page
        await browser.close()
    assert complaints == []


async def _check(page: Page, bundle: bytes) -> str:
    """Choose a bundle and press the button; the code of the verdict."""
    await page.set_input_files("#bundle", _file("bundle.zip", bundle))
    await page.click(_ASK)
    verdict = await page.wait_for_selector("#outcome .verdict")
    assert verdict is not None
    return await verdict.get_attribute("data-code") or ""


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


async def _look(page: Page, photographs: Path | None, name: str) -> None:
    assert not await page.evaluate(SIDEWAYS)
    if photographs is not None:
        await page.screenshot(path=photographs / f"bundle-{name}.png", full_page=True)


async def test_every_tampered_bundle_is_refused_for_the_reason_verify_py_gives(verifier: Page) -> None:
    """The same table as in tests/audit/standalone: the two programs share no line."""
    cases = tampered_bundles()

    said = {case.name: await _check(verifier, case.bundle) for case in cases}

    assert said == {case.name: case.code for case in cases}


async def test_spoiled_files_are_refused_for_the_reason_verify_py_gives(
    verifier: Page, tmp_path: Path
) -> None:
    path, differs = tmp_path / "bundle.zip", {}
    for seed in range(60):
        bundle, name = spoiled_bundle(seed)
        path.write_bytes(bundle)
        code, lines = answer([str(path)])
        expected = "good" if code == 0 else lines[0].partition("[")[2].partition("]")[0]
        said = await _check(verifier, bundle)
        if said != expected:
            differs[seed, name] = (said, expected)
    assert differs == {}


async def test_a_sound_bundle_tells_what_was_proved_in_two_languages(
    verifier: Page, photographs: Path | None
) -> None:
    forge = a_forge()

    assert await _check(verifier, zipped(forge.members().items())) == "good"

    told = await verifier.inner_text("#outcome")
    first, size = forge.logs[0], len(forge.logs[0].leaves)
    assert f"{size} regels, uitkomst {root_of(first.hashes()).hex()}" in told
    assert "Met het merk van de inzagesleutel: 3, waarvan 3 geopend." in told
    assert "Later voor deze inzagesleutel vrijgegeven: 1." in told
    assert f"openssl ts -verify -in logs/1/timestamps/{size}.tsr" in told
    assert "Getuige witness.example.org tekende" in told
    assert first.ids[2] in told
    assert "1 september 2026 08:00:03 UTC" in told
    assert "Sleutel van het logboek vervangen (log.key_rotated.v1)" in told
    assert "Begonnen toen de database uit een reservekopie werd teruggezet" in told
    assert "gesloten waren" not in told
    await _look(verifier, photographs, "good")
    await verifier.set_viewport_size({"width": 360, "height": 740})
    await _look(verifier, photographs, "good-narrow")
    await verifier.emulate_media(color_scheme="dark")
    await verifier.get_by_role("button", name="English").click()
    assert "With the tag of the view key: 3, of which 3 opened." in await verifier.inner_text("#outcome")
    assert await verifier.get_attribute("html", "lang") == "en"
    await _look(verifier, photographs, "good-dark-english")


async def test_the_page_asks_for_a_bundle_in_its_own_words_and_remembers_the_language(
    verifier: Page, photographs: Path | None
) -> None:
    await verifier.click(_ASK)
    verdict = await verifier.wait_for_selector("#outcome .verdict")
    assert verdict is not None
    assert await verdict.get_attribute("data-code") == "none"
    assert "Kies eerst het pakket." in await verdict.inner_text()
    await verifier.get_by_role("button", name="English").click()
    await verifier.reload()
    assert await verifier.get_attribute("html", "lang") == "en"
    await verifier.get_by_role("button", name="Nederlands").click()
    await verifier.reload()
    assert await verifier.get_attribute("html", "lang") == "nl"


async def test_a_closed_log_and_looks_at_a_child_are_told(verifier: Page, photographs: Path | None) -> None:
    forge = a_forge(extra=2)
    first = forge.logs[0]
    size, root = len(first.leaves), root_of(first.hashes()).hex()
    put_back(forge, LogReopened(2, "compromised", size, root))
    forge.entry(forge.logs[1], LOOK, shown_to=CHILD, subject=CHILD, opened=True)
    assert await _check(verifier, zipped(forge.members().items())) == "good"
    told = await verifier.inner_text("#outcome")
    assert "Gesloten: zijn sleutel kan in verkeerde handen zijn. Verder in logboek 2" in told
    assert "Gegeven over iemand voor wie u beslist" in told
    assert "elk met een bewijs: 1." in told
    await _look(verifier, photographs, "closed")
    await verifier.set_viewport_size({"width": 360, "height": 740})
    await _look(verifier, photographs, "closed-narrow")


async def test_a_refusal_says_in_words_what_is_wrong_and_where(
    verifier: Page, photographs: Path | None
) -> None:
    forge = a_forge()
    members = forge.members()
    members["logs/1/tile/entries/000"] = members["logs/1/tile/entries/000"].replace(b'"v":1', b'"v":2', 1)

    assert await _check(verifier, zipped(members.items())) == "leaf_differs"

    told = await verifier.inner_text("#outcome")
    assert "Niet goed" in told
    assert WRONG["leaf_differs"][0][1:] in told
    assert "logs/1/0" in told
    await _look(verifier, photographs, "tampered")
    await verifier.set_viewport_size({"width": 360, "height": 740})
    await _look(verifier, photographs, "tampered-narrow")


async def test_what_somebody_has_from_elsewhere_must_fit(verifier: Page, photographs: Path | None) -> None:
    """A receipt, a kept head, keys: right ones fit, wrong ones are refused, unusable ones are told apart."""
    forge, stranger = a_forge(extra=2), a_forge(extra=2)
    first = forge.logs[0]
    bundle = zipped(forge.members().items())
    root = first.note(3).decode().splitlines()[2]
    await verifier.click("summary")

    await verifier.fill("#size", "3")
    await verifier.fill("#root", root)
    await verifier.set_input_files("#pin", _file("stand.txt", first.note(4)))
    assert await _check(verifier, bundle) == "good"
    assert "Past bij wat u van elders hebt: 2 keer." in await verifier.inner_text("#outcome")
    await _look(verifier, photographs, "compared")

    await verifier.fill("#root", base64.b64encode(b"r" * 32).decode())
    assert await _check(verifier, bundle) == "receipt_differs"
    await verifier.fill("#root", "zo niet")
    assert await _check(verifier, bundle) == "asked_receipt"
    await verifier.fill("#size", "")
    await verifier.fill("#root", "")
    heads = {
        "pin_unsigned": stranger.logs[0].note(4),
        "pin_differs": f"{first.origin}\n3\n{base64.b64encode(b'r' * 32).decode()}\n".encode(),
        "pin_beyond": f"{first.origin}\n3000\n{root}\n".encode(),
        "pin_foreign": f"elsewhere\n3\n{root}\n".encode(),
        "asked_pin": b"niets",
    }
    for code, head in heads.items():
        await verifier.set_input_files("#pin", _file("stand.txt", head))
        assert await _check(verifier, bundle) == code
    assert {"asked_pin", "asked_receipt"} <= ASKED_WRONGLY


async def test_a_browser_that_cannot_compute_signatures_says_so(verifier: Page) -> None:
    lacking = "new DOMException('no', 'NotSupportedError')"
    await verifier.evaluate(f"() => {{ crypto.subtle.importKey = () => Promise.reject({lacking}); }}")

    assert await _check(verifier, zipped(a_forge(extra=2).members().items())) == "browser"
    assert "verify.py" in await verifier.inner_text("#outcome")
