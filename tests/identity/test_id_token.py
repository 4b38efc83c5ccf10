"""Attacks on the ID token, each a token that is good but for one thing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from consent_service.identity.id_token import (
    UnverifiedHeader,
    Verified,
    fitting_key,
    unverified_header,
    verify_id_token,
    verify_userinfo,
)
from consent_service.identity.model import LoginRefused, RefusalCode
from tests.identity.factories import CLIENT, ISSUER, ec_key, make_claims, make_expected, make_token, rsa_key

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
LEVELS: dict[str, Any] = {"acr_order": ("low", "substantial", "high"), "minimum_acr": "substantial"}


def verified(token: str, access: str = "access", **expected: Any) -> Verified | LoginRefused:
    return verify_id_token(token, rsa_key(), make_expected(**expected), now=NOW, access_token=access)


@pytest.mark.parametrize(
    "changed,code",
    [
        ({"nonce": "m" * 43}, "nonce_foreign"),
        ({"nonce": None}, "nonce_foreign"),
        ({"iss": "https://evil.example"}, "issuer_mismatch"),
        ({"iss": "https://login.example/"}, "issuer_mismatch"),
        ({"aud": "another-client"}, "audience_foreign"),
        ({"aud": "another-client", "azp": "ruggensteun"}, "audience_foreign"),
        ({"aud": ["ruggensteun", "another-client"]}, "audience_foreign"),
        ({"aud": ["ruggensteun", "another-client"], "azp": "ruggensteun"}, "audience_foreign"),
        ({"aud": []}, "audience_foreign"),
        ({"azp": "another-client"}, "audience_foreign"),
        ({"sub": ""}, "subject_missing"),
        ({"sub": "s" * 256}, "subject_missing"),
        ({"exp": AT - 60}, "expired"),
        ({"exp": AT - 30}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"iat": AT + 60}, "not_yet_valid"),
        ({"nbf": AT + 60}, "not_yet_valid"),
        ({"auth_time": AT + 60}, "not_yet_valid"),
        ({"iat": float("nan")}, "not_yet_valid"),
        ({"auth_time": -1}, "not_yet_valid"),
        ({"exp": None}, "token_malformed"),
        ({"exp": "soon"}, "token_malformed"),
        ({"sub": None}, "token_malformed"),
        ({"aud": None}, "token_malformed"),
        ({"nonce": 7}, "token_malformed"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "token_malformed"),
    ],
)
def test_one_wrong_claim_refuses_the_login(changed: dict[str, Any], code: RefusalCode) -> None:
    assert verified(make_token(make_claims(NOW, **changed))) == LoginRefused(code)


@pytest.mark.parametrize(
    "changed,max_age,code",
    [
        ({"auth_time": AT - 400}, 300, "login_too_old"),
        ({"auth_time": None}, 300, "login_too_old"),
        ({"auth_time": None}, 0, "login_too_old"),
        ({"auth_time": AT - 31}, 0, "login_too_old"),
    ],
)
def test_an_old_login_does_not_serve_when_a_fresh_one_is_asked(
    changed: dict[str, Any], max_age: int, code: RefusalCode
) -> None:
    assert verified(make_token(make_claims(NOW, **changed)), max_age=max_age) == LoginRefused(code)


@pytest.mark.parametrize(
    "changed,code",
    [
        ({"iat": 1, "exp": None}, "token_malformed"),
        ({"iat": int(NOW.timestamp()) - 631}, "expired"),
        ({"exp": int(NOW.timestamp()) + 24 * 3600 + 1}, "token_malformed"),
        ({"exp": float("inf")}, "token_malformed"),
        ({"nonce": "\ud800"}, "token_malformed"),
        ({"at_hash": "\ud800"}, "token_malformed"),
        ({"sub": "\ud800"}, "token_malformed"),
        ({"somewhere": [{"deep": "\ud800"}]}, "token_malformed"),
    ],
    ids=str,
)
def test_a_token_no_provider_makes_is_refused(changed: dict[str, Any], code: RefusalCode) -> None:
    body = json.dumps(make_claims(NOW, **changed)).encode()
    header = {"alg": "PS256", "kid": rsa_key().kid}
    token = jws.serialize_compact(header, body, rsa_key(), algorithms=["PS256"])
    assert verified(token) == LoginRefused(code)


@pytest.mark.parametrize("kind", ["logout+jwt", "at+jwt", "application/logout+jwt", "JOSE"])
def test_a_token_of_another_kind_is_no_id_token_and_no_user_info(kind: str) -> None:
    assert verified(make_token(make_claims(NOW), typ=kind)) == LoginRefused("token_malformed")
    for plain in ("JWT", "jwt", "application/jwt"):
        assert isinstance(verified(make_token(make_claims(NOW), typ=plain)), Verified)
    info = {"iss": ISSUER, "aud": CLIENT, "sub": "x"}
    assert read_info(make_token(info, typ=kind)) == LoginRefused("token_malformed")


def test_user_info_that_has_ended_or_is_no_text_is_refused() -> None:
    info = {"iss": ISSUER, "aud": CLIENT, "sub": "x"}
    assert read_info(make_token({**info, "exp": 1})) == LoginRefused("expired")
    assert read_info(make_token({**info, "exp": "soon"})) == LoginRefused("token_malformed")
    assert not isinstance(read_info(make_token({**info, "exp": int(NOW.timestamp())})), LoginRefused)


def read_info(token: str) -> object:
    return verify_userinfo(token, rsa_key(), issuer=ISSUER, client_id=CLIENT, algorithms=("PS256",), now=NOW)


@pytest.mark.parametrize("level", ["low", "unheard of", None])
def test_a_level_that_is_too_low_or_unknown_is_refused(level: str | None) -> None:
    assert verified(make_token(make_claims(NOW, acr=level)), **LEVELS) == LoginRefused("level_too_low")


@pytest.mark.parametrize("level", ["substantial", "high"])
def test_a_level_at_or_above_the_minimum_is_taken(level: str) -> None:
    assert isinstance(verified(make_token(make_claims(NOW, acr=level)), **LEVELS), Verified)


def test_a_token_signed_with_another_key_is_refused() -> None:
    forged = make_token(make_claims(NOW), rsa_key("attacker"))
    assert verified(forged) == LoginRefused("signature_invalid")


def test_a_token_without_signature_is_refused() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    body = make_token(make_claims(NOW)).split(".")[1]
    assert verified(f"{header}.{body}.") == LoginRefused("signature_invalid")


def test_a_public_key_is_never_used_as_a_shared_secret() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"provider-1"}').rstrip(b"=").decode()
    signed = f"{header}.{make_token(make_claims(NOW)).split('.')[1]}"
    mac = hmac.digest(rsa_key().as_pem(private=False), signed.encode(), "sha256")
    confused = f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    assert verified(confused) == LoginRefused("signature_invalid")


def test_an_algorithm_that_is_not_pinned_is_refused_though_the_signature_is_right() -> None:
    good = make_token(make_claims(NOW), algorithm="RS256")
    assert isinstance(verified(good), Verified)
    assert verified(good, algorithms=("PS256",)) == LoginRefused("signature_invalid")


def test_changing_one_byte_of_the_claims_is_noticed() -> None:
    header, _, signature = make_token(make_claims(NOW)).split(".")
    body = make_token(make_claims(NOW, sub="somebody-else")).split(".")[1]
    assert verified(f"{header}.{body}.{signature}") == LoginRefused("signature_invalid")


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "é.é.é", "{}", "....", "a" * 5000])
def test_what_is_no_token_has_no_header(token: str) -> None:
    assert unverified_header(token) is None


def test_a_good_token_is_believed_within_thirty_seconds_of_clock_difference() -> None:
    late = make_claims(
        NOW, exp=AT - 29, iat=AT + 29, auth_time=AT + 29, aud=["ruggensteun"], azp="ruggensteun"
    )
    taken = verified(make_token(late))
    assert isinstance(taken, Verified)
    assert taken.claims.sub == "begeleider-1"
    assert taken.authenticated_at == NOW  # never in the future


def test_the_access_token_must_be_the_one_the_id_token_was_made_with() -> None:
    half = hashlib.sha256(b"access").digest()[:16]
    at_hash = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    token = make_token(make_claims(NOW, at_hash=at_hash))
    assert isinstance(verified(token), Verified)
    assert verified(token, access="swapped") == LoginRefused("token_malformed")


def test_only_a_key_made_for_this_is_chosen() -> None:
    header = UnverifiedHeader("PS256", "provider-1")
    assert fitting_key((rsa_key(), rsa_key("other"), ec_key()), header) is rsa_key()
    assert fitting_key((rsa_key("other"),), header) is None
    assert fitting_key((rsa_key(), rsa_key("other")), UnverifiedHeader("PS256")) is None
    assert fitting_key((rsa_key(), ec_key()), UnverifiedHeader("ES256")) is ec_key()
    assert (
        fitting_key((ECKey.generate_key("P-384", {"kid": "ec-1"}),), UnverifiedHeader("ES256", "ec-1"))
        is None
    )


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_weak_and_foreign_keys_are_not_chosen() -> None:
    weak = rsa_key("weak", 1024)
    assert fitting_key((weak,), UnverifiedHeader("PS256", "weak-1")) is None
    for parameter in ({"use": "enc"}, {"alg": "RS256"}):
        published = {**rsa_key().as_dict(private=False), **parameter}
        key = type(rsa_key()).import_key(published)
        assert fitting_key((key,), UnverifiedHeader("PS256", "provider-1")) is None
