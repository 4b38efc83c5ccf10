"""Tests of `consent_service.web.sharing`: every type's schema makes a form, and the form comes back whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import SUPPORTED
from consent_service.foundation.ids import TypeKey
from consent_service.information.catalogue import load_catalogue
from consent_service.information.content import check_fields
from consent_service.information.texts import load_texts
from consent_service.web.components import ShareField
from consent_service.web.forms import Posted
from consent_service.web.rendering import PICTOGRAMS, render_text
from consent_service.web.sharing import (
    ShareEntered,
    attestations,
    options,
    read_share,
    share_fields,
    share_form,
)
from consent_service.web.shelter.views import SharePage
from tests.web.examples import context
from tests.web.reading import read

POLICIES = Path(__file__).resolve().parents[2] / "policies"
CATALOGUE = load_catalogue(POLICIES)
TEXTS = load_texts(POLICIES)
FIELDS = (
    ShareField("what", "text", "Wat", max_length=10),
    ShareField("when", "choice", "Wanneer", options=options(("am", "Ochtend"))),
    ShareField("since", "date", "Sinds", required=False),
    ShareField("told", "yes_no", "Verteld"),
)


@pytest.mark.parametrize("language", SUPPORTED)
@pytest.mark.parametrize("key", sorted(CATALOGUE.types))
def test_every_type_has_a_form_with_a_label_and_a_control_for_each_field(key: TypeKey, language: str) -> None:
    kind, text = CATALOGUE.types[key], TEXTS.of_type(language, key)
    fields = share_fields(kind, text)
    view = SharePage("/deel", "/", "Noor", "De Linde", key, text.label, "stap", fields)
    page = read(render_text(view, context("shelter-share", language)))

    names = {
        control.attributes.get("name", "").removesuffix("-day")
        for control in page.all("input", "textarea", "select")
    }
    assert {f"field-{spec.name}" for spec in kind.fields} <= names


@pytest.mark.parametrize("key", sorted(CATALOGUE.types))
def test_every_type_has_its_own_pictogram(key: TypeKey) -> None:
    assert key in PICTOGRAMS


def test_a_generated_form_is_read_field_by_field_and_what_was_smuggled_in_is_left_out() -> None:
    sent = {
        "field-what": " x ",
        "field-when": "am",
        "field-told": "",
        "field-since-day": "1",
        "field-since-month": "9",
        "field-since-year": "2026",
        "attested": "not_a_bsn",
        "field-other": "smuggled",
        "what": "smuggled",
    }

    assert read_share(Posted.of(sent.items()), FIELDS) == ShareEntered(
        {"what": "x", "when": "am", "since": "2026-09-01"}, frozenset({"not_a_bsn"})
    )


def test_a_day_that_does_not_exist_reaches_the_check_as_it_was_entered() -> None:
    sent = {"field-since-day": "31", "field-since-month": "2", "field-since-year": "2026"}

    assert read_share(Posted.of(sent.items()), FIELDS).fields == {"since": "2026-2-31"}


def test_problems_of_the_content_stand_beside_their_fields_with_their_labels() -> None:
    kind, text = CATALOGUE.types[TypeKey("support_advice")], TEXTS.of_type("nl", TypeKey("support_advice"))
    fields = share_fields(kind, text)
    written = next(field for field in fields if field.kind == "text")
    posted = Posted.of([(f"field-{written.name}", "bel 111222333")])
    entered = read_share(posted, fields)
    problems = check_fields(kind, entered.fields, attested=entered.attested, safety_flag=False)

    form = share_form(posted, problems, fields, language="nl")

    assert form.problem(f"field-{written.name}").startswith("Is dit een BSN?")
    assert {shown.label for shown in form.problems} <= {field.label for field in fields}
    assert [a.code for a in attestations(problems, language="nl")] == ["not_a_bsn"]
    assert form.value(f"field-{written.name}") == "bel 111222333"


def test_an_answered_warning_keeps_its_tick_box_and_no_other_problem_gets_one() -> None:
    others = (Problem("what", "content.too_long"),)

    assert attestations(others, language="nl") == ()
    assert [a.code for a in attestations(others, attested=frozenset({"no_diagnosis"}), language="en")] == [
        "no_diagnosis"
    ]
