"""Whether the log of a shelter is whole, and each act has its entry and each entry its act.

What the rows and events of a package state is its `acts`; comparing them is `audit.reconciling`, and
recomputing the log is `audit.verify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import Checkpoint
from consent_service.audit.heads.judging import Vouchers, judge_kept, place_of
from consent_service.audit.reading import verify_stored
from consent_service.audit.reconciling import ActSource, Progress, Reconciled, reconcile
from consent_service.audit.verify import BadEntry, Report
from consent_service.consent.acts import ConsentActs
from consent_service.custody.acts import KeyActs
from consent_service.families.acts import FamilyActs, RelationshipActs, SafetyActs
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId
from consent_service.identity.acts import ClientActs, InvitationActs, OperatorActs, ProviderActs
from consent_service.keyring.service import KeyRing
from consent_service.organisations.acts import OrganisationActs
from consent_service.policy.acts import PolicyActs
from consent_service.process.acts import ProcessActs
from consent_service.process.emergency_acts import EmergencyActs
from consent_service.process.meetings.acts import MeetingActs
from consent_service.records.acts import RecordActs
from consent_service.rights.acts import ErasureActs, running_erasures
from consent_service.rights.breaches.acts import BreachActs
from consent_service.rights.carrying.acts import CarryingActs
from consent_service.rights.cases.acts import CaseActs
from consent_service.rights.retention.acts import RetentionActs
from consent_service.rights.reviews.acts import ReviewActs

SOURCES: Final[tuple[ActSource, ...]] = (
    KeyActs(),
    ProviderActs(),
    InvitationActs(),
    ClientActs(),
    OperatorActs(),
    OrganisationActs(),
    FamilyActs(),
    SafetyActs(),
    RelationshipActs(),
    ConsentActs(),
    RecordActs(),
    PolicyActs(),
    ProcessActs(),
    MeetingActs(),
    EmergencyActs(),
    ErasureActs(),
    CaseActs(),
    BreachActs(),
    RetentionActs(),
    ReviewActs(),
    CarryingActs(),
)


async def verify_log(
    database: Database,
    ring: KeyRing,
    tenant: TenantId,
    *,
    since: Checkpoint | None = None,
    vouchers: Vouchers | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> Report:
    """Recompute every log of a shelter, or of the installation, also while somebody is being erased; look at
    every cosignature and time stamp that is kept of its heads, by the keys of `vouchers`.

    Raises:
        UnavailableError: the database or the key provider is away.
    """

    async def beside(conn: AsyncConnection, tenant: TenantId, since: Checkpoint | None) -> Sequence[BadEntry]:
        after = await place_of(conn, tenant, since)
        return await judge_kept(conn, tenant, vouchers or Vouchers(), after=after)

    return await verify_stored(
        database,
        ring,
        tenant,
        since=since,
        erasing=running_erasures,
        beside=beside,
        progress=progress,
        processes=processes,
    )


async def reconcile_acts(
    database: Database, ring: KeyRing, tenant: TenantId, *, progress: Progress | None = None
) -> Reconciled:
    """Compare every act of a shelter, or of the installation, with its log, in one snapshot.

    Only after `verify_log` found nothing does the outcome say something about the acts.

    Raises:
        UnavailableError: the database or the key provider is away.
    """
    return await reconcile(database, ring, tenant, SOURCES, progress=progress)
