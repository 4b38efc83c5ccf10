"""The catalogue says what the domain says, and refuses what may never exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.ids import TypeKey
from consent_service.information.blocks import BlockProblem, BlocksError
from consent_service.information.catalogue import NEVER_WORDS, load_catalogue
from consent_service.information.model import (
    WRITTEN_KINDS,
    Catalogue,
    InformationType,
    may_write,
    needs_gate,
    retention_code,
)
from tests.information.folders import POLICIES, TYPES, append, change, copy_policies

NEW_TYPE = """
[types.{key}]
level = "O"
directions = ["s2c"]
purposes = ["contact"]
readers = ["contact"]
retention = {{ kind = "months", months = 1 }}
decided_by = "one_holder"
legal_basis = "public_task"
secrecy_release = "permission"
[types.{key}.fields]
{field} = {{ kind = "yes_no" }}
"""

# key: level, directions, decided_by, retention, readers, writers (domain README, section 3)
EXPECTED = {
    "shelter_involvement": "O+ s2c one_holder after_guidance_1 contact -",
    "contact_persons": "O s2c,c2s one_holder after_guidance_1 contact,director contact,director",
    "support_advice": "O s2c,c2s one_holder school_year contact,teacher contact,teacher",
    "care_signal": "O+ s2c one_holder school_days_5 contact -",
    "current_domestic_violence": "A10 s2c one_holder months_3 contact,meldcode_officer -",
    "school_absence": "O c2s one_holder school_year - contact,administration",
    "absence_reason": "A9 s2c all_holders months_3 contact,administration -",
    "wellbeing_at_school": "O+ c2s one_holder months_6 - contact",
    "learning_progress": "O c2s one_holder school_year - contact",
    "concerns": "O+ s2c,c2s one_holder months_3 contact,meldcode_officer contact,meldcode_officer",
    "three_way_meeting": "O+ s2c,c2s one_holder after_guidance_6 contact,teacher contact",
    "child_health": "A9 s2c all_holders months_6 contact,teacher -",
    "parent_circumstances": "A9 s2c own_guardian months_3 contact -",
    "other_support": "A9 s2c,c2s all_holders months_6 contact contact",
    "pickup": "O+ s2c one_holder until_changed contact,director,administration -",
    "move_or_new_school": "O+ s2c,c2s one_holder after_date_1 contact contact",
    "practical_needs": "O+ s2c,c2s one_holder school_year contact,administration contact,administration",
    "authority": "O+ s2c one_holder until_changed contact,director -",
    "safe_contact": "O+ s2c one_holder after_guidance_0 contact,administration -",
    "child_voice": "O+ s2c one_holder months_6 contact,teacher -",
    "postal_address": "O s2c one_holder after_guidance_0 administration -",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(POLICIES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_policies(tmp_path)


def problems_in(folder: Path) -> tuple[BlockProblem, ...]:
    with pytest.raises(BlocksError) as caught:
        load_catalogue(folder)
    return caught.value.problems


@pytest.mark.parametrize("words", NEVER_WORDS.values(), ids=NEVER_WORDS)
def test_a_type_that_may_never_exist_cannot_be_added(folder: Path, words: tuple[str, ...]) -> None:
    for word in words:
        append(folder, TYPES, NEW_TYPE.format(key=f"child_{word}", field="known"))
    found = problems_in(folder)
    assert {problem.block for problem in found} == {f"child_{word}" for word in words}
    assert all("may never exist" in problem.wrong for problem in found)


def test_a_field_or_a_choice_that_may_never_exist_cannot_be_added(folder: Path) -> None:
    append(folder, TYPES, NEW_TYPE.format(key="extra", field="bsn"))
    change(folder, TYPES, '"ill", "appointment"', '"ill", "police_report"')
    assert {problem.block for problem in problems_in(folder)} == {
        "extra.fields.bsn",
        "absence_reason.fields.reason",
    }


def test_an_ordinary_type_is_added_with_one_block_and_no_python(folder: Path) -> None:
    append(folder, TYPES, NEW_TYPE.format(key="swimming_lessons", field="takes_part"))
    assert TypeKey("swimming_lessons") in load_catalogue(folder).types


def test_every_problem_is_told_at_once_with_its_block_and_an_example(folder: Path) -> None:
    change(folder, TYPES, 'level = "O+"', 'level = "secret"\nlabel = "x"')
    change(folder, TYPES, 'purposes = ["contact"]\n', "")
    change(folder, TYPES, "max_length = 400", 'max_length = "long"')
    change(folder, TYPES, "second_approver = true\n", "")
    found = problems_in(folder)
    assert [
        (problem.block, problem.wrong.split("`")[1] if "`" in problem.wrong else "") for problem in found
    ] == [
        ("shelter_involvement", "label"),
        ("shelter_involvement", "level"),
        ("contact_persons", "purposes"),
        ("support_advice.fields.helps", "max_length"),
        ("current_domestic_violence", ""),
    ]
    assert all(problem.example for problem in found)


def test_the_message_names_the_file_and_every_block(folder: Path) -> None:
    change(folder, TYPES, 'level = "O+"', 'level = "secret"')
    with pytest.raises(
        ConfigurationError, match=r"information_types\.toml: 1 problem[\s\S]*\[shelter_involvement\]"
    ):
        load_catalogue(folder)


@pytest.mark.parametrize(
    "old, new, wrong",
    [
        ('decided_by = "all_holders"', 'decided_by = "one_holder"', "special categories"),
        ("second_approver = true\n", "", "second approver"),
        (
            'choices = ["current", "recent"] }',
            'choices = ["current"] }\nfacts = { kind = "name" }',
            "coded only",
        ),
        ("gate = true", "gate = false", "0 types are the gate"),
        ("first_intake = true\ngate = true", "gate = true", "asked first"),
        ("exempt_from_gate = true\n", 'readers = ["contact"]\n', "`readers` and the direction"),
        ("free_text = true\n", "", "`free_text` does not agree"),
        ("address_exempt = true", "address_exempt = false", "says where somebody is"),
        ('helps = { kind = "text",', 'helps = { locating = true, kind = "text",', "the type is not"),
        ('emergency_decided_by = "one_holder"', "", "emergency part"),
        ('field = "date", months = 1', 'field = "what", months = 1', "no required date"),
        ('directions = ["s2c"]', 'directions = ["s2c", "s2c"]', "twice"),
        ("choices = [", "part = 3, choices = [", "`part`"),
        ('roles = ["contact", "teacher"]', 'roles = ["contact"]', "sees no field"),
        ('roles = ["contact", "teacher"]', 'roles = ["teacher", "director"]', "does not read this type"),
        ("confirm = true", 'confirm = true, kind = "date"', "not TOML"),
        ("max_length = 400", "max_length = 0", "between 1 and 2000"),
        ('purposes = ["contact"]', "purposes = []", "`purposes` is empty"),
        ('directions = ["s2c", "c2s"]', 'directions = ["s2c"]', "`writers` and the direction"),
        ('directions = ["c2s"]', 'directions = ["s2c", "c2s"]', "so it needs the gate"),
        ('kind = "choice", choices', 'kind = "text", choices', "the kind choice go together"),
        (
            'choices = ["current", "recent"]',
            'choices = ["recent", "recent"]',
            "`choices` says",
        ),
        ("required = true, confirm = true", "confirm = true", "required yes_no"),
    ],
)
def test_a_block_that_contradicts_itself_is_refused(folder: Path, old: str, new: str, wrong: str) -> None:
    change(folder, TYPES, old, new)
    assert any(wrong in problem.wrong for problem in problems_in(folder))


@pytest.mark.parametrize(
    "old, new, wrong",
    [
        ("together_from = 12", 'together_from = "twelve"', "`together_from`"),
        ("together_from = 12", "together_from = 0", "`together_from` is less than 1"),
        ("together_from = 12", "together_from = 16", "decides along before it decides alone"),
        ("reminder_days = [30, 7]", "reminder_days = []", "names no day"),
        ("reminder_days = [30, 7]", "reminder_days = [30, 0]", "names no day"),
        ('["08-01", "02-01"]', '["08-01", "02-30"]', "not a day of every year"),
        ('["08-01", "02-01"]', '["08-01", "02-29"]', "not a day of every year"),
        ('["08-01", "02-01"]', '["1 August"]', "`term_starts`"),
        ('["08-01", "02-01"]', "[]", "`term_starts` names no day"),
        ('["08-01", "02-01"]', '["08-01", "09-01"]', "reaches into the next term"),
        ("attest_grace_days = 42", "attest_grace_days = 181", "reaches into the next term"),
        ("attest_grace_days = 42", "attest_grace_days = 0", "`attest_grace_days` is less than 1"),
        ("attest_grace_days = 42", "", "goes with"),
        ("term_starts = ", "# ", "goes with"),
    ],
)
def test_terms_that_no_family_can_be_held_to_are_refused(
    folder: Path, old: str, new: str, wrong: str
) -> None:
    change(folder, "terms.toml", old, new)
    assert any(wrong in problem.wrong for problem in problems_in(folder) if problem.block == "terms.toml")


def test_what_is_no_name_and_no_block_is_refused(folder: Path) -> None:
    append(folder, TYPES, NEW_TYPE.format(key="Homework-Place", field="known"))
    append(folder, TYPES, "[typos.homework_place]")
    found = {problem.block: problem.wrong for problem in problems_in(folder)}
    assert "lower-case words" in found["Homework-Place"]
    assert found["typos"] == "is not known here"


def test_a_type_without_fields_is_refused(folder: Path) -> None:
    bare = NEW_TYPE.partition("{field}")[0].format(key="homework_place")
    append(folder, TYPES, bare)
    assert [problem.wrong for problem in problems_in(folder)] == ["has no fields"]


def test_a_missing_file_and_a_broken_file_are_told_the_same_way(tmp_path: Path) -> None:
    assert problems_in(tmp_path)[0].wrong == "the file cannot be read"
    (tmp_path / TYPES).write_text("[types", encoding="utf-8")
    assert "not TOML" in problems_in(tmp_path)[0].wrong


def test_the_catalogue_is_what_the_domain_says(catalogue: Catalogue) -> None:
    assert {key: _in_short(kind) for key, kind in catalogue.types.items()} == EXPECTED


def _in_short(kind: InformationType) -> str:
    return " ".join(
        (
            kind.level,
            ",".join(kind.directions),
            kind.decided_by,
            retention_code(kind.retention),
            ",".join(kind.readers) or "-",
            ",".join(kind.writers) or "-",
        )
    )


def test_five_types_are_asked_first_and_the_gate_is_the_first_of_them(catalogue: Catalogue) -> None:
    assert [kind.key for kind in catalogue.asked_first()] == [
        "shelter_involvement", "contact_persons", "support_advice", "school_absence", "three_way_meeting",
    ]  # fmt: skip
    assert catalogue.gate.key == "shelter_involvement"


def test_everything_to_the_school_needs_the_gate_and_nothing_from_it_does(catalogue: Catalogue) -> None:
    for kind in catalogue.types.values():
        assert needs_gate(kind, "s2c") == (not kind.gate and "s2c" in kind.directions)
        assert not needs_gate(kind, "c2s")


@pytest.mark.parametrize(
    "key", ["care_signal", "current_domestic_violence", "school_absence", "absence_reason"]
)
def test_a_coded_type_has_nothing_to_type_in(catalogue: Catalogue, key: str) -> None:
    assert not {spec.kind for spec in catalogue.types[TypeKey(key)].fields} & WRITTEN_KINDS


def test_a_teacher_sees_only_the_actions_of_a_meeting_and_the_emergency_part_of_health(
    catalogue: Catalogue,
) -> None:
    def seen(key: str) -> list[str]:
        return [spec.name for spec in catalogue.types[TypeKey(key)].fields_for("teacher")]

    assert seen("three_way_meeting") == ["actions"]
    assert seen("child_health") == ["allergy", "medicine", "emergency_steps"]
    assert seen("concerns") == []


def test_only_a_listed_writer_writes_and_only_towards_the_shelter(catalogue: Catalogue) -> None:
    absence = catalogue.types[TypeKey("school_absence")]
    assert may_write(absence, "administration")
    assert not may_write(absence, "teacher")
    assert not may_write(catalogue.types[TypeKey("care_signal")], "contact")


def test_the_hash_follows_meaning_and_not_comments(folder: Path) -> None:
    before = load_catalogue(folder).hash
    append(folder, TYPES, "# another comment")
    assert load_catalogue(folder).hash == before
    change(folder, TYPES, "max_length = 400", "max_length = 399")
    assert load_catalogue(folder).hash != before
