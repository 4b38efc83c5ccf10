"""What a browser says of a passkey, held against what it was asked (WebAuthn Level 3, sections 7.1 and 7.2).

The library `fido2` checks type, origin, challenge, relying party, flags and signature; it is imported when
the first passkey is shown. Challenges, rows and counters are `identity.passkeys`. Nothing is kept here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from consent_service.foundation.decoding import decoded

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AuthenticatorData, CollectedClientData

ALGORITHMS: Final = (-7, -8, -257)
"""COSE: ES256, EdDSA and RS256, of which every authenticator knows one."""
LONGEST: Final = 16_384
"""Characters of a response; with a key of 4096 bits and a certificate it stays below."""
TIMEOUT: Final = 300_000
"""Milliseconds for the person; as long as the challenge lasts."""
_LONGEST_ID: Final = 1023
_NAME: Final = "Ruggensteun"


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks: the origin of the pages, and its host as relying party."""

    origin: str
    id: str


class NewCredential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey that was just made; `public_key` is a COSE key in CBOR (RFC 9052 section 7)."""

    id: bytes
    public_key: bytes
    sign_count: int


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey that signed the challenge. `user` is whose it says it is; empty when it does not say."""

    sign_count: int
    user: bytes


class _Attestation(msgspec.Struct, frozen=True):
    client_data: str = msgspec.field(name="clientDataJSON")
    attestation: str = msgspec.field(name="attestationObject")


class _Assertion(msgspec.Struct, frozen=True):
    client_data: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str = msgspec.field(name="authenticatorData")
    signature: str
    user: str | None = msgspec.field(name="userHandle", default=None)


class _Registration(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="rawId")
    type: Literal["public-key"]
    response: _Attestation


class _Authentication(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="rawId")
    type: Literal["public-key"]
    response: _Assertion


class _ClientData(msgspec.Struct, frozen=True):
    challenge: str


class _OnlyClientData(msgspec.Struct, frozen=True):
    client_data: str = msgspec.field(name="clientDataJSON")


class _Any(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="rawId")
    response: _OnlyClientData


_Given = TypeVar("_Given")
_registrations = msgspec.json.Decoder(_Registration)
_authentications = msgspec.json.Decoder(_Authentication)
_any = msgspec.json.Decoder(_Any)
_client_data = msgspec.json.Decoder(_ClientData)


def relying_party(public_origin: str) -> Party | None:
    """The host of the pages; None where it is an IP address, of which no passkey can be (section 5.1.2)."""
    host = urlsplit(public_origin).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return Party(public_origin, host) if host else None
    return None


