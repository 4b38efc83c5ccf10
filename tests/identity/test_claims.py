"""What claims say, read by the rules of their provider; the nasty ones first."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.errors import InputError
from consent_service.identity.claims import (
    Identified,
    claims_parameter,
    identified,
    is_citizen_number,
    is_incomplete,
    organisation_code,
)
from consent_service.identity.model import LoginRefused
from consent_service.identity.presets import PRESETS, rules_with
from consent_service.identity.providers import NewProvider, ProviderRules, problems_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def read(claims: dict[str, Any], **rules: Any) -> Identified | LoginRefused:
    return identified(claims, ProviderRules(**rules), acr="x", authenticated_at=NOW)


@pytest.mark.parametrize("value", ["somebody", {"sub": "somebody"}, [], None, "", False])
def test_whoever_acts_for_somebody_else_is_refused_whatever_the_claim_holds(value: object) -> None:
    claims = {"sub": "me", "represents": value, "legalSubjectID": value}
    assert read(claims) == LoginRefused("represents_somebody")
    assert read(claims, refused_claims=("legalSubjectID",)) == LoginRefused("represents_somebody")
    assert isinstance(read(claims, refused_claims=()), Identified)


@pytest.mark.parametrize("subject", ["999990019", "s00000000:999990019", "S00000000:999990019 "])
def test_a_citizen_service_number_is_no_subject(subject: str) -> None:
    assert read({"sub": subject}, refuse_citizen_numbers=True) == LoginRefused("citizen_number")
    assert is_citizen_number(subject)
    for other in ("999990018", "1234", "PSEUDONIEM-1", ""):
        assert not is_citizen_number(other)


@pytest.mark.parametrize(
    "value,code",
    [
        ("12ab 00", "12AB00"),
        ("12AB", "12AB"),
        ("12-AB-01", "12AB01"),
        ("School.Example.NL", "school.example.nl"),
        ("12AB000", ""),
        ("", ""),
        ("de linde", ""),
        ("-x.nl", ""),
        ("a..nl", ""),
        ("x." * 130 + "nl", ""),
    ],
)
def test_an_organisation_is_a_brin_an_establishment_code_or_a_domain(value: str, code: str) -> None:
    assert organisation_code(value) == code


@given(st.text(max_size=300))
def test_any_text_is_an_organisation_or_none_and_reads_the_same_again(value: str) -> None:
    code = organisation_code(value)
    assert organisation_code(code) == code


def test_organisations_come_as_one_or_as_a_list_and_the_rest_is_passed_over() -> None:
    names = ("branch", "home", "nothing")
    found = read({"sub": "s", "branch": ["12AB01", 7, None, "?"], "home": "12ab"}, organisation_claims=names)
    assert isinstance(found, Identified)
    assert found.organisations == {"12AB01", "12AB"}
    many = read({"sub": "s", "home": [f"{n % 100:02}AB" for n in range(500)]}, organisation_claims=names)
    assert isinstance(many, Identified)
    assert len(many.organisations) == 50


@pytest.mark.parametrize("value", [7, None, ["a", "b"], [], {"a": 1}, "x" * 256, [7]])
def test_a_subject_of_another_shape_is_none(value: object) -> None:
    assert read({"sub": "s", "uid": value}, subject_claim="uid") == LoginRefused("subject_missing")


def test_a_list_of_one_is_that_one_and_the_provider_s_own_subject_is_kept_beside_it() -> None:
    found = read({"sub": "s", "sid": "there", "uid": ["u@school"]}, subject_claim="uid")
    assert isinstance(found, Identified)
    assert (found.subject, found.sub, found.sid) == ("u@school", "s", "there")
    assert "u@school" not in repr(found)


def test_user_info_is_needed_when_a_claim_that_matters_is_not_in_the_token() -> None:
    rules = ProviderRules(subject_claim="uid", organisation_claims=("branch", "home"))
    assert is_incomplete({"sub": "s", "home": "12AB"}, rules)
    assert is_incomplete({"sub": "s", "uid": "u"}, rules)
    assert not is_incomplete({"sub": "s", "uid": "u", "home": "12AB"}, rules)
    assert not is_incomplete({"sub": "s"}, ProviderRules())


def test_claims_are_asked_for_by_name_where_the_provider_wants_that() -> None:
    assert claims_parameter(ProviderRules(organisation_claims=("home",))) is None
    assert claims_parameter(ProviderRules(claims_request="userinfo")) is None
    rules = ProviderRules(
        claims_request="userinfo",
        subject_claim="email",
        organisation_claims=("home",),
        acr_order=("low", "mid", "high"),
        minimum_acr="mid",
    )
    assert json.loads(claims_parameter(rules) or "") == {
        "userinfo": {"home": None, "email": {"essential": True}, "email_verified": None},
        "id_token": {"acr": {"essential": True, "values": ["mid", "high"]}},
    }
    in_token = json.loads(claims_parameter(ProviderRules(claims_request="id_token", subject_claim="u")) or "")
    assert in_token == {"id_token": {"u": {"essential": True}}}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_each_preset_makes_a_provider_that_can_be_registered(name: Any) -> None:
    new = NewProvider("p", "P", "https://login.example", "client", rules=PRESETS[name])
    assert problems_of(new, loopback_allowed=False) == ()


EMULATED: dict[str, tuple[dict[str, Any], set[str]]] = {
    "generic": ({"sub": "s"}, set()),
    "entree": ({"sub": "s", "nlEduPersonHomeOrganizationId": "11zz03"}, {"11ZZ03"}),
    "surfconext": ({"sub": "s", "schac_home_organization": "school.example"}, {"school.example"}),
    "digid": ({"sub": "PSEUDONIEM"}, set()),
}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_each_preset_reads_what_its_federation_sends(name: Any) -> None:
    claims, organisations = EMULATED[name]
    found = identified(claims, PRESETS[name], acr="x", authenticated_at=NOW)
    assert isinstance(found, Identified)
    assert found.organisations == organisations


def test_with_digid_nobody_acts_for_another_and_no_citizen_number_comes_in() -> None:
    rules = PRESETS["digid"]
    for claims, code in (
        ({"sub": "s00000000:999990019"}, "citizen_number"),
        ({"sub": "P", "acting_nin": "999990019"}, "represents_somebody"),
        ({"sub": "P", "represents": {"sub": "Q"}}, "represents_somebody"),
    ):
        found = identified(claims, rules, acr="x", authenticated_at=NOW)
        assert isinstance(found, LoginRefused)
        assert found.code == code


def test_rules_set_otherwise_are_taken_and_every_mistake_is_named_at_once() -> None:
    rules = rules_with(PRESETS["entree"], {"subject_claim": "uid", "scopes": ["openid", "x"], "max_age": 60})
    assert (rules.subject_claim, rules.scopes, rules.max_age) == ("uid", ("openid", "x"), 60)
    assert rules.organisation_claims == PRESETS["entree"].organisation_claims
    with pytest.raises(InputError) as wrong:
        rules_with(PRESETS["generic"], {"subject": "x", "scopes": "openid", "algorithms": ["none"]})
    assert [one.field for one in wrong.value.problems] == ["subject", "scopes", "algorithms"]
