"""What new rules allow beyond the old ones, and policies that mean the same."""

from __future__ import annotations

import runpy
import subprocess
import sys
import warnings
from io import BytesIO, TextIOWrapper
from pathlib import Path

import msgspec
import pytest

from consent_service.information.model import Catalogue
from consent_service.policy import candidate
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import Allowance, Refusal, judge
from consent_service.policy.proofs import comparing
from consent_service.policy.proofs.apart import answer, widenings_apart
from consent_service.policy.proofs.comparing import Asked, Told, Widening, is_equivalent, side, widenings
from consent_service.policy.proofs.operations import Operations
from consent_service.policy.proofs.terms import NotProvableError
from consent_service.policy.rules import Rules, load_rules
from tests.policy.proofs.encoded import condition
from tests.policy.proofs.hard import HARD
from tests.policy.proofs.weakenings import WEAKENINGS, Edit, edit

BREAK_GLASS = ("break_glass/vital_interest.cedar", "break_glass.vital_interest")


@pytest.fixture(scope="session")
def ours(bundle: Bundle, catalogue: Catalogue) -> Rules:
    return Rules(bundle, catalogue)


def with_policy(rules: Rules, text: str) -> Rules:
    """The rules with one more permit that the engine is not given: for what only the encoder sees."""
    source = {**rules.bundle.source, "consent.more": condition(text)}
    return msgspec.structs.replace(rules, bundle=msgspec.structs.replace(rules.bundle, source=source))


def assert_seen_by_the_engine(old: Rules, new: Rules, found: tuple[Widening, ...]) -> None:
    for one in found:
        assert isinstance(judge(old.bundle, one.question, preview=one.preview)[0], Refusal)
        after = judge(new.bundle, one.question, preview=one.preview)[0]
        assert isinstance(after, Allowance)
        assert after.determining == one.determining
        for question, preview in (
            (one.question, one.preview),
            *((v.question, v.preview) for v in one.varied),
        ):
            assert isinstance(judge(old.bundle, question, preview=preview)[0], Refusal)
            assert isinstance(judge(new.bundle, question, preview=preview)[0], Allowance)
            assert (question.action, question.basis, question.types[0].key) == (
                one.action,
                one.basis,
                one.type,
            )


def test_the_same_rules_allow_nothing_more(ours: Rules) -> None:
    assert widenings(ours, ours) == ()


@pytest.mark.parametrize(
    "invariant",
    [
        "never.location",
        "never.without_every_holder",
        "never.after_withdrawal",
        "never.without_agreement",
        "never.break_glass_alone",
        "never.other_role",
    ],
)
def test_a_weakening_is_a_widening_and_the_way_back_is_none(
    proposal: Path, ours: Rules, invariant: str
) -> None:
    weaker = load_rules(edit(proposal, *WEAKENINGS[invariant]))
    found = widenings(ours, weaker)
    assert found
    assert_seen_by_the_engine(ours, weaker, found)
    assert widenings(weaker, ours) == ()


def test_every_action_basis_and_type_is_told_by_itself(proposal: Path, ours: Rules) -> None:
    weaker = load_rules(edit(proposal, Edit(*BREAK_GLASS, "persons >= 2", "persons >= 1")))
    found = widenings(ours, weaker)
    readable = {key for key, kind in ours.catalogue.types.items() if kind.readers}
    assert {(one.action, one.basis) for one in found} == {("release", "vital_interest")}
    assert [one.type for one in found] == [key for key in ours.catalogue.types if key in readable]
    assert {one.because for one in found} == {"break_glass.vital_interest"}
    assert {one.question.relationship.break_glass_persons for one in found} == {1}


def test_the_key_of_a_widening_names_it_between_these_two_bundles(proposal: Path, ours: Rules) -> None:
    weaker = load_rules(edit(proposal, Edit(*BREAK_GLASS, "persons >= 2", "persons >= 1")))
    weakest = load_rules(edit(proposal, Edit(*BREAK_GLASS, "persons >= 1", "persons >= 0")))
    first, again, other = widenings(ours, weaker), widenings(ours, weaker), widenings(ours, weakest)
    assert [one.key for one in first] == [one.key for one in again]
    assert len({one.key for one in (*first, *other)}) == len(first) + len(other)
    assert all(len(one.key) == 64 and int(one.key, 16) >= 0 for one in first)


def test_a_new_type_was_never_allowed_before(proposal: Path, ours: Rules) -> None:
    path = proposal / "information_types.toml"
    text = path.read_text(encoding="utf-8")
    block = text[text.index("[types.support_advice]") : text.index("[types.care_signal]")]
    new = block.replace("support_advice", "homework_advice").replace("first_intake = true\n", "")
    path.write_text(text + "\n" + new.replace('rules = ["no_diagnosis"]\n', ""), encoding="utf-8")
    wider = load_rules(proposal)
    found = widenings(ours, wider)
    assert {one.type for one in found} == {"homework_advice"}
    assert_seen_by_the_engine(ours, wider, found)
    assert widenings(wider, ours) == ()


