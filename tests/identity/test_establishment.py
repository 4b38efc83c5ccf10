"""Which school a login tells of: a code says one, a BRIN says each of its own, nothing else says any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.identity.claims import tells_schools, told_schools
from consent_service.identity.establishment import normalised_establishment_code, schools_in, works_at
from consent_service.identity.links import Linked, counting
from consent_service.identity.presets import PRESETS
from consent_service.identity.providers import ProviderRules, problems_of_rules
from tests.identity import factories as f

BRINS = st.from_regex(r"[0-9]{2}[A-Z]{2}", fullmatch=True)
LOCATIONS = st.from_regex(r"[0-9]{2}", fullmatch=True)
CODES = st.builds("{}{}".format, BRINS, LOCATIONS)
TOLD = st.frozensets(BRINS | CODES, max_size=6)
SPACING = st.sampled_from(["", " ", "-", "  ", "\t", " - "])


@given(code=CODES, gaps=st.lists(SPACING, min_size=7, max_size=7), upper=st.booleans())
def test_however_a_code_is_typed_it_is_the_same_code(code: str, gaps: list[str], upper: bool) -> None:
    typed = gaps[6] + "".join(letter + gap for letter, gap in zip(code, gaps, strict=False))
    assert normalised_establishment_code(typed if upper else typed.lower()) == code
    assert normalised_establishment_code(code) == code


@given(code=CODES, told=TOLD)
def test_a_login_counts_for_a_school_that_it_names_and_for_no_other(code: str, told: frozenset[str]) -> None:
    """Written down once more, in another way."""
    of_brin = {one for one in told if one[:4] == code[:4]}
    assert works_at(code, told) == (code in of_brin or of_brin == {code[:4]})


@given(code=CODES, told=TOLD)
def test_what_has_another_brin_never_matters(code: str, told: frozenset[str]) -> None:
    assert works_at(code, told) == works_at(code, {one for one in told if one[:4] == code[:4]})


@given(told=st.frozensets(st.text(max_size=8) | BRINS | CODES, max_size=6), code=st.text(max_size=8))
def test_what_is_no_establishment_code_is_no_school(told: frozenset[str], code: str) -> None:
    codes = schools_in(told)
    assert codes == schools_in(codes)
    if len(code) != 6 or not code.isascii():
        assert not works_at(code, codes | {code})
    assert not works_at("", codes)


@pytest.mark.parametrize(
    "told, works",
    [
        ({"12AB00"}, True),
        ({"12AB"}, True),
        ({"12AB", "12AB00"}, True),
        ({"12AB", "12AB01"}, False),
        ({"12AB01"}, False),
        ({"34CD", "12AC"}, False),
        (set(), False),
        ({"12AB0"}, False),
        ({"linde.nl"}, False),
    ],
)
def test_the_location_that_is_named_counts_before_the_brin(told: set[str], works: bool) -> None:
    assert works_at("12AB00", told) == works


def test_claims_that_are_named_count_alone_and_else_the_schools_own_provider_does() -> None:
    named = ProviderRules(organisation_claims=("brin",), establishments=("34CD",))
    assert told_schools(named, {"12AB00", "linde.nl"}) == {"12AB00"}
    assert told_schools(named, ()) == frozenset()
    own = ProviderRules(establishments=("34CD",))
    assert told_schools(own, {"12AB00"}) == {"34CD"}
    nothing = ProviderRules()
    assert told_schools(nothing, {"12AB00"}) == frozenset()
    assert [tells_schools(one) for one in (named, own, nothing)] == [True, True, False]
    assert {name for name, rules in PRESETS.items() if tells_schools(rules)} == {"entree", "surfconext"}


def test_of_which_school_a_provider_is_must_be_a_code() -> None:
    assert problems_of_rules(ProviderRules(establishments=("12AB", "34CD00"))) == ()
    (problem,) = problems_of_rules(ProviderRules(establishments=("12AB", "12ab00", "linde.nl")))
    assert (problem.field, problem.code) == ("establishments", "identity.provider_establishments")


@given(told=TOLD, code=CODES)
def test_who_works_at_no_school_is_never_left_out_and_who_does_only_for_the_school(
    told: frozenset[str], code: str
) -> None:
    linked = (Linked(f.COUNSELLOR), Linked(f.CONTACT, code), Linked(f.CONTACT_ELSEWHERE))
    expected = (f.COUNSELLOR, f.CONTACT) if works_at(code, told) else (f.COUNSELLOR,)
    assert counting(linked, told) == expected
