"""Shows example pages in a real browser, from memory and under the product's own headers."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import msgspec
from PIL import Image, ImageChops
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from consent_service.web.rendering import render_text, static_address
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.conftest import cannot_run
from tests.screens.combinations import Combination
from tests.screens.serving import HERE, Served, serving
from tests.web.examples import context, examples

LOOKING = (HERE / "looking.js").read_text(encoding="utf-8")
_ALL_LETTERS = (
    '<!doctype html><html lang="nl"><head><title>x</title>'
    f'<link rel="stylesheet" href="{static_address("app.css")}"></head>'
    "<body><p>a б ب ለ</p><p><strong>a б ب ለ</strong></p></body></html>"
)
NARROW = 320
"""Pixels that 1280 at 400 % leave (WCAG 2.2, 1.4.10)."""
_AXE_RUN = """(rules) => axe.run(document, {resultTypes: ["violations"], rules}).then((found) =>
    found.violations.map((rule) => [rule.id, rule.nodes.map((node) => node.html.slice(0, 160)
      + " | " + node.failureSummary.replace(/\\s+/g, " ").slice(0, 240))]))"""


@functools.cache
def rendered(name: str, language: str, theme: str) -> str:
    """The HTML of the example; a theme that a device brings is none of the page's."""
    chosen = "" if theme == "forced" else theme
    page = msgspec.structs.replace(context(name, language), theme=chosen)
    return render_text(examples_in(language)[name], page)


examples_in = functools.cache(examples)


class Stage:
    """One tab that shows page after page."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self._served = served
        self.complaints: list[str] = []
        self._theme = ""
        self._looks_compared: set[tuple[str, str]] = set()
        page.on("console", self._keep)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.add_init_script(LOOKING)

    def show(self, html: str, combination: Combination) -> None:
        """Load `html` as it is served, in this theme and size."""
        self._served.show(html)
        self.complaints.clear()
        self._theme = combination.theme
        self.page.emulate_media(
            color_scheme="dark" if self._theme == "dark" else "light",
            forced_colors="active" if self._theme == "forced" else "none",
            reduced_motion="reduce",
        )
        width, height = combination.size
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.goto(self._served.address, wait_until="load")

    def fetch_letters(self) -> None:
        """As a browser that was here before: it has the letters, and no page waits for them."""
        self.show(_ALL_LETTERS, Combination("nl", "light", (800, 1280)))
        self.page.evaluate("() => document.fonts.ready.then(() => null)")

    def forget(self) -> None:
        """Compare kinds of choices again that were compared before."""
        self._looks_compared.clear()

    def axe_finds(self) -> list[str]:
        """What axe-core finds. Where a device brings its own colours it reads the page's: not those then."""
        rules = {"color-contrast": {"enabled": self._theme != "forced"}}
        found: list[tuple[str, list[str]]] = self.page.evaluate(_AXE_RUN, rules)
        return [f"axe {rule}: {node}" for rule, nodes in found for node in nodes]

    def looking_finds(self) -> list[str]:
        """What axe misses, as it stands and at 400 %; see looking.js."""
        found: list[str] = self.page.evaluate("() => looking.everything()")
        size = self.page.viewport_size
        assert size is not None
        self.page.set_viewport_size({"width": NARROW, "height": 256})
        found += [f"at 400 %: {one}" for one in self.page.evaluate("() => looking.overflow()")]
        self.page.set_viewport_size(size)
        return found + self.complaints

    def choices_that_look_alike(self) -> list[str]:
        """Each kind of choice, photographed off and on: somebody must see which it is."""
        alike = []
        for index, kind in self.page.evaluate("() => looking.choices()"):
            if (self._theme, kind) in self._looks_compared:
                continue
            self._looks_compared.add((self._theme, kind))
            off, on = (self._photograph_choice(index, checked=checked) for checked in (False, True))
            if _same(off, on):
                alike.append(f"checked looks as unchecked: {kind}")
        return alike

    def _photograph_choice(self, index: int, *, checked: bool) -> bytes:
        box = self.page.evaluate("([index, on]) => looking.choose(index, on)", [index, checked])
        return self.page.screenshot(clip=box, animations="disabled")

    def _keep(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(f"the browser says: {message.text}")


def _same(before: bytes, after: bytes) -> bool:
    """Whether two photographs differ in less than a mark somebody sees, of 6 by 6 pixels."""

    off, on = (Image.open(BytesIO(one)).convert("RGB") for one in (before, after))
    if off.size != on.size:
        return False
    box = ImageChops.difference(off, on).convert("L").point(lambda value: 255 if value > 48 else 0).getbbox()
    return box is None or box[2] - box[0] < 6 or box[3] - box[1] < 6


@contextmanager
def stage() -> Iterator[Stage]:
    """A browser with one tab, as long as it is needed."""
    if not CHROMIUM.exists():
        cannot_run("looking at pages needs Debian's package chromium")
    with serving() as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            opened = Stage(browser.new_page(), served)
            opened.fetch_letters()
            yield opened
        finally:
            browser.close()
