"""Every page, with example views, in every language: whole, labelled, protected and without residue."""

from __future__ import annotations

import functools
import re

import pytest
from jinja2 import UndefinedError

from consent_service.foundation.i18n import SUPPORTED
from consent_service.web.pages import View
from consent_service.web.rendering import PICTOGRAMS, STATIC, TEMPLATES, environment, render_text
from tests.web.examples import context, examples
from tests.web.reading import Element, read

NAMES = tuple(examples("nl"))
RESIDUE = (
    "{{",
    "}}",
    "{%",
    "None",
    "<built-in",
    "&lt;built-in",
    "Struct(",
    "Page(",
    "Undefined",
    "\ue000",
    "\ue001",
)
PARENT_PAGES = tuple(name for name in NAMES if name.startswith(("intake-", "parent-")))
every_page = pytest.mark.parametrize("name", NAMES)
every_language = pytest.mark.parametrize("language", SUPPORTED)


@functools.cache
def _html(name: str, language: str) -> str:
    return render_text(examples(language)[name], context(name, language))


@functools.cache
def _page(name: str, language: str = "nl") -> Element:
    return read(_html(name, language))


def _views(base: type[View]) -> set[type[View]]:
    found = set(base.__subclasses__())
    return found | {deeper for view in found for deeper in _views(view)}


def test_every_view_has_an_example_and_its_own_template() -> None:
    shown = {type(view) for view in examples("nl").values()}

    assert shown == _views(View)
    assert len({view.template for view in shown}) == len(shown)
    assert all((TEMPLATES / view.template).is_file() for view in shown)


@every_language
@every_page
def test_a_page_has_no_residue_of_a_template_or_of_code(name: str, language: str) -> None:
    html = _html(name, language)

    assert [residue for residue in RESIDUE if residue in html] == []


@pytest.mark.parametrize("residue", ["None", "{{ x }}", "<built-in method clear>"])
def test_planted_residue_is_seen(residue: str) -> None:
    html = _html("intake-done", "nl").replace("</main>", f"<p>{residue}</p></main>")

    assert [found for found in RESIDUE if found in html]


def test_a_view_with_a_hole_in_it_is_never_shown() -> None:
    with pytest.raises(UndefinedError):
        environment("nl").from_string("{{ view.missing }}").render(view=examples("nl")["intake-done"])


@every_language
@every_page
def test_a_page_has_one_heading_one_language_and_a_title(name: str, language: str) -> None:
    page = _page(name, language)

    assert len(page.all("h1")) == 1
    assert page.all("h1")[0].text()
    assert page.all("html")[0].attributes["lang"] == language
    assert page.all("title")[0].text()
    assert len(page.all("main")) == 1


@every_page
def test_a_title_never_names_a_person_because_browsers_keep_titles(name: str) -> None:
    title = _page(name).all("title")[0].text()

    assert not re.search("Haile|Tesfay|Noor|Samuel|Jansen|bdi", title)


@pytest.mark.parametrize("name", PARENT_PAGES)
def test_the_title_of_a_parent_or_child_is_neutral(name: str) -> None:
    expected = "Jouw keuzes" if name.startswith("intake-child") else "Uw keuzes"
    assert _page(name).all("title")[0].text() == expected


@every_page
def test_every_form_keeps_nothing_in_the_browser_and_every_post_carries_a_token(name: str) -> None:
    for form in _page(name).all("form"):
        assert form.attributes["autocomplete"] == "off"
        tokens = form.all("input", name="csrf")
        if form.attributes["method"] == "post":
            assert [token.attributes["value"] for token in tokens] == ["token-of-the-test"]
        else:
            assert tokens == [], "a token in an address would end up in logs"


@every_page
def test_names_are_never_asked_with_get(name: str) -> None:
    for form in _page(name).all("form", method="get"):
        assert not {control.attributes.get("name") for control in form.all("input")} & {
            "given_names",
            "family_name",
            "birth_date-day",
        }


@every_page
def test_every_control_has_a_label_and_every_reference_leads_somewhere(name: str) -> None:
    page = _page(name)
    ids = [element.attributes["id"] for element in page.walk() if "id" in element.attributes]
    labels = {label.attributes["for"] for label in page.all("label")}

    assert len(ids) == len(set(ids))
    for control in page.all("input", "select", "textarea"):
        if control.attributes.get("type") != "hidden":
            assert control.attributes["id"] in labels
            assert control.attributes.get("autocomplete", "off") == "off"
    for element in page.walk():
        for reference in ("aria-describedby", "aria-labelledby", "for"):
            assert set(element.attributes.get(reference, "").split()) <= set(ids)
    for link in page.all("a"):
        assert link.text()
        if link.attributes["href"].startswith("#") and len(link.attributes["href"]) > 1:
            assert link.attributes["href"][1:] in ids
    assert all(button.text() for button in page.all("button"))


