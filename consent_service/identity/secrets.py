"""The secrets of a login provider: our private key or client secret, and the pepper of its subjects.

Sealed under the installation's data key. Only `identity.service` asks for them, just before use.
"""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.decoding import decoded
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import INSTALLATION
from consent_service.keyring.opening import open_for_tenant
from consent_service.keyring.primitives import hmac_sha256
from consent_service.keyring.sealing import seal_for_tenant
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing

_PURPOSE = "oidc-client/v1"


class AtProvider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By what a provider ends a login, as keyed digests; empty when it gave no such thing."""

    sub: str = ""
    sid: str = ""


class ProviderSecrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`credential` is a private JWK (JSON) or a client secret; never shown, never logged."""

    credential: str
    pepper: bytes
    next_credential: str = ""
    """The private key that comes after it, see `identity.provider_changes`."""

    def __repr__(self) -> str:
        return "ProviderSecrets(...)"

    def digest_of(self, issuer: str, subject: str) -> str:
        """The pseudonym of a subject: without the pepper an e-mail address cannot be guessed back."""
        return self._digest(b"subject/v1", issuer, subject)

    def at_provider(self, issuer: str, *, sub: str, sid: str) -> AtProvider:
        """The pseudonyms of the provider's own subject and session, by which it logs somebody out."""
        return AtProvider(
            sub=self._digest(b"sub/v1", issuer, sub) if sub else "",
            sid=self._digest(b"sid/v1", issuer, sid) if sid else "",
        )

    def _digest(self, purpose: bytes, issuer: str, value: str) -> str:
        parts = (purpose, issuer.encode(), value.encode())
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac_sha256(Secret(self.pepper), message).hex()


_decoder = msgspec.msgpack.Decoder(ProviderSecrets)


async def seal_secrets(
    conn: AsyncConnection, ring: KeyRing, provider: str, secrets: ProviderSecrets
) -> bytes:
    """The secrets as they are stored.

    Raises:
        KeyProviderUnavailableError: the keys are away; nothing was sealed.
    """
    key = await ring.tenant_key(conn, INSTALLATION, "data")
    plaintext = msgspec.msgpack.encode(secrets)
    return seal_for_tenant(ring, key, purpose=_PURPOSE, record=provider, plaintext=plaintext)


async def open_secrets(conn: AsyncConnection, ring: KeyRing, provider: str, sealed: bytes) -> ProviderSecrets:
    """What `seal_secrets` sealed for this provider.

    Raises:
        IntegrityError: tampered with, or moved from another provider.
        KeyProviderUnavailableError: the keys are away.
    """
    key = await ring.tenant_key(conn, INSTALLATION, "data")
    found = decoded(_decoder, open_for_tenant(ring, key, purpose=_PURPOSE, record=provider, envelope=sealed))
    if found is None:
        raise IntegrityError("the secrets of a login provider cannot be read")
    return found
