"""Tests of `consent_service.web.security`: the headers stand on every answer, errors included."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from litestar import Litestar, get
from litestar.response import Redirect
from litestar.testing import TestClient
from structlog.testing import capture_logs

from consent_service.foundation.errors import ConfigurationError
from consent_service.web.security import STATIC_CACHING, SecurityHeaders, security_headers
from consent_service.web.static_files import static_files

LEFT_OUT = "a login provider names an origin that is none: forms do not lead there"
ORIGIN = "https://login.example.nl"


@get("/ok", media_type="text/html")
async def _ok() -> str:
    return "<h1>x</h1>"


@get("/moved")
async def _moved() -> Redirect:
    return Redirect("/ok")


@get("/broken")
async def _broken() -> str:
    raise RuntimeError("planted")


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    app = Litestar(
        [_ok, _moved, _broken, static_files()],
        before_send=[SecurityHeaders(form_origins=lambda: frozenset({ORIGIN}), https=True)],
        openapi_config=None,
    )
    logging.getLogger("litestar").disabled = True
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


@pytest.mark.parametrize(
    "path, status",
    [("/ok", 200), ("/moved", 302), ("/nowhere", 404), ("/broken", 500), ("/static/nothing.js", 404)],
)
def test_every_answer_carries_every_header(client: TestClient[Litestar], path: str, status: int) -> None:
    answer = client.get(path, follow_redirects=False)

    assert answer.status_code == status
    for name, value in security_headers(form_origins=[ORIGIN], https=True).items():
        assert answer.headers.get_list(name) == [value]
    assert answer.headers["cache-control"] == "no-store"


def test_a_wrong_method_is_answered_with_the_headers_too(client: TestClient[Litestar]) -> None:
    answer = client.post("/ok")

    assert answer.status_code == 405
    assert "content-security-policy" in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_static_files_may_be_kept_because_their_address_carries_their_hash(
    client: TestClient[Litestar],
) -> None:
    for name in ("app.css", "app.js", "icons.svg", "pictograms.svg", "mark.svg"):
        answer = client.get(f"/static/{name}")

        assert answer.status_code == 200
        assert answer.headers["cache-control"] == STATIC_CACHING
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" in answer.headers


def test_the_content_policy_is_strict() -> None:
    policy = security_headers(form_origins=[ORIGIN], https=True)["content-security-policy"]
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))

    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "form-action": f"'self' {ORIGIN}",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert "unsafe" not in policy
    assert "*" not in policy


def test_only_over_https_is_the_browser_told_to_insist_on_it() -> None:
    assert "strict-transport-security" in security_headers(https=True)
    assert "strict-transport-security" not in security_headers(https=False)


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.example.nl",
        "https://a.nl; script-src *",
        "https://a.nl/path",
        "a.nl",
        "javascript://a",
        "https://",
        "https://login.\u65e5\u672c.example",
        "https://log'in.example",
        "https://a,b.example",
        "https://a\n.example",
    ],
)
def test_what_is_no_bare_origin_never_reaches_the_policy_and_takes_no_page_away(
    origin: str,
) -> None:
    with pytest.raises(ConfigurationError):
        security_headers(form_origins=[origin], https=True)
    app = Litestar(
        [_ok],
        before_send=[SecurityHeaders(form_origins=lambda: frozenset({origin, ORIGIN}), https=True)],
        openapi_config=None,
    )
    with capture_logs() as told, TestClient(app) as client:
        answers = [client.get("/ok") for _ in range(3)]
    expected = security_headers(form_origins=[ORIGIN], https=True)["content-security-policy"]
    assert [(one.status_code, one.headers["content-security-policy"]) for one in answers] == [
        (200, expected)
    ] * 3
    assert told == [{"event": LEFT_OUT, "left_out": 1, "log_level": "error"}]
