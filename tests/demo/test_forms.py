"""A page is read as a person reads it: a field or button that is not there is a difference."""

from __future__ import annotations

from datetime import date

import pytest

from consent_service.demo.story.forms import read_page
from consent_service.demo.story.outcome import DifferentError

PAGE = """<!doctype html><html><head><title>T</title><script>var x = "never"</script></head><body>
<h1>Gezin  inschrijven</h1><a href="/terug">Terug <span>naar huis</span></a>
<form method="post" action="/zend"><input type="hidden" name="csrf" value="geheim">
<input id="naam" name="naam" value="eerder"><textarea name="tekst">
al getypt</textarea>
<input type="radio" id="a-yes" name="a" value="yes"><label for="a-yes">Ja, graag</label>
<input type="radio" id="a-no" name="a" value="no" checked><label for="a-no">Nee</label>
<label><input type="checkbox" name="t" value="1" id="t-1"></label><label for="t-1">Eerste</label>
<select name="s"><option value="">Kies</option><option value="x" selected>Iks</option></select>
<input name="dag-day"><input name="dag-month"><input name="dag-year">
<button type="submit" name="antwoord" value="ja">Ja</button></form>
<article class="record">
<svg><use href="#x"></use></svg><h3>Wat helpt</h3><dl><dt>Hoe</dt><dd>Rust</dd></dl></article>
<dl><dt>Ander</dt><dd>Niet beschikbaar.</dd></dl></body></html>"""


def test_a_field_a_choice_and_a_button_that_are_not_there_are_differences() -> None:
    page = read_page("http://h/", 200, PAGE)
    form, _ = page.form_with("Ja")

    for entered in ({"nergens": "x"}, {"a": "misschien"}, {"t": ("1", "2")}):
        with pytest.raises(DifferentError):
            form.filled(entered)
    for missing in (
        lambda: page.form_with("Nooit"),
        lambda: page.link("Nooit"),
        lambda: form.value_of("a", "Nooit"),
    ):
        with pytest.raises(DifferentError):
            missing()


def test_hidden_and_standing_values_are_kept_and_what_is_entered_replaces_them() -> None:
    form, button = read_page("http://h/", 200, PAGE).form_with("antwoord=ja")

    sent = dict(form.filled({"naam": "nieuw", "a": "yes", "dag": date(2026, 9, 1)}))

    assert sent == {
        "csrf": "geheim", "naam": "nieuw", "tekst": "al getypt", "a": "yes", "s": "x",
        "dag-day": "1", "dag-month": "9", "dag-year": "2026",
    }  # fmt: skip
    assert (button.name, button.value) == ("antwoord", "ja")


def test_words_headings_links_items_and_facts_are_read() -> None:
    page = read_page("http://h/", 200, PAGE)

    assert (page.heading, page.link("naar huis")) == ("Gezin inschrijven", "/terug")
    assert page.articles == ["Wat helpt"]
    assert page.facts == {"Hoe": "Rust", "Ander": "Niet beschikbaar."}
    assert "never" not in page.words
    assert page.forms[0].value_of("a", "Ja") == "yes"
    assert page.forms[0].controls["t"].choices == {"1": "Eerste"}
