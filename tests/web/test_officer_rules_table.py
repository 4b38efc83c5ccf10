"""The table's stops are those of the case it says it is about, a young child, as the decision has them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from consent_service.foundation.ids import StaffId, TenantId
from consent_service.identity.model import PrivacyCoordinator
from consent_service.information.model import Purpose
from consent_service.information.texts import load_texts
from consent_service.policy.bundle import with_policies
from consent_service.policy.decision import Allowance, judge
from consent_service.policy.facts import Action, Basis, Question, Reader
from consent_service.policy.matrix import Cell, Column, Stop, column_cells
from consent_service.policy.rules import Rules, load_rules
from consent_service.web.officer.policies_showing import RuleShowing
from consent_service.web.officer.policies_table import STOPS, Wanted, matrix_page
from consent_service.web.officer.policies_views import MatrixCell, MatrixRow
from tests.policy.plain.syntax import written
from tests.policy.questions import relationship_facts, type_facts
from tests.shelter import POLICIES

SHOWING = RuleShowing(
    PrivacyCoordinator(TenantId("t"), StaffId("s")), load_texts(POLICIES).of("nl"), decides=True
)
LESS: Mapping[Stop, tuple[dict[str, Any], dict[str, Any]]] = {
    "danger": ({"safety": "danger"}, {}),
    "not_assessed": ({"safety": "not_assessed"}, {}),
    "secret_address": ({"secret_address": True}, {}),
    "one_person": ({"break_glass_persons": 1}, {}),
    "second_approval": ({}, {"second_approved": False}),
    "gate_closed": ({}, {"gate": "closed"}),
    "authority_unknown": ({}, {"authority_known": False}),
    "objection": ({}, {"objecting": 1}),
    "child_no": ({}, {"child_answer": "no"}),
}


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules(POLICIES)


def changed(rules: Rules, **policies: str | None) -> Rules:
    """The rules with one policy more, otherwise, or left out."""
    named = {name.replace("__", "."): text for name, text in policies.items()}
    kept = {name: one for name, one in rules.bundle.source.items() if name not in named}
    new = {name: written(text) for name, text in named.items() if text is not None}
    return replace(rules, bundle=with_policies(rules.bundle, {**kept, **new}))


def shown(
    rules: Rules, *, purpose: Purpose = "support", action: Action = "release", basis: Basis = "consent"
) -> list[tuple[MatrixRow, list[tuple[Column, Cell, MatrixCell]]]]:
    """The rows of a page, each cell beside what it was made of."""
    wanted = Wanted(purpose, None, action, basis)
    columns = wanted.columns()
    cells = [column_cells(rules, column) for column in columns]
    rows = [row for row in zip(*cells, strict=True) if any(cell.ever for cell in row)]
    page = matrix_page(wanted, cells, SHOWING, here="/")
    return [
        (row, list(zip(columns, made, row.cells, strict=True)))
        for row, made in zip(page.rows, rows, strict=True)
    ]


def allowed(rules: Rules, column: Column, cell: Cell, stop: Stop | None) -> bool:
    """Whether this young child's school, shelter or parent gets it, with one thing not in order."""
    about, less = LESS[stop] if stop else ({}, {})
    kind = rules.catalogue.types[cell.type]
    urgent = column.basis == "vital_interest"
    in_order = {"break_glass_persons": 2, "break_glass_running": True} if urgent else {}
    facts = {"yes": 2, "own_yes": True, "child_answer": "yes", "voice": "heard", "second_approved": True}
    question = Question(
        column.action,
        Reader(column.kind, "somebody", column.role),
        column.purpose,
        column.basis,
        relationship_facts(**{**in_order, **about}),
        (type_facts(cell.type, level=kind.level, direction=cell.direction, **{**facts, **less}),),
    )
    (answer,) = judge(rules.bundle, question, preview=cell.preview_only)
    return isinstance(answer, Allowance)


@pytest.mark.parametrize("action, basis", list(product(get_args(Action), get_args(Basis))))
def test_what_stops_a_cell_is_what_the_decision_refuses_for_a_young_child(
    rules: Rules, action: Action, basis: Basis
) -> None:
    for purpose in get_args(Purpose):
        for row, cells in shown(rules, purpose=purpose, action=action, basis=basis):
            for column, cell, seen in cells:
                if seen.state not in ("can", "preview"):
                    assert not allowed(rules, column, cell, None)
                    continue
                told = f"{row.stops}, {seen.stops}".split(", ")
                for stop, said in STOPS.items():
                    assert (said in told) is not allowed(rules, column, cell, stop), (column, cell.type, stop)


def row_of(rows: list[tuple[MatrixRow, list[tuple[Column, Cell, MatrixCell]]]], key: str) -> MatrixRow:
    return next(row for row, cells in rows if cells[0][1].type == key)


def test_an_objection_and_unknown_authority_are_named(rules: Rules) -> None:
    rows = shown(rules)
    assert "bezwaar van een ouder" in row_of(rows, "support_advice").stops
    health = row_of(rows, "child_health")
    assert "gezag onbekend" in health.stops
    assert health.goes_on == "gezag onbekend"
    assert row_of(rows, "support_advice").goes_on == ""


def test_a_stop_that_is_taken_out_of_the_rules_leaves_the_table(rules: Rules) -> None:
    weaker = row_of(shown(changed(rules, consent__objection=None)), "support_advice")
    assert "bezwaar" not in weaker.stops


def test_what_stops_one_role_only_stands_in_its_cell(rules: Rules) -> None:
    """Planted: unknown authority stops the teacher and nobody else."""
    stricter = changed(
        rules,
        consent__planted="""
            @id("consent.planted") @reason("authority_unknown") @legal_basis("AVG 6")
            forbid (principal, action, resource)
            when { principal has role && principal.role == Role::"teacher" && !resource.authority_known };
        """,
    )
    row = row_of(shown(stricter), "support_advice")
    columns = Wanted("support", None, "release", "consent").columns()
    found = {column.role: cell for column, cell in zip(columns, row.cells, strict=True)}
    assert "gezag onbekend" not in row.stops
    assert found["teacher"].stops == "gezag onbekend"
    assert found["contact"].stops == ""


def test_what_waits_for_a_child_that_decides_is_not_shown_as_if_a_young_child_had_it(rules: Rules) -> None:
    """Planted: only once the child decides too."""
    stricter = changed(
        rules,
        consent__planted="""
            @id("consent.planted") @reason("no_consent") @legal_basis("AVG 6")
            forbid (principal, action, resource) when { resource.voice == Voice::"heard" };
        """,
    )
    row = row_of(shown(stricter), "support_advice")
    later = [cell for cell in row.cells if cell.only_older]
    assert later
    assert {(cell.state, cell.words) for cell in later} == {("never", "pas als het kind meebeslist")}
    assert row.stops == ""
