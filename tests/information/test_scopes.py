"""A text id cannot quietly come to stand for another purpose or recipient (S24)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from consent_service.foundation.ids import TypeKey
from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue
from consent_service.information.scopes import (
    SCOPES_FILE,
    changed_scopes,
    lock_scopes,
    read_scopes,
    scope_of,
    scope_problems,
)
from tests.information.folders import POLICIES, change, copy_policies

SUPPORT = TypeKey("support_advice")
SUPPORT_BLOCK = "[types.support_advice]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_policies(tmp_path / "policies")


def changed(catalogue: Catalogue, **values: object) -> Catalogue:
    """The catalogue with one type changed."""
    kind = msgspec.structs.replace(catalogue.types[SUPPORT], **values)
    return msgspec.structs.replace(catalogue, types={**catalogue.types, SUPPORT: kind})


def test_what_ships_is_locked() -> None:
    assert scope_problems(POLICIES, load_catalogue(POLICIES)) == ()


@pytest.mark.parametrize(
    "values",
    [
        {"purposes": ("support", "safety")},
        {"readers": ("contact", "teacher", "director")},
        {"writers": ()},
        {"directions": ("s2c",)},
        {"decided_by": "all_holders"},
    ],
    ids=["purpose", "reader", "writer", "direction", "decider"],
)
def test_another_purpose_recipient_or_decider_under_the_same_id_is_found_and_never_locked(
    folder: Path, values: dict[str, object]
) -> None:
    other = changed(load_catalogue(folder), **values)
    before = (folder / SCOPES_FILE).read_bytes()

    (problem,) = scope_problems(folder, other)
    assert (problem.block, "consent.support_advice" in str(problem)) == (SUPPORT, True)
    assert changed_scopes(folder, other) == (problem,)
    with pytest.raises(ValueError, match="locked text id"):
        lock_scopes(folder, other)
    assert (folder / SCOPES_FILE).read_bytes() == before


def test_a_new_id_may_stand_for_it_and_the_old_line_stays(folder: Path) -> None:
    other = changed(load_catalogue(folder), purposes=("support", "safety"), text="consent.support_advice.2")
    old = read_scopes(folder)["consent.support_advice"]

    (problem,) = scope_problems(folder, other)
    assert "not locked" in problem.wrong
    assert changed_scopes(folder, other) == ()
    lock_scopes(folder, other)

    assert scope_problems(folder, other) == ()
    assert read_scopes(folder)["consent.support_advice"] == old
    assert read_scopes(folder)["consent.support_advice.2"] == scope_of(other.types[SUPPORT]) != old


def test_what_nobody_agreed_to_may_change_and_order_says_nothing(folder: Path) -> None:
    kind = load_catalogue(folder).types[SUPPORT]
    other = msgspec.structs.replace(
        kind, readers=tuple(reversed(kind.readers)), fields=(), level="O+", first_intake=False
    )
    assert scope_of(other) == scope_of(kind)


def test_two_types_with_one_text_must_mean_the_same(folder: Path) -> None:
    catalogue = load_catalogue(folder)
    other = changed(catalogue, text="consent.child_voice")
    assert [problem.block for problem in changed_scopes(folder, other)] == [SUPPORT]


def test_nothing_locked_yet_is_said_of_every_type(folder: Path) -> None:
    (folder / SCOPES_FILE).unlink()
    catalogue = load_catalogue(folder)
    assert len(scope_problems(folder, catalogue)) == len(catalogue.types)
    assert changed_scopes(folder, catalogue) == ()


def test_a_damaged_line_is_no_lock(folder: Path) -> None:
    change(folder, SCOPES_FILE, "consent.support_advice ", "consent.support_advice  ")
    (problem,) = scope_problems(folder, load_catalogue(folder))
    assert problem.block == SUPPORT
