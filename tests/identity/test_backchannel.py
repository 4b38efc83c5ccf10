"""A logout token is believed only when every check holds; pure, and over the wire in `attacks`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.identity.backchannel import (
    EVENT,
    EndedThere,
    LogoutRefusalCode,
    LogoutRefused,
    verify_logout_token,
)
from tests.identity import factories as f

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


def claims(**changed: Any) -> dict[str, Any]:
    """Of a good logout token; None leaves one out."""
    good: dict[str, Any] = {
        "iss": f.ISSUER,
        "aud": f.CLIENT,
        "iat": SECONDS,
        "exp": SECONDS + 120,
        "jti": "jti-1",
        "sub": "begeleider-1",
        "sid": "session-1",
        "events": {EVENT: {}},
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def ended(token: str, *, now: datetime = NOW) -> EndedThere | LogoutRefused:
    return verify_logout_token(
        token, f.rsa_key(), issuer=f.ISSUER, client_id=f.CLIENT, algorithms=("PS256",), now=now
    )


def test_a_good_token_says_whose_login_ended_and_prints_nothing_of_it() -> None:
    for kind in ("", "JWT", "logout+jwt", "application/logout+jwt"):
        found = ended(f.make_token(claims(), typ=kind))
        assert isinstance(found, EndedThere)
        assert (found.sub, found.sid) == ("begeleider-1", "session-1")
        assert "begeleider" not in repr(found)
        assert found.until == NOW + timedelta(seconds=180)


@pytest.mark.parametrize("left_out", ["sub", "sid", "exp"])
def test_what_may_be_left_out_may_be_left_out(left_out: str) -> None:
    assert isinstance(ended(f.make_token(claims(**{left_out: None}))), EndedThere)


@pytest.mark.parametrize(
    "changed,code",
    [
        ({"iss": "https://evil.example"}, "issuer_mismatch"),
        ({"aud": "another"}, "audience_foreign"),
        ({"aud": [f.CLIENT, "another"]}, "audience_foreign"),
        ({"nonce": "n" * 43}, "nonce_present"),
        ({"nonce": ""}, "nonce_present"),
        ({"events": None}, "events_missing"),
        ({"events": {}}, "events_missing"),
        ({"events": [EVENT]}, "events_missing"),
        ({"events": {EVENT: True}}, "events_missing"),
        ({"iat": SECONDS - 150}, "expired"),
        ({"iat": SECONDS + 31}, "not_yet_valid"),
        ({"iat": float("nan")}, "expired"),
        ({"iat": 10**400}, "token_malformed"),
        ({"exp": SECONDS - 30}, "expired"),
        ({"nbf": SECONDS + 31}, "not_yet_valid"),
        ({"sub": None, "sid": None}, "subject_missing"),
        ({"sub": "s" * 256}, "subject_missing"),
        ({"jti": None}, "token_malformed"),
        ({"jti": ""}, "token_malformed"),
        ({"jti": "j" * 256}, "token_malformed"),
        ({"sub": 7}, "token_malformed"),
    ],
)
def test_a_token_that_lacks_something_or_has_too_much_ends_nothing(
    changed: dict[str, Any], code: LogoutRefusalCode
) -> None:
    assert ended(f.make_token(claims(**changed))) == LogoutRefused(code)


def test_an_id_token_is_no_logout_token() -> None:
    assert ended(f.make_token(f.make_claims(NOW, jti="x"))) == LogoutRefused("nonce_present")
    assert ended(f.make_token(f.make_claims(NOW, jti="x", nonce=None))) == LogoutRefused("events_missing")


def test_another_type_key_or_algorithm_is_refused() -> None:
    assert ended(f.make_token(claims(), typ="at+jwt")) == LogoutRefused("type_foreign")
    assert ended(f.make_token(claims(), f.rsa_key("attacker"))) == LogoutRefused("signature_invalid")
    assert ended(f.make_token(claims(), algorithm="RS256")) == LogoutRefused("signature_invalid")


def test_on_the_edge_of_its_time_it_is_taken() -> None:
    assert isinstance(ended(f.make_token(claims(iat=SECONDS - 149, exp=SECONDS - 29))), EndedThere)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_whatever_is_sent_instead_is_refused(junk: str) -> None:
    assert isinstance(ended(junk), LogoutRefused)
