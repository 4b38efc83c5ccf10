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


class ProviderSecrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`credential` is a private JWK (JSON) or a client secret; never shown, never logged."""

    credential: str
    pepper: bytes

    def __repr__(self) -> str:
        return "ProviderSecrets(...)"

    def digest_of(self, issuer: str, subject: str) -> str:
        """The pseudonym of a subject: without the pepper an e-mail address cannot be guessed back."""
        message = b"".join(len(part).to_bytes(4, "big") + part for part in _parts(issuer, subject))
        return hmac_sha256(Secret(self.pepper), message).hex()


_decoder = msgspec.msgpack.Decoder(ProviderSecrets)


def _parts(issuer: str, subject: str) -> tuple[bytes, ...]:
    return b"subject/v1", issuer.encode(), subject.encode()


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
