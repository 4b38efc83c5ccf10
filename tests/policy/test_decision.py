from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import cedarpy
import msgspec
import pytest

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue
from consent_service.policy import decision as decision_module
from consent_service.policy.bundle import Bundle, load_bundle
from consent_service.policy.decision import (
    Allowance,
    Permit,
    PermitForgedError,
    Preview,
    Refusal,
    decide,
    judge,
    preview,
)
from consent_service.policy.facts import Reader
from tests.policy.questions import NOW, question, relationship_facts, type_facts

PACKAGE = Path(decision_module.__file__).parents[1]
MADE_IN_DECISION_ONLY = {"Permit", "Preview", "_Stamp"}


def permit_of(bundle: Bundle) -> Permit:
    permit = decide(bundle, question(), now=NOW).permit
    assert permit is not None
    return permit


def test_a_policy_that_errors_refuses_although_a_permit_holds(proposal: Path, catalogue: Catalogue) -> None:
    planted = """
        @id("consent.overflow") @legal_basis("x") @reason("objection")
        forbid (principal, action, resource)
        when { context.basis == Basis::"consent" }
        when { (resource.holders + 1) * 9223372036854775807 > 0 };
    """
    (proposal / "consent" / "overflow.cedar").write_text(planted)
    bundle = load_bundle(proposal, catalogue=catalogue)
    decided = decide(bundle, question(), now=NOW)
    assert decided.permit is None
    assert decided.refusals == (Refusal(TypeKey("support_advice"), "policy_error", error=True),)


def test_an_engine_that_fails_refuses_every_type(bundle: Bundle) -> None:
    broken = msgspec.structs.replace(bundle, policies=None)
    decided = decide(broken, question(type_facts(), type_facts("care_signal")), now=NOW)
    assert decided.permit is None
    assert [(refusal.code, refusal.error) for refusal in decided.refusals] == [("policy_error", True)] * 2


def test_an_attribute_that_no_projection_gives_is_an_error_and_no_yes(bundle: Bundle) -> None:
    policies = cedarpy.PolicySet.from_str(
        '@id("a") permit (principal, action, resource); @id("b") forbid (principal, action, resource)'
        " when { resource.not_projected };"
    )
    (answer,) = judge(msgspec.structs.replace(bundle, policies=policies), question(), preview=False)
    assert isinstance(answer, Refusal)
    assert answer.error


def test_a_type_that_is_asked_twice_refuses_them_all(bundle: Bundle) -> None:
    decided = decide(bundle, question(type_facts(), type_facts(), type_facts("care_signal")), now=NOW)
    assert decided.permit is None
    assert {refusal.code for refusal in decided.refusals} == {"policy_error"}


def test_a_type_the_catalogue_does_not_know_is_refused_and_the_others_are_judged(bundle: Bundle) -> None:
    decided = decide(bundle, question(type_facts("horoscope"), type_facts()), now=NOW)
    assert decided.refusals == (Refusal(TypeKey("horoscope"), "unknown_type", error=True),)
    assert decided.permit is not None
    assert decided.permit.types == {"support_advice"}


def test_nothing_but_unknown_types_is_no_permit(bundle: Bundle) -> None:
    assert decide(bundle, question(type_facts("horoscope")), now=NOW).permit is None


def test_nothing_asked_is_nothing_permitted(bundle: Bundle) -> None:
    decided = decide(bundle, question(types=()), now=NOW)
    assert decided.permit is None
    assert decided.refusals == ()


def test_a_permit_names_exactly_what_was_allowed_to_whom_and_why(bundle: Bundle) -> None:
    asked = question(type_facts(), type_facts("care_signal", yes=0), type_facts("child_voice", level="O+"))
    decided = decide(bundle, asked, now=NOW)
    permit = decided.permit
    assert permit is not None
    assert permit.types == {"support_advice", "child_voice"}
    assert (permit.tenant, permit.relationship) == ("tenant", "relationship")
    assert (permit.reader, permit.action, permit.purpose) == (asked.reader, "release", "support")
    assert (permit.bundle, permit.decided_at) == (bundle.hash, NOW)
    assert [(refusal.type, refusal.code) for refusal in decided.refusals] == [("care_signal", "no_consent")]


