"""A second reading of a key backup, from docs/KEYS.md alone: nothing of our own code opens it here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from shamir_mnemonic import combine_mnemonics

from consent_service.families.tables import children
from tests.custody.recovering import hold_ceremony
from tests.ledger import rows
from tests.shelter import World

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def lp(*parts: str | int | bytes) -> bytes:
    joined = b""
    for part in parts:
        tag = b"b" if isinstance(part, bytes) else b"i" if isinstance(part, int) else b"s"
        data = part if isinstance(part, bytes) else str(part).encode()
        joined += tag + struct.pack(">I", len(data)) + data
    return joined


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(key)


def take_apart(content: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """(header, section A, section B, what the mac is over)."""
    assert hashlib.sha256(content[:-32]).digest() == content[-32:]
    line, _, rest = content[:-64].partition(b"\n")
    header = json.loads(line)
    size = header["rows"]["size"]
    for name, section in (("rows", rest[:size]), ("sealed", rest[size:])):
        assert len(section) == header[name]["size"]
        assert hashlib.sha256(section).hexdigest() == header[name]["sha256"]
    return header, json.loads(rest[:size]), rest[size:], content[:-64]


def unseal(header: dict[str, Any], sealed: bytes, seed: bytes) -> dict[tuple[str, str, int], bytes]:
    """Every tenant key by tenant, purpose and version."""
    pair = hpke.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(hkdf(seed, lp("recovery/v1", "mlkem768"), 64)),
        X25519PrivateKey.from_private_bytes(hkdf(seed, lp("recovery/v1", "x25519"), 32)),
    )
    made = datetime.fromisoformat(header["made_at"]).isoformat()
    what = lp(header["format"], header["backup"], made, header["recovery"], header["rows"]["sha256"])
    found = json.loads(_SUITE.decrypt(sealed, pair, lp("key-backup/v1", what)))
    return {(one["tenant"], one["purpose"], one["version"]): base64.b64decode(one["key"]) for one in found}


async def test_a_stranger_with_three_sheets_a_backup_and_the_database_opens_a_name(world: World) -> None:
    ceremony = await hold_ceremony(world)
    view = await world.family()
    made = await world.services.key_backups.make()
    (row,) = await rows(world, children)

    header, section, sealed, vouched = take_apart(made.path.read_bytes())
    seed = combine_mnemonics([sheet.reveal().decode() for sheet in ceremony.sheets[:3]])
    tenants = unseal(header, sealed, seed)
    audit = hkdf(tenants["_", "audit", 1], lp("key-backup/v1", "_", "tenant:audit", 1), 32)
    assert hmac.digest(audit, vouched, "sha256") == made.path.read_bytes()[-64:-32]

    (person,) = [one for one in section["persons"] if one["person"] == row.child]
    tenant, parent = person["tenant"], person["parent_version"]
    wrapping = hkdf(tenants[tenant, "data", parent], lp("wrap-owned/v1", tenant, "tenant:data", parent), 32)
    blob = base64.b64decode(person["wrapped"])
    aad = lp("wrap/v1", "person", tenant, row.child, person["version"], parent)
    key = AESGCM(wrapping).decrypt(blob[:12], blob[12:], aad)
    data_key = hkdf(key, lp("dek/v1", tenant, row.child, "identity", 1), 64)[:32]
    envelope = row.sealed_identity
    padded = AESGCM(data_key).decrypt(
        envelope[6:18], envelope[50:], lp("sc/v1", tenant, row.child, row.child, "identity", 1, 1)
    )
    assert view.children[0].identity.given_names.encode() in padded
