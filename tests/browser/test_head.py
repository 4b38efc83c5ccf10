"""The head an officer keeps, checked by the script in a real browser, against answers made here.

The log, its keys and its proofs are those of `audit`; the attacker has the key where it says so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from consent_service.audit.checkpoint import Checkpoint, verifier_key, write_note
from consent_service.audit.encoding import commitment
from consent_service.audit.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from consent_service.web.officer.head_views import HeadPage
from consent_service.web.pages import PageContext
from consent_service.web.rendering import STATIC, render_text
from consent_service.web.security import security_headers
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.conftest import cannot_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADDRESS = "http://localhost"
ORIGIN = "audit.opvang.example/t/4c1d0f6b2a9e4f7d8b3a5c6e7f809112"
ALARMS = {"shrunk", "rewritten", "forged", "unannounced", "other", "malformed", "unreadable"}
CSP = security_headers(https=False)["content-security-policy"] + "; connect-src 'self'"


class Key:
    """A key that signs heads."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()

    def note(self, size: int, root: bytes, origin: str = ORIGIN) -> bytes:
        head = Checkpoint(origin, size, root)
        return write_note(head, public=self.public, signature=self._private.sign(head.body()))

    def line(self, origin: str = ORIGIN) -> str:
        return verifier_key(origin, self.public)


Case = tuple[str, dict[str, Any] | str | None]
"""The outcome that must be shown, and what the service answers."""
KEY, NEXT_KEY, STRANGER = Key(), Key(), Key()
LEAVES = [leaf_hash(b"%d" % number) for number in range(70)]
REWRITTEN = [leaf_hash(b"otherwise"), *LEAVES[1:]]


def answer(size: int, since: int = 0, **changed: Any) -> dict[str, Any]:
    """What the service answers about the first `size` entries."""
    leaves = LEAVES[:size]
    path = consistency_proof(since, leaves) if 0 < since < size else ()
    said = {
        "note": KEY.note(size, root_of(leaves)).decode(),
        "keys": [KEY.line()],
        "since": since,
        "path": [base64.b64encode(one).decode() for one in path],
        "handovers": [],
    }
    return said | changed


def announced(by: Key, key: Key, *, at: int = 6) -> tuple[list[bytes], dict[str, Any]]:
    """A log in which entry `at` announces a key, and what shows that under a head that `by` signed."""
    salt, detail = (
        b"s" * 32,
        b'{"event":{"public":"%s","type":"log.key_rotated.v1"}}' % key.public.hex().encode(),
    )
    leaf = b'{"com":"%s"}' % commitment(salt, detail).encode()
    leaves = [*LEAVES[:at], leaf_hash(leaf), *LEAVES[at + 1 :]]
    told = {
        "leaf": text(leaf),
        "salt": text(salt),
        "detail": text(detail),
        "index": at,
        "path": [text(one) for one in inclusion_proof(at, leaves[: at + 2])],
        "path_now": [text(one) for one in inclusion_proof(at, leaves[:9])],
        "note": by.note(at + 2, root_of(leaves[: at + 2])).decode(),
    }
    return leaves, told


def text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def rewritten(size: int, since: int) -> dict[str, Any]:
    """As somebody with the database and the log's own key would answer: everything in it fits together."""
    leaves = REWRITTEN[:size]
    path = consistency_proof(since, leaves) if 0 < since < size else ()
    return answer(
        size,
        since,
        note=KEY.note(size, root_of(leaves)).decode(),
        path=[base64.b64encode(one).decode() for one in path],
    )


def of_size(size: int) -> bytes:
    return KEY.note(size, root_of(LEAVES[:size]))


@dataclass
class Desk:
    """The page in a browser; `said` is what the service answers next, `posted` what it was sent."""

    page: Page
    said: dict[str, Any] | str | None = None
    posted: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS).partition("?")[0]
        if path.startswith("/static/"):
            await route.fulfill(path=STATIC / path.removeprefix("/static/"))
        elif path == "/page":
            await route.fulfill(
                body=_PAGE, content_type="text/html", headers={"content-security-policy": CSP}
            )
        elif path == "/keep":
            self.posted.append(route.request.post_data or "")
            await route.fulfill(body="", status=200)
        elif self.said is None:
            await route.fulfill(status=500)
        else:
            self.asked.append(route.request.url)
            body = self.said if isinstance(self.said, str) else json.dumps(self.said)
            await route.fulfill(body=body, content_type="application/json")

    async def open(self, said: dict[str, Any] | str | None) -> str:
        """Open the page anew; the outcome that it shows."""
        self.said = said
        await self.page.goto(f"{ADDRESS}/page")
        return await self.outcome()

    async def outcome(self) -> str:
        """The one outcome in sight, once it is there; an alarm says what to do, and keeps nothing."""
        await expect(self.page.locator("[data-head-page]:not([data-state=busy])")).to_have_count(1)
        seen = self.page.locator("[data-outcome]:visible")
        await expect(seen).to_have_count(1)
        found = await seen.get_attribute("data-outcome") or ""
        assert await self.page.locator("[data-alarmed]").is_visible() is (found in ALARMS)
        keepable = found in {"none", "same", "grown", "rotated"}
        assert await self.page.locator("[data-keep]").is_visible() is keepable
        return found

    async def keep(self, kept: bytes | str, key: str = "") -> None:
        """What this browser kept earlier."""
        note = kept if isinstance(kept, str) else kept.decode()
        await self.page.goto(f"{ADDRESS}/page")
        value = json.dumps({"note": note, "key": key or KEY.line(), "at": "2026-09-01T08:00:00.000Z"})
        await self.page.evaluate("value => localStorage.setItem('stand:here', value)", value)

    async def forget(self) -> None:
        await self.page.evaluate("localStorage.clear()")


