"""Pages of the school: for a contact of the child, its lists also for colleagues."""

from __future__ import annotations

from typing import Final

from tests.web.who_may_call.roles import Row, school

TABLE: Final[dict[str, Row]] = {
    "GET /school/{tenant}": school(200, unlisted=200),
    "GET /school/{tenant}/kinderen/{relationship}": school(200),
    "POST /school/{tenant}/kinderen/{relationship}": school(400),
    "GET /school/{tenant}/kinderen/{relationship}/geschreven": school(200),
    "GET /school/{tenant}/kinderen/{relationship}/schrijven/{key}": school(200),
    "POST /school/{tenant}/kinderen/{relationship}/schrijven/{key}": school(400),
    "GET /school/{tenant}/kinderen/{relationship}/klopt-niet": school(200),
    "POST /school/{tenant}/kinderen/{relationship}/klopt-niet": school(400),
    "GET /school/{tenant}/kinderen/{relationship}/gesprekken": school(200),
    "POST /school/{tenant}/kinderen/{relationship}/gesprekken": school(400),
    "GET /school/{tenant}/kinderen/{relationship}/bevestigen": school(303),
    "POST /school/{tenant}/kinderen/{relationship}/bevestigen": school(303),
    "GET /school/{tenant}/kinderen/{relationship}/wie-helpt": school(200),
    "POST /school/{tenant}/kinderen/{relationship}/wie-helpt": school(200),
    "POST /school/{tenant}/kinderen/{relationship}/wie-helpt/gelezen": school(303),
    "GET /school/{tenant}/kinderen/{relationship}/eerste-dag": school(200),
    "POST /school/{tenant}/kinderen/{relationship}/eerste-dag": school(303),
    "GET /school/{tenant}/andere-ouder": school(200, unlisted=200),
    "GET /school/{tenant}/kinderen/{relationship}/signaal": school(200),
    "POST /school/{tenant}/kinderen/{relationship}/signaal": school(200),
    "GET /school/{tenant}/kinderen/{relationship}/noodgeval": school(303, unlisted=303),
    "POST /school/{tenant}/kinderen/{relationship}/noodgeval": school(200),
    "GET /school/{tenant}/bevestigen": school(303, unlisted=303),
    "POST /school/{tenant}/bevestigen": school(303, unlisted=303),
    "GET /school/{tenant}/kinderen/{relationship}/afwezig": school(200),
    "POST /school/{tenant}/kinderen/{relationship}/afwezig": school(400),
    "GET /school/{tenant}/teruggeroepen": school(200, unlisted=200),
    "POST /school/{tenant}/teruggeroepen/{recall}": school(400, unlisted=400),
    "GET /school/{tenant}/kinderen/{relationship}/tijdlijn": school(200),
    "GET /school/{tenant}/taken": school(200, unlisted=200),
    "GET /school/{tenant}/werkwijze": school(200, unlisted=200),
}
