"""Somebody on the own page: who it is, where the pages are, and from where they are opened."""

from __future__ import annotations

from typing import Final

from consent_service.consent.page_login import Visitor
from consent_service.identity.model import ChildActor, PersonActor
from consent_service.rights.model import OwnView
from consent_service.web.page.views import Young
from consent_service.web.visit import Visit

LOGIN: Final = "/mijn-pagina"
LOGIN_DIGITS: Final = "/mijn-pagina/cijfers"
HOME: Final = "/mijn-pagina/keuzes"
STOP: Final = "/mijn-pagina/stoppen"
OBJECT: Final = "/mijn-pagina/bezwaar"
LIFT: Final = "/mijn-pagina/bezwaar/weg"
QUESTION: Final = "/mijn-pagina/vraag"
ANSWER: Final = "/mijn-pagina/vraag/antwoord"
WHO_LOOKED: Final = "/mijn-pagina/wie-keek"
LOG: Final = "/mijn-pagina/logboek"
FILE: Final = "/mijn-pagina/dossier"
WRONG: Final = "/mijn-pagina/klopt-niet"
SECURE: Final = "/mijn-pagina/pincode"
MEETINGS: Final = "/mijn-pagina/gesprekken"
TIMELINE: Final = "/mijn-pagina/tijdlijn"
MELDCODE: Final = "/mijn-pagina/meldcode"
RIGHTS: Final = "/mijn-pagina/rechten"
RIGHTS_BACK: Final = "/mijn-pagina/rechten/intrekken"
LEAVE: Final = "/mijn-pagina/weg"
MESSAGES: Final = "/mijn-pagina/berichten"
CHOOSE: Final = "/intake/eigen-pagina"


def visitor_of(visit: Visit) -> Visitor:
    """Where a try comes from."""
    client = visit.request.client
    mark = visit.request.cookies.get(visit.doors.own_device_cookie_name, "")
    remember = visit.posted.first("remember") == "yes"
    return Visitor("" if client is None else client.host, mark, remember)


def young_of(actor: PersonActor, view: OwnView | None = None) -> Young:
    """How the page speaks: to a parent, or to a young person who is heard, decides along or alone."""
    if not isinstance(actor, ChildActor):
        return ""
    return "together" if view is None or view.voice is None else view.voice