_PAGE = render_text(
    HeadPage("/log", "/now", "/keep", "ruggensteun-stand-{size}.txt", "here"),
    PageContext(language="nl", csrf_token="token"),
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        cannot_run("browser tests need Debian's package chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


@pytest.fixture
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    page = await browser.new_page(locale="nl-NL")
    page.set_default_timeout(60_000)
    made = Desk(page)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text) if said.type == "error" and "status of" not in said.text else None
        ),
    )
    await page.route(f"{ADDRESS}/**", made.serve)
    yield made
    assert complaints == []


async def test_a_head_is_kept_in_the_browser_and_in_a_file_and_the_log_may_grow(
    desk: Desk, tmp_path: Path
) -> None:
    assert await desk.open(answer(3)) == "none"
    async with desk.page.expect_download() as waiting:
        await desk.page.get_by_role("button", name="Stand van nu bewaren").click()
    saved = await waiting.value
    assert saved.suggested_filename == "ruggensteun-stand-3.txt"
    await saved.save_as(tmp_path / "stand.txt")
    assert (tmp_path / "stand.txt").read_bytes() == of_size(3)
    assert await desk.outcome() == "kept"
    assert desk.posted == ["csrf=token&size=3"]

    assert await desk.open(answer(3, 3)) == "same"
    assert await desk.open(answer(9, 3)) == "grown"
    assert desk.asked[-1] == f"{ADDRESS}/now?sinds=3"
    assert root_of(LEAVES[:9]).hex() in await desk.page.locator("[data-fact=now-root]").inner_text()
    assert KEY.public.hex() in await desk.page.locator("[data-fact=key]").inner_text()

    await desk.forget()
    assert await desk.open(answer(9)) == "none"
    desk.said = answer(12, 3)
    await desk.page.locator("#kept-file").set_input_files(tmp_path / "stand.txt")
    await expect(desk.page.locator("[data-outcome=grown]")).to_be_visible()
    desk.said = rewritten(12, 3)
    await desk.page.get_by_role("button", name="Nog een keer nagaan").click()
    await expect(desk.page.locator("[data-outcome=rewritten]")).to_be_visible()
    (tmp_path / "other.txt").write_text("boodschappen")
    await desk.page.locator("#kept-file").set_input_files(tmp_path / "other.txt")
    await expect(desk.page.locator("[data-outcome=no_pin_file]")).to_be_visible()


async def test_every_growth_up_to_seventy_entries_is_followed_and_no_other(desk: Desk) -> None:
    await desk.open(answer(1))
    cases = [(old, size) for size in (*range(1, 18), 33, 64, 70) for old in range(1, size + 1)]
    found = await desk.page.evaluate(
        """async (cases) => {
            const wrong = [];
            for (const one of cases) {
                const kept = readNote(one.kept), answer = JSON.parse(one.answer);
                const keys = await Promise.all(answer.keys.map(readKey));
                let state;
                try {
                    ({ state } = await compare(answer, readNote(answer.note), keys, { head: kept, key: "" }));
                } catch (alarm) { state = alarm.state; }
                if (state !== one.expected) wrong.push([one.name, state]);
            }
            return wrong;
        }""",
        [
            {"name": f"{old}-{size}-{name}", "kept": of_size(old).decode(), "answer": json.dumps(said),
             "expected": expected}
            for old, size in cases
            for name, said, expected in (
                ("good", answer(size, old), "same" if old == size else "grown"),
                ("bad", rewritten(size, old), "rewritten"),
            )
        ],
    )  # fmt: skip

    assert found == []


