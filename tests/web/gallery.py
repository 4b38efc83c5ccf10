"""Renders every example page and photographs it, so that a person can look at all of them.

`python -m tests.web.gallery OUT [language] [name-prefix] [--dark]` writes HTML and PNG files.
Needs Debian's chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from consent_service.web.rendering import STATIC, render_text
from tests.web.examples import context, examples

SIZES = {"portrait": (800, 1280), "landscape": (1280, 800), "phone": (360, 740)}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
ORIGIN = "http://gallery.test"


def write_pages(out: Path, language: str, prefix: str = "") -> list[Path]:
    """The HTML of every example whose name starts with `prefix`."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, view in examples(language).items():
        if name.startswith(prefix):
            path = out / f"{name}.{language}.html"
            path.write_text(render_text(view, context(name, language)))
            written.append(path)
    return written


def photograph(pages: list[Path], *, dark: bool) -> list[str]:
    """A full-page picture of each page in each size; returns what scrolls sideways."""
    wide: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for size, (width, height) in SIZES.items():
            tab = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
            )
            tab.route(
                f"{ORIGIN}/**", lambda route: route.fulfill(path=_file(route.request.url, pages[0].parent))
            )
            for page in pages:
                tab.goto(f"{ORIGIN}/{page.name}")
                if tab.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                    wide.append(f"{page.name} {size}")
                tab.screenshot(path=page.with_suffix(f".{size}.png"), full_page=True)
            tab.close()
        browser.close()
    return wide


def _file(address: str, out: Path) -> Path:
    path = address.removeprefix(ORIGIN).partition("?")[0].partition("#")[0]
    return STATIC / path.removeprefix("/static/") if path.startswith("/static/") else out / path.lstrip("/")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    language = words[1] if len(words) > 1 else "nl"
    made = write_pages(Path(words[0]), language, words[2] if len(words) > 2 else "")
    for line in photograph(made, dark="--dark" in sys.argv):
        print("scrolls sideways:", line)
    print(len(made), "pages in", words[0])
