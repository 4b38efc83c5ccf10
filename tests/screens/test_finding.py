"""What looks at every page finds what is planted: an obstacle nobody sees would otherwise pass for none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from consent_service.web.rendering import STATIC
from tests.screens import serving
from tests.screens.combinations import THEMES, Combination
from tests.screens.stage import Stage, rendered, stage

pytestmark = pytest.mark.browser
TABLET = (800, 1280)
QUESTION = "intake-question"
OPINION = "intake-child-opinion"
CSS: dict[str, tuple[str, str, str]] = {
    "axe color-contrast": (QUESTION, ".soft { color: #bbb }", "axe color-contrast"),
    "sideways": (QUESTION, "main { min-inline-size: 900px }", "scrolls sideways"),
    "zoomed": (QUESTION, "main { min-inline-size: 400px }", "at 400 %: scrolls sideways"),
    "cut off": (QUESTION, "h1 { overflow: hidden; block-size: 1rem }", "text is cut off"),
    "small": (QUESTION, ".quick-exit { min-block-size: 20px; line-height: 1 }", "smaller than 44 px"),
    "small summary": (
        QUESTION,
        "summary { min-block-size: 0 !important; padding: 0 !important }",
        "smaller than",
    ),
    "one is bolder": (QUESTION, ".choice:first-child { font-weight: 800 }", "choices are not equal"),
    "one is paler": (QUESTION, ".choice:last-child { opacity: 0.9 }", "choices are not equal"),
    "one is larger": (
        QUESTION,
        ".choices { grid-template-columns: 2fr 1fr 1fr }",
        "choices are not of one size",
    ),
    "no focus": (QUESTION, ":focus-visible { outline: none }", "focus is not seen"),
    "thin focus": (QUESTION, ":focus-visible { outline-width: 1px }", "focus is not seen"),
    "no focus on a face": (OPINION, ".face:has(input) { outline: none !important }", "focus is not seen"),
    "face looks alike": (
        OPINION,
        ".face:has(input:checked) { background: none; box-shadow: none }",
        "checked looks as unchecked",
    ),
    "box looks alike": (
        "shelter-inbox",
        "input { opacity: 0 }",
        "checked looks as unchecked",
    ),
}
HTML = {
    "braces": ("<p>{{ view.x }}</p>", "residue in the text: {{"),
    "none": ("<p>None</p>", "residue in the text: None"),
    "built-in": ("<p>&lt;built-in method clear&gt;</p>", "residue in the text: <built-in"),
    "in a title": ('<p title="Undefined">a</p>', "residue in title"),
    "object": ('<p data-x="<X object at 0x7f>">a</p>', "residue in data-x"),
    "empty": ("<ul><li></li></ul>", "an empty line"),
    "no name": ('<button class="button" type="button"></button>', "axe button-name"),
    "inline style": ('<p style="color: red">a</p>', "the browser says:"),
    "inline script": ("<script>1</script>", "the browser says:"),
}


@pytest.fixture(scope="module")
def tab() -> Iterator[Stage]:
    with stage() as opened:
        yield opened


def _found(tab: Stage, html: str, theme: str = "light") -> list[str]:
    tab.show(html, Combination("nl", theme, TABLET))
    return tab.looking_finds() + tab.axe_finds() + tab.choices_that_look_alike()


@pytest.mark.parametrize("planted", CSS)
def test_a_planted_style_is_found(planted: str, tab: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    name, rule, said = CSS[planted]
    path = f"/static/planted-{list(CSS).index(planted)}.css"
    monkeypatch.setitem(serving.EXTRA, path, rule.encode())
    link = f'<link rel="stylesheet" href="{path}"></head>'
    tab.forget()

    found = _found(tab, rendered(name, "nl", "light").replace("</head>", link))

    assert [line for line in found if said in line], found


@pytest.mark.parametrize("planted", HTML)
def test_a_planted_element_is_found(planted: str, tab: Stage) -> None:
    words, said = HTML[planted]

    found = _found(tab, rendered(QUESTION, "nl", "light").replace("</main>", f"{words}</main>"))

    assert [line for line in found if said in line], found


def test_what_moves_after_it_was_shown_is_found(tab: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    late = b"setTimeout(() => document.querySelector('h1').before(document.createElement('hr'), 'a'), 60);"
    monkeypatch.setitem(serving.EXTRA, "/static/late.js", late)
    page = rendered(QUESTION, "nl", "light").replace(
        "</head>", '<script src="/static/late.js" defer></script></head>'
    )
    tab.show(page, Combination("nl", "light", TABLET))
    tab.page.wait_for_timeout(400)

    assert [line for line in tab.looking_finds() if "moves after" in line]


@pytest.mark.parametrize("theme", THEMES)
def test_a_face_that_was_chosen_looks_chosen(theme: str, tab: Stage) -> None:
    tab.forget()

    assert not [line for line in _found(tab, rendered(OPINION, "nl", theme), theme) if "unchecked" in line]


def test_the_style_sheet_is_the_one_that_is_served() -> None:
    assert (STATIC / "app.css").read_text() in serving.answer("/static/app.css")[0].decode()