def of_another_key() -> list[Case]:
    """Heads that another key signed: handed over as it should be, and in every other way."""
    leaves, told = announced(KEY, NEXT_KEY)
    rotated = answer(
        9,
        5,
        note=NEXT_KEY.note(9, root_of(leaves[:9])).decode(),
        keys=[KEY.line(), NEXT_KEY.line()],
        path=[text(one) for one in consistency_proof(5, leaves[:9])],
        handovers=[told],
    )
    by_itself, other = announced(NEXT_KEY, NEXT_KEY)[1], announced(KEY, STRANGER)[1]
    silent = text(b'{"event":{"public":"%s","type":"log.viewed.v1"}}' % NEXT_KEY.public.hex().encode())
    unannounced = [
        rotated | {"handovers": handovers}
        for handovers in (
            [],
            [by_itself],
            [other],
            [told | {"index": 5}],
            [told | {"index": -1}],
            [told | {"path": told["path"][:-1]}],
            [told | {"path": [*told["path"], told["path"][0]]}],
            [told | {"path_now": told["path"]}],
            [told | {"path_now": []}],
            [told | {"salt": text(b"t" * 32)}],
            [told | {"detail": silent}],
            [told | {"leaf": text(b"{}")}],
        )
    ]
    turned_back = rotated | {"keys": [NEXT_KEY.line(), KEY.line()]}
    return [
        ("rotated", rotated),
        *(("unannounced", one) for one in unannounced),
        ("unannounced", turned_back),
        ("malformed", rotated | {"handovers": None}),
        ("malformed", rotated | {"handovers": [told | {"note": ""}]}),
        ("forged", rotated | {"keys": [NEXT_KEY.line()]}),
    ]


def of_the_same_key() -> list[Case]:
    """Heads that the key of the log signed, or that say so; the first five entries were kept."""
    flipped = answer(9, 5)
    flipped["path"][0] = base64.b64encode(b"x" * 32).decode()
    smaller = answer(9, 5)
    smaller["path"] = smaller["path"][:-1]
    elsewhere = ORIGIN[:-1] + "3"
    another = answer(9, note=KEY.note(9, root_of(LEAVES[:9]), elsewhere).decode(), keys=[KEY.line(elsewhere)])
    foreign = answer(9, 5, note=STRANGER.note(9, root_of(LEAVES[:9])).decode())
    note, lines = of_size(9).decode(), KEY.note(8, b"x" * 32).decode().partition("\n\n")[2]
    return [
        ("same", answer(5, 5)),
        ("grown", answer(9, 5)),
        ("shrunk", answer(4, 5)),
        ("rewritten", rewritten(5, 5)),
        ("rewritten", rewritten(9, 5)),
        ("rewritten", flipped),
        ("rewritten", smaller),
        ("rewritten", answer(9, 5, path=[])),
        ("rewritten", answer(9, 4)),
        ("rewritten", answer(5, 5, path=answer(9, 5)["path"])),
        ("forged", foreign),
        ("forged", answer(9, 5, keys=[])),
        ("forged", answer(9, 5, note=note.replace("\n9\n", "\n8\n"))),
        ("forged", answer(9, 5, note=note.partition("\n\n")[0] + "\n\n" + lines)),
        ("other", another),
        ("malformed", answer(9, 5, note="")),
        ("malformed", answer(9, 5, note=note.replace("\n9\n", "\n09\n"))),
        ("malformed", answer(9, 5, note=note[:-1])),
        ("malformed", answer(9, 5, keys=["audit+00000000+AQ=="])),
        ("malformed", answer(9, 5, keys=None)),
        ("malformed", answer(9, 5, path=["geen base64"])),
        ("malformed", {}),
        ("unreachable", "<html>log in</html>"),
        ("unreachable", None),
    ]  # fmt: skip


async def test_each_way_to_deceive_has_its_alarm(desk: Desk) -> None:
    await desk.keep(of_size(5))
    for expected, said in (*of_the_same_key(), *of_another_key()):
        assert await desk.open(said) == expected, said

    for damaged in ("", "x", of_size(5).decode()[:-2]):
        await desk.keep(damaged)
        assert await desk.open(answer(9, 5)) == "unreadable"
    await desk.keep(of_size(5), key=STRANGER.line())
    assert await desk.open(answer(9, 5)) == "forged"


async def test_the_evidence_of_an_alarm_can_be_taken_along(desk: Desk, tmp_path: Path) -> None:
    await desk.keep(of_size(5))
    assert await desk.open(rewritten(9, 5)) == "rewritten"
    async with desk.page.expect_download() as waiting:
        await desk.page.get_by_role("button", name="Bewijs bewaren").click()
    await (await waiting.value).save_as(tmp_path / "bewijs.json")

    assert json.loads((tmp_path / "bewijs.json").read_text()) == {
        "kept": of_size(5).decode(),
        "answer": rewritten(9, 5),
    }
    kept = json.loads(await desk.page.evaluate("localStorage.getItem('stand:here')"))
    assert kept["note"] == of_size(5).decode(), "an alarm never replaces what was kept"


async def test_a_browser_that_cannot_check_says_so_and_shows_nothing_as_good(desk: Desk) -> None:
    await desk.page.add_init_script("delete SubtleCrypto.prototype.importKey")

    assert await desk.open(answer(3)) == "unsupported"


async def test_a_browser_that_keeps_nothing_leaves_the_file(desk: Desk) -> None:
    await desk.page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
    )
    assert await desk.open(answer(3)) == "none"
    async with desk.page.expect_download():
        await desk.page.get_by_role("button", name="Stand van nu bewaren").click()

    assert await desk.outcome() == "file_only"