@every_page
def test_every_problem_stands_in_the_summary_and_beside_its_field(name: str) -> None:
    page = _page(name)
    problems = [e.text() for e in page.walk() if "field-problem" in e.classes()]
    summaries = [e for e in page.walk() if "error-summary" in e.classes()]

    assert len(summaries) == bool(problems)
    for sentence in problems:
        assert sentence in summaries[0].text()


@every_page
def test_nothing_on_a_page_needs_what_the_content_policy_forbids(name: str) -> None:
    page = _page(name)

    for element in page.walk():
        assert element.tag != "style"
        assert not [a for a in element.attributes if a == "style" or a.startswith("on")]
        for attribute in ("href", "src", "action"):
            address = element.attributes.get(attribute, "")
            leaves = name == "shared-leaving" and address == "https://login.example/"
            assert leaves or not address.startswith(("javascript:", "data:", "//", "http"))
    for script in page.all("script"):
        assert script.attributes["src"].startswith("/static/")
        assert script.text() == ""


@pytest.mark.parametrize("name", PARENT_PAGES)
def test_every_parent_page_has_the_quick_exit_that_works_without_script(name: str) -> None:
    exits = [link for link in _page(name).all("a") if "data-quick-exit" in link.attributes]

    assert [link.attributes["href"] for link in exits] == ["/snel-weg"]
    assert exits[0].text() == "Snel weg"


@pytest.mark.parametrize("name", ["intake-question", "intake-question-first"])
def test_s43_the_three_choices_are_equal_and_nothing_is_preselected(name: str) -> None:
    page = _page(name)
    choices = page.all("button", name="answer")

    assert [choice.attributes["value"] for choice in choices] == ["yes", "no", "later"]
    assert [choice.text() for choice in choices] == ["Ja", "Nee", "Later"]
    assert [choice.attributes["class"] for choice in choices] == ["choice"] * 3
    assert {frozenset(choice.attributes) for choice in choices} == {
        frozenset({"class", "type", "name", "value"})
    }
    assert not [e for e in page.walk() if "button-primary" in e.classes()]
    assert not [e for e in page.walk() if "checked" in e.attributes or "autofocus" in e.attributes]


def test_the_style_sheet_has_no_variant_of_a_choice_button() -> None:
    css = (STATIC / "app.css").read_text()

    assert not re.search(r"\.choice[^s,{ ]*(?::nth|:first|:last|-|\[)", css)


@pytest.mark.parametrize("name", PARENT_PAGES)
def test_no_choice_is_preselected_for_a_parent(name: str) -> None:
    assert not [e for e in _page(name).walk() if "checked" in e.attributes]


def test_the_question_page_says_who_until_when_never_the_address_and_that_no_costs_nothing() -> None:
    text = _page("intake-question").text()

    for words in (
        "leerkracht",
        "Tot het einde",
        "Nooit uw adres",
        "U mag nee zeggen. U houdt uw plek en uw hulp.",
    ):
        assert words in text


def test_s50_the_neutral_receipt_tells_a_finder_nothing() -> None:
    main = _page("intake-receipt-neutral").all("main")[0].text()

    assert main == "Terug Code 1 september 2026 K7QF-2MXD-9TRA PDF Printen"


def test_withdrawing_takes_no_more_taps_than_giving() -> None:
    page = _page("parent-withdraw-choose")

    pressed = [b.text() for b in page.all("button") if b.within("main") and not b.within("details")]
    assert pressed == ["Alles stoppen"]
    assert page.all("button", name="all", value="yes")


def test_a_refused_type_looks_as_ordinary_as_one_that_holds_nothing() -> None:
    page = _page("school-relationship-released")
    rows = [row for row in page.all("dd") if row.text() in ("Nog niets opgeschreven.", "Niet beschikbaar.")]

    assert len(rows) == 3
    assert all(row.attributes == {} for row in rows)


def test_the_parents_page_never_shows_a_staff_members_name() -> None:
    assert "Jansen" not in _html("parent-who-looked", "nl")


def test_names_keep_their_own_direction() -> None:
    assert "<bdi>سلمى حداد</bdi>" in _html("shelter-families", "nl")


def test_pins_are_never_written_back_into_a_page() -> None:
    page = _page("shelter-set-pin")

    assert all("value" not in control.attributes for control in page.all("input", type="password"))


def test_there_is_a_pictogram_for_every_information_type_and_each_is_drawn_once() -> None:
    assert len(PICTOGRAMS) == len(set(PICTOGRAMS)) == 22  # 21 types and the one for a type without its own


def test_every_icon_and_pictogram_on_a_page_exists() -> None:
    drawn = {
        name: set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / name).read_text()))
        for name in ("icons.svg", "pictograms.svg", "mark.svg")
    }
    for name in NAMES:
        for use in _page(name).all("use"):
            file, _, symbol = use.attributes["href"].removeprefix("/static/").partition("#")
            assert symbol in drawn[file.partition("?")[0]]
