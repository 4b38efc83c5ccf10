"""What is shown of figures gives nothing small away: held against an audit that shares no code with it.

The attacker of these tests knows every figure that was ever shown, how tables add up, and that no count is
negative. He works out by elimination what is determined, and on small tables tries every way to fill them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.foundation.errors import InputError
from consent_service.process.evaluation.apart import answer, choose_apart
from consent_service.process.evaluation.model import (
    ALL,
    LEAST,
    MEASURES,
    POPULATIONS,
    Cell,
    Leaf,
    cells_of,
    day_after,
    first_day,
    leaves_of,
    periods_of,
    publishable_on,
    quarters_of,
    whole_of,
)
from consent_service.process.evaluation.withholding import (
    Audit,
    NotPublishableError,
    Table,
    choose,
    is_large,
    value_of,
)

YEAR = quarters_of("2026")
Counts = dict[Leaf, int]
Shown = dict[Cell, int | None]


def counted(numbers: Mapping[tuple[str, str, str], tuple[int, ...]], *, teams: tuple[str, ...]) -> Counts:
    """Counts by quarter, measure and team; whatever is not named is nought."""
    return {
        Leaf(quarter, name, team, category): numbers.get((quarter, name, team), (0,) * 4)[place]
        for quarter in sorted({quarter for quarter, _, _ in numbers})
        for name, one in MEASURES.items()
        for team in teams
        for place, category in enumerate(one.categories)
    }


def teams_in(counts: Counts) -> dict[str, tuple[str, ...]]:
    return {
        quarter: tuple(sorted({leaf.team for leaf in counts if leaf.quarter == quarter}))
        for quarter in {leaf.quarter for leaf in counts}
    }


def published(counts: Counts, *periods: str) -> Shown:
    """Each period fixed after the other, as the service does."""
    teams, found = teams_in(counts), Shown()
    for period in periods:
        wanted = cells_of(period, teams)
        table = Table(
            tuple(counts.items()),
            teams,
            tuple(cell for cell, value in found.items() if value is not None),
            tuple(cell for cell, value in found.items() if value is None),
            wanted,
        )
        chosen = set(choose(table))
        found |= {cell: value_of(cell, counts, teams) if cell in chosen else None for cell in wanted}
    return found


def equations(counts: Counts, found: Shown) -> list[tuple[frozenset[Leaf], frozenset[Leaf], int]]:
    """What an attacker knows: sums of leaves, less sums of other leaves, and what that is."""
    teams = teams_in(counts)
    known = [
        (leaves_of(cell, teams), frozenset[Leaf](), value)
        for cell, value in found.items()
        if value is not None
    ]
    for quarter, names in teams.items():
        for team in names:
            lines = [
                frozenset(Leaf(quarter, name, team, category) for category in MEASURES[name].categories)
                for name in ("first_contact", "contacts_known")
            ]
            known.append((lines[0], lines[1], 0))
    return known


def determined(counts: Counts, found: Shown) -> set[Cell]:
    """The withheld figures that follow by adding and subtracting alone (exact elimination)."""
    teams, leaves = teams_in(counts), sorted(counts)
    basis: dict[int, list[Fraction]] = {}

    def reduced(row: list[Fraction]) -> list[Fraction]:
        for pivot, other in basis.items():
            if row[pivot]:
                factor = row[pivot]
                row = [a - factor * b for a, b in zip(row, other, strict=True)]
        return row

    def vector(plus: frozenset[Leaf], minus: frozenset[Leaf] = frozenset()) -> list[Fraction]:
        return [Fraction((leaf in plus) - (leaf in minus)) for leaf in leaves]

    for plus, minus, _ in equations(counts, found):
        row = reduced(vector(plus, minus))
        pivot = next((place for place, value in enumerate(row) if value), None)
        if pivot is not None:
            row = [value / row[pivot] for value in row]
            for key, other in basis.items():
                if factor := other[pivot]:
                    basis[key] = [a - factor * b for a, b in zip(other, row, strict=True)]
            basis[pivot] = row
    return {
        cell
        for cell, value in found.items()
        if value is None and not any(reduced(vector(leaves_of(cell, teams))))
    }


def ranges(counts: Counts, found: Shown, population: str, most: int) -> dict[Cell, tuple[int, int]]:
    """Least and most of each withheld figure over every way to fill a small table in, by trying them all."""
    teams = teams_in(counts)
    mine = [cell for cell in found if whole_of(cell).measure == population]
    leaves = sorted({leaf for cell in mine for leaf in leaves_of(cell, teams)})
    seen: dict[Cell, tuple[int, int]] = {}
    for filled in product(range(most + 1), repeat=len(leaves)):
        way = dict(zip(leaves, filled, strict=True))
        if all(value_of(cell, way, teams) == found[cell] for cell in mine if found[cell] is not None):
            for cell in mine:
                if found[cell] is None:
                    value = value_of(cell, way, teams)
                    low, high = seen.get(cell, (value, value))
                    seen[cell] = (min(low, value), max(high, value))
    return seen


def meetings(*pairs: tuple[int, int], quarter: str = "2026-Q1") -> Counts:
    """Per team how many meetings were followed up, and how many were not."""
    names = tuple(f"team-{number}" for number in range(len(pairs)))
    numbers = {(quarter, "meetings", team): pair for team, pair in zip(names, pairs, strict=True)}
    return counted(numbers, teams=names)


# --- the planted attack ----------------------------------------------------------------------


def test_planted_the_shelter_less_its_large_team_gives_no_small_team() -> None:
    """12 of which 10 in one team: subtracting would tell of the 2 in the other."""
    found = published(meetings((10, 0), (2, 0)), "2026-Q1")
    whole = [Cell("2026-Q1", "held", team, ALL) for team in (ALL, "team-0", "team-1")]
    assert found[whole[2]] is None
    assert None in (found[whole[0]], found[whole[1]])


def test_planted_one_more_child_between_quarters_and_the_half_year_does_not_show() -> None:
    """20 in the first quarter, 23 in the half year: the second quarter would be 3."""
    counts = meetings((10, 10)) | meetings((2, 1), quarter="2026-Q2")
    found = published(counts, "2026-Q1", "2026-Q2", "2026-H1")
    assert found[Cell("2026-Q1", "held", ALL, ALL)] == 20
    assert found[Cell("2026-Q2", "held", ALL, ALL)] is None
    assert found[Cell("2026-H1", "held", ALL, ALL)] is None


def test_planted_what_is_withheld_in_one_measure_does_not_follow_from_another() -> None:
    """Both measures divide the same children, so that each tells the other's total."""
    numbers = {
        ("2026-Q1", "first_contact", "a"): (9, 9, 9, 2),
        ("2026-Q1", "contacts_known", "a"): (20, 9),
    }
    counts = counted(numbers, teams=("a",))
    found = published(counts, "2026-Q1")
    late = Cell("2026-Q1", "first_contact", ALL, "later")
    assert found[late] is None
    assert not determined(counts, found)


