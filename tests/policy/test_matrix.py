"""The table of who could ever get what, against the decision on any facts and against the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import get_args

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from consent_service.information.model import Direction, InformationType
from consent_service.policy.bundle import Bundle, with_policies
from consent_service.policy.decision import Allowance, judge
from consent_service.policy.facts import (
    ChildAnswer,
    Gate,
    Lapse,
    Question,
    Reader,
    RelationshipFacts,
    Safety,
    TypeFacts,
    Voice,
)
from consent_service.policy.matrix import Cell, Column, Say, Stop, Way, column_cells, columns
from consent_service.policy.rules import Rules, load_rules
from tests.policy.plain.syntax import written
from tests.policy.questions import POLICIES, relationship_facts, type_facts

COLUMNS = tuple(columns())
ALL = ("heard", "together", "alone")


@cache
def rules() -> Rules:
    return load_rules(POLICIES)


@cache
def cells(column: Column) -> dict[tuple[str, Direction], Cell]:
    return {(cell.type, cell.direction): cell for cell in column_cells(rules(), column)}


def column(kind: str, role: str, **changes: object) -> Column:
    """A school, shelter or guardian who reads on the basis of consent, for support."""
    return replace(Column(kind, role, "release", "consent", "support"), **changes)  # type: ignore[arg-type]


def cell(key: str, asked: Column, direction: Direction = "s2c") -> Cell:
    return cells(asked)[key, direction]


def says(found: Cell, *, emergency: bool = False) -> dict[str, tuple[set[Say], ...]]:
    ways = [way for way in found.ways if way.emergency is emergency]
    return {way.voice: tuple(set(one) for one in way.says) for way in ways}


OF_RELATIONSHIP: dict[str, st.SearchStrategy[object]] = {
    "safety": st.sampled_from(get_args(Safety)),
    "secret_address": st.just(True),
    "active": st.just(False),
    "break_glass_persons": st.integers(0, 3),
    "break_glass_running": st.booleans(),
}
OF_TYPE: dict[str, st.SearchStrategy[object]] = {
    "holders": st.integers(1, 3),
    "excused": st.integers(0, 2),
    "authority_known": st.just(False),
    "yes": st.integers(0, 3),
    "objecting": st.integers(1, 2),
    "own_yes": st.just(False),
    "child_answer": st.sampled_from(get_args(ChildAnswer)),
    "earlier_yes": st.integers(0, 2),
    "lapse": st.sampled_from(get_args(Lapse)),
    "gate": st.sampled_from(get_args(Gate)),
    "second_approved": st.just(False),
}


@cache
def possible() -> tuple[tuple[Column, str, Direction], ...]:
    """Every cell in which a yes is possible."""
    return tuple((some, *place) for some in COLUMNS for place, found in cells(some).items() if found.ever)


@st.composite
def asked(draw: st.DrawFn) -> tuple[Column, RelationshipFacts, TypeFacts, bool]:
    """A question in order of which up to four facts are changed; any cell, or one where a yes is possible."""
    some = draw(st.sampled_from(COLUMNS))
    key, direction = draw(st.sampled_from(sorted(cells(some))))
    if draw(st.integers(0, 3)):
        some, key, direction = draw(st.sampled_from(possible()))
    kind = next(kind for kind in rules().catalogue.types.values() if kind.key == key)
    urgent = kind.has_emergency_part and some.action == "release"
    facts = type_facts(
        key,
        level=kind.level,
        direction=direction,
        yes=2,
        own_yes=True,
        child_answer="yes",
        voice=draw(st.sampled_from(get_args(Voice))),
        second_approved=True,
        emergency=urgent and draw(st.booleans()),
    )
    relationship = relationship_facts(break_glass_persons=2, break_glass_running=True)
    names = draw(st.sets(st.sampled_from([*OF_RELATIONSHIP, *OF_TYPE]), max_size=4))
    return (
        some,
        replace(relationship, **_drawn(draw, OF_RELATIONSHIP, names)),
        replace(facts, **_drawn(draw, OF_TYPE, names)),
        some.kind == "guardian" and draw(st.integers(0, 3)) > 0,
    )


def _drawn(draw: st.DrawFn, of: dict[str, st.SearchStrategy[object]], names: set[str]) -> dict[str, object]:
    return {name: draw(of[name]) for name in sorted(names & of.keys())}


def said(say: Say, about: TypeFacts) -> bool:
    held = {
        "one_holder": about.yes >= 1,
        "all_holders": about.yes + about.excused >= about.holders,
        "own_guardian": about.own_yes,
        "child": about.child_answer == "yes",
    }
    return held[say]


def present(stop: Stop, relationship: RelationshipFacts, about: TypeFacts) -> bool:
    held = {
        "danger": relationship.safety == "danger",
        "not_assessed": relationship.safety == "not_assessed",
        "secret_address": relationship.secret_address,
        "one_person": relationship.break_glass_persons < 2,
        "second_approval": not about.second_approved,
        "gate_closed": about.gate == "closed",
        "authority_unknown": not about.authority_known,
        "objection": about.objecting > 0,
        "child_no": about.child_answer == "no",
    }
    return held[stop]


def explains(way: Way, relationship: RelationshipFacts, about: TypeFacts) -> bool:
    """The table says that these facts can be a yes."""
    return (
        (way.voice, way.emergency) == (about.voice, about.emergency)
        and not any(present(stop, relationship, about) for stop in way.stops)
        and (
            any(all(said(say, about) for say in enough) for enough in way.says)
            or (way.goes_on and about.earlier_yes > 0)
        )
    )


@pytest.mark.untraced
@settings(max_examples=1_000, deadline=None)
@given(asked())
def test_whatever_is_allowed_is_a_way_of_its_cell(
    one: tuple[Column, RelationshipFacts, TypeFacts, bool],
) -> None:
    """Never means never, and a yes has the people behind it and nothing against it that the table names."""
    some, relationship, about, preview = one
    reader = Reader(some.kind, "", some.role)
    question = Question(some.action, reader, some.purpose, some.basis, relationship, (about,))
    (answer,) = judge(rules().bundle, question, preview=preview)
    if isinstance(answer, Allowance):
        found = cells(some)[about.key, about.direction]
        assert any(explains(way, relationship, about) for way in found.ways)
        assert preview or not found.preview_only


def test_random_questions_are_often_a_yes() -> None:
    """Planted: were nothing ever allowed, the property above could not fail."""
    allowed = []

    @settings(max_examples=300, deadline=None, database=None)
    @given(asked())
    def count(one: tuple[Column, RelationshipFacts, TypeFacts, bool]) -> None:
        some, relationship, about, preview = one
        reader = Reader(some.kind, "", some.role)
        question = Question(some.action, reader, some.purpose, some.basis, relationship, (about,))
        (answer,) = judge(rules().bundle, question, preview=preview)
        allowed.append(isinstance(answer, Allowance))

    count()
    assert sum(allowed) > 30


def expected_ever(some: Column, kind: InformationType, direction: Direction) -> bool:
    """What the catalogue says, by another hand."""
    if some.purpose not in kind.purposes:
        return False
    if some.basis == "vital_interest":
        return (
            some.kind == "school"
            and some.action == "release"
            and direction == "s2c"
            and some.role in kind.readers
        )
    if some.action == "release":
        incoming = {"school": "s2c", "shelter": "c2s", "guardian": "s2c"}[some.kind]
        return direction == incoming and (some.kind != "school" or some.role in kind.readers)
    outgoing = {"school": "c2s", "shelter": "s2c", "guardian": ""}[some.kind]
    return direction == outgoing and (some.kind != "school" or some.role in kind.writers)


def every() -> Iterator[tuple[Column, InformationType, Cell]]:
    for some in COLUMNS:
        for (key, _), found in cells(some).items():
            kind = next(kind for kind in rules().catalogue.types.values() if kind.key == key)
            yield some, kind, found


def test_each_cell_is_as_the_catalogue_says() -> None:
    for some, kind, found in every():
        assert found.ever is expected_ever(some, kind, found.direction), (some, found)
        assert bool(found.cause) is not found.ever
        assert found.preview_only is (found.ever and some.kind == "guardian")


def test_whose_yes_is_enough_is_as_the_catalogue_says() -> None:
    """BW 1:253i and UAVG 5: one parent or all, from 12 with the child, from 16 the child alone."""
    whose: dict[str, Say] = {"one_holder": "one_holder", "all_holders": "all_holders"}
    for some, kind, found in every():
        if not found.ever or some.basis != "consent":
            continue
        reads: set[Say] = {"own_guardian"} if some.kind == "guardian" else set()
        if kind.decided_by == "own_guardian":
            assert says(found) == dict.fromkeys(ALL, ({"own_guardian"},))
            continue
        needed = whose["all_holders" if kind.level == "A9" else kind.decided_by]
        assert says(found) == {
            "heard": ({needed} | reads,),
            "together": ({needed, "child"} | reads,),
            "alone": ({"child"} | reads,),
        }


def stops_of(found: Cell) -> frozenset[Stop]:
    """What makes it a no for every child, of the whole type and of its emergency part."""
    return frozenset.intersection(*(way.stops for way in found.ways)) if found.ways else frozenset()


def test_what_stops_a_type_is_as_the_catalogue_says() -> None:
    for some, kind, found in every():
        if not found.ever:
            continue
        address = "secret_address_denies" in kind.rules
        approver = kind.second_approver or kind.level == "A10"
        assert ("secret_address" in stops_of(found)) is address
        assert {"danger", "not_assessed"} <= stops_of(found) or not (address or kind.locating)
        assert ("danger" in stops_of(found)) is (address or kind.locating)
        assert ("second_approval" in stops_of(found)) is (approver and some.action == "release")
        assert ("one_person" in stops_of(found)) is (some.basis == "vital_interest")
        waits = found.direction == "s2c" and not kind.gate and not kind.exempt_from_gate
        assert ("gate_closed" in stops_of(found)) is (waits and some.basis == "consent")


def test_the_emergency_part_waits_for_nobody_else() -> None:
    found = cell("child_health", column("school", "contact"))
    assert says(found, emergency=True) == {
        "heard": ({"one_holder"},),
        "together": ({"one_holder"},),
        "alone": ({"child"},),
    }
    assert {way.voice for way in found.ways if way.goes_on and way.emergency} == {"alone"}
    assert not any(way.goes_on for way in found.ways if not way.emergency)
    assert not any(
        way.emergency for way in cell("child_health", column("shelter", "counsellor", action="share")).ways
    )


def test_what_goes_on_after_a_birthday_is_told() -> None:
    found = cell("safe_contact", column("school", "contact", purpose="contact"))
    continues = "continues_at_birthday" in rules().catalogue.types[found.type].rules
    assert {way.voice for way in found.ways if way.goes_on} == ({"together", "alone"} if continues else set())


def test_for_a_life_nobody_is_asked_and_an_officer_looks_at_it() -> None:
    found = cell("child_health", column("school", "contact", basis="vital_interest"))
    assert all(way.says == (frozenset(),) for way in found.ways)
    assert {way.obligations for way in found.ways} == {("officer_review",)}
    assert not any(way.goes_on for way in found.ways)


@pytest.mark.parametrize(
    "asked_by, key, direction, cause",
    [
        (column("school", "teacher"), "shelter_involvement", "s2c", "role_may_not_read"),
        (column("school", "contact", action="share"), "shelter_involvement", "s2c", "wrong_direction"),
        (column("school", "contact", purpose="attendance"), "support_advice", "s2c", "purpose_not_of_type"),
        (column("shelter", "counsellor"), "support_advice", "s2c", "wrong_direction"),
        (column("shelter", "counsellor", basis="vital_interest"), "support_advice", "c2s", "not_permitted"),
    ],
)
def test_never_has_its_cause(asked_by: Column, key: str, direction: Direction, cause: str) -> None:
    found = cell(key, asked_by, direction)
    assert (found.ever, found.cause, stops_of(found)) == (False, cause, frozenset())


def changed(bundle: Bundle, **policies: str | None) -> Rules:
    """The rules with one policy otherwise, or without it."""
    named = {name.replace("__", "."): text for name, text in policies.items()}
    kept = {name: policy for name, policy in bundle.source.items() if name not in named}
    new = {name: written(text) for name, text in named.items() if text is not None}
    return replace(rules(), bundle=with_policies(bundle, {**kept, **new}))


def found_in(others: Rules, key: str, asked_by: Column) -> Cell:
    return next(one for one in column_cells(others, asked_by) if (one.type, one.direction) == (key, "s2c"))


def test_weaker_rules_show_in_the_table(bundle: Bundle) -> None:
    """Planted: without the rule on a secret address it no longer stops the address."""
    asked_by = column("school", "administration", purpose="contact")
    before = cell("postal_address", asked_by)
    after = found_in(changed(bundle, safety__address=None), "postal_address", asked_by)
    assert "secret_address" in stops_of(before)
    assert "secret_address" not in stops_of(after)


def test_another_role_that_may_read_shows_in_the_table(bundle: Bundle) -> None:
    asked_by = column("school", "director")
    assert not cell("support_advice", asked_by).ever
    assert found_in(changed(bundle, release__school_role=None), "support_advice", asked_by).ever


def test_a_forbid_that_no_fact_can_lift_is_never(bundle: Bundle) -> None:
    text = (
        '@id("release.never") @reason("role_not_allowed") @legal_basis("AVG 5") '
        'forbid (principal is SchoolReader, action == Action::"release", resource) '
        'when { resource.level == Level::"O" && [Purpose::"support"].contains(context.purpose) };'
    )
    found = found_in(changed(bundle, release__never=text), "support_advice", column("school", "teacher"))
    assert (found.ever, found.cause) == (False, "role_not_allowed")


def test_every_never_of_these_rules_is_proved() -> None:
    """So no situation that the table does not try can make it wrong."""
    for some, _, found in every():
        assert found.proved is not found.ever, (some, found)


def test_a_never_that_was_only_tried_is_not_called_proved(bundle: Bundle) -> None:
    """Planted: a permit for a situation nobody thinks of leaves the cell open."""
    text = (
        '@id("consent.odd") @reason("yes_of_holder") @legal_basis("AVG 5") @unmet("-") '
        'permit (principal, action, resource) when { resource.level == Level::"O" && resource.holders == 7 };'
    )
    forbid = (
        '@id("release.never") @reason("role_not_allowed") @legal_basis("AVG 5") '
        "forbid (principal, action, resource) unless { resource.type.purposes.contains(context.purpose) } "
        "unless { resource.holders == 7 };"
    )
    asked_by = column("school", "contact", purpose="contact", basis="vital_interest")
    found = found_in(changed(bundle, consent__odd=text, access__purpose=forbid), "support_advice", asked_by)
    assert (found.ever, found.proved) == (False, False)
    assert found.cause == "role_not_allowed"


def test_an_error_proves_nothing(bundle: Bundle) -> None:
    text = (
        '@id("release.broken") @reason("role_not_allowed") @legal_basis("AVG 5") '
        "forbid (principal, action, resource) when { resource.type.new };"
    )
    found = found_in(changed(bundle, release__broken=text), "support_advice", column("school", "teacher"))
    assert (found.ever, found.proved, found.cause) == (False, False, "policy_error")


def test_a_permit_counts_with_every_condition_that_a_cell_decides(bundle: Bundle) -> None:
    text = (
        '@id("consent.odd") @reason("yes_of_holder") @legal_basis("AVG 5") @unmet("- -") '
        'permit (principal, action, resource) when { context.assigned && context.basis == Basis::"consent" } '
        "unless { principal is ShelterReader };"
    )
    only = changed(bundle, **{name.replace(".", "__"): None for name in bundle.source}, consent__odd=text)
    assert found_in(only, "support_advice", column("school", "teacher")).ever
    for asked_by in (column("shelter", "counsellor"), column("school", "teacher", basis="vital_interest")):
        found = found_in(only, "support_advice", asked_by)
        assert (found.ever, found.proved, found.cause) == (False, True, "not_permitted")


def test_a_forbid_that_only_looks_settled_is_tried(bundle: Bundle) -> None:
    """It fires in the first situation and not in all of them: the table must not take it for never."""
    text = (
        '@id("release.heard") @reason("awaiting_child") @legal_basis("AVG 5") '
        'forbid (principal, action == Action::"release", resource) when { resource.voice == Voice::"heard" };'
    )
    found = found_in(changed(bundle, release__heard=text), "support_advice", column("school", "teacher"))
    assert {way.voice for way in found.ways} == {"together", "alone"}
