"""Whether what a school should read at once is fit, minimal, and allowed by safety. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import Relationship
from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import RecordId, StaffId, TenantId, TypeKey, new_id
from consent_service.identity.model import Counsellor
from consent_service.information.model import InformationType
from consent_service.keyring.service import KeyRing
from consent_service.organisations.looking import tenant_in
from consent_service.organisations.service import OrganisationService
from consent_service.policy.decision import Refusal, decide
from consent_service.policy.emergencies import Emergency
from consent_service.policy.facts import Reader
from consent_service.policy.projection import Known, active_contacts, question_for
from consent_service.policy.rules import Rules
from consent_service.policy.service import PolicyService
from consent_service.process.emergencies.model import REASONS, NewBreakGlass, lasts_until
from consent_service.records.fitting import Note, require_fit
from consent_service.records.reading import read_known
from consent_service.release.judging import CARRIED_OUT, urgent_purpose

_NOBODY = Refusal(TypeKey(""), "not_active_contact")


class Asking(msgspec.Struct, frozen=True):
    """The type it is about; `refused` when the rules would not give it even with two persons."""

    kind: InformationType
    refused: Refusal | None


class Fitting:
    """Looks at what was asked."""

    def __init__(
        self, *, ring: KeyRing, clock: Clock, organisations: OrganisationService, policies: PolicyService
    ) -> None:
        self._ring = ring
        self._clock = clock
        self._organisations = organisations
        self._policies = policies

    async def fit(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        about: Relationship,
        new: NewBreakGlass,
        *,
        waiting: bool,
    ) -> Asking:
        """All problems at once; then the decision the school's contact would get.

        Raises:
            InputError: something is missing or not fit to be sealed, or another item is open already.
            NotFoundError: no such type from shelter to school.
        """
        rules = await self._policies.active_rules(conn, actor.tenant)
        kind = rules.catalogue.types.get(new.information_type)
        if kind is None or "s2c" not in kind.directions:
            raise NotFoundError("information type")
        known, children = await read_known(conn, self._ring, self._organisations, about)
        problems = _problems(new, waiting=waiting)
        problems += await self._problems_of_approver(conn, actor, new.approver)
        if kind.decided_by == "own_guardian":
            problems.append(Problem("information_type", "not_about_a_parent"))
        about_one = known.guardians[0] if known.guardians else None
        note = Note(new.information_type, new.fields, new.attested, about_one)
        try:
            organisation = (await tenant_in(conn, actor.tenant)).name
            require_fit(actor, kind, note, known, children=children, organisation=organisation)
        except InputError as unfit:
            problems += unfit.problems
        if problems:
            raise InputError(problems)
        return Asking(kind, await self._refusal(conn, actor, known, rules, kind))

    async def _problems_of_approver(
        self, conn: AsyncConnection, actor: Counsellor, approver: StaffId | None
    ) -> list[Problem]:
        if approver is None:
            return []
        if approver == actor.staff:
            return [Problem("approver", "second_person_yourself")]
        return (
            []
            if approver in await self.colleagues(conn, actor.tenant)
            else [Problem("approver", "second_person_unknown")]
        )

    async def colleagues(self, conn: AsyncConnection, tenant: TenantId) -> frozenset[StaffId]:
        """Who works at the shelter now and can decide along."""
        members = await self._organisations.staff_members(conn, tenant)
        return frozenset(one.staff for one in members if one.kind == "counsellor" and one.ended_at is None)

    async def _refusal(
        self, conn: AsyncConnection, actor: Counsellor, known: Known, rules: Rules, kind: InformationType
    ) -> Refusal | None:
        """What the rules would say to each contact if a second person agreed now; None when one gets it."""
        now = self._clock.now()
        persons = frozenset({actor.staff, StaffId("another")})
        supposed = Emergency(RecordId(new_id()), kind.key, persons, now, lasts_until(now), hidden=False)
        urgent = msgspec.structs.replace(known, emergency=supposed, approved=frozenset({kind.key}))
        listed = active_contacts(known, rules.catalogue.terms, now)
        members = await self._organisations.staff_members(conn, actor.tenant, listed)
        refusal: Refusal = msgspec.structs.replace(_NOBODY, type=kind.key)
        for member in members:
            question = question_for(
                urgent,
                rules.catalogue,
                action="release",
                reader=Reader("school", member.staff, member.role or "contact"),
                purpose=urgent_purpose(kind),
                asked=[(kind.key, "s2c")],
                now=now,
                basis="vital_interest",
            )
            decision = decide(rules.bundle, question, now=now, duties=CARRIED_OUT)
            if decision.permit is not None:
                return None
            refusal = decision.refusals[0]
        return refusal


def _problems(new: NewBreakGlass, *, waiting: bool) -> list[Problem]:
    found = []
    if new.reason not in REASONS:
        found.append(Problem("reason", "choose_reason"))
    if not new.why.strip():
        found.append(Problem("why", "why_missing"))
    if waiting:
        found.append(Problem("information_type", "one_emergency_at_a_time"))
    return found


def named(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields as texts beside the reason, for the second person to read."""
    return {f"field_{name}": value for name, value in fields.items()}
