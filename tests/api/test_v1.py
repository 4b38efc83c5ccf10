"""The interface for programs: problems everywhere, versions on every answer, heads for everybody."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from unittest.mock import AsyncMock

import pytest

from consent_service import __version__
from consent_service.api.problems import _status_of
from consent_service.audit.checkpoint import read_note
from consent_service.audit.log import PENDING_LIMIT
from consent_service.foundation.errors import KeyProviderUnavailableError
from tests.faults.failures import database_away
from tests.web.visiting import Site

LATE = PENDING_LIMIT + timedelta(seconds=1)
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/v1/nope", 404),
        ("GET", "/v1/nope/further", 404),
        ("GET", "/v1/nope?secret=Noor", 404),
        ("GET", "/v1/logs/00000000-0000-7000-8000-000000000001/checkpoint", 404),
        ("GET", "/v1/logs/../checkpoint", 404),
        ("POST", "/v1/health", 405),
        ("DELETE", "/v1/openapi.json", 405),
    ],
)
async def test_whatever_is_wrong_is_a_problem_with_status_title_and_detail(
    site: Site, method: str, path: str, status: int
) -> None:
    answer = await site.anyone().send(method, path)
    problem = answer.json()

    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert "Noor" not in answer.text
    assert answer.headers["api-version"] == __version__


async def test_the_description_may_be_read_from_any_site_and_nothing_else_may(site: Site) -> None:
    described = await site.anyone().get("/v1/openapi.json")
    health = await site.anyone().get("/v1/health")

    assert described.headers["access-control-allow-origin"] == "*"
    assert described.headers["api-version"] == __version__
    assert set(described.json()["paths"]) == {
        "/v1/health",
        "/v1/token",
        "/v1/clients/self",
        "/v1/shelters/{tenant}/schools",
        "/v1/logs/{tenant}",
        "/v1/logs/{tenant}/checkpoint",
        "/v1/logs/{tenant}/{name}/tile/entries/{entries}",
    }
    assert "access-control-allow-origin" not in health.headers


@pytest.mark.parametrize("path", ["/v1/health", "/v1/logs/{tenant}/checkpoint"])
async def test_the_headers_alone_can_be_asked_for(site: Site, path: str) -> None:
    await site.world.settle()
    address = path.format(tenant=site.world.tenant)
    whole = await site.anyone().get(address)
    alone = await site.anyone().send("HEAD", address)

    assert alone.status_code == whole.status_code == 200
    assert alone.headers["content-type"] == whole.headers["content-type"]


async def test_a_method_that_is_not_taken_says_which_are(site: Site) -> None:
    answer = await site.anyone().send("HEAD", "/v1/openapi.json")

    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


async def test_anybody_may_read_the_newest_signed_head_of_a_log(site: Site) -> None:
    await site.world.settle()
    answer = await site.anyone().get(f"/v1/logs/{site.world.tenant}/checkpoint")
    note = read_note(answer.content)

    assert note.checkpoint.size > 0
    assert "Opvang" not in answer.text


async def test_health_tells_what_is_away_in_states_and_counts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = await site.anyone().get("/v1/health")
    async with database_away(site.world.services.installation.database, "unreadable"):
        ill = await site.anyone().get("/v1/health")

    def gone(_ring: object) -> None:
        raise KeyProviderUnavailableError("x")

    with monkeypatch.context() as patch:
        patch.setattr("consent_service.keyring.service.KeyRing.check_available", gone)
        assert (await site.anyone().get("/v1/health")).json()["keys"] == "away"
    with monkeypatch.context() as patch:
        patch.setattr("consent_service.audit.log.AuditLog.oldest_pending", AsyncMock(return_value=LATE))
        assert (await site.anyone().get("/v1/health")).json()["log"] == "away"

    every = {"database": "up", "keys": "up", "log": "up", "stops": "none"}
    assert (well.status_code, well.json()) == (200, every)
    assert (ill.status_code, ill.json()["database"]) == (503, "away")


def test_what_nobody_foresaw_is_a_fault_of_ours() -> None:
    assert _status_of(RuntimeError("x")) is HTTPStatus.INTERNAL_SERVER_ERROR
