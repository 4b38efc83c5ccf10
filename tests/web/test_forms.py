"""Tests of `consent_service.web.forms` and of the forms of each audience."""

from __future__ import annotations

from datetime import date

import pytest

from consent_service.consent.codes import new_code
from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import SUPPORTED, problem_sentences
from consent_service.foundation.ids import RelationshipId, TypeKey, new_id
from consent_service.web.forms import FormReader, FormState, Posted, prefill_day
from consent_service.web.intake.forms import Signed, read_answer, read_signature
from consent_service.web.officer import forms as officer_forms
from consent_service.web.parent.forms import read_withdrawal, read_withdrawal_code
from consent_service.web.school.forms import read_purpose
from consent_service.web.shelter.forms import (
    read_family,
    read_new_pin,
    read_safety,
    read_school_confirmation,
    read_search,
    read_substitute_reason,
    wanted_block,
)

TODAY = date(2026, 9, 1)


def _form(**values: str) -> FormReader:
    return FormReader(Posted.of(values.items()))


def _dashed(values: dict[str, str]) -> FormReader:
    return FormReader(Posted.of(values.items()))


def _codes(form: FormReader) -> dict[str, str]:
    return {problem.field: problem.code for problem in form.problems}


def _born(prefix: str, day: str, month: str, year: str) -> dict[str, str]:
    return {f"{prefix}-day": day, f"{prefix}-month": month, f"{prefix}-year": year}


GUARDIAN = {
    "guardian-0-given_names": "Selam",
    "guardian-0-family_name": "Haile",
    "guardian-0-capacity": "holder",
    "guardian-0-authority_source": "register",
}
CHILD = {
    "child-0-given_names": "Noor",
    "child-0-family_name": "Haile",
    **_born("child-0-birth_date", "7", "3", "2018"),
}


def test_all_problems_are_told_at_once_and_what_was_entered_is_kept() -> None:
    posted = Posted.of([("guardian-0-given_names", "Selam"), ("child-1-given_names", "x" * 201)])
    form = FormReader(posted)
    read_family(form, today=TODAY)
    state = FormState.of(posted, form.problems, language="nl")

    assert _codes(form) == {
        "guardian-0-family_name": "form.missing",
        "guardian-0-capacity": "form.choose",
        "guardian-0-authority_source": "authority_source_missing",
        "child-1-given_names": "form.too_long",
        "child-1-family_name": "form.missing",
        "child-1-birth_date": "form.missing_date",
    }
    assert state.value("guardian-0-given_names") == "Selam"
    assert state.problem("guardian-0-family_name") == "Vul dit in."
    assert {shown.label for shown in state.problems} >= {
        "Ouder of voogd 1, Achternaam",
        "Kind 2, Geboortedatum",
    }


def test_a_whole_family_is_read_and_empty_blocks_are_left_out() -> None:
    form = _dashed({**GUARDIAN, **CHILD, "child-3-given_names": " ", "guardian-1-family_name": ""})

    family = read_family(form, today=TODAY)

    assert form.problems == ()
    assert [guardian.identity.given_names for guardian in family.family.guardians] == ["Selam"]
    assert [child.birth_date for child in family.family.children] == [date(2018, 3, 7)]
    assert (family.guardian_prefixes, family.child_prefixes) == (("guardian-0",), ("child-0",))


def test_a_family_without_a_child_is_told_everything_that_is_missing_of_one() -> None:
    form = _dashed(GUARDIAN)
    read_family(form, today=TODAY)

    assert _codes(form) == {
        "child-0-given_names": "form.missing",
        "child-0-family_name": "form.missing",
        "child-0-birth_date": "form.missing_date",
    }


@pytest.mark.parametrize(
    "day, month, year, code",
    [
        ("29", "2", "2025", "form.no_date"),
        ("31", "2", "2018", "form.no_date"),
        ("7", "maart", "2018", "form.no_date"),
        ("7", "3", "18", "form.no_date"),
        ("7", "3", "", "form.no_date"),
        ("٧", "3", "2018", "form.no_date"),
        ("2", "9", "2026", "form.date_in_future"),
        ("", "", "", "form.missing_date"),
    ],
)
def test_a_day_that_does_not_exist_is_no_day(day: str, month: str, year: str, code: str) -> None:
    form = _dashed({"given_names": "Noor", "family_name": "Haile", **_born("birth_date", day, month, year)})
    read_search(form, today=TODAY)

    assert _codes(form) == {"birth_date": code}


def test_a_leap_day_is_a_day_and_comes_back_into_its_three_fields() -> None:
    entered = prefill_day("birth_date", date(2020, 2, 29))

    assert _dashed(entered).day("birth_date") == date(2020, 2, 29)
    assert prefill_day("birth_date", None) == {}


def test_control_characters_never_get_through() -> None:
    assert _form(name="Se\x00la\u202em\x1b").text("name") == "Selam"


def test_a_choice_that_was_not_offered_is_no_choice() -> None:
    form = _form(safety="fine", secret_address="maybe")
    entered = read_safety(form)

    assert entered.level == "not_assessed"
    assert _codes(form)["safety"] == "form.choose"
    assert _codes(form)["secret_address"] == "form.choose"
    assert _codes(form)["review_on"] == "form.missing_date"


