"""A whole installation to log in to, and the steps of a person with a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx2
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import Event
from consent_service.audit.log import AuditLog, TrailFilter
from consent_service.demo.provider import SCHOOL_CLAIM, Client, DemoProvider, Person
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import INSTALLATION, PersonId, TenantId
from consent_service.identity.attempts import StartedLogin
from consent_service.identity.handover import HandOver
from consent_service.identity.invitations import ToConfirm
from consent_service.identity.levels import DEMO_FACTOR_LEVEL
from consent_service.identity.model import LoginRefused, Operator, StaffActor
from consent_service.identity.operators import OperatorArrived
from consent_service.identity.permissions import Circumstances
from consent_service.identity.providers import NewProvider, ProviderRules
from consent_service.identity.service import IdentityService, LoggedIn, LoginRules
from consent_service.identity.sessions import Opened
from consent_service.keyring.service import KeyRing
from tests.identity import factories as f
from tests.identity.serving import callback_at, free_port
from tests.ledger import whole_trail

OPERATOR = Operator("cli")
PIN = "4826"
PEOPLE = (
    Person("noor", "Noor de Wit", "Begeleider bij Traverse"),
    Person("sanne", "Sanne Bakker", "Intern begeleider", school=f.CODE),
    Person("pim", "Pim Visser", "Privacycoördinator", DEMO_FACTOR_LEVEL),
    Person("onbekend", "Iemand Anders", "Niemand die wij kennen"),
)
RULES = ProviderRules(organisation_claims=(SCHOOL_CLAIM,), second_factor_acrs=(DEMO_FACTOR_LEVEL,))
STAFF: dict[str, StaffActor] = {"noor": f.COUNSELLOR, "sanne": f.CONTACT, "pim": f.COORDINATOR}
HAND_OVER = HandOver(f.MOTHER, Circumstances(tenant=f.TRAVERSE, family=f.FAMILY, assigned=True))


@dataclass
class Desk:
    """What a test holds; `browser` follows nothing by itself."""

    database: Database
    ring: KeyRing
    clock: MovableClock
    log: AuditLog
    service: IdentityService
    provider: DemoProvider
    port: int
    browser: httpx2.AsyncClient

    async def started(self, **options: object) -> StartedLogin:
        started = await self.service.start_login("demo", **options)  # type: ignore[arg-type]
        assert isinstance(started, StartedLogin), started
        return started

    async def chosen(self, started: StartedLogin, who: str) -> str:
        """The address the provider sends the browser back to after choosing who to be."""
        page = await self.browser.get(started.address)
        assert page.status_code == 200, page.text
        ticket = re.search(r'name="aanvraag" value="([^"]+)"', page.text)
        assert ticket is not None
        form = {"aanvraag": ticket[1], "wie": who}
        answer = await self.browser.post(f"{self.provider.issuer}/kies", data=form)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def finished(
        self, address: str, cookie: str | None, *, replaces: str | None = None, **changed: str
    ) -> LoggedIn | ToConfirm | LoginRefused:
        callback = callback_at(address, **changed)
        outcome = await self.service.finish_login("demo", callback, cookie=cookie, replaces=replaces)
        assert not isinstance(outcome, OperatorArrived)
        return outcome

    async def logged_in(self, who: str = "noor", *, replaces: str | None = None) -> Opened:
        started = await self.started()
        outcome = await self.finished(await self.chosen(started, who), started.cookie, replaces=replaces)
        assert isinstance(outcome, LoggedIn), outcome
        return outcome.opened

    async def handed_over(self, opened: Opened) -> Opened:
        if not await self.service.has_pin(opened.session):
            await self.service.set_pin(opened.session, PIN)
        handed = await self.service.hand_over(opened.token, HAND_OVER)
        assert isinstance(handed, Opened), handed
        return handed

    async def events(self, tenant: TenantId = f.TRAVERSE) -> list[Event]:
        """What stands in the log of one tenant, the oldest first, after everybody was linked."""
        async with self.database.reading() as conn:
            told = await whole_trail(self.log, conn, tenant, TrailFilter())
        found = [entry.detail.event for entry in told if entry.detail is not None]
        return [event for event in found[::-1] if not isinstance(event, events.StaffLinked)]

    async def refusals(self) -> list[Event]:
        return await self.events(INSTALLATION)


async def open_desk(
    database: Database, ring: KeyRing, clock: MovableClock, *, origin: str = f.ORIGIN
) -> Desk:
    port = free_port()
    log = AuditLog(ring, clock)
    rules = LoginRules(public_origin=origin, loopback_allowed=True)
    service = IdentityService(database, ring, log, clock, rules=rules)
    async with database.transaction() as conn:
        await _make_tenants(conn, ring)
    issuer = f"http://127.0.0.1:{port}"
    registered = await service.register_provider(
        OPERATOR, NewProvider(id="demo", name="Demo", issuer=issuer, client_id=f.CLIENT, rules=RULES)
    )
    client = Client(
        f.CLIENT,
        registered.public_key,
        frozenset({f"{origin}/inloggen/demo/terug"}),
        frozenset({f"{origin}/uitgelogd"}),
    )
    provider = DemoProvider(issuer=issuer, people=PEOPLE, clients=(client,), clock=clock)
    for subject, staff in STAFF.items():
        await service.link_staff(OPERATOR, "demo", subject, staff, establishment=f.code_of(staff))
    browser = httpx2.AsyncClient(trust_env=False, timeout=60)
    return Desk(database, ring, clock, log, service, provider, port, browser)


async def _make_tenants(conn: AsyncConnection, ring: KeyRing) -> None:
    await ring.install(conn)
    await ring.create_tenant(conn, f.TRAVERSE)
    await ring.create_tenant(conn, f.ELSEWHERE)
    for staff in (f.COUNSELLOR, f.CONTACT, f.COORDINATOR, f.CONTACT_ELSEWHERE):
        await ring.create_person_key(conn, staff.tenant, PersonId(staff.staff))
    await ring.create_person_key(conn, f.TRAVERSE, f.MOTHER)
