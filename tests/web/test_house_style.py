"""Tests of the look: house style files, themes, letters, and that only files are compressed."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.i18n import FAMILY
from consent_service.web.languages import THEMES
from consent_service.web.rendering import STATIC, letters_of, static_address
from consent_service.web.style.house import ADDRESS, contrast, own_tokens, read_house_style, version_of
from tests.web.visiting import Site

SHEET = (STATIC / "app.css").read_text(encoding="utf-8")


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "huisstijl.css"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_token_file_is_taken_over_as_far_as_we_know_its_tokens(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        """.stad-theme { /* --nl-brand: #123456; */
          --utrecht-link-color: #00247d;
          --utrecht-button-border-radius: calc(2px + 0.25rem);
          --somebody-elses-token: 12px;
          color: red }""",
    )

    rules = read_house_style(path)

    assert "--utrecht-link-color: #00247d;" in rules
    assert "--utrecht-button-border-radius: calc(2px + 0.25rem);" in rules
    assert "somebody" not in rules
    assert "#123456" not in rules
    assert "red" not in rules
    assert rules.count("{") == rules.count("}") == 3
    assert read_house_style(_file(tmp_path, "p { color: blue }")) == ""


@pytest.mark.parametrize(
    "value",
    ["url(https://elders.example/x.png)", "image-set('x')", "expression(1)", "#fff\\; x", "@import"],
    ids=["url", "image", "expression", "escape", "at"],
)
def test_a_value_that_fetches_or_hides_something_is_refused(tmp_path: Path, value: str) -> None:
    path = _file(tmp_path, f":root {{ --utrecht-document-background-color: {value}; }}")

    with pytest.raises(ConfigurationError, match="no plain one, at --utrecht-document-background-color"):
        read_house_style(path)


@pytest.mark.parametrize(
    "rule",
    [
        "--utrecht-link-color: #cccccc",
        "--nl-brand: #f0e0a0",
        "--utrecht-document-color: #aaa",
        "--utrecht-button-primary-action-color: var(--nl-brand)",
    ],
    ids=["link", "brand", "ink", "button"],
)
def test_text_that_nobody_could_read_is_refused(tmp_path: Path, rule: str) -> None:
    with pytest.raises(ConfigurationError, match="hard to read, at --utrecht-"):
        read_house_style(_file(tmp_path, f":root {{ {rule}; }}"))


@pytest.mark.parametrize(
    "content, wrong",
    [(b"\xff\xfe", "cannot be read"), (b" " * 300_000, "larger than 256 kB")],
    ids=["binary", "large"],
)
def test_what_is_no_token_file_is_refused(tmp_path: Path, content: bytes, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=wrong):
        read_house_style(_file(tmp_path, content))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_house_style(tmp_path / "absent.css")


def test_a_colour_in_another_notation_is_left_to_whoever_chose_it(tmp_path: Path) -> None:
    loop = ":root { --utrecht-link-color: var(--nl-brand); --nl-brand: var(--utrecht-link-color); }"

    assert "hsl(" in read_house_style(_file(tmp_path, ":root { --utrecht-link-color: hsl(200 50% 30%); }"))
    assert "var(" in read_house_style(_file(tmp_path, loop))


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def _block(selector: str) -> str:
    found = re.search(re.escape(selector) + r" \{\n(.*?)\n\s*\}", SHEET, re.DOTALL)
    assert found is not None
    return re.sub(r"(?m)^\s+", "", found[1])


def test_dark_is_the_same_by_choice_and_by_device() -> None:
    by_device = _block("@media (prefers-color-scheme: dark) {\n  :root:not([data-theme])")
    by_choice = _block(':root[data-theme="dark"]')

    assert by_choice == f"color-scheme: dark;\n{by_device}"


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_every_pair_of_text_and_ground_can_be_read_in_every_theme(theme: str) -> None:
    tokens = dict(own_tokens())
    if theme != "light":
        tokens |= dict(re.findall(r"(--[a-z-]+): ([^;]+);", _block(f':root[data-theme="{theme}"]')))
    least = 7.0 if theme == "contrast" else 4.5
    for ink in ("ink", "ink-soft", "brand", "good", "attention", "danger"):
        for ground in ("paper", "surface"):
            assert contrast(tokens[f"--nl-{ink}"], tokens[f"--nl-{ground}"]) >= least, (ink, ground)
    for tone in ("brand", "good", "attention", "danger"):
        assert contrast(tokens["--nl-ink"], tokens[f"--nl-{tone}-soft"]) >= least, tone
        assert contrast(tokens[f"--nl-{tone}"], tokens[f"--nl-{tone}-soft"]) >= least, tone
    assert contrast(tokens["--nl-on-brand"], tokens["--nl-brand"]) >= least
    assert contrast(tokens["--nl-line-strong"], tokens["--nl-surface"]) >= 3


def test_each_file_of_letters_is_named_with_its_own_digest_and_nothing_comes_from_elsewhere() -> None:
    named = re.findall(r'url\("([^"]+)"\)', SHEET)

    assert {name.partition("?")[0] for name in named} == {
        f"fonts/{path.name}" for path in (STATIC / "fonts").glob("*.woff2")
    }
    for name in named:
        path, _, version = name.partition("?v=")
        assert version == hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12], path
    assert "http" not in re.sub(r"/\*.*?\*/", "", SHEET, flags=re.DOTALL)


@pytest.mark.parametrize("language", FAMILY)
def test_a_page_asks_at_once_for_the_letters_it_is_written_with(language: str) -> None:
    for letters in letters_of(language):
        assert f'url("{static_address(letters).removeprefix("/static/")}")' in SHEET


async def test_a_look_is_chosen_kept_and_forgotten(site: Site) -> None:
    anyone = site.anyone()
    assert "data-theme" not in (await anyone.get("/inloggen")).text
    for theme in THEMES:
        chosen = await anyone.post("/weergave", {"theme": theme, "back": "/intrekken"})
        assert chosen.headers["location"] == "/intrekken"
        assert f"weergave={theme};" in chosen.headers["set-cookie"]
        anyone.kept = {"weergave": theme}
        for page in ("/inloggen", "/intrekken", "/nergens"):
            assert f'data-theme="{theme}"' in (await anyone.get(page)).text, page
    for sent, back in (("", "/inloggen"), ("x onload=", "https://evil.example/")):
        answer = await anyone.post("/weergave", {"theme": sent, "back": back})
        assert answer.headers["location"] in ("/inloggen", "/")
        assert ("Max-Age=0" in answer.headers.get("set-cookie", "")) == (sent == "")
        anyone.kept = {"weergave": sent}
        assert "data-theme" not in (await anyone.get("/inloggen")).text


async def test_without_a_house_style_its_sheet_is_empty_and_no_page_asks_for_it(site: Site) -> None:
    answer = await site.anyone().get(ADDRESS)

    assert (answer.status_code, answer.text) == (200, "")
    assert answer.headers["content-type"].startswith("text/css")
    assert ADDRESS not in (await site.anyone().get("/inloggen")).text
    assert version_of("a") != version_of("b")


async def test_files_are_compressed_and_pages_never(site: Site) -> None:
    """The length of a compressed page tells what stands in it beside what somebody chose (BREACH)."""
    anyone = site.anyone()

    assert (await anyone.get("/static/app.css")).headers["content-encoding"] == "gzip"
    for address in ("/inloggen", "/intrekken", "/static/fonts/latin-regular.woff2", "/nergens"):
        assert "content-encoding" not in (await anyone.get(address)).headers, address
