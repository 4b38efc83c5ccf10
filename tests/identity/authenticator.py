"""An authenticator in software (ES256), each of its answers open to change (WebAuthn Level 3, section 6)."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """One passkey. `counter` None: it is synced and says 0 for ever."""

    origin: str = "http://localhost:8080"
    rp_id: str = "localhost"
    counter: int | None = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user: bytes = b""

    def make(self, options: str, **changed: Any) -> str:
        """`RegistrationResponseJSON` for these options; `changed` plants a violation."""
        asked = json.loads(options)
        self.user = changed.pop("user", _unb64(asked["user"]["id"]))
        numbers = self.key.public_key().public_numbers()
        x, y = (one.to_bytes(32, "big") for one in (numbers.x, numbers.y))
        cose = changed.pop("cose", {1: 2, 3: -7, -1: 1, -2: x, -3: y})
        inner = changed.pop("inner_id", self.id)
        attested = bytes(16) + struct.pack(">H", len(inner)) + inner + cbor.encode(cose)
        flags = changed.pop("flags", UP | UV | AT)
        about = self._about(changed.pop("rp_id", self.rp_id), flags) + (attested if flags & AT else b"")
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": about})
        client_data = self._client_data("webauthn.create", asked["challenge"], **changed)
        return self._response({"clientDataJSON": b64(client_data), "attestationObject": b64(attestation)})

    def show(self, options: str, **changed: Any) -> str:
        """`AuthenticationResponseJSON` for these options; `changed` plants a violation."""
        asked = json.loads(options)
        if self.counter is not None:
            self.counter += 1
        about = self._about(changed.pop("rp_id", self.rp_id), changed.pop("flags", UP | UV))
        key, user = changed.pop("key", self.key), changed.pop("user", self.user)
        client_data = self._client_data("webauthn.get", asked["challenge"], **changed)
        signature = key.sign(about + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        answer = {"clientDataJSON": b64(client_data), "authenticatorData": b64(about)}
        return self._response({**answer, "signature": b64(signature), "userHandle": b64(user)})

    def _about(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.counter or 0)

    def _client_data(self, kind: str, challenge: str, **changed: Any) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | changed).encode()

    def _response(self, response: dict[str, str]) -> str:
        return json.dumps(
            {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response}
        )


def _unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