def test_refusals_come_in_the_order_asked_with_their_forbids_sorted(bundle: Bundle) -> None:
    asked = question(
        type_facts("pickup", objecting=1, lapse="suspended"),
        type_facts("care_signal", objecting=1),
        relationship=relationship_facts(safety="danger"),
        purpose="safety",
    )
    refusals = decide(bundle, asked, now=NOW).refusals
    assert [refusal.type for refusal in refusals] == ["pickup", "care_signal"]
    assert refusals[0].determining == ("consent.objection", "consent.suspended", "safety.location")


def test_a_no_by_a_policy_is_told_from_a_missing_yes(bundle: Bundle) -> None:
    asked = question(type_facts("support_advice", objecting=1), type_facts("care_signal", yes=0))
    objected, missing = decide(bundle, asked, now=NOW).refusals
    assert objected.forbidden
    assert not missing.forbidden


def test_no_permit_that_applies_is_a_refusal_without_further_cause(bundle: Bundle) -> None:
    nothing = cedarpy.PolicySet.from_str("")
    empty = msgspec.structs.replace(bundle, policies=nothing, companions=nothing)
    assert decide(empty, question(), now=NOW).refusals[0].code == "not_permitted"


def test_the_first_unmet_condition_is_named_not_a_later_one(bundle: Bundle) -> None:
    facts = type_facts("child_health", level="A9", yes=0, voice="together")
    assert decide(bundle, question(facts), now=NOW).refusals[0].code == "no_consent"


def test_a_preview_says_the_same_and_opens_nothing(bundle: Bundle) -> None:
    asked = question(type_facts(), type_facts("care_signal", yes=0))
    seen = preview(bundle, asked, now=NOW)
    decided = decide(bundle, asked, now=NOW)
    assert decided.permit is not None
    assert seen.types == decided.permit.types
    assert seen.refusals == decided.refusals
    assert seen.allowed == (Allowance(TypeKey("support_advice"), "yes_of_holder", ("consent.ordinary",)),)
    assert not isinstance(seen, Permit)


def test_a_guardian_may_see_a_preview_but_never_gets_a_permit(bundle: Bundle) -> None:
    asked = question(type_facts(own_yes=True), reader=Reader(kind="guardian", id="guardian", role="holder"))
    assert preview(bundle, asked, now=NOW).types == {"support_advice"}
    assert decide(bundle, asked, now=NOW).permit is None


def test_equal_questions_of_two_readers_differ_in_nothing_but_the_reader(bundle: Bundle) -> None:
    other = question(reader=Reader(kind="school", id="another", role="contact"))
    assert judge(bundle, question(), preview=False) == judge(bundle, other, preview=False)


def test_a_permit_cannot_be_made_elsewhere() -> None:
    with pytest.raises(PermitForgedError):
        make_permit(stamp=object())


def test_a_permit_cannot_be_made_with_the_stamp_of_another(bundle: Bundle) -> None:
    with pytest.raises(PermitForgedError):
        make_permit(stamp=permit_of(bundle).stamp)


def test_a_permit_cannot_be_widened(bundle: Bundle) -> None:
    permit = permit_of(bundle)
    with pytest.raises(PermitForgedError):
        msgspec.structs.replace(permit, types=permit.types | {TypeKey("child_health")})
    with pytest.raises(AttributeError):
        permit.types = frozenset({TypeKey("child_health")})  # type: ignore[misc]


def test_a_permit_cannot_be_decoded_from_data(bundle: Bundle) -> None:
    permit = permit_of(bundle)
    data = {name: getattr(permit, name) for name in permit.__struct_fields__ if name != "stamp"}
    with pytest.raises((msgspec.ValidationError, TypeError)):
        msgspec.convert({**data, "stamp": {"content": []}}, Permit)


def test_a_preview_cannot_be_altered(bundle: Bundle) -> None:
    seen = preview(bundle, question(), now=NOW)
    with pytest.raises(PermitForgedError):
        msgspec.structs.replace(seen, refusals=(Refusal(TypeKey("child_health"), "objection"),))


def test_a_permit_shows_nothing_of_its_stamp(bundle: Bundle) -> None:
    assert "_Stamp()" in repr(permit_of(bundle))


def test_only_the_decision_module_makes_permits() -> None:
    makers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if list(permits_made(path.read_text(encoding="utf-8")))
    }
    assert makers == {"policy/decision.py"}


@pytest.mark.parametrize(
    "planted",
    [
        "Permit(tenant=t)",
        "decision.Permit(tenant=t)",
        "Preview.__new__(Preview)",
        "from consent_service.policy.decision import Permit as Slip",
        "from consent_service.policy.decision import _Stamp",
        "make = Permit",
        "msgspec.convert(data, Permit)",
    ],
)
def test_a_permit_made_elsewhere_is_found(planted: str) -> None:
    assert list(permits_made(planted))


