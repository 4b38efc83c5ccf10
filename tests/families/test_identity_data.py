"""Who somebody is opens under that person's key only."""

from __future__ import annotations

import pytest

from consent_service.families.identity_data import open_identity, seal_identity
from consent_service.families.model import PersonIdentity
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.sealing import seal_for_person
from tests.shelter import World


async def test_an_identity_under_another_key_or_of_an_unknown_shape_is_refused(world: World) -> None:
    view = await world.family()
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        own = await ring.person_key(conn, world.tenant, view.children[0].child)
        other = await ring.person_key(conn, world.tenant, view.guardians[0].guardian)
    noor = PersonIdentity("Noor", "Voorbeeld")
    sealed = seal_identity(ring, own, noor)
    assert open_identity(ring, own, sealed) == noor
    strange = seal_for_person(ring, own, purpose="identity", record=own.owner, plaintext=b"\x01")
    for key, envelope in ((other, sealed), (own, strange)):
        with pytest.raises(IntegrityError):
            open_identity(ring, key, envelope)