def test_an_uploaded_file_is_dropped() -> None:
    assert Posted.of([("name", b"bytes"), ("name", "text")]).several("name") == ("text",)


def test_a_pin_is_never_kept_to_show_again() -> None:
    posted = Posted.of([("pin", "123456"), ("pin_again", "123457"), ("csrf", "x")])
    form = FormReader(posted)
    read_new_pin(form)

    assert _codes(form) == {"pin_again": "form.pin_differs"}
    assert FormState.of(posted, form.problems, language="nl").values == {}


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_a_pin_is_six_digits(pin: str) -> None:
    form = _form(pin=pin, pin_again=pin)
    read_new_pin(form)

    assert "pin" in _codes(form)


def test_s49_code_street_and_phone_must_all_be_confirmed() -> None:
    form = FormReader(Posted.of([("confirmed", "code"), ("confirmed", "street"), ("contacts", "c1")]))
    read_school_confirmation(form, contacts=("c1", "c2"))
    whole = FormReader(
        Posted.of([("confirmed", c) for c in ("code", "street", "phone")] + [("contacts", "c2")])
    )

    assert _codes(form) == {"confirmed": "form.confirm_school"}
    assert read_school_confirmation(whole, contacts=("c1", "c2")).contacts == ("c2",)
    assert whole.problems == ()


def test_a_contact_that_was_not_offered_cannot_be_chosen() -> None:
    form = FormReader(
        Posted.of([*(("confirmed", c) for c in ("code", "street", "phone")), ("contacts", "c9")])
    )

    assert read_school_confirmation(form, contacts=("c1",)).contacts == ()
    assert _codes(form) == {"contacts": "form.choose"}


@pytest.mark.parametrize("sent", [{}, {"answer": ""}, {"answer": "all"}, {"answer": "YES"}])
def test_s43_no_answer_and_a_strange_answer_are_never_a_yes(sent: dict[str, str]) -> None:
    form = _form(**sent)

    assert read_answer(form) is None
    assert _codes(form) == {"answer": "form.choose"}


@pytest.mark.parametrize("answer", ["yes", "no", "later"])
def test_an_answer_is_read_as_it_was_given(answer: str) -> None:
    assert read_answer(_form(answer=answer)) == answer


def test_a_signature_is_a_typed_name_or_a_witness() -> None:
    unsigned = _form(method="typed")
    read_signature(unsigned)

    assert _codes(unsigned) == {"signature": "form.sign"}
    assert read_signature(_form(method="typed", signature=" Selam Haile ")) == Signed("typed", "Selam Haile")
    assert read_signature(_form(method="witness", pin="123456")) == Signed("witness", given="123456")


def test_a_withdrawal_code_is_read_however_it_was_typed_and_a_typing_error_is_told() -> None:
    code, mistyped = new_code(), _form(code="7K3M-9QXA")
    read_withdrawal_code(mistyped)

    assert read_withdrawal_code(_form(code=f" {code.lower().replace('-', ' ')} ")) == code.replace("-", "")
    assert _codes(mistyped) == {"code": "form.withdrawal_code"}


def test_withdrawing_is_everything_or_what_was_ticked_and_never_nothing() -> None:
    types = (TypeKey("support_advice"),)
    nothing, strange, no_id = _form(), _form(types=f"{new_id()}:vet"), _form(types="1:support_advice")
    for form in (nothing, strange, no_id):
        read_withdrawal(form, types)
    here, there = RelationshipId(new_id()), RelationshipId(new_id())
    ticked = _form(types=f"{here}:support_advice,{there}:support_advice")

    assert read_withdrawal(_form(all="yes"), types) == ()
    assert read_withdrawal(ticked, types) == ((here, types[0]), (there, types[0]))
    assert _codes(nothing) == {"types": "form.choose_to_withdraw"}
    assert _codes(strange) == _codes(no_id) == {"types": "form.choose"}


def test_a_purpose_and_a_substitutes_reason_come_from_a_fixed_list() -> None:
    purpose, reason = _form(purpose="curiosity"), _form(reason="zomaar, over Noor")
    read_purpose(purpose)
    read_substitute_reason(reason)

    assert _codes(purpose) == {"purpose": "form.choose"}
    assert _codes(reason) == {"reason": "form.choose"}


def test_the_button_for_one_block_more_is_seen() -> None:
    assert wanted_block(_form(more="child")) == "child"
    assert wanted_block(_form(more="guardian")) == "guardian"
    assert wanted_block(_form(more="x")) == wanted_block(_form()) == ""


def test_the_trail_is_filtered_by_ids_and_never_by_a_name() -> None:
    form = _form(person="Noor Haile", event="")
    entered = officer_forms.read_search(form, event_types=("consent.given",), organisations=())

    assert _codes(form) == {"person": "form.no_id"}
    assert entered.event == ""


@pytest.mark.parametrize("language", SUPPORTED)
def test_every_form_problem_says_in_every_language_what_to_do(language: str) -> None:
    known = {code for code in problem_sentences("nl") if code.startswith("form.")}

    assert known == {code for code in problem_sentences(language) if code.startswith("form.")}
    assert FormState.of(Posted({}), [Problem("x", "form.too_long", {"max": "5"})], language=language).problem(
        "x"
    )
