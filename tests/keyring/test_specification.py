"""docs/KEYS.md is enough: a second implementation, from its text alone, agrees with the frozen vectors.

Nothing of the service is used in `Stranger`, only the cryptography library and the standard one. That the
service agrees with the same vectors is tested below it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from consent_service.foundation.clock import SystemClock
from consent_service.keyring import data_keys
from consent_service.keyring.blind_index import normalised_name, search_tag
from consent_service.keyring.digests import records_digest
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import (
    TenantKeyPurpose,
    WrappedPersonKey,
    WrappedRelationshipKey,
    WrappedTenantKey,
)
from consent_service.keyring.opening import open_for_person, open_for_tenant, type_key
from consent_service.keyring.place_tags import place_tag
from consent_service.keyring.primitives import open_from_recovery, recovery_public_key
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.view_keys import entry_tag, view_key
from tests.keyring.factories import FixedProvider

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "keys_v1.json").read_text()
)
TENANT: str = VECTORS["tenant"]
hexed = bytes.fromhex


# --- a stranger's implementation ---------------------------------------------------------------


def lp(*parts: str | int | bytes) -> bytes:
    out = b""
    for part in parts:
        if isinstance(part, str):
            letter, data = b"s", part.encode("utf-8")
        elif isinstance(part, int):
            letter, data = b"i", f"{part:d}".encode("ascii")
        else:
            letter, data = b"b", part
        out += letter + len(data).to_bytes(4, "big") + data
    return out


def hkdf(key: bytes, info: bytes, size: int) -> bytes:
    return HKDFExpand(hashes.SHA256(), size, info).derive(key)


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def unwrap(wrapping_key: bytes, wrapped: bytes, aad: bytes) -> bytes:
    return AESGCM(wrapping_key).decrypt(wrapped[:12], wrapped[12:], aad)


def opened(key: bytes, place: dict[str, Any], envelope: bytes) -> bytes:
    owner, purpose, version = place["owner"], place["purpose"], place["version"]
    derived = hkdf(key, lp("dek/v1", TENANT, owner, purpose, version), 64)
    assert envelope[:2] == b"\x52\x01"
    assert envelope[2:6] == version.to_bytes(4, "big")
    assert envelope[18:50] == derived[32:]
    aad = lp("sc/v1", TENANT, owner, place["record"], purpose, place["record_version"], version)
    framed = AESGCM(derived[:32]).decrypt(envelope[6:18], envelope[50:], aad)
    size = int.from_bytes(framed[:4], "big")
    plaintext = framed[4 : 4 + size]
    assert framed == sealed_frame(plaintext)
    return plaintext


def sealed_frame(plaintext: bytes) -> bytes:
    framed = len(plaintext).to_bytes(4, "big") + plaintext
    return framed + b"\0" * ((64 - len(framed) % 64) % 64)


def normalised(name: str) -> str:
    once = unicodedata.normalize("NFD", name).casefold()
    twice = unicodedata.normalize("NFKD", once).casefold()
    letters = []
    for letter in unicodedata.normalize("NFKC", twice):
        if letter in "йїў":
            letters.append(letter)
        else:
            parts = unicodedata.normalize("NFKD", letter)
            letters += [part for part in parts if unicodedata.category(part) not in ("Mn", "Me", "Cf")]
    table = {
        **dict(zip("łøđðıħŋŧ", "loddihnt", strict=True)),
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        **dict(zip("ٱىیةہھک", "اييهههك", strict=True)),
        **dict.fromkeys("ʹʻʼʽʾʿˈ", " "),
        "ـ": "",
    }
    text = "".join(table.get(letter, letter) for letter in letters)
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text).split())


def tag_of(key: bytes, place: dict[str, Any], name: str, born: str, bits: int) -> int:
    index_key = hkdf(key, lp("index/v1", TENANT, place["owner"], place["version"]), 32)
    whole = mac(index_key, lp("person/v1", normalised(name), born))
    return int.from_bytes(whole[:8], "big") >> (64 - bits)


def recovery_pair(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    return (
        MLKEM768PrivateKey.from_seed_bytes(hkdf(seed, lp("recovery/v1", "mlkem768"), 64)),
        X25519PrivateKey.from_private_bytes(hkdf(seed, lp("recovery/v1", "x25519"), 32)),
    )


def opened_by_hpke(mlkem: MLKEM768PrivateKey, x25519: X25519PrivateKey, sealed: bytes, info: bytes) -> bytes:
    """RFC 9180 sections 4 to 6 written out, with the KEM of X-Wing."""
    mlkem_part, ephemeral, ciphertext = sealed[:1088], sealed[1088:1120], sealed[1120:]
    shared = hashlib.sha3_256(
        mlkem.decapsulate(mlkem_part)
        + x25519.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        + ephemeral
        + x25519.public_key().public_bytes_raw()
        + b"\\.//^\\"
    ).digest()
    suite = b"HPKE" + b"\x64\x7a" + b"\x00\x01" + b"\x00\x02"

    def extract(salt: bytes, label: bytes, material: bytes) -> bytes:
        return mac(salt, b"HPKE-v1" + suite + label + material)

    def expand(secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
        return hkdf(secret, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context, size)

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


# --- it agrees with the vectors ------------------------------------------------------------------


def test_length_prefixed_lists() -> None:
    for vector in VECTORS["lp"]:
        parts = [hexed(part["bytes"]) if isinstance(part, dict) else part for part in vector["parts"]]
        assert lp(*parts) == hexed(vector["bytes"]) == length_prefixed(*parts)


def test_every_wrapped_key_unwraps_from_the_root_down() -> None:
    root, keys = VECTORS["root"], {}
    wrapping = hkdf(hexed(root["key"]), lp("wrap/v1"), 32)
    assert wrapping == hexed(root["wrapping_key"])
    assert mac(hexed(root["key"]), lp("kcv/v1", root["generation"])) == hexed(root["check_value"])
    for one in VECTORS["tenant_keys"]:
        aad = lp("wrap/v1", "tenant", TENANT, one["purpose"], one["version"])
        keys[one["purpose"]] = unwrap(wrapping, hexed(one["wrapped"]), aad)
        assert keys[one["purpose"]] == hexed(one["key"])
    for one in VECTORS["owned_keys"]:
        above = one["tenant_key_version"]
        wrapping = hkdf(keys["data"], lp("wrap-owned/v1", TENANT, "tenant:data", above), 32)
        aad = lp("wrap/v1", one["kind"], TENANT, one["owner"], one["version"], above)
        assert unwrap(wrapping, hexed(one["wrapped"]), aad) == hexed(one["key"])


def test_data_keys_and_envelopes() -> None:
    for one in VECTORS["data_keys"]:
        info = lp("dek/v1", TENANT, one["owner"], one["purpose"], one["version"])
        assert hkdf(hexed(one["key"]), info, 64) == hexed(one["data_key_and_commitment"])
    for one in VECTORS["envelopes"]:
        assert opened(hexed(one["key"]), one, hexed(one["envelope"])) == hexed(one["plaintext"])
        with pytest.raises(InvalidTag):
            opened(hexed(one["key"]), one | {"record": "another"}, hexed(one["envelope"]))


def test_digests_and_tags() -> None:
    one = VECTORS["digest"]
    key = hkdf(hexed(one["key"]), lp("digest/v1", TENANT, one["owner"], one["version"]), 32)
    parts: list[str | int | bytes] = [one["information_type"]]
    for record, version, bound in sorted(one["records"]):
        parts += [record, version, hashlib.sha256(hexed(bound)).digest()]
    assert mac(key, lp(*parts)) == hexed(one["digest"])
    one = VECTORS["view_tag"]
    key = hkdf(hexed(one["key"]), lp("view/v1", TENANT, one["owner"], one["version"]), 32)
    assert key == hexed(one["view_key"])
    assert mac(key, one["entry"].encode()) == hexed(one["tag"])
    one = VECTORS["place_tag"]
    key = hkdf(hexed(one["key"]), lp("place/v1", TENANT, one["owner"], one["version"]), 32)
    assert mac(key, lp("place/v1", one["address"])).hex() == one["tag"]


def test_search_tags() -> None:
    place = VECTORS["search_tags"]
    for one in place["people"]:
        assert normalised(one["name"]) == one["normalised"] == normalised_name(one["name"])
        assert tag_of(hexed(place["key"]), place, one["name"], one["born"], one["bits"]) == one["tag"]


def test_recovery() -> None:
    one = VECTORS["recovery"]
    mlkem, x25519 = recovery_pair(hexed(one["seed"]))
    public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    assert public == hexed(one["public_key"])
    assert opened_by_hpke(mlkem, x25519, hexed(one["sealed"]), hexed(one["info"])) == hexed(one["plaintext"])
    with pytest.raises(InvalidTag):
        opened_by_hpke(mlkem, x25519, hexed(one["sealed"]), b"another info")


# --- and so does the service -----------------------------------------------------------------------


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(FixedProvider(hexed(VECTORS["root"]["wrapping_key"])), SystemClock())


def _tenant_key(purpose: TenantKeyPurpose) -> WrappedTenantKey:
    (one,) = (one for one in VECTORS["tenant_keys"] if one["purpose"] == purpose)
    return WrappedTenantKey(TENANT, purpose, one["version"], 7, hexed(one["wrapped"]))


def _relationship_key() -> WrappedRelationshipKey:
    one = VECTORS["owned_keys"][0]
    return WrappedRelationshipKey(
        TENANT, one["owner"], one["version"], hexed(one["wrapped"]), _tenant_key("data")
    )


def _person_key() -> WrappedPersonKey:
    one = VECTORS["owned_keys"][1]
    return WrappedPersonKey(TENANT, one["owner"], one["version"], hexed(one["wrapped"]), _tenant_key("data"))


def test_the_service_opens_every_envelope_and_seals_to_the_same_bytes(ring: KeyRing) -> None:
    first, second, third = VECTORS["envelopes"]
    key = type_key(ring, _relationship_key(), first["purpose"])
    assert hexed(first["plaintext"]) == key.open(
        record=first["record"], record_version=first["record_version"], envelope=hexed(first["envelope"])
    )
    assert hexed(second["plaintext"]) == open_for_person(
        ring, _person_key(), purpose="identity", record=second["record"], envelope=hexed(second["envelope"])
    )
    audit = _tenant_key("audit")
    assert hexed(third["plaintext"]) == open_for_tenant(
        ring, audit, purpose="log-signing", record=third["record"], envelope=hexed(third["envelope"])
    )
    for one, wrapped in ((first, _relationship_key()), (second, _person_key()), (third, audit)):
        with mock.patch.object(data_keys, "new_nonce", return_value=hexed(one["nonce"])):
            sealed = ring.material.data_key(wrapped, one["purpose"]).seal(
                one["record"], one["record_version"], hexed(one["plaintext"])
            )
        assert sealed == hexed(one["envelope"])


def test_the_service_makes_the_same_digests_and_tags(ring: KeyRing) -> None:
    one = VECTORS["digest"]
    triples = [(record, version, hexed(bound)) for record, version, bound in one["records"]]
    kind = one["information_type"]
    found = records_digest(ring, _relationship_key(), information_type=kind, records=triples)
    assert found == hexed(one["digest"])
    assert type_key(ring, _relationship_key(), kind).digest(triples) == found
    one = VECTORS["view_tag"]
    assert view_key(ring, _person_key()) == Secret(hexed(one["view_key"]))
    assert entry_tag(ring, _person_key(), one["entry"]) == hexed(one["tag"])
    one = VECTORS["place_tag"]
    assert place_tag(ring, _tenant_key("index"), one["address"]) == one["tag"]
    for person in VECTORS["search_tags"]["people"]:
        born = date.fromisoformat(person["born"])
        tag = search_tag(
            ring, _tenant_key("index"), names=person["name"], birth_date=born, bits=person["bits"]
        )
        assert tag == person["tag"]


def test_the_service_has_the_same_recovery_key() -> None:
    one = VECTORS["recovery"]
    seed = Secret(hexed(one["seed"]))
    assert recovery_public_key(seed) == hexed(one["public_key"])
    assert open_from_recovery(seed, hexed(one["sealed"]), hexed(one["info"])) == Secret(
        hexed(one["plaintext"])
    )