def test_a_type_about_which_the_catalogue_says_something_else(proposal: Path, ours: Rules) -> None:
    path = proposal / "information_types.toml"
    text = path.read_text(encoding="utf-8")
    before, marker, after = text.partition("[types.school_absence]")
    changed = after.replace('writers = ["contact", "administration"]', 'writers = ["contact", "teacher"]', 1)
    path.write_text(before + marker + changed, encoding="utf-8")
    found = widenings(ours, load_rules(proposal))
    assert {(one.type, one.question.reader.role) for one in found} == {("school_absence", "teacher")}


_ORDINARY = '(resource.level == Level::"O" || resource.level == Level::"O+")'
_MILD = 'resource.yes >= 1 && resource.child_answer == ChildAnswer::"none"'
_BAD = 'resource.child_answer == ChildAnswer::"yes"'


def permit(name: str, *, voice: str, when: str) -> str:
    about = f'{_ORDINARY} && resource.type == InformationType::"support_advice"'
    return f"""
@id("consent.{name}")
@legal_basis("UAVG 5")
@reason("goes_on_meanwhile")
@unmet("- -")
permit (principal, action, resource)
when {{ context.basis == Basis::"consent" && {about} && resource.voice == Voice::"{voice}" }}
when {{ {when} }};
"""


def with_permits(folder: Path, *permits: str) -> Rules:
    path = folder / "consent" / "yes.cedar"
    path.write_text(path.read_text(encoding="utf-8") + "".join(permits), encoding="utf-8")
    return load_rules(folder)


def situations(found: tuple[Widening, ...]) -> set[tuple[str, str, str, bool]]:
    """Every situation that is told, by what the reviewer's attempt hid."""
    return {
        (one.because, facts.voice, facts.child_answer, facts.yes > 0)
        for one in found
        for facts in (one.question.types[0], *(v.question.types[0] for v in one.varied))
    }


def test_a_bad_permit_does_not_hide_behind_a_mild_one(proposal: Path, ours: Rules) -> None:
    """The reviewer's attempt: of two new permits about one type only the mild one was shown."""
    mild = permit("wait", voice="together", when=_MILD)
    alone = widenings(ours, with_permits(proposal, mild))
    both = widenings(ours, with_permits(proposal, permit("small_child", voice="heard", when=_BAD)))
    assert ("consent.wait", "together", "none", True) in situations(alone)
    assert ("consent.small_child", "heard", "yes", False) in situations(both)
    assert not {one.key for one in alone} & {one.key for one in both}
    assert_seen_by_the_engine(ours, load_rules(proposal), both)


def test_nor_behind_the_mild_half_of_one_condition(proposal: Path, ours: Rules) -> None:
    lines = (
        f'resource.voice == Voice::"heard" && ((resource.yes == 0 && {_BAD}) || context.break_glass_running)'
    )
    more = permit("mixed", voice="heard", when=f"({lines}) || ({lines})")
    told = situations(widenings(ours, with_permits(proposal, more)))
    assert ("consent.mixed", "heard", "yes", False) in told
    assert ("consent.mixed", "heard", "none", False) in told


def test_a_forbid_that_is_gone_is_told_beside_a_new_permit(proposal: Path, ours: Rules) -> None:
    path = proposal / "consent" / "stops.cedar"
    text = path.read_text(encoding="utf-8")
    start, end = text.index('@id("consent.objection")'), text.index("// At any age")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    found = widenings(ours, with_permits(proposal, permit("wait", voice="together", when=_MILD)))
    told = {(one.because, one.question.types[0].objecting > 0) for one in found}
    assert {("consent.wait", False), ("consent.objection", True)} <= told


def test_what_is_alike_is_one_and_what_is_not_is_another(proposal: Path, ours: Rules) -> None:
    """Together they are all there is: with each of them stopped, nothing more is allowed."""
    weaker = load_rules(edit(proposal, *WEAKENINGS["never.without_own_guardian"]))
    found = widenings(ours, weaker)
    assert len(found) == len({(one.action, one.type) for one in found}) == 2
    assert {one.because for one in found} == {"consent.own_guardian"}
    for one in found:
        assert one.question.types[0].own_yes is False
        assert {v.question.types[0].voice for v in one.varied} == {"heard", "together", "alone"}
        assert not [v for v in one.varied if v.fact == "own_yes"]


