"""Every invariant holds for our policies, and a plausible mistake against each of them is found."""

from __future__ import annotations

import tomllib
from pathlib import Path
from time import process_time

import msgspec
import pytest

from consent_service.foundation.ids import RelationshipId, TenantId
from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, load_bundle
from consent_service.policy.coverage import Case, CaseFile, load_cases, question_of
from consent_service.policy.decision import Allowance, judge
from consent_service.policy.facts import Question, question_entities, requests
from consent_service.policy.proofs import proving
from consent_service.policy.proofs.examples import most_ordinary
from consent_service.policy.proofs.invariants import Invariant, core_invariants
from consent_service.policy.proofs.operations import Operations
from consent_service.policy.proofs.proving import NOTHING_FOREIGN, UNREVIEWED, Proof, prove
from consent_service.policy.proofs.situation import Situation
from consent_service.policy.proofs.terms import NotProvableError, Solver, Terms
from consent_service.policy.proofs.vocabulary import ORDINARY
from consent_service.policy.rules import Rules, load_rules
from tests.policy.proofs.encoded import cedar_says, condition
from tests.policy.proofs.hard import HARD
from tests.policy.proofs.weakenings import SAFE, WEAKENINGS, Edit, edit
from tests.policy.questions import POLICIES, question

SECONDS = 10
"""All proofs together; they take a tenth of a second on an idle machine."""


def proofs_of(rules: Rules) -> dict[str, Proof]:
    return {proof.invariant: proof for proof in prove(rules.bundle, rules.catalogue)}


def never(text: str, identifier: str = "never.tested") -> Invariant:
    return Invariant(identifier, condition(text), {"nl": "nooit", "en": "never"})


def test_every_invariant_holds_for_our_policies_and_says_so_in_both_languages(
    bundle: Bundle, catalogue: Catalogue
) -> None:
    began = process_time()
    proofs = prove(bundle, catalogue)
    assert [proof for proof in proofs if proof.state != "proved"] == []
    assert process_time() - began < SECONDS
    assert all(proof.says["nl"] and proof.says["en"] for proof in proofs)
    core = [invariant.id for invariant in core_invariants(bundle.schema)]
    assert [proof.invariant for proof in proofs] == [NOTHING_FOREIGN, UNREVIEWED, *core]


def test_there_is_a_mistake_against_every_invariant(bundle: Bundle) -> None:
    assert set(WEAKENINGS) == {invariant.id for invariant in core_invariants(bundle.schema)}


@pytest.mark.parametrize("invariant", WEAKENINGS)
def test_a_mistake_is_found_with_a_question_that_the_engine_allows(proposal: Path, invariant: str) -> None:
    rules = load_rules(edit(proposal, *WEAKENINGS[invariant]))
    proof = proofs_of(rules)[invariant]
    assert proof.state == "refuted", proof.detail
    found = proof.counterexample
    assert found is not None
    answer = judge(rules.bundle, found.question, preview=found.preview)[0]
    assert isinstance(answer, Allowance)
    assert answer.determining == found.determining
    (broken,) = [one for one in core_invariants(rules.bundle.schema) if one.id == invariant]
    assert cedar_says(rules.bundle, broken.policy, found.question, preview=found.preview) == "matches"


@pytest.mark.parametrize("invariant", WEAKENINGS)
def test_the_case_of_a_counterexample_asks_the_same_and_is_short(proposal: Path, invariant: str) -> None:
    rules = load_rules(edit(proposal, *WEAKENINGS[invariant]))
    found = proofs_of(rules)[invariant].counterexample
    assert found is not None
    (case,) = msgspec.convert({"rule": "found", **tomllib.loads(found.case)}, CaseFile).cases
    table = load_cases(POLICIES, problems=[])
    assert ids_of(question_of(table, case, catalogue=rules.catalogue)) == ids_of(found.question)
    assert case.by == found.determining
    assert case.preview is found.preview
    assert len(case.change) <= 6, found.case


def test_the_duty_of_review_cannot_be_taken_away(proposal: Path) -> None:
    """The reviewer's attempt: no condition changes, only what whoever opens has to do afterwards."""
    path = proposal / "break_glass" / "vital_interest.cedar"
    text = path.read_text(encoding="utf-8")
    assert '@obligations("officer_review")\n' in text
    path.write_text(text.replace('@obligations("officer_review")\n', ""), encoding="utf-8")
    rules = load_rules(proposal)
    proof = proofs_of(rules)[UNREVIEWED]
    assert proof.state == "refuted"
    assert proof.counterexample is not None
    answer = judge(rules.bundle, proof.counterexample.question, preview=False)[0]
    assert isinstance(answer, Allowance)
    assert answer.obligations == ()


