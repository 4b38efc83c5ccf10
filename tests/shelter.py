"""A small invented world over the real services: a shelter, two schools, families, staff. No mocks.

Everything is written through the services, as people would. Families and names are invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sqlalchemy import insert

from consent_service.app import Installation, Services, build_services
from consent_service.consent.model import Answer, Receipt, Shown, Signature
from consent_service.consent.questions import text_version
from consent_service.consent.sittings import Setting
from consent_service.families.model import (
    AuthorityKind,
    FamilyView,
    NewFamily,
    NewGuardian,
    PersonIdentity,
    SafetyAssessment,
    SchoolConfirmation,
)
from consent_service.families.tables_starting import first_contacts
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import (
    PersonId,
    RelationshipId,
    SchoolId,
    TenantId,
    TypeKey,
)
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import (
    ChildActor,
    Counsellor,
    GuardianActor,
    Operator,
    PersonActor,
    PrivacyCoordinator,
    SchoolStaff,
)
from consent_service.identity.service import LoginRules
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.service import KeyRing
from consent_service.organisations.model import NewStaff, SchoolDetails
from tests.factories import PASSPHRASE, key_backup_rules, make_keyring

POLICIES = Path(__file__).resolve().parents[1] / "policies"
OPERATOR = Operator("tests")
SAFE = SafetyAssessment("no_known_danger", False, False, None, date(2027, 3, 1))
SECRET = SafetyAssessment("danger", True, True, None, date(2027, 3, 1))
LINDE = SchoolDetails("12AB00", "De Linde", "Lindelaan 1", "Tilburg", "013-5550101")
EIK = SchoolDetails("34CD01", "De Eik", "Eikstraat 2", "Tilburg", "013-5550202")


@dataclass
class World:
    """One shelter with everything needed to act in it."""

    services: Services
    clock: MovableClock
    tenant: TenantId
    counsellor: Counsellor
    colleague: Counsellor
    officer: PrivacyCoordinator
    linde: SchoolId
    eik: SchoolId
    contact: SchoolStaff
    teacher: SchoolStaff
    eik_contact: SchoolStaff
    details: dict[SchoolId, SchoolDetails] = field(default_factory=dict)

    async def family(
        self,
        *,
        children: tuple[tuple[str, date], ...] = (("Noor", date(2018, 5, 4)),),
        guardians: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"),),
        family_name: str = "Voorbeeld",
        safety: SafetyAssessment | None = SAFE,
    ) -> FamilyView:
        """A registered family, its safety assessed unless `safety` is None."""
        new = NewFamily(
            guardians=tuple(
                NewGuardian(PersonIdentity(name, family_name), kind, "register" if kind is not None else None)
                for name, kind in guardians
            ),
            children=tuple(PersonIdentity(name, family_name, born) for name, born in children),
        )
        family = await self.services.families.register_family(self.counsellor, new)
        if safety is not None:
            await self.services.families.assess_safety(self.counsellor, family, safety)
        return await self.services.families.view(self.counsellor, family)

    async def at_school(
        self,
        child: PersonId,
        school: SchoolId | None = None,
        contact: SchoolStaff | None = None,
        *,
        begun: bool = True,
    ) -> RelationshipId:
        """The child at a school, with an active contact who confirmed the pupil before this story begins.

        `begun`: False for what comes before that; a story may also send and confirm it itself (`starts`).
        """
        where = school or self.linde
        details = self.details[where]
        relationship = await self.services.families.start_relationship(
            self.counsellor,
            child,
            SchoolConfirmation(
                details.establishment_code, details.street, details.phone, despite_other_parent=True
            ),
        )
        who = contact or (self.contact if where == self.linde else self.eik_contact)
        await self.services.families.list_contact(self.counsellor, relationship, who.staff)
        if begun:
            await self.confirmed_before(relationship, who)
        return relationship

    async def confirmed_before(self, relationship: RelationshipId, contact: SchoolStaff) -> None:
        """The start is over when the story begins (`confirm_before`)."""
        await confirm_before(self.services, relationship, self.counsellor, contact)

    async def confirmed(self, relationship: RelationshipId, *contacts: SchoolStaff) -> None:
        """The counsellor says for this school term that these still are contacts; the first one if none."""
        members = [one.staff for one in contacts or (self.contact,)]
        await self.services.families.attest_contacts(self.counsellor, relationship, members)

    def guardian(self, view: FamilyView, number: int = 0) -> GuardianActor:
        return GuardianActor(self.tenant, view.guardians[number].guardian, view.family)

    def child(self, view: FamilyView, number: int = 0) -> ChildActor:
        return ChildActor(self.tenant, view.children[number].child, view.family)

    async def intake(
        self,
        actor: PersonActor,
        answers: dict[str, Answer],
        *,
        otherwise: Answer = "no",
        language: str = "nl",
    ) -> Receipt:
        """A whole sitting: every question answered, signed. Types not named are answered `otherwise`."""
        first = [k.key for k in self.services.policies.proposal.catalogue.asked_first()]
        types = [TypeKey(key) for key in dict.fromkeys([*first, *answers])]
        setting = Setting(language)
        sitting = await self.services.sittings.prepare(self.counsellor, actor, setting, types=types)
        for question in sitting.questions:
            await self.services.sittings.answer(
                actor,
                sitting.sitting,
                question,
                answer=answers.get(question.information_type, otherwise),
                shown=self.shown(question.information_type, language),
            )
        return await self.services.sittings.sign(
            actor, sitting.sitting, Signature("typed", "Samira Voorbeeld")
        )

    def shown(self, key: str, language: str = "nl") -> Shown:
        text = self.services.texts.of_type(language, TypeKey(key))
        return Shown(language, text_version(text), text.hash, "0" * 64)

    async def settle(self) -> None:
        """Put all entries in order, follow them."""
        await self.services.sequencer.run_once(self.tenant)
        await self.services.recalls.catch_up(self.tenant)
        await self.services.reevaluator.catch_up(self.tenant)
        await self.services.meetings.catch_up(self.tenant)
        await self.services.follower.catch_up(self.tenant)
        await self.services.breach_follower.catch_up(self.tenant)


async def confirm_before(
    services: Services, relationship: RelationshipId, counsellor: Counsellor, contact: SchoolStaff
) -> None:
    """The first contact was sent and the pupil confirmed before the story, with no entry to be counted."""
    now = services.installation.clock.now()
    async with services.installation.database.transaction() as conn:
        await conn.execute(
            insert(first_contacts).values(
                tenant=counsellor.tenant,
                relationship=relationship,
                state="confirmed",
                sent_at=now,
                sent_by=counsellor.staff,
                confirmed_at=now,
                confirmed_by=contact.staff,
            )
        )


async def make_world(database: Database, clock: MovableClock, journal: StopJournal, folder: Path) -> World:
    """A shelter with two schools, agreements, contacts, two counsellors and a privacy coordinator."""
    services = make_services(database, clock, journal, folder)
    await services.install()
    return await furnish(services, clock)


def reopened(
    furnished: World, database: Database, clock: MovableClock, journal: StopJournal, folder: Path
) -> World:
    """A furnished world over a copy of its rows; the copy of its keystore stands in `folder`."""
    ring = KeyRing(unlock_keystore(folder / "keystore.json", PASSPHRASE), clock)
    services = _services(database, ring, clock, journal)
    return replace(furnished, services=services, clock=clock, details=dict(furnished.details))


def make_services(database: Database, clock: MovableClock, journal: StopJournal, folder: Path) -> Services:
    return _services(database, make_keyring(folder, clock), clock, journal)


def _services(database: Database, ring: KeyRing, clock: MovableClock, journal: StopJournal) -> Services:
    return build_services(
        Installation(
            database=database,
            ring=ring,
            clock=clock,
            journal=journal,
            policies=POLICIES,
            login=LoginRules("http://127.0.0.1:8000", loopback_allowed=True),
            log_host="test.invalid",
            drafts_allowed=True,
            key_backups=key_backup_rules(journal.path.parent),
        )
    )


async def furnish(services: Services, clock: MovableClock, name: str = "Opvang Zuid") -> World:
    """Another shelter in the same installation."""
    organisations = services.organisations
    tenant = await organisations.register_tenant(
        OPERATOR, name=name, neutral_name="Hulporganisatie", phone="0800-5550000"
    )
    await services.policies.ensure_active(tenant)
    linde = await organisations.register_school(OPERATOR, tenant, LINDE)
    eik = await organisations.register_school(OPERATOR, tenant, EIK)
    for school in (linde, eik):
        await organisations.sign_agreement(
            OPERATOR, tenant, school, valid_from=date(2026, 1, 1), valid_until=date(2027, 12, 31)
        )

    async def add(new: NewStaff) -> str:
        return await organisations.add_staff(OPERATOR, tenant, new)

    counsellor = await add(NewStaff("counsellor", "Bo Begeleider"))
    colleague = await add(NewStaff("counsellor", "Cas Collega"))
    officer = await add(NewStaff("privacy_coordinator", "Puk Privacy"))
    contact = await add(NewStaff("school_staff", "Ida Intern", linde, "contact"))
    teacher = await add(NewStaff("school_staff", "Jip Juf", linde, "teacher"))
    eik_contact = await add(NewStaff("school_staff", "Eva Eik", eik, "contact"))
    from consent_service.foundation.ids import StaffId as S

    return World(
        services=services,
        clock=clock,
        tenant=tenant,
        counsellor=Counsellor(tenant, S(counsellor)),
        colleague=Counsellor(tenant, S(colleague)),
        officer=PrivacyCoordinator(tenant, S(officer)),
        linde=linde,
        eik=eik,
        contact=SchoolStaff(tenant, S(contact), linde, "contact"),
        teacher=SchoolStaff(tenant, S(teacher), linde, "teacher"),
        eik_contact=SchoolStaff(tenant, S(eik_contact), eik, "contact"),
        details={linde: LINDE, eik: EIK},
    )