def test_planted_the_audit_sees_a_differencing_attack_that_a_plain_rule_lets_through() -> None:
    counts = meetings((10, 0), (2, 0))
    teams = teams_in(counts)
    whole = [Cell("2026-Q1", "held", team, ALL) for team in (ALL, "team-0", "team-1")]
    audit = Audit({whole[0]: 12, whole[1]: 10}, whole, teams)
    assert not audit.opened(whole[2], whole)
    assert audit.is_told(whole[2])


def test_all_of_them_is_as_little_shown_as_one_of_them() -> None:
    """Everybody in one category says the same of each of them."""
    found = published(meetings((30, 0)), "2026-Q1")
    assert found[Cell("2026-Q1", "meetings", ALL, "followed_up")] is None


def test_large_figures_are_shown() -> None:
    found = published(meetings((30, 20), (40, 25)), "2026-Q1")
    assert {value for cell, value in found.items() if whole_of(cell).measure == "held"} == {
        115, 70, 45, 50, 30, 20, 65, 40, 25,
    }  # fmt: skip


def test_what_follows_from_what_is_shown_is_shown_as_well() -> None:
    counts = meetings((10, 10)) | meetings((8, 7), quarter="2026-Q2")
    found = published(counts, "2026-Q1", "2026-Q2", "2026-H1")
    assert found[Cell("2026-H1", "held", ALL, ALL)] == 35