def test_a_duty_without_an_example_in_time_is_not_proved(
    proposal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = proposal / "break_glass" / "vital_interest.cedar"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('@obligations("officer_review")\n', ""), encoding="utf-8")

    def none_in_time(*_: object) -> None:
        raise NotProvableError("no answer in time")

    monkeypatch.setattr(proving, "most_ordinary", none_in_time)
    proof = proofs_of(load_rules(proposal))[UNREVIEWED]
    assert (proof.state, proof.detail) == ("not_provable", "no answer in time")


def test_a_second_permit_without_the_duty_is_found(proposal: Path) -> None:
    """Where the first one says yes as well its duty stands; where it does not, nobody looks."""
    path = proposal / "break_glass" / "vital_interest.cedar"
    text = path.read_text(encoding="utf-8")
    second = text[text.index("@id(") :].replace('@obligations("officer_review")\n', "")
    second = second.replace("break_glass.vital_interest", "break_glass.second")
    path.write_text(text + second, encoding="utf-8")
    assert proofs_of(load_rules(proposal))[UNREVIEWED].state == "proved"
    path.write_text(text + second.replace("== 1", "== 2"), encoding="utf-8")
    proof = proofs_of(load_rules(proposal))[UNREVIEWED]
    assert proof.counterexample is not None
    assert proof.counterexample.determining == ("break_glass.second",)


def case_of(text: str) -> Case:
    (case,) = msgspec.convert({"rule": "found", **tomllib.loads(text)}, CaseFile).cases
    return case


def asked_by(text: str, rules: Rules) -> Question:
    table = load_cases(POLICIES, problems=[])
    return ids_of(question_of(table, case_of(text), catalogue=rules.catalogue))


def ids_of(question: Question) -> Question:
    """The question without who asks, which decides nothing."""
    return msgspec.structs.replace(question, reader=msgspec.structs.replace(question.reader, id="reader"))


def test_what_is_ordinary_is_a_base_of_our_cases() -> None:
    assert load_cases(POLICIES, problems=[]).bases["school_reads"] == ORDINARY


def test_the_bases_of_the_folder_make_a_case_shorter(proposal: Path) -> None:
    rules = load_rules(edit(proposal, *WEAKENINGS["never.without_agreement"]))
    bases = load_cases(POLICIES, problems=[]).bases
    (found,) = [
        proof.counterexample
        for proof in prove(rules.bundle, rules.catalogue, bases=bases)
        if proof.counterexample is not None
    ]
    assert 'base = "shelter_' in found.case


def test_a_situation_that_takes_two_types_is_a_case_with_two_types(proposal: Path) -> None:
    break_glass = "break_glass/vital_interest.cedar", "break_glass.vital_interest"
    rules = load_rules(edit(proposal, Edit(*break_glass, "context.asked == 1", "context.asked <= 2")))
    found = proofs_of(rules)["never.break_glass_alone"].counterexample
    assert found is not None
    assert len(found.question.types) == 2
    assert asked_by(found.case, rules) == ids_of(found.question)


def test_an_answer_that_is_not_assessed_is_told_plainly(proposal: Path) -> None:
    """The example of the classic mistake, as an officer reads it."""
    rules = load_rules(edit(proposal, *WEAKENINGS["never.location"]))
    found = proofs_of(rules)["never.location"].counterexample
    assert found is not None
    assert f"safety = {SAFE}" not in found.case
    assert 'change = { safety = "not_assessed" }' in found.case


def test_an_invariant_about_no_request_at_all_proves_nothing(bundle: Bundle, catalogue: Catalogue) -> None:
    empty = never("resource.type.is_gate && resource.type.second_approver")
    proof = prove(bundle, catalogue, own=[empty])[-1]
    assert proof.state == "not_provable"
    assert proof.detail.startswith("vacuous")


def test_an_invariant_about_a_type_that_nobody_knows_proves_nothing(
    bundle: Bundle, catalogue: Catalogue
) -> None:
    misspelt = never('resource.type == InformationType::"pick_up" || resource.type.locating')
    proof = prove(bundle, catalogue, own=[misspelt])[-1]
    assert (proof.state, proof.detail) == ("not_provable", "not in the catalogue: pick_up")


def test_an_invariant_that_is_an_error_counts_as_broken(bundle: Bundle, catalogue: Catalogue) -> None:
    """`yes + 9223372036854775807` is only defined for a yes that never is."""
    errs = never("resource.yes + 9223372036854775807 < 0 || resource.yes < 0")
    assert prove(bundle, catalogue, own=[errs])[-1].state == "refuted"


def test_what_cannot_be_encoded_is_not_proved(bundle: Bundle, catalogue: Catalogue) -> None:
    proof = prove(bundle, catalogue, own=[never('"a" like "a*"')])[-1]
    assert (proof.state, proof.detail) == ("not_provable", "the operator like")


def test_a_policy_that_cannot_be_encoded_proves_nothing_of_the_bundle(
    bundle: Bundle, catalogue: Catalogue
) -> None:
    unknown = msgspec.structs.replace(bundle, source={**bundle.source, "x.like": condition('"a" like "*"')})
    states = {proof.state for proof in prove(unknown, catalogue) if proof.invariant != NOTHING_FOREIGN}
    assert states == {"not_provable"}


