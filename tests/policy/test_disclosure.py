"""No bundle makes a school read of the family, nor a guardian of danger or of another's choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, load_bundle
from consent_service.policy.disclosure import KNOWN, class_problems, reads
from consent_service.policy.lint import policy_problems, product_problems, table_problems
from consent_service.policy.reasons import CAUSES_FILE, Cause, Causes
from tests.policy.planting import plant, problems_of
from tests.policy.proofs.encoded import condition
from tests.policy.questions import POLICIES

FORBID = '@id("consent.extra") @legal_basis("x") @reason("{code}")\n'
CONSENT = 'when { context.basis == Basis::"consent" }'
FILES = {CAUSES_FILE: (POLICIES / CAUSES_FILE).read_bytes()}


def found_in(folder: Path, catalogue: Catalogue) -> set[tuple[str, str, str]]:
    return {(one.where, one.code, one.detail) for one in problems_of(folder, catalogue)}


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_our_causes_are_those_the_software_knows(bundle: Bundle) -> None:
    assert bundle.causes.causes == KNOWN
    assert not [*class_problems(bundle.causes, FILES)]


def test_a_cause_in_the_family_is_not_told_to_a_school(proposal: Path, catalogue: Catalogue) -> None:
    """The reviewer's attempt: the safety reason becomes one of the school's own, with a sentence."""
    edit(proposal, CAUSES_FILE, '  { code = "address_protected", about = "family" },\n', "")
    moved = '  { code = "address_protected", about = "self", every_guardian = true },\n'
    preview = '  { code = "preview_only", about = "self", every_guardian = true },\n'
    edit(proposal, CAUSES_FILE, preview, preview + moved)
    for language in ("nl", "en"):
        told = '[causes.address_protected]\nschool = "Dit gezin is in gevaar."\n'
        edit(proposal, f"reasons/{language}.toml", "[causes.address_protected]\n", told)
    lines = (proposal / CAUSES_FILE).read_text(encoding="utf-8").splitlines()
    line = 1 + next(number for number, text in enumerate(lines) if "address_protected" in text)
    pinned = {(where, code) for where, code, _ in found_in(proposal, catalogue)}
    assert (f"{CAUSES_FILE}:{line}", "class_pinned") in pinned


def test_a_policy_about_danger_does_not_borrow_the_school_s_own_reason(
    proposal: Path, catalogue: Catalogue
) -> None:
    edit(proposal, "safety/location.cedar", '@reason("address_protected")', '@reason("role_may_not_read")')
    (problem,) = problems_of(proposal, catalogue)
    assert problem.code == "tells_family"
    assert problem.where.startswith("safety/location.cedar:")
    assert problem.where.endswith("safety.address")
    assert problem.detail == "role_may_not_read: context.safety, context.secret_address"


@pytest.mark.parametrize(
    "code, scope, text, facts",
    [
        ("no_agreement", "principal", "resource.yes > 99", "resource.yes"),
        ("no_agreement", "principal", "!(resource has yes)", "resource.yes"),
        ("no_agreement", "principal", "!(context has safety)", "context.safety"),
        ("no_agreement", "principal", "(if context.preview then resource else resource).own_yes", "resource"),
        ("no_agreement", "principal", "{a: context}.a.secret_address", "context"),
        ("no_agreement", "principal is GuardianReader", "resource.own_yes", "resource.own_yes"),
        ("not_your_answer", "principal", "resource.own_yes", "resource.own_yes"),
        ("not_your_answer", "principal is GuardianReader", "context.secret_address",
         "context.secret_address"),
        ("not_your_answer", "principal is GuardianReader", "resource.objecting > 0", "resource.objecting"),
    ],
)  # fmt: skip
def test_a_cause_that_is_told_looks_at_nothing_else(
    proposal: Path, catalogue: Catalogue, code: str, scope: str, text: str, facts: str
) -> None:
    policy = f"forbid ({scope}, action, resource) {CONSENT} when {{ {text} }};"
    plant(proposal, FORBID.format(code=code) + policy)
    wrong = [(one.code, one.detail) for one in problems_of(proposal, catalogue)]
    assert ("tells_family", f"{code}: {facts}") in wrong


@pytest.mark.parametrize(
    "code, scope, text",
    [
        ("no_agreement", "principal is SchoolReader", 'principal.role == Role::"teacher"'),
        ("no_agreement", "principal", 'resource.type.purposes.contains(Purpose::"safety")'),
        ("no_agreement", "principal", 'resource.level == Level::"A9" && context.asked > 3'),
        ("not_your_answer", "principal is GuardianReader", "!resource.own_yes"),
        ("not_your_answer", "principal", "!context.relationship_active"),
        ("address_protected", "principal", "context.secret_address && resource.objecting > 0"),
    ],
)
def test_what_lies_in_who_asks_may_be_told(
    proposal: Path, catalogue: Catalogue, code: str, scope: str, text: str
) -> None:
    policy = f"forbid ({scope}, action, resource) {CONSENT} when {{ {text} }};"
    plant(proposal, FORBID.format(code=code) + policy)
    assert "consent.extra" in load_bundle(proposal, catalogue=catalogue).notes


@pytest.mark.parametrize(
    "unmet, fits",
    [
        ("- role_may_not_read no_consent", True),
        ("- no_consent role_may_not_read", False),
        ("- no_consent -", True),
    ],
)
def test_a_step_is_told_with_everything_before_it(
    proposal: Path, catalogue: Catalogue, unmet: str, fits: bool
) -> None:
    """That the second condition does not hold tells that the first does."""
    annotations = f'@id("consent.extra") @legal_basis("x") @reason("yes_of_holder") @unmet("{unmet}")'
    more = 'when { principal.role == Role::"contact" } when { resource.yes > 1 };'
    plant(proposal, f"{annotations}\npermit (principal is SchoolReader, action, resource) {CONSENT} {more}")
    if fits:
        assert "consent.extra" in load_bundle(proposal, catalogue=catalogue).notes
    else:
        (problem,) = problems_of(proposal, catalogue)
        assert (problem.code, problem.detail) == ("tells_family", "role_may_not_read: resource.yes")


@pytest.mark.parametrize(
    "causes, expected",
    [
        ([*KNOWN[1:], KNOWN[0]], ("order_pinned", "unknown_type")),
        ([*KNOWN[:2], KNOWN[3], KNOWN[2], *KNOWN[4:]], ("order_pinned", KNOWN[3].code)),
        (
            [Cause("unknown_type", "family", every_guardian=True), *KNOWN[2:]],
            ("class_pinned", "unknown_type"),
        ),
        ([*KNOWN[:1], Cause("unknown_type", "self"), *KNOWN[2:]], ("class_pinned", "unknown_type")),
        ([*KNOWN, Cause("late", "family", every_guardian=True)], ("told_after_hidden", "late")),
        ([*KNOWN, Cause("late", "family")], None),
        ([KNOWN[0], *KNOWN[4:], Cause("late", "family")], None),
    ],
)
def test_neither_class_nor_order_of_a_known_cause_changes(
    causes: list[Cause], expected: tuple[str, str] | None
) -> None:
    wrong = [(one.code, one.detail) for one in class_problems(Causes(tuple(causes), ()), FILES)]
    assert (expected in wrong) if expected else wrong == []


def test_a_code_that_stands_nowhere_in_the_file_has_no_line() -> None:
    causes = Causes((Cause("unknown_type", "family"),), ())
    assert {one.where for one in class_problems(causes, {})} == {CAUSES_FILE}


def test_a_fact_is_read_wherever_it_stands(bundle: Bundle) -> None:
    read = set(reads(bundle.source["consent.gate"].conditions))
    assert read == {
        "context.basis", "resource.direction", "resource.gate", "resource.emergency",
        "resource.type.is_gate", "resource.type.exempt_from_gate", "resource.type.continues_at_birthday",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text, refused",
    [
        ("resource.holders * resource.excused == 4", "resource.holders * resource.excused"),
        ("2 * (resource.yes * (1 + context.asked)) > 4", "resource.yes * context.asked"),
        ("resource.yes * resource.yes > 4", "resource.yes * resource.yes"),
        ("2 * resource.yes > 4 * 3", None),
    ],
)
def test_two_facts_are_not_multiplied(text: str, refused: str | None) -> None:
    wrong = [(one.code, one.detail) for one in product_problems(condition(text), where="x")]
    assert wrong == ([("product_refused", refused)] if refused else [])


def test_a_product_is_refused_in_a_policy(bundle: Bundle) -> None:
    policy = condition("resource.holders * resource.excused == 4")
    found = policy_problems("consent", policy, where="x", causes=bundle.causes, types=bundle.types)
    assert "product_refused" in {one.code for one in found}


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\r", "\u0085"])
def test_a_character_that_nobody_sees_is_refused_in_a_table(character: str) -> None:
    files = {"a.toml": f"# one\n# two {character}\n".encode(), "b.cedar": character.encode()}
    (problem,) = table_problems(files)
    assert (problem.where, problem.code) == ("a.toml:2", "not_plain")
    assert problem.detail == f"U+{ord(character):04X}"


def test_letters_of_any_language_may_stand_in_a_table() -> None:
    assert not [*table_problems({"a.toml": "\té 學 ع\n".encode()})]


@pytest.mark.parametrize(
    "name, old, new",
    [
        (CAUSES_FILE, "grounds = [", "# \u202e hidden \u2066\ngrounds = ["),
        ("reasons/nl.toml", "Niet beschikbaar.", "Niet \u202ebeschikbaar\u200b."),
        ("tests/types.toml", "rule = ", "# \u200b\nrule = "),
    ],
)
def test_no_proposed_table_is_read_with_one(
    proposal: Path, catalogue: Catalogue, name: str, old: str, new: str
) -> None:
    """The reviewer's attempt: a second officer reads a difference that is turned around."""
    edit(proposal, name, old, new)
    assert {one.code for one in problems_of(proposal, catalogue)} == {"not_plain"}
