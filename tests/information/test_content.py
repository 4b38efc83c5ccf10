"""What is typed is refused before encryption when it may not be shared, with every problem at once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import problem_sentence, problem_sentences
from consent_service.foundation.ids import TypeKey
from consent_service.information import content
from consent_service.information.catalogue import load_catalogue
from consent_service.information.content import check_fields, compulsory_education_starts
from consent_service.information.model import InformationType
from tests.information.folders import POLICIES
from tests.information.notes import ORDINARY_NOTES

TYPES = load_catalogue(POLICIES).types
BSN = "123456782"


def problems(
    key: str,
    fields: Mapping[str, str],
    *,
    attested: Sequence[str] = (),
    safety_flag: bool = False,
    other_names: Sequence[str] = (),
    birth_date: date | None = None,
    today: date | None = None,
) -> set[tuple[str, str]]:
    found = check_fields(
        TYPES[TypeKey(key)],
        fields,
        attested=frozenset(attested),
        safety_flag=safety_flag,
        other_names=other_names,
        birth_date=birth_date,
        today=today,
    )
    return {(problem.field, problem.code.removeprefix("content.")) for problem in found}


@pytest.mark.parametrize(
    "text, code",
    [
        ("Post naar 5038 AB", "postcode_under_safety"),
        ("Woont in de Kerkstraat 12", "street_under_safety"),
        ("Bel 06-12345678", "phone_under_safety"),
        ("https://maps.app.goo.gl/abc", "link_under_safety"),
        ("mama@huis.nl", "email_under_safety"),
    ],
)
def test_s13_what_says_where_a_family_is_cannot_be_declared_away(text: str, code: str) -> None:
    everything = ("not_a_bsn", "no_diagnosis", code)
    assert ("helps", code) in problems(
        "support_advice", {"helps": text}, safety_flag=True, attested=everything
    )
    assert problems("support_advice", {"helps": text}) == set()


def test_s13_a_locating_field_stays_empty_under_a_safety_flag() -> None:
    address = {"addressee": "S. Bakker", "address_line": "Heuvel 1", "postcode": "5038 AB", "town": "Tilburg"}
    assert problems("postal_address", address) == set()
    assert problems("postal_address", address, safety_flag=True) == {
        ("address_line", "locating_under_safety"),
        ("postcode", "locating_under_safety"),
        ("town", "locating_under_safety"),
    }
    move = {"what": "moving", "date": "2026-10-01", "destination": "Breda"}
    assert problems("move_or_new_school", move, safety_flag=True) == {
        ("destination", "locating_under_safety")
    }
    assert problems("safe_contact", {"way": "through_counsellor"}, safety_flag=True) == set()


def test_s13_work_contacts_are_exempt_from_the_address_check() -> None:
    contact = {"name": "J. de Wit", "function": "counsellor", "phone": "013-5432109", "email": "j@opvang.nl"}
    assert problems("contact_persons", contact, safety_flag=True) == set()


def test_s18_a_diagnosis_is_asked_about_and_can_be_attested() -> None:
    fields = {"helps": "Hij heeft ADHD, een vaste plek helpt."}
    assert problems("support_advice", fields) == {("helps", "diagnosis_words")}
    assert problems("support_advice", fields, attested=["no_diagnosis"]) == set()
    assert problems("support_advice", fields, attested=["not_a_bsn"]) == {("helps", "diagnosis_words")}
    assert problems("child_health", {"care_at_school": "ADHD, medicatie om 12 uur"}) == set()


def test_s30_a_note_that_names_a_sibling_is_refused() -> None:
    fields = {"helps": "Zoë en Sam zitten graag samen."}
    assert problems("support_advice", fields, other_names=["Zoe"]) == {("helps", "names_other_child")}
    assert problems("support_advice", fields, other_names=["Za"]) == set()


def test_s54_a_four_year_old_is_never_presumed_unauthorised() -> None:
    absence = {"date": "2026-09-30", "part_of_day": "morning", "kind": "presumed_unauthorised"}
    born = date(2021, 9, 2)
    assert problems("school_absence", absence, birth_date=born) == {("kind", "not_yet_compulsory")}
    assert problems("school_absence", absence | {"date": "2026-10-01"}, birth_date=born) == set()
    assert problems("school_absence", absence | {"kind": "authorised"}, birth_date=born) == set()


@pytest.mark.parametrize(
    "day, kind, found",
    [
        ("2026-09-30", "presumed_unauthorised", set()),
        ("2026-10-01", "presumed_unauthorised", {("kind", "not_happened_yet")}),
        ("2026-10-01", "leave_asked", set()),
        ("2026-10-03", "leave_asked", {("date", "no_school_day")}),
        ("2028-10-02", "presumed_unauthorised", {("date", "day_too_far")}),
        ("2024-09-02", "authorised", {("date", "day_too_far")}),
    ],
)
def test_an_absence_is_of_a_school_day_that_is_near(day: str, kind: str, found: set[tuple[str, str]]) -> None:
    absence = {"date": day, "part_of_day": "morning", "kind": kind}
    assert problems("school_absence", absence, today=date(2026, 9, 30)) == found
    assert problems("school_absence", absence) == set()


@pytest.mark.parametrize(
    "born, starts",
    [
        (date(2021, 9, 30), date(2026, 10, 1)),
        (date(2021, 12, 1), date(2027, 1, 1)),
        (date(2020, 2, 29), date(2025, 3, 1)),
    ],
)
def test_compulsory_education_starts_the_month_after_the_fifth_birthday(born: date, starts: date) -> None:
    assert compulsory_education_starts(born) == starts


def test_a_bsn_is_asked_about_and_can_be_attested() -> None:
    fields = {"helps": f"Nummer {BSN}", "avoid": f"ook {BSN}"}
    assert problems("support_advice", fields) == {("helps", "maybe_bsn"), ("avoid", "maybe_bsn")}
    assert problems("support_advice", fields, attested=["not_a_bsn"]) == set()


def test_a_problem_never_repeats_what_was_typed() -> None:
    typed = {"helps": f"ADHD {BSN} Kerkstraat 12 06-12345678 Zoë" * 20, "moment": BSN, BSN: "x"}
    found = check_fields(
        TYPES[TypeKey("support_advice")],
        {name: value for name, value in typed.items() if name != BSN},
        attested=frozenset(),
        safety_flag=True,
        other_names=["Zoë"],
    )
    assert {problem.code for problem in found} >= {"content.maybe_bsn", "content.names_other_child"}
    assert not any(BSN in str(problem) or "Zoë" in str(problem) for problem in found)


def test_every_problem_comes_at_once() -> None:
    fields = {"date": "2026-02-30", "part_of_day": "night", "kind": "", "remark": "x"}
    assert problems("school_absence", fields) == {
        ("remark", "field_unknown"),
        ("date", "date_invalid"),
        ("part_of_day", "choice_invalid"),
        ("kind", "field_required"),
    }


@pytest.mark.parametrize(
    "key, fields, problem",
    [
        ("support_advice", {}, ("helps", "nothing_filled_in")),
        ("child_health", {"allergy": "  "}, ("allergy", "nothing_filled_in")),
        ("support_advice", {"helps": "x" * 401}, ("helps", "too_long")),
        ("support_advice", {"helps": "stil\x00"}, ("helps", "control_characters")),
        ("care_signal", {"code_word": "geweld"}, ("code_word", "choice_invalid")),
        ("safe_contact", {"way": "call", "safe_from": "24:00"}, ("safe_from", "time_invalid")),
        ("safe_contact", {"way": "call", "phone": "mama"}, ("phone", "phone_invalid")),
        ("safe_contact", {"way": "call", "email": "mama"}, ("email", "email_invalid")),
        ("safe_contact", {"way": "call", "voicemail": "maybe"}, ("voicemail", "yes_no_invalid")),
        ("three_way_meeting", {"date": "20260901", "agreements": "x"}, ("date", "date_invalid")),
        (
            "parent_circumstances",
            {"words": "Ik ben moe.", "parent_saw_text": "no"},
            ("parent_saw_text", "parent_saw_text_first"),
        ),
        (
            "child_voice",
            {"words": "Ik wil bij Noor.", "child_chose_words": "no"},
            ("child_chose_words", "child_chose_first"),
        ),
        (
            "concerns",
            {"area": "mood", "concern": "Stil.", "parents_heard": "no"},
            ("parents_heard", "parents_first"),
        ),
        (
            "pickup",
            {"name": "Oma", "relation": "grandparent", "moment": "always", "evidence_seen": "no"},
            ("evidence_seen", "evidence_first"),
        ),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(
    key: str, fields: dict[str, str], problem: tuple[str, str]
) -> None:
    assert problems(key, fields) == {problem}


def test_a_text_of_a_megabyte_is_refused_quickly() -> None:
    started = time.process_time()
    assert ("helps", "too_long") in problems(
        "support_advice", {"helps": "straat " * 200_000}, safety_flag=True
    )
    assert time.process_time() - started < 2


@pytest.mark.parametrize("note", ORDINARY_NOTES)
def test_an_ordinary_note_is_accepted_under_a_safety_flag(note: str) -> None:
    assert (
        problems("support_advice", {"helps": note}, safety_flag=True, other_names=["Zoë", "Yusuf"]) == set()
    )


@given(
    kind=st.sampled_from(list(TYPES.values())),
    values=st.dictionaries(
        st.sampled_from(["date", "helps", "name", "phone", "kind", "x"]), st.text(max_size=50)
    ),
    safety_flag=st.booleans(),
)
def test_every_problem_has_a_sentence_in_both_languages(
    kind: InformationType, values: dict[str, str], safety_flag: bool
) -> None:
    for problem in check_fields(kind, values, attested=frozenset(), safety_flag=safety_flag):
        for language in ("nl", "en"):
            assert problem.code in problem_sentences(language)
            assert "{" not in problem_sentence(problem, language)


def test_what_can_be_attested_is_exactly_two_things() -> None:
    assert content.ATTESTATIONS == {
        "content.maybe_bsn": "not_a_bsn",
        "content.diagnosis_words": "no_diagnosis",
    }
    assert problem_sentence(Problem("helps", "content.maybe_bsn"), "nl").startswith("Is dit een BSN?")