def test_no_answer_in_time_is_not_proved(bundle: Bundle, catalogue: Catalogue) -> None:
    """Three cubes that are 42 together: nobody finds them in a second."""
    hard = never(f"{HARD} || (context.preview && !context.preview)")
    proof = prove(bundle, catalogue, own=[hard], seconds=0.2)[-1]
    assert (proof.state, proof.detail) == ("not_provable", "no answer in time")


def test_all_questions_together_end(bundle: Bundle, catalogue: Catalogue) -> None:
    hard = [never(HARD, f"never.hard_{number}") for number in range(30)]
    began = process_time()
    proofs = prove(bundle, catalogue, own=hard, seconds=0.2)
    assert process_time() - began < SECONDS
    assert [proof.state for proof in proofs[-30:]] == ["not_provable"] * 30


def test_an_example_that_is_not_found_in_time_is_none(catalogue: Catalogue) -> None:
    situation = Situation(Terms(), catalogue.types)
    solver = Solver(situation.terms, situation.always(), seconds=0)
    with pytest.raises(NotProvableError, match="time"):
        most_ordinary(solver, situation, catalogue, situation.holds("emergency", value=True))


def test_an_encoder_that_is_wrong_is_noticed(
    bundle: Bundle, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault is planted: `!` that does nothing. The engine refuses what the solver then finds."""
    monkeypatch.setattr(Operations, "negation", lambda _, given: given)
    proofs = prove(bundle, catalogue)
    assert any("the engine refuses" in proof.detail for proof in proofs)
    assert all(proof.counterexample is None for proof in proofs)


def test_a_schema_that_brings_in_more_than_the_facts_is_refuted(proposal: Path) -> None:
    schema = proposal / "schema.cedarschema"
    text = schema.read_text(encoding="utf-8")
    more = "assigned: Bool,\n  tenant: String,\n  child: { name: String },"
    schema.write_text(text.replace("assigned: Bool,", more, 1), encoding="utf-8")
    proof = proofs_of(load_rules(proposal))[NOTHING_FOREIGN]
    assert proof.state == "refuted"
    assert "tenant: String" in proof.detail
    assert "name: String" in proof.detail


@pytest.mark.parametrize(
    "more",
    [
        "entity Tenant = { name: String };",
        "entity Tenant;",
        "entity Team, Tenant in [Team];",
        "entity Tagged = { locating: Bool } tags String;",
        'action "erase" appliesTo {principal: SchoolReader, resource: Requested, context: Situation};',
        "namespace Other { entity Tenant; }",
        'action "anything";',
    ],
)
def test_whatever_form_it_has(proposal: Path, more: str) -> None:
    schema = proposal / "schema.cedarschema"
    schema.write_text(schema.read_text(encoding="utf-8") + more + "\n", encoding="utf-8")
    assert proofs_of(load_rules(proposal))[NOTHING_FOREIGN].state == "refuted"


def test_actions_in_a_group_are_more_than_a_proof_follows(proposal: Path) -> None:
    schema = proposal / "schema.cedarschema"
    text = schema.read_text(encoding="utf-8")
    grouped = 'action "anything";\naction "release", "share" in [Action::"anything"] appliesTo {'
    schema.write_text(text.replace('action "release", "share" appliesTo {', grouped), encoding="utf-8")
    proof = proofs_of(load_rules(proposal))[NOTHING_FOREIGN]
    assert proof.state == "refuted"
    assert 'in [Action::"anything"]' in proof.detail


def test_a_schema_in_which_the_core_cannot_be_said_proves_nothing(proposal: Path) -> None:
    schema = proposal / "schema.cedarschema"
    text = schema.read_text(encoding="utf-8").replace("break_glass_running: Bool,", "")
    schema.write_text(text, encoding="utf-8")
    (proposal / "break_glass" / "vital_interest.cedar").unlink()
    catalogue = load_catalogue(proposal)
    proofs = prove(load_bundle(proposal, catalogue=catalogue), catalogue)
    assert [(proof.invariant, proof.state) for proof in proofs[1:]] == [("never", "not_provable")]
    assert "break_glass_running" in proofs[1].detail


def test_equal_facts_are_the_same_request_whoever_and_wherever(bundle: Bundle, catalogue: Catalogue) -> None:
    """What a request is, holds no id: not of who asks, nor of the tenant, nor of the relationship."""
    one = question()
    about = msgspec.structs.replace(
        one.relationship, tenant=TenantId("other"), relationship=RelationshipId("other")
    )
    reader = msgspec.structs.replace(one.reader, id="other")
    other = msgspec.structs.replace(one, relationship=about, reader=reader)
    assert requests(one, one.types, preview=False) == requests(other, other.types, preview=False)
    assert question_entities(one, one.types) == question_entities(other, other.types)