# --- any table -------------------------------------------------------------------------------


@st.composite
def small_tables(draw: st.DrawFn) -> Counts:
    """Meetings of one or two teams, few enough to try every way to fill them in."""
    pair = st.tuples(st.integers(0, 8), st.integers(0, 8))
    teams = draw(st.integers(1, 2))
    return meetings(*draw(st.lists(pair, min_size=teams, max_size=teams)))


@settings(max_examples=8)
@given(small_tables())
def test_no_withheld_figure_of_a_small_table_is_known_more_closely_than_by_five(counts: Counts) -> None:
    found = published(counts, "2026-Q1")
    assert not determined(counts, found)
    teams = teams_in(counts)
    for cell, (low, high) in ranges(counts, found, "held", 16).items():
        assert high - low >= LEAST or high == 16, (cell, low, high)
        assert found[cell] is None
        assert value_of(cell, counts, teams) in range(low, high + 1)


@st.composite
def years(draw: st.DrawFn) -> Counts:
    """A year of two teams, each child in one category of both of its measures."""
    numbers: dict[tuple[str, str, str], tuple[int, ...]] = {}
    for quarter in YEAR:
        for team in ("a", "b"):
            children = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=14))
            numbers[quarter, "first_contact", team] = tuple(
                sum(band == place for band, _ in children) for place in range(4)
            )
            numbers[quarter, "contacts_known", team] = tuple(
                sum(known == place for _, known in children) for place in range(2)
            )
    return counted(numbers, teams=("a", "b"))


@settings(max_examples=2)
@given(years(), st.permutations(["2026-H1", "2026-H2", "2026"]))
def test_over_a_whole_year_nothing_withheld_follows_in_whatever_order_it_was_fixed(
    counts: Counts, later: list[str]
) -> None:
    found = published(counts, *YEAR, *later)
    assert not determined(counts, found)
    teams = teams_in(counts)
    for cell, value in found.items():
        if value is not None:
            assert is_large(cell, counts, teams)


# --- periods and the other process -----------------------------------------------------------


def test_a_period_is_a_quarter_a_half_year_or_a_year() -> None:
    assert quarters_of("2026-H2") == ("2026-Q3", "2026-Q4")
    assert [str(first_day("2026-Q4")), str(day_after("2026-Q4"))] == ["2026-10-01", "2027-01-01"]
    assert str(publishable_on("2026-H1")) == "2026-07-15"
    assert periods_of(2026)[-1] == "2026"
    for strange in ("2026-Q5", "26-Q1", "2026-07", "", "2026-Q1 "):
        with pytest.raises(InputError):
            quarters_of(strange)


def a_table() -> Table:
    counts = meetings((30, 20), (2, 9))
    teams = teams_in(counts)
    return Table(tuple(counts.items()), teams, (), (), cells_of("2026-Q1", teams))


def test_another_process_chooses_the_same() -> None:
    assert choose_apart(a_table()) == choose(a_table())


def test_a_process_that_takes_too_long_shows_nothing() -> None:
    with pytest.raises(NotPublishableError):
        choose_apart(a_table(), seconds=0.001)


def test_a_table_whose_past_gives_something_away_shows_nothing_more() -> None:
    """Planted: earlier figures that no choice of ours would have let out."""
    counts = meetings((10, 0), (2, 0))
    teams = teams_in(counts)
    shown = tuple(Cell("2026-Q1", "held", team, ALL) for team in (ALL, "team-0"))
    small = (Cell("2026-Q1", "held", "team-1", ALL),)
    bad = Table(tuple(counts.items()), teams, shown, small, ())
    with pytest.raises(NotPublishableError):
        choose(bad)
    assert b"not_publishable" in answer(msgspec.json.encode(bad))
    with pytest.raises(NotPublishableError):
        choose_apart(bad)


def test_every_population_has_a_measure() -> None:
    assert {one.population for one in MEASURES.values()} == set(POPULATIONS)
