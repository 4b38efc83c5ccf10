"""What an assertion proves: each attack by the check that stops it; and nothing in it ends in a traceback."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.identity.client_assertion import (
    LONGEST,
    AssertionRefused,
    ProvedAssertion,
    read_assertion,
    verify_assertion,
)
from consent_service.identity.client_keys import read_key_set
from tests.identity import asking as a

NOW: Final = datetime(2026, 9, 1, 8, tzinfo=UTC)
AT: Final = int(NOW.timestamp())
CLIENT: Final = "01990000-0000-7000-8000-000000000001.log-auditor"
OURS: Final = ("https://help.example", "https://help.example/v1/token")
KEYS: Final = read_key_set(a.public(a.ec_key()))
BOTH: Final = read_key_set(a.public(a.ec_key(), a.rsa_key()))


def made(**changed: Any) -> str:
    return a.make_assertion(CLIENT, changed.pop("aud", OURS[0]), NOW, **changed)


def judged(token: str, keys: Any = KEYS, now: datetime = NOW) -> ProvedAssertion | AssertionRefused | None:
    claimed = read_assertion(token)
    return None if claimed is None else verify_assertion(claimed, keys, audiences=OURS, now=now)


def refused(token: str, keys: Any = KEYS, now: datetime = NOW) -> str:
    answer = judged(token, keys, now)
    assert isinstance(answer, AssertionRefused), answer
    return answer.code


def spelled(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("aud", [OURS[0], OURS[1], [OURS[0]]], ids=["issuer", "endpoint", "list"])
@pytest.mark.parametrize("signer", [a.ec_key(), a.rsa_key()], ids=["ES256", "PS256"])
def test_an_honest_assertion_proves_whose_it_is(aud: Any, signer: Any) -> None:
    answer = judged(made(aud=aud, key=signer), BOTH)
    assert isinstance(answer, ProvedAssertion)
    assert answer.key.kid == signer.kid
    assert answer.until == NOW + timedelta(seconds=90)


@pytest.mark.parametrize("typ", [None, "JWT", "application/jwt", "client-authentication+jwt"])
def test_its_type_may_be_left_out_or_be_that_of_an_assertion(typ: str | None) -> None:
    assert isinstance(judged(made(header={"typ": typ})), ProvedAssertion)


def test_without_a_key_id_there_must_be_but_one_key() -> None:
    assert isinstance(judged(made(header={"kid": None})), ProvedAssertion)
    assert refused(made(header={"kid": None}), BOTH) == "assertion_key"
    assert refused(made(header={"kid": "another"})) == "assertion_key"
    assert refused(made(), ()) == "assertion_key"


def test_unsigned_and_hs256_with_the_public_key_as_secret() -> None:
    claims = json.loads(base64.urlsafe_b64decode(made().split(".")[1] + "=="))
    kid = a.ec_key().kid
    for algorithm in ("none", "NONE", "HS256"):
        signed = f"{spelled({'alg': algorithm, 'kid': kid})}.{spelled(claims)}"
        mac = hmac.digest(KEYS[0].jwk.encode(), signed.encode(), "sha256")
        assert refused(f"{signed}.{spelled(mac)}") == "assertion_algorithm"
        assert refused(f"{signed}.") == "assertion_algorithm"
    assert refused(made(key=a.rsa_key(), header={"alg": "PS384"}), BOTH) == "assertion_algorithm"


def test_another_s_key_and_a_changed_claim() -> None:
    foreign = a.ec_key("foreign")
    assert refused(made(key=foreign, header={"kid": a.ec_key().kid})) == "assertion_signature"
    header, _, signature = made().split(".")
    other = spelled({"iss": CLIENT, "sub": CLIENT, "aud": OURS[0], "jti": "j" * 20, "exp": AT + 60})
    assert refused(f"{header}.{other}.{signature}") == "assertion_signature"
    assert refused(f"{header}.{other}.!") == "assertion_signature"


@pytest.mark.parametrize("name", ["crit", "b64", "jku", "jwk", "x5u", "x5c", "cty", "zip"])
def test_a_header_that_brings_a_key_or_an_extension(name: str) -> None:
    assert refused(made(header={name: "x"})) == "assertion_header"


@pytest.mark.parametrize("typ", ["at+jwt", "logout+jwt", "dpop+jwt", 1])
def test_a_token_that_was_made_for_something_else(typ: Any) -> None:
    assert refused(made(header={"typ": typ})) == "assertion_type"


@pytest.mark.parametrize(
    "changed, code",
    [
        ({"sub": "another"}, "assertion_parties"),
        ({"aud": "https://bank.example"}, "assertion_audience"),
        ({"aud": [OURS[0], "https://bank.example"]}, "assertion_audience"),
        ({"aud": []}, "assertion_audience"),
        ({"aud": OURS[0] + "/"}, "assertion_audience"),
        ({"jti": "short"}, "assertion_malformed"),
        ({"jti": "j" * 129}, "assertion_malformed"),
        ({"jti": None}, "assertion_malformed"),
        ({"exp": "soon"}, "assertion_malformed"),
        ({"exp": True}, "assertion_malformed"),
        ({"exp": 10**400}, "assertion_malformed"),
        ({"exp": AT - 30}, "assertion_expired"),
        ({"exp": AT + 61}, "assertion_long"),
        ({"iat": None, "exp": AT + 91}, "assertion_long"),
        ({"iat": AT - 600}, "assertion_long"),
        ({"nbf": AT - 600}, "assertion_long"),
        ({"iat": AT + 31, "exp": AT + 60}, "assertion_early"),
        ({"nbf": AT + 31}, "assertion_early"),
        ({"iat": -1}, "assertion_early"),
    ],
    ids=str,
)
def test_what_the_client_signed_and_is_not_taken(changed: dict[str, Any], code: str) -> None:
    assert refused(made(**changed)) == code


def test_two_clocks_may_differ_by_half_a_minute_and_one_without_iat_lives_as_briefly() -> None:
    assert isinstance(judged(made(exp=AT - 29, iat=AT - 89)), ProvedAssertion)
    assert isinstance(judged(made(iat=AT + 30, exp=AT + 90)), ProvedAssertion)
    assert isinstance(judged(made(iat=None, exp=AT + 90)), ProvedAssertion)
    assert refused(made(), now=NOW + timedelta(seconds=90)) == "assertion_expired"


def test_what_two_readers_could_read_differently_is_not_read_at_all() -> None:
    header, claims, signature = made().split(".")
    twice = f'{{"iss":"{CLIENT}","iss":"{CLIENT}","exp":{AT}}}'.encode()
    nested = b"[" * 5_000
    for part in (twice, b'{"iss":NaN}', nested, b"[]", b'{"iss":1}', b'{"iss":"x"}', b"\xff", b"{}"):
        assert read_assertion(f"{header}.{spelled(part)}.{signature}") is None
    two_algorithms = spelled(b'{"alg":"ES256","alg":"none"}')
    assert read_assertion(f"{two_algorithms}.{claims}.{signature}") is None


def test_what_is_no_compact_jws_of_a_client_is_nobody_s() -> None:
    header, claims, signature = made().split(".")
    for junk in (
        "",
        ".",
        "..",
        f"{header}.{claims}",
        f"{header}.a.b.c.{signature}",
        f"{header}.a.{signature}",
    ):
        assert read_assertion(junk) is None
    assert read_assertion(f"{header}=.{claims}.{signature}") is None
    assert read_assertion(f"{header}.{claims}.{'A' * LONGEST}") is None
    padded = spelled(b'{"iss":""}')
    assert read_assertion(f"{header}.{padded[:-1]}{chr(ord(padded[-1]) + 1)}.{signature}") is None
    claimed = read_assertion(made())
    assert claimed is not None
    assert repr(claimed) == "ClaimedAssertion(...)"


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=80))
def test_no_bytes_end_in_a_traceback_or_prove_anything(first: bytes, second: bytes, third: bytes) -> None:
    for token in (
        ".".join(map(spelled, (first, second, third))),
        (first + b"." + second + b"." + third).decode("latin-1"),
        f"{spelled(first)}.{made().split('.')[1]}.{spelled(third)}",
    ):
        assert not isinstance(judged(token), ProvedAssertion)


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk"]), JSON),
    st.dictionaries(st.sampled_from(["sub", "aud", "exp", "iat", "nbf", "jti"]), JSON),
)
def test_no_signed_json_ends_in_a_traceback(header: dict[str, Any], claims: dict[str, Any]) -> None:
    """Also what the client itself signed: whoever has its key is not above the rules."""
    whole = {"alg": "ES256"} | {name: value for name, value in header.items() if name != "alg"}
    kept = {name: value for name, value in claims.items() if value is not None}
    answer = judged(made(header=whole, **kept)) if "exp" in kept else None
    assert answer is None or isinstance(answer, AssertionRefused | ProvedAssertion)
    token = f"{spelled(header)}.{spelled({'iss': CLIENT} | claims)}.AAAA"
    assert not isinstance(judged(token), ProvedAssertion)
