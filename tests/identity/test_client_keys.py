"""Which keys a machine client may prove itself with; every other file is refused with all that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey, RSAKey

from consent_service.foundation.errors import InputError
from consent_service.identity.client_keys import LONGEST_SET, read_key_set
from tests.identity import asking as a


def refused(text: str) -> set[str]:
    with pytest.raises(InputError) as wrong:
        read_key_set(text)
    assert all(one.field == "key" for one in wrong.value.problems)
    return {one.code.removeprefix("identity.client_key_") for one in wrong.value.problems}


def test_a_set_of_two_and_a_bare_key_are_read_and_only_the_key_is_kept() -> None:
    first, second = read_key_set(a.public(a.ec_key(), a.rsa_key(), use="sig", x5u="https://x.example"))
    assert (first.algorithm, second.algorithm) == ("ES256", "PS256")
    assert json.loads(first.jwk).keys() == {"kty", "crv", "x", "y"}
    assert json.loads(second.jwk).keys() == {"kty", "n", "e"}
    bare = {name: a.ec_key().as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    (alone,) = read_key_set(json.dumps(bare))
    assert alone.kid == alone.id == a.ec_key().thumbprint() == first.id


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_private_or_secret_member_is_named_before_anything_else(member: str) -> None:
    assert refused(a.public(a.ec_key(), **{member: "AQAB"}, kty="oct")) == {"private"}


@pytest.mark.parametrize(
    "text, codes",
    [
        ("", {"form"}),
        ("[]", {"form"}),
        ("{", {"form"}),
        ('{"keys": 1}', {"form"}),
        ('{"keys": [1]}', {"form"}),
        ('{"kty":"EC","kty":"RSA"}', {"form"}),
        (" " * (LONGEST_SET + 1), {"form"}),
        ('{"keys": []}', {"count"}),
        ("{}", {"kind"}),
        ('{"kty": 1}', {"kind"}),
        ('{"kty": "oct"}', {"kind"}),
        ('{"kty": "RSA"}', {"weak"}),
        ('{"kty": "EC", "crv": "P-256", "x": 1, "y": "AA"}', {"weak"}),
        ('{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}', {"weak"}),
    ],
)
def test_what_is_no_key(text: str, codes: set[str]) -> None:
    assert refused(text) == codes


def test_a_key_that_is_weak_or_for_something_else() -> None:
    small: Any = RSAKey.generate_key(2048, {"kid": "small"})
    curve: Any = ECKey.generate_key("P-384", {"kid": "p384"})
    other = OKPKey.generate_key("Ed25519").as_dict(private=False)
    assert refused(a.public(small)) == {"weak"}
    assert refused(a.public(curve)) == {"weak"}
    assert refused(a.public(a.rsa_key(), e="Aw")) == {"weak"}
    assert refused(json.dumps(other)) == {"kind"}
    assert refused(a.public(a.ec_key(), use="enc")) == {"kind"}
    assert refused(a.public(a.ec_key(), alg="PS256")) == {"kind"}


def test_how_many_and_how_they_are_told_apart() -> None:
    nameless = a.public(a.ec_key(), a.rsa_key()).replace('"kid"', '"name"')
    assert refused(nameless) == {"id"}
    assert refused(a.public(a.ec_key(), a.rsa_key(), kid="client-rsa")) == {"id"}
    assert refused(a.public(a.ec_key(), kid="with space")) == {"id"}
    assert refused(a.public(a.ec_key(), kid=1)) == {"id"}
    assert refused(a.public(a.ec_key(), a.rsa_key(), a.ec_key("third"), use="enc")) == {"kind", "count"}


@given(st.binary(max_size=200), st.text(max_size=200))
def test_no_file_ends_in_a_traceback(raw: bytes, text: str) -> None:
    for one in (raw.decode("latin-1"), text, json.dumps({"kty": "EC", "x": text}), json.dumps({"kty": text})):
        with pytest.raises(InputError):
            read_key_set(one)
