"""Pages of supervision: for privacy coordinator and FG, what changes something for the coordinator."""

from __future__ import annotations

from typing import Final

from tests.web.who_may_call.roles import Row, coordinator, officers

TABLE: Final[dict[str, Row]] = {
    "GET /toezicht/{tenant}": officers(200),
    "POST /toezicht/{tenant}/zoeken": officers(200),
    "GET /toezicht/{tenant}/zoeken": officers(303),
    "GET /toezicht/{tenant}/stand": officers(200),
    "POST /toezicht/{tenant}/stand": officers(404),
    "GET /toezicht/{tenant}/stand/nu": officers(200),
    "GET /toezicht/{tenant}/regels/{entry}": officers(200),
    "GET /toezicht/{tenant}/regels/{entry}/bewijs": officers(200),
    "POST /toezicht/{tenant}/regels/{entry}/vrijgeven": coordinator(404),
    "GET /toezicht/{tenant}/controle": officers(303),
    "POST /toezicht/{tenant}/controle": officers(200),
    "GET /toezicht/{tenant}/patronen": officers(200),
    "GET /toezicht/{tenant}/teruggeroepen": officers(200),
    "GET /toezicht/{tenant}/cijfers": officers(200),
    "POST /toezicht/{tenant}/cijfers": coordinator(400),
    "GET /toezicht/{tenant}/cijfers/{period}": officers(404),
    "POST /toezicht/{tenant}/cijfers/{period}/csv": officers(404),
    "GET /toezicht/{tenant}/cijfers/{period}/csv": officers(303),
    "GET /toezicht/{tenant}/taken": officers(200),
    "POST /toezicht/{tenant}/taken/{task}/klaar": coordinator(404),
    "GET /toezicht/{tenant}/schoolmedewerkers": officers(200),
    "GET /toezicht/{tenant}/schoolmedewerkers/{member}/weg": coordinator(200),
    "POST /toezicht/{tenant}/schoolmedewerkers/{member}/weg": coordinator(303),
    "GET /toezicht/{tenant}/teksten": officers(200),
    "GET /toezicht/{tenant}/teksten/{text}": officers(200),
    "GET /toezicht/{tenant}/teksten/{text}/fout": coordinator(200),
    "POST /toezicht/{tenant}/teksten/{text}/fout": coordinator(303),
    "POST /toezicht/{tenant}/teksten/{text}/goed": coordinator(303),
    "GET /toezicht/{tenant}/regels/{entry}/opnieuw": officers(303),
    "POST /toezicht/{tenant}/regels/{entry}/opnieuw": officers(200),
    "GET /toezicht/{tenant}/spelregels": officers(200),
    "GET /toezicht/{tenant}/spelregels/in-woorden": officers(200),
    "GET /toezicht/{tenant}/spelregels/wie-mag-wat": officers(200),
    "GET /toezicht/{tenant}/spelregels/bewerken": coordinator(200),
    "POST /toezicht/{tenant}/spelregels/bewerken": coordinator(400),
    "POST /toezicht/{tenant}/spelregels/voorstellen/software": coordinator(400),
    "POST /toezicht/{tenant}/spelregels/voorstellen/eerder/{bundle}": coordinator(400),
    "POST /toezicht/{tenant}/spelregels/voorstellen/bestand": coordinator(400),
    "GET /toezicht/{tenant}/spelregels/voorstellen/{proposal}": officers(404),
    "POST /toezicht/{tenant}/spelregels/voorstellen/{proposal}/goedkeuren": coordinator(404),
    "POST /toezicht/{tenant}/spelregels/voorstellen/{proposal}/intrekken": coordinator(404),
    "POST /toezicht/{tenant}/spelregels/voorstellen/{proposal}/invoeren": coordinator(404),
}
