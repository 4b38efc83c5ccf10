"""What a machine client reads with its token, what it never reads, and how it is told."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from consent_service.audit import events
from consent_service.audit.checkpoint import read_note
from consent_service.audit.events import By
from consent_service.foundation.ids import new_id
from consent_service.foundation.pacing import Pace
from consent_service.identity.client_rows import Client
from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import Admitted
from consent_service.identity.model import MachineClient
from consent_service.identity.permissions import PERMISSIONS, Action
from consent_service.rights.client_answers import ClientAnswers
from tests.identity import asking as a
from tests.ledger import entries
from tests.shelter import OPERATOR, World, furnish
from tests.statements import counted
from tests.web.visiting import Site

PROBLEM = "application/problem+json"


class Auditor:
    """A registered client with a token, in front of the whole application."""

    def __init__(self, site: Site, client: Client, token: str) -> None:
        self.site = site
        self.client = client
        self.token = token

    async def get(self, path: str, **headers: str) -> httpx.Response:
        shown = {"authorization": f"Bearer {self.token}"} | headers
        return await self.site.client.get(path, headers=shown)


async def auditor(
    site: Site, *scopes: Scope, world: World | None = None, name: str = "log-auditor"
) -> Auditor:
    own = world or site.world
    clients = own.services.identity.machine_clients
    new = a.new_client(own.tenant, name, scopes=frozenset(scopes or Scope))
    client = await clients.register(OPERATOR, new)
    proof = a.make_assertion(client.id, clients.issuer, own.clock.now())
    admitted = await clients.admit(a.asking(proof))
    assert isinstance(admitted, Admitted), admitted
    return Auditor(site, client, admitted.token)


def test_no_machine_reaches_anything_of_a_family() -> None:
    """Exact: a row for a machine client is a decision (docs/decisions/0053), never an oversight."""
    rows = {action for action, row in PERMISSIONS.items() if MachineClient in row}
    assert rows == {Action.READ_ENTRIES, Action.LIST_SCHOOLS, Action.SEE_OWN_CLIENT}


async def test_a_client_reads_which_it_is_and_the_schools_and_the_log_says_so(site: Site) -> None:
    own = await auditor(site)
    tenant = site.world.tenant
    told = (await own.get("/v1/clients/self")).json()
    assert told == {"clientId": own.client.id, "shelter": tenant, "scopes": ["log:read", "schools:read"]}
    schools = (await own.get(f"/v1/shelters/{tenant}/schools")).json()["schools"]
    assert [one.keys() for one in schools] == [{"id", "establishmentCode", "name"}] * len(schools)
    assert site.world.linde in {one["id"] for one in schools}
    (entry,) = await entries(site.world, "client.served.v1")
    assert entry.detail is not None
    assert entry.detail.by == By(kind="client", id="log-auditor")
    assert entry.detail.event == events.ClientServed("log-auditor", "schools:read")


async def test_a_school_without_an_agreement_today_is_not_listed(site: Site) -> None:
    own = await auditor(site)
    for school in await site.world.services.organisations.schools(site.world.tenant):
        async with site.world.services.installation.database.reading() as conn:
            signed = await site.world.services.organisations.agreements_with(
                conn, site.world.tenant, school.school
            )
        for one in signed:
            await site.world.services.organisations.end_agreement(OPERATOR, site.world.tenant, one.agreement)
    assert (await own.get(f"/v1/shelters/{site.world.tenant}/schools")).json() == {"schools": []}


async def test_an_auditor_reads_heads_and_entries_of_its_log_and_one_entry_tells_of_the_sitting(
    site: Site,
) -> None:
    own = await auditor(site)
    await site.world.settle()
    (log,) = (await own.get(f"/v1/logs/{site.world.tenant}")).json()["logs"]
    assert read_note(log["head"].encode()).checkpoint.size > 0
    assert log["origin"].endswith(log["name"])
    address = f"/v1/logs/{site.world.tenant}/{log['name']}/tile/entries/000.p/1"
    first, second = await own.get(address), await own.get(address)
    assert (first.status_code, first.content) == (200, second.content)
    assert first.headers["content-type"] == "application/octet-stream"
    (taken,) = await entries(site.world, "log.exported.v1")
    assert taken.detail is not None
    assert taken.detail.by == By(kind="client", id="log-auditor")
    for wrong in ("nonsense", "000", "999.p/1"):
        assert (await own.get(address.replace("000.p/1", wrong))).status_code == 404


async def test_another_shelter_is_answered_as_one_that_is_not_there(site: Site) -> None:
    """The same status, answer and statements; also without the scope, and for its log by name."""
    other = await furnish(site.world.services, site.world.clock, "Opvang Noord")
    await site.world.services.sequencer.run_once(other.tenant)
    theirs = await auditor(site, world=other)
    (log,) = (await theirs.get(f"/v1/logs/{other.tenant}")).json()["logs"]
    database = site.world.services.installation.database
    for name, scopes in (("with", tuple(Scope)), ("without", (Scope.SCHOOLS,)), ("other", (Scope.LOG,))):
        own = await auditor(site, *scopes, name=f"{name}-scope")
        for path in (
            "/v1/shelters/{tenant}/schools",
            "/v1/logs/{tenant}",
            "/v1/logs/{tenant}/{name}/tile/entries/000.p/1",
        ):
            found = []
            for tenant, named in ((other.tenant, log["name"]), (new_id(), "0" * 32)):
                with counted(database) as said:
                    answer = await own.get(path.format(tenant=tenant, name=named))
                found.append((answer.status_code, answer.text, list(said)))
            assert found[0] == found[1]
            assert found[0][0] == 404
    own = await auditor(site, name="both-scopes")
    mixed = await own.get(f"/v1/logs/{site.world.tenant}/{log['name']}/tile/entries/000.p/1")
    swapped = await theirs.get(f"/v1/logs/{site.world.tenant}/{log['name']}/tile/entries/000.p/1")
    assert (mixed.status_code, swapped.status_code) == (404, 404)


async def test_without_the_scope_it_says_which_within_its_own_shelter(site: Site) -> None:
    await site.world.settle()
    own = await auditor(site, Scope.LOG)
    answer = await own.get(f"/v1/shelters/{site.world.tenant}/schools")
    assert (answer.status_code, answer.headers["content-type"]) == (403, PROBLEM)
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="schools:read"' in challenge
    (log,) = (await own.get(f"/v1/logs/{site.world.tenant}")).json()["logs"]
    less = await auditor(site, Scope.SCHOOLS, name="schools-only")
    for path in ("", f"/{log['name']}/tile/entries/000.p/1"):
        answer = await less.get(f"/v1/logs/{site.world.tenant}{path}")
        assert answer.status_code == 403
        assert 'scope="log:read"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "headers, query, status, error",
    [
        ([], "", 401, None),
        ([("authorization", "Basic eDp5")], "", 401, None),
        ([("authorization", "Bearer " + "x" * 43)], "", 401, "invalid_token"),
        ([("authorization", "Bearer")], "", 400, "invalid_request"),
        ([("authorization", "Bearer a b")], "", 400, "invalid_request"),
        ([("authorization", "Bearer " + "x" * 10_000)], "", 400, "invalid_request"),
        ([("authorization", "Bearer x"), ("authorization", "Bearer y")], "", 400, "invalid_request"),
        ([], "?access_token=x", 400, "invalid_request"),
        ([("authorization", "OWN")], "?access_token=x", 400, "invalid_request"),
    ],
)
async def test_a_token_goes_in_the_header_once_and_must_be_one(
    site: Site, headers: list[tuple[str, str]], query: str, status: int, error: str | None
) -> None:
    own = await auditor(site)
    shown = [(name, value.replace("OWN", f"Bearer {own.token}")) for name, value in headers]
    answer = await site.client.get(f"/v1/clients/self{query}", headers=shown)
    challenge = answer.headers["www-authenticate"]
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert challenge.startswith('Bearer realm="ruggensteun"')
    assert ("error=" in challenge) == (error is not None)
    assert error is None or f'error="{error}"' in challenge
    assert own.token not in answer.text


async def test_a_browser_in_which_somebody_is_logged_in_is_no_client(site: Site) -> None:
    officer = await site.logged_in(site.world.officer)
    assert (await officer.get("/v1/clients/self")).status_code == 401
    own = await auditor(site)
    page = f"/toezicht/{site.world.tenant}"
    with_token = await site.anyone().get(page, authorization=f"Bearer {own.token}")
    assert with_token.status_code == (await site.anyone().get(page)).status_code == 401


async def test_after_the_end_the_next_request_is_refused(site: Site) -> None:
    own = await auditor(site)
    assert (await own.get("/v1/clients/self")).status_code == 200
    await site.world.services.identity.machine_clients.end(OPERATOR, own.client.id)
    assert (await own.get("/v1/clients/self")).status_code == 401


async def test_more_often_than_a_program_needs(site: Site) -> None:
    own = await auditor(site)
    answers: ClientAnswers = site.world.services.client_answers
    answers._pace = Pace(site.world.clock, times=1, within=answers._pace._within)
    path = f"/v1/shelters/{site.world.tenant}/schools"
    assert [(await own.get(path)).status_code for _ in range(2)] == [200, 429]


async def test_the_description_says_how_to_get_a_token_and_for_what(site: Site) -> None:
    told: Any = (await site.client.get("/v1/openapi.json")).json()
    flow = told["components"]["securitySchemes"]["machineClient"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "/v1/token"
    assert flow["scopes"].keys() == set(Scope)
    wanted = told["paths"]["/v1/shelters/{tenant}/schools"]["get"]["security"]
    assert wanted == [{"machineClient": ["schools:read"]}]