def test_more_than_anybody_reads_is_refused_and_never_cut(
    proposal: Path, ours: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker = load_rules(edit(proposal, Edit(*BREAK_GLASS, "persons >= 2", "persons >= 1")))
    count = len(widenings(ours, weaker))
    monkeypatch.setattr(comparing, "MOST", count)
    assert len(widenings(ours, weaker)) == count
    monkeypatch.setattr(comparing, "MOST", count - 1)
    with pytest.raises(NotProvableError, match="differences"):
        widenings(ours, weaker)


def test_a_change_of_words_is_no_change_of_a_policy(proposal: Path, ours: Rules) -> None:
    edit(proposal, Edit("consent/stops.cedar", "consent.objection", "BW 1:253i, 1:253a", "BW 1:253a"))
    found = widenings(ours, with_permits(proposal, permit("wait", voice="together", when=_MILD)))
    assert {one.because for one in found} == {"consent.wait"}


def test_a_policy_that_cannot_be_encoded_is_not_compared(ours: Rules) -> None:
    with pytest.raises(NotProvableError, match="like"):
        widenings(ours, with_policy(ours, '"a" like "*"'))


def test_a_comparison_without_an_answer_in_time_is_none(ours: Rules) -> None:
    with pytest.raises(NotProvableError, match="time"):
        widenings(ours, with_policy(ours, f"context.preview && {HARD}"), seconds=0.2)


def test_a_difference_that_the_engine_does_not_see_is_an_error(ours: Rules) -> None:
    """The fault is planted: the encoder is given a permit that the engine does not have."""
    with pytest.raises(NotProvableError, match="engine"):
        widenings(ours, with_policy(ours, "resource.type.is_gate && context.break_glass_running"))


def test_another_process_finds_the_same(proposal: Path, ours: Rules) -> None:
    weaker = load_rules(edit(proposal, *WEAKENINGS["never.location"]))
    assert widenings_apart(ours, weaker) == widenings(ours, weaker)


def test_another_process_says_why_it_cannot(ours: Rules) -> None:
    with pytest.raises(NotProvableError, match="the operator like"):
        widenings_apart(ours, with_policy(ours, '"a" like "*"'))


def test_what_the_other_process_does_when_asked(proposal: Path, ours: Rules) -> None:
    weaker = load_rules(edit(proposal, *WEAKENINGS["never.location"]))
    told = msgspec.json.decode(answer(msgspec.json.encode(Asked(side(ours), side(weaker)))), type=Told)
    assert {one.facts["safety"] for one in told.found} == {"not_assessed"}
    assert {one.because for one in told.found} == {"safety.location"}
    unknown = with_policy(ours, '"a" like "*"')
    told = msgspec.json.decode(answer(msgspec.json.encode(Asked(side(ours), side(unknown)))), type=Told)
    assert told == Told(not_provable="the operator like")


def test_a_process_that_takes_too_long_has_not_compared(ours: Rules) -> None:
    with pytest.raises(NotProvableError, match="TimeoutExpired"):
        widenings_apart(ours, ours, seconds=0.01)


def test_what_the_other_process_runs(monkeypatch: pytest.MonkeyPatch, ours: Rules) -> None:
    """Without its limits, which would stay with the tests."""
    asked = msgspec.json.encode(Asked(side(ours), side(ours)))
    written = BytesIO()
    monkeypatch.setattr(candidate, "limit_itself", lambda **_: None)
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(asked)))
    monkeypatch.setattr("sys.stdout", TextIOWrapper(written, write_through=True))
    with warnings.catch_warnings():  # it says that the module is here already
        warnings.simplefilter("ignore", RuntimeWarning)
        runpy.run_module("consent_service.policy.proofs.apart", run_name="__main__")
    assert msgspec.json.decode(written.getvalue(), type=Told) == Told()


def test_a_process_that_gets_nonsense_dies_alone() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "consent_service.policy.proofs.apart"],
        input=b"{",
        capture_output=True,
        check=False,
    )
    assert run.returncode != 0
    assert run.stdout == b""


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ("context.preview", "context.preview", True),
        ("!(context.preview && context.assigned)", "!context.preview || !context.assigned", True),
        ("resource.yes >= 1", "resource.yes > 0", True),
        ("resource.yes >= 1", "resource.yes > 1", False),
        ("resource.objecting == 0", "resource.objecting <= 0", True),
        ("resource.type.locating && !resource.type.locating", "false", True),
        ("resource.type.is_gate", 'resource.type == InformationType::"shelter_involvement"', True),
        ("resource.yes + 1 > 1", "resource.yes > 0", False),
        ("context.preview || 1 + resource.yes > 0 || true", "true", False),
        ('"a" like "*"', "true", None),
        (HARD, f"{HARD} && context.preview", None),
    ],
)
def test_whether_two_policies_mean_the_same(ours: Rules, one: str, other: str, expected: bool | None) -> None:
    """Overflow makes a difference: what is an error refuses, and what does not match does not."""
    assert is_equivalent(condition(one), condition(other), rules=ours, seconds=0.3) is expected


def test_a_fault_in_the_encoder_does_not_widen_silently(
    proposal: Path, ours: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker = load_rules(edit(proposal, *WEAKENINGS["never.location"]))
    monkeypatch.setattr(Operations, "negation", lambda _, given: given)
    with pytest.raises(NotProvableError, match="engine"):
        widenings(ours, weaker)
