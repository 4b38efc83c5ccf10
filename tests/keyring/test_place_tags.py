"""An address is told apart and not kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from consent_service.foundation.database import Database
from consent_service.foundation.ids import INSTALLATION
from consent_service.keyring.place_tags import place_tag
from tests.factories import make_keyring


async def test_a_tag_is_stable_differs_and_cannot_be_found_by_trying_addresses(
    database: Database, tmp_path: Path
) -> None:
    ring = make_keyring(tmp_path)
    async with database.transaction() as conn:
        await ring.install(conn)
        key = await ring.tenant_key(conn, INSTALLATION, "index")
    tag = place_tag(ring, key, "198.51.100.7")
    assert tag == place_tag(ring, key, "198.51.100.7")
    assert tag != place_tag(ring, key, "198.51.100.8")
    for guess in (b"198.51.100.7", b"place/v1|198.51.100.7"):
        assert hashlib.sha256(guess).hexdigest() != tag
