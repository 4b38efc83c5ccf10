"""The end of the story: a destroyed key, and what a stolen copy of the data is worth before and after.

The service has stopped; the operator works on the installation itself. That nothing opens any more is
tried with the copy and every key that is alive, as a thief would who also got hold of the keystore.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from sqlalchemy import select

from consent_service.app import Services, build_services, open_installation, start_up
from consent_service.custody.backup_file import KeyRows, read_rows
from consent_service.custody.epochs import EpochDone
from consent_service.custody.recovery_key import THRESHOLD
from consent_service.demo.shelter import OPERATOR
from consent_service.demo.state import passphrase_of
from consent_service.demo.story.outcome import DifferentError, Outcome, expect, told
from consent_service.demo.story.stage import Stage
from consent_service.foundation.errors import IntegrityError, KeyDestroyedError
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import RelationshipId, StaffId, TenantId
from consent_service.identity.model import PrivacyCoordinator
from consent_service.organisations.tables import staff

_STOLEN = "stolen"


async def custodians_get_sheets(stage: Stage) -> Outcome:
    """Three sheets are read back; without that there is no recovery key, and no key is replaced."""
    async with _installation(stage) as services:
        held = services.recovery_keys.begin(OPERATOR)
        problems = await services.recovery_keys.accept(held, held.sheets[:THRESHOLD], actor=OPERATOR)
    expect(not problems, "a recovery key", str([problem.what for problem in problems]))
    return told(
        N_("Drie van de vijf lazen hun woorden terug. Vingerafdruk: {fingerprint}..."),
        fingerprint=held.key.shown_fingerprint[:9],
    )


async def thief_copies_the_data(stage: Stage) -> Outcome:
    """Every wrapped key of today, kept for later."""
    async with _installation(stage) as services, services.installation.database.reading() as conn:
        stolen = await read_rows(conn)
    stage.notes[_STOLEN] = msgspec.json.encode(stolen).decode()
    expect(len(stolen.relationships) > 0, "keys in the copy", "none")
    return told(N_("In de kopie staan {keys} sleutels, allemaal ingepakt."), keys=stolen.keys)


async def key_is_destroyed(stage: Stage) -> Outcome:
    """The row is gone at once; the copy and the keys of today still open it, and that is said."""
    stolen = _stolen(stage)
    relationship = stolen.relationships[0]
    async with _installation(stage) as services:
        officer = await _officer(services, TenantId(relationship.tenant))
        done = await services.custody.destroy(officer, RelationshipId(relationship.relationship))
        expect(done.stage == "live_dead", "live_dead", done.stage)
        expect(_opens(services, stolen), "the copy still opens", "it does not")
    return told(
        N_("Hier kan niemand het meer lezen. De dief met zijn kopie en de sleutels van vandaag nog wel.")
    )


async def path_is_replaced(stage: Stage) -> Outcome:
    """One epoch: after it no living key opens what the thief has."""
    async with _installation(stage) as services:
        done = await services.epochs.run(reason="operator")
        if not isinstance(done, EpochDone):
            raise DifferentError("an epoch", "nothing to do")
        expect(not _opens(services, _stolen(stage)), "the copy opens nothing", "it opens")
    return told(N_("Nu opent de kopie van de dief niets meer. De oude hoofdsleutel bestaat niet meer."))


@asynccontextmanager
async def _installation(stage: Stage) -> AsyncIterator[Services]:
    settings = stage.settings
    services = build_services(open_installation(settings, passphrase_of(settings), clock=stage.clock))
    try:
        await start_up(services)
        yield services
    finally:
        await services.installation.database.close()


async def _officer(services: Services, tenant: TenantId) -> PrivacyCoordinator:
    query = select(staff.c.staff).where(staff.c.tenant == tenant, staff.c.kind == "privacy_coordinator")
    async with services.installation.database.reading() as conn:
        found = (await conn.execute(query.limit(1))).scalar_one()
    return PrivacyCoordinator(tenant, StaffId(found))


def _stolen(stage: Stage) -> KeyRows:
    return msgspec.json.decode(stage.notes[_STOLEN], type=KeyRows)


def _opens(services: Services, stolen: KeyRows) -> bool:
    """Whether the first relationship key of the copy opens with any key alive today."""
    key = stolen.by_owner()[stolen.relationships[0].name]
    try:
        services.installation.ring.remembering_nothing().rotation.require_opens(key)
    except (IntegrityError, KeyDestroyedError):
        return False
    return True
