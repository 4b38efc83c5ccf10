"""Pages at a lent tablet: for whom it was lent to, and the PIN that takes it back."""

from __future__ import annotations

from typing import Final

from tests.web.who_may_call.roles import Row, tablet

TABLE: Final[dict[str, Row]] = {
    "GET /tablet-terug": tablet(200, other=200, child=200),
    "POST /tablet-terug": tablet(400, other=400, child=400),
    "GET /intake": tablet(303, other=200, child=303),
    "GET /intake/{sitting}": tablet(200),
    "POST /intake/{sitting}/begin": tablet(303),
    "POST /intake/{sitting}/taal": tablet(303),
    "GET /intake/{sitting}/uitleg/{number}": tablet(200),
    "POST /intake/{sitting}/uitleg/{number}": tablet(200),
    "GET /intake/{sitting}/vraag/{number}": tablet(200),
    "POST /intake/{sitting}/vraag/{number}": tablet(303),
    "POST /intake/{sitting}/nu-niet": tablet(303),
    "POST /intake/{sitting}/bewaren": tablet(303),
    "GET /intake/{sitting}/bewaard": tablet(303),
    "POST /intake/{sitting}/zelf": tablet(303),
    "GET /intake/{sitting}/zelf-vertellen": tablet(303),
    "GET /kind/{language}/{interpreter}": tablet(401, other=401, child=404, young=200),
    "POST /kind/{language}/{interpreter}": tablet(401, other=401, child=404, young=400),
    "GET /kind/{language}/{interpreter}/klaar": tablet(401, other=401, child=404, young=200),
    "GET /intake/{sitting}/controle": tablet(303),
    "GET /intake/{sitting}/tekenen": tablet(303),
    "POST /intake/{sitting}/tekenen": tablet(303),
    "GET /intake/{sitting}/bewijs": tablet(303),
    "GET /intake/{sitting}/bewijs/code": tablet(303),
    "GET /intake/{sitting}/klaar": tablet(200),
    "GET /intake/{sitting}/bewijs.pdf": tablet(404),
    "GET /intake/{sitting}/bewijs/code.pdf": tablet(404),
    "GET /intake/{sitting}/bewijs.json": tablet(404),
    "GET /intake/eigen-pagina": tablet(200, other=200, child=200),
    "POST /intake/eigen-pagina": tablet(400, other=400, child=400),
    "GET /intake/mijn-keuzes": tablet(200, other=200, child=401),
    "POST /intake/mijn-keuzes": {
        **tablet(400, other=400, child=401),
        "locked counsellor": 401,  # a stop is taken from a locked screen too; this one is no guardian's
    },
    "GET /intake/wie-keek-mee": tablet(200, other=200, child=401),
}