def creation_options(party: Party, challenge: bytes, user: bytes, known: Sequence[bytes]) -> str:
    """`PublicKeyCredentialCreationOptionsJSON`: a passkey that is none of the `known` ones.

    The user handle is random and the names are ours, so the authenticator learns nothing of the person.
    """
    return _json(
        {
            "rp": {"id": party.id, "name": _NAME},
            "user": {"id": _encoded(user), "name": _NAME, "displayName": _NAME},
            "challenge": _encoded(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": one} for one in ALGORITHMS],
            "timeout": TIMEOUT,
            "excludeCredentials": _descriptors(known),
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
            "attestation": "none",
        }
    )


def request_options(party: Party, challenge: bytes, known: Sequence[bytes]) -> str:
    """`PublicKeyCredentialRequestOptionsJSON`: one of the `known` passkeys, with its user verified."""
    return _json(
        {
            "challenge": _encoded(challenge),
            "timeout": TIMEOUT,
            "rpId": party.id,
            "allowCredentials": _descriptors(known),
            "userVerification": "required",
        }
    )


def named_in(response: str) -> tuple[bytes, bytes] | None:
    """The credential id and the challenge that a response says it is about, unverified; None: unreadable."""
    outer = _read(_any, response)
    if outer is None:
        return None
    credential, client_data = _decoded(outer.id), _decoded(outer.response.client_data)
    inner = _read(_client_data, (client_data or b"").decode(errors="replace"))
    challenge = _decoded(inner.challenge) if inner is not None else None
    return (credential, challenge) if credential and challenge else None


def made(party: Party, challenge: bytes, response: str) -> NewCredential | None:
    """The passkey of this response, if it was made here for this challenge, with its user verified."""
    given = _read(_registrations, response)
    if given is None:
        return None
    try:
        return _made(party, challenge, given)
    except Exception:  # noqa: BLE001 - bytes of strangers in a library's parsers: whatever it is, it is a no
        return None


def shown(
    party: Party, challenge: bytes, response: str, *, credential: bytes, public_key: bytes
) -> Shown | None:
    """What this passkey signed, if it did so here, for this challenge, with its user verified."""
    given = _read(_authentications, response)
    if given is None:
        return None
    try:
        return _shown(party, challenge, given, (credential, public_key))
    except Exception:  # noqa: BLE001 - as above
        return None


def _made(party: Party, challenge: bytes, given: _Registration) -> NewCredential | None:
    from fido2 import cbor
    from fido2.webauthn import (
        AttestationObject,
        AuthenticatorAttestationResponse,
        CollectedClientData,
        RegistrationResponse,
    )

    client_data = CollectedClientData(_bytes(given.response.client_data))
    attestation = AttestationObject(_bytes(given.response.attestation))
    answer = AuthenticatorAttestationResponse(client_data=client_data, attestation_object=attestation)
    registration = RegistrationResponse(raw_id=_bytes(given.id), response=answer)
    about = _server(party).register_complete(_state(challenge), registration)
    credential = about.credential_data
    if credential is None or not _is_plain(about, client_data):
        return None
    fits = credential.credential_id == registration.raw_id and 0 < len(registration.raw_id) <= _LONGEST_ID
    if not fits or credential.public_key.ALGORITHM not in ALGORITHMS:
        return None
    return NewCredential(
        credential.credential_id, cbor.encode(dict(credential.public_key)), int(about.counter)
    )


def _shown(
    party: Party, challenge: bytes, given: _Authentication, known: tuple[bytes, bytes]
) -> Shown | None:
    from fido2 import cbor
    from fido2.cose import CoseKey
    from fido2.webauthn import (
        Aaguid,
        AttestedCredentialData,
        AuthenticationResponse,
        AuthenticatorAssertionResponse,
        AuthenticatorData,
        CollectedClientData,
    )

    client_data = CollectedClientData(_bytes(given.response.client_data))
    about = AuthenticatorData(_bytes(given.response.authenticator_data))
    user = _bytes(given.response.user) if given.response.user else b""
    answer = AuthenticatorAssertionResponse(
        client_data=client_data,
        authenticator_data=about,
        signature=_bytes(given.response.signature),
        user_handle=user,
    )
    key: Any = cbor.decode(known[1])
    credential = AttestedCredentialData.create(Aaguid.NONE, known[0], CoseKey.parse(key))
    authentication = AuthenticationResponse(raw_id=_bytes(given.id), response=answer)
    _server(party).authenticate_complete(_state(challenge), [credential], authentication)
    return Shown(int(about.counter), user) if _is_plain(about, client_data) else None


def _is_plain(about: AuthenticatorData, client_data: CollectedClientData) -> bool:
    """No frame of another site, and no copy of what cannot be copied (section 6.1, flags BE and BS)."""
    return client_data.cross_origin is False and (about.is_backup_eligible() or not about.is_backed_up())


def _server(party: Party) -> Fido2Server:
    from fido2.server import Fido2Server
    from fido2.webauthn import PublicKeyCredentialRpEntity

    logging.getLogger("fido2").setLevel(logging.WARNING)  # it tells the ids of credentials
    entity = PublicKeyCredentialRpEntity(id=party.id, name=_NAME)
    return Fido2Server(entity, verify_origin=lambda origin: origin == party.origin)


def _state(challenge: bytes) -> dict[str, str]:
    return {"challenge": _encoded(challenge), "user_verification": "required"}


def _descriptors(known: Sequence[bytes]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": _encoded(one)} for one in known]


def _json(options: dict[str, Any]) -> str:
    return json.dumps(options, separators=(",", ":"))


def digest_of(value: bytes) -> str:
    """By what a credential or a challenge is found: its SHA-256."""
    return hashlib.sha256(value).hexdigest()


def _read(decoder: msgspec.json.Decoder[_Given], response: str) -> _Given | None:
    try:
        return decoded(decoder, response.encode(errors="replace")) if len(response) <= LONGEST else None
    except RecursionError:
        return None


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes | None:
    try:
        return _bytes(text)
    except ValueError:
        return None


def _bytes(text: str) -> bytes:
    """Base64url without padding (RFC 4648 section 5), and nothing else.

    Raises:
        ValueError: it is something else.
    """
    if not text.isascii() or set(text) & set("+/="):
        raise binascii.Error("no base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
