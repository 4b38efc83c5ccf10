"""Evidence opens for its own sitting only."""

from __future__ import annotations

import pytest

from consent_service.consent.evidence import open_evidence, seal_evidence
from consent_service.consent.model import Evidence, Signature
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.sealing import seal_for_person
from tests.shelter import World

EVIDENCE = Evidence(Signature("drawn", "M0 0"), "professional", {"r:support_advice": "yes"})


async def test_evidence_of_another_sitting_or_of_an_unknown_shape_is_refused(world: World) -> None:
    view = await world.family()
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        key = await ring.person_key(conn, world.tenant, view.guardians[0].guardian)
    sealed = seal_evidence(ring, key, "one", EVIDENCE)
    assert open_evidence(ring, key, "one", sealed) == EVIDENCE
    with pytest.raises(IntegrityError):
        open_evidence(ring, key, "another", sealed)
    strange = seal_for_person(ring, key, purpose="consent-evidence", record="one", plaintext=b"\x01")
    with pytest.raises(IntegrityError):
        open_evidence(ring, key, "one", strange)
