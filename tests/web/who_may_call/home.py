"""Pages of a parent at home: to stop with a code, and the own page behind its own login."""

from __future__ import annotations

from typing import Final

from tests.web.who_may_call.roles import AT_HOME, LOCKED, Row, everybody, own_page

STOPS: Final[Row] = {**own_page(404), **dict.fromkeys(LOCKED, 401)}
"""Taken from a locked screen too, of somebody whose own page it is: that is nobody's at a tablet."""
TABLE: Final[dict[str, Row]] = {
    "GET /intrekken": everybody(200),
    "POST /intrekken": everybody(400),
    "GET /intrekken/kies": everybody(303),
    "POST /intrekken/kies": everybody(400),
    "GET /mijn-pagina": everybody(200, dict.fromkeys(AT_HOME, 303)),
    "POST /mijn-pagina": everybody(400),
    "GET /mijn-pagina/cijfers": everybody(303),
    "POST /mijn-pagina/cijfers": everybody(400),
    "GET /mijn-pagina/keuzes": own_page(200),
    "POST /mijn-pagina/stoppen": STOPS,
    "POST /mijn-pagina/bezwaar": STOPS,
    "POST /mijn-pagina/bezwaar/weg": own_page(404),
    "GET /mijn-pagina/vraag": own_page(303),
    "POST /mijn-pagina/vraag": own_page(404),
    "GET /mijn-pagina/vraag/antwoord": own_page(303),
    "POST /mijn-pagina/vraag/antwoord": own_page(404),
    "GET /mijn-pagina/berichten": own_page(200),
    "POST /mijn-pagina/berichten/gelezen": own_page(404),
    "POST /mijn-pagina/berichten/instellen": own_page(400),
    "GET /mijn-pagina/rechten": own_page(200),
    "POST /mijn-pagina/rechten": own_page(303),
    "GET /mijn-pagina/rechten/intrekken": own_page(303),
    "POST /mijn-pagina/rechten/intrekken": own_page(404),
    "GET /mijn-pagina/wie-keek": own_page(200),
    "GET /mijn-pagina/tijdlijn": own_page(200),
    "GET /mijn-pagina/dossier": own_page(200),
    "POST /mijn-pagina/dossier": own_page(404),
    "GET /mijn-pagina/logboek": own_page(303),
    "POST /mijn-pagina/logboek": own_page(200),
    "GET /mijn-pagina/klopt-niet": own_page(200),
    "POST /mijn-pagina/klopt-niet": own_page(404),
    "GET /mijn-pagina/gesprekken": own_page(200),
    "POST /mijn-pagina/gesprekken": own_page(400),
    "GET /mijn-pagina/meldcode": own_page(200),
    "GET /mijn-pagina/pincode": own_page(200),
    "POST /mijn-pagina/pincode": own_page(400),
    "POST /mijn-pagina/weg": everybody(303),
}
