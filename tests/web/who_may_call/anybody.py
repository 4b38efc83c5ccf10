"""What needs no login, and the few addresses that several kinds of people share."""

from __future__ import annotations

from typing import Final

from tests.web.who_may_call.roles import AT_HOME, AT_THE_TABLET, LOCKED, STAFF, Row, everybody, staff_only

WITH_ANOTHER: Final[Row] = dict.fromkeys((*AT_THE_TABLET, *LOCKED), 303)
"""Nobody of the staff proves who it is at a screen that is somebody else's now."""

ENTRIES: Final = {
    **staff_only({"coordinator": 200, "fg": 200}),
    **dict.fromkeys((*AT_THE_TABLET, *AT_HOME), 200),
}
"""Leaves name nobody; a guardian finds her own among them with her own key."""
NO_PASSKEYS: Final = staff_only({})
"""The address of these tests is a number; `tests/web/test_passkey_pages.py` has one with a name."""


def _every_staff(status: int) -> Row:
    return staff_only(dict.fromkeys(STAFF, status))


def _counsellors(status: int) -> Row:
    """Whoever lends a tablet, of any shelter."""
    return staff_only(dict.fromkeys(("counsellor", "colleague", "counsellor elsewhere"), status))


TABLE: Final[dict[str, Row]] = {
    "GET /": everybody(303),
    "GET /inloggen": everybody(200),
    "GET /inloggen/{provider}": everybody(303),
    "POST /inloggen/{provider}": everybody(404, dict.fromkeys(AT_THE_TABLET, 303)),
    "GET /inloggen/{provider}/terug": everybody(404),
    "POST /inloggen/{provider}/afgemeld": everybody(400),
    "GET /uitnodiging": everybody(200, WITH_ANOTHER),
    "POST /uitnodiging": everybody(400, WITH_ANOTHER),
    "GET /uitnodiging/inloggen": everybody(403, WITH_ANOTHER),
    "GET /uitnodiging/inloggen/{provider}": everybody(303, WITH_ANOTHER),
    "POST /uitnodiging/inloggen/{provider}": everybody(403, WITH_ANOTHER),
    "GET /uitnodiging/bevestigen": everybody(403, WITH_ANOTHER),
    "POST /uitnodiging/bevestigen": everybody(303, WITH_ANOTHER),
    "POST /uitnodiging/niet": everybody(303, WITH_ANOTHER),
    "GET /uitnodiging/afgewezen": everybody(200, WITH_ANOTHER),
    "GET /uitgelogd": everybody(303),
    "GET /beheer": everybody(200, WITH_ANOTHER),
    "GET /beheer/inloggen/{provider}": everybody(303, WITH_ANOTHER),
    "POST /beheer/inloggen/{provider}": everybody(404, WITH_ANOTHER),
    "GET /beheer/code": everybody(303, WITH_ANOTHER),
    "POST /beheer/code": everybody(403, WITH_ANOTHER),
    "GET /beheer/besluit": everybody(303, WITH_ANOTHER),
    "POST /beheer/besluit": everybody(403, WITH_ANOTHER),
    "GET /beheer/weg": everybody(303, WITH_ANOTHER),
    "POST /beheer/weg": everybody(303, WITH_ANOTHER),
    "GET /vergrendeld": everybody(303, dict.fromkeys(LOCKED, 200)),
    "POST /vergrendeld": everybody(303, dict.fromkeys(LOCKED, 400)),
    "GET /tweede-stap": _every_staff(303),
    "POST /tweede-stap": _every_staff(303),
    "GET /opnieuw-inloggen": _every_staff(200),
    "POST /opnieuw-inloggen": _every_staff(404),
    "POST /vergrendel": everybody(303),
    "GET /nog-bezig": everybody(204, dict.fromkeys(("nobody", *LOCKED), 401)),
    "GET /berichten": _every_staff(200),
    "POST /berichten/gelezen": _every_staff(404),
    "POST /berichten/instellen": _every_staff(400),
    "GET /mijn-sessies": _every_staff(200),
    "POST /mijn-sessies/weg": _every_staff(404),
    "POST /mijn-sessies/andere-weg": _every_staff(303),
    "POST /mijn-sessies/naam": _every_staff(400),
    "GET /mijn-sessies/pincode": _counsellors(200),
    "POST /mijn-sessies/pincode": _counsellors(400),
    "GET /mijn-sessies/toegangssleutel": NO_PASSKEYS,
    "POST /mijn-sessies/toegangssleutel": NO_PASSKEYS,
    "POST /mijn-sessies/toegangssleutel/eerst": NO_PASSKEYS,
    "POST /mijn-sessies/toegangssleutel/weg": NO_PASSKEYS,
    "POST /uitloggen": everybody(303),
    "POST /taal": everybody(303),
    "GET /snel-weg": everybody(303),
    "GET /stijl": everybody(200),
    "GET /jwks.json": everybody(200),
    "GET /metrics": everybody(404),
    "GET /v1/health": everybody(200),
    "HEAD /v1/health": everybody(200),
    "GET /v1/logs/{tenant}/checkpoint": everybody(200),
    "HEAD /v1/logs/{tenant}/checkpoint": everybody(200),
    "GET /.well-known/oauth-authorization-server": everybody(200),
    "HEAD /.well-known/oauth-authorization-server": everybody(200),
    "POST /v1/token": everybody(400),
    "GET /v1/clients/self": everybody(401),
    "GET /v1/shelters/{tenant}/schools": everybody(401),
    "GET /v1/logs/{tenant}": everybody(401),
    "GET /v1/logs/{tenant}/{name}/tile/entries/{entries}": everybody(401),
    "GET /log/{name}/tile/entries/{entries}": ENTRIES,
    "GET /t/{name}/tile/entries/{entries}": ENTRIES,
    "GET /static/{file_path}": everybody(200),
    "HEAD /static/{file_path}": everybody(200),
    "GET /v1/openapi.json": everybody(200),
    "GET /v1": everybody(200),
    "GET /v1/{path}": everybody(404),
    "GET /log/{name}/checkpoint": everybody(200),
    "HEAD /log/{name}/checkpoint": everybody(200),
    "GET /log/{name}/tile/{place}": everybody(200),
    "HEAD /log/{name}/tile/{place}": everybody(200),
    "GET /t/{name}/checkpoint": everybody(200),
    "HEAD /t/{name}/checkpoint": everybody(200),
    "GET /t/{name}/tile/{place}": everybody(200),
    "HEAD /t/{name}/tile/{place}": everybody(200),
}
