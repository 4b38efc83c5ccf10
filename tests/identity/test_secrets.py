from __future__ import annotations

import pytest

from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.secrets import ProviderSecrets, open_secrets, seal_secrets
from consent_service.keyring.sealing import seal_for_tenant
from tests.identity.desk import Desk

SECRETS = ProviderSecrets("a private key", b"p" * 32)


async def test_the_secrets_of_one_provider_do_not_open_as_anothers(desk: Desk) -> None:
    database: Database = desk.database
    async with database.reading() as conn:
        sealed = await seal_secrets(conn, desk.ring, "demo", SECRETS)
        assert b"a private key" not in sealed
        assert await open_secrets(conn, desk.ring, "demo", sealed) == SECRETS
        with pytest.raises(IntegrityError):
            await open_secrets(conn, desk.ring, "other", sealed)
        key = await desk.ring.tenant_key(conn, INSTALLATION, "data")
        older = seal_for_tenant(
            desk.ring, key, purpose="oidc-client/v1", record="demo", plaintext=b"of another shape"
        )
        with pytest.raises(IntegrityError, match="cannot be read"):
            await open_secrets(conn, desk.ring, "demo", older)


def test_a_subject_is_a_digest_of_issuer_and_subject_apart_under_the_providers_pepper() -> None:
    digests = {
        SECRETS.digest_of("https://a", "b"),
        SECRETS.digest_of("https://ab", ""),
        SECRETS.digest_of("https://a", "c"),
        ProviderSecrets("a private key", b"q" * 32).digest_of("https://a", "b"),
    }
    assert len(digests) == 4
    assert "private" not in repr(SECRETS)