@pytest.mark.parametrize(
    "harmless",
    [
        "from consent_service.policy.decision import Permit\ndef open(permit: Permit) -> None: ...",
        "def ask() -> Permit | None: ...",
        "isinstance(answer, Permit)",
        "permits: dict[str, Permit] = {}",
        "match made:\n    case Permit(types=types): pass",
    ],
)
def test_speaking_of_a_permit_is_not_making_one(harmless: str) -> None:
    assert not list(permits_made(harmless))


def test_two_runs_of_one_question_give_the_same_bytes(bundle: Bundle) -> None:
    asked = question(
        type_facts("pickup", objecting=1, yes=0), relationship=relationship_facts(safety="danger")
    )
    answers = {json.dumps(msgspec.to_builtins(judge(bundle, asked, preview=False))) for _ in range(20)}
    assert len(answers) == 1


def make_permit(*, stamp: object) -> Permit:
    return Permit(
        tenant=relationship_facts().tenant,
        relationship=relationship_facts().relationship,
        reader=question().reader,
        action="release",
        purpose="support",
        types=frozenset({TypeKey("child_health")}),
        emergency=frozenset(),
        duties=(),
        bundle="",
        decided_at=NOW,
        stamp=stamp,  # type: ignore[arg-type]
    )


def permits_made(source: str) -> Iterator[ast.AST]:
    """Where a permit, preview or stamp is used as a value: called, aliased or handed to something.

    Annotations, imports under the own name, `isinstance` and patterns only speak of one.
    """
    tree = ast.parse(source)
    spoken = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(names=names):
                yield from (
                    name
                    for name in names
                    if name.name == "_Stamp" or (name.name in MADE_IN_DECISION_ONLY and name.asname)
                )
            case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.expr() as annotation):
                spoken |= set(ast.walk(annotation))
            case (
                ast.FunctionDef(returns=ast.expr() as returns)
                | ast.AsyncFunctionDef(returns=ast.expr() as returns)
            ):
                spoken |= set(ast.walk(returns))
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
                spoken |= set(ast.walk(kinds))
            case ast.MatchClass(cls=cls):
                spoken |= set(ast.walk(cls))
            case ast.Assign(value=ast.BinOp(op=ast.BitOr()) as alias):
                spoken |= set(ast.walk(alias))
            case _:
                pass
    for node in ast.walk(tree):
        named = (
            node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        )
        if named in MADE_IN_DECISION_ONLY and node not in spoken:
            yield node


def test_the_preview_type_is_named_for_what_it_is() -> None:
    assert not issubclass(Preview, Permit)


def test_the_whole_of_a_type_goes_before_its_emergency_part(bundle: Bundle) -> None:
    whole = type_facts("child_health", level="A9", yes=2)
    part = msgspec.structs.replace(whole, emergency=True)
    permit = decide(bundle, question(whole, part), now=NOW).permit
    assert permit is not None
    assert (permit.types, permit.emergency) == (frozenset({"child_health"}), frozenset())


def test_with_one_holder_of_two_only_the_emergency_part_is_allowed_and_nothing_is_refused(
    bundle: Bundle,
) -> None:
    whole = type_facts("child_health", level="A9", yes=1)
    decision = decide(bundle, question(whole, msgspec.structs.replace(whole, emergency=True)), now=NOW)
    assert decision.permit is not None
    assert decision.permit.types == decision.permit.emergency == frozenset({"child_health"})
    assert decision.refusals == ()


def test_when_neither_is_allowed_the_whole_is_refused_once(bundle: Bundle) -> None:
    whole = type_facts("child_health", level="A9", yes=0)
    decision = decide(bundle, question(whole, msgspec.structs.replace(whole, emergency=True)), now=NOW)
    assert [(one.code, one.emergency) for one in decision.refusals] == [("no_consent", False)]


def test_a_permit_for_the_emergency_part_cannot_be_widened(bundle: Bundle) -> None:
    whole = type_facts("child_health", level="A9", yes=1)
    permit = decide(bundle, question(whole, msgspec.structs.replace(whole, emergency=True)), now=NOW).permit
    assert permit is not None
    with pytest.raises(PermitForgedError):
        msgspec.structs.replace(permit, emergency=frozenset())
