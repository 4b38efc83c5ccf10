"""What the officers' pages have in common: where they are, and the way from one to the other."""

from __future__ import annotations

from typing import Final

from consent_service.foundation.i18n import N_, translator
from consent_service.identity.model import Fg
from consent_service.web.pages import NavigationLink
from consent_service.web.visit import Officer, Visit

_GROUPS: Final = (
    (N_("Bureau"), (("bureau", N_("Bureau")), ("taken", N_("Taken")))),
    (N_("Logboek"), (("", N_("Logboek")), ("vragen", N_("Vragen en steekproef")))),
    (
        N_("Verzoeken"),
        (("verzoeken", N_("Verzoeken")), ("wissen", N_("Wissen")), ("teruggeroepen", N_("Teruggeroepen"))),
    ),
    (N_("Datalekken"), (("datalekken", N_("Datalekken")), ("noodgevallen", N_("Noodgevallen")))),
    (
        N_("Spelregels"),
        (("spelregels", N_("Spelregels")), ("teksten", N_("Teksten")), ("patronen", N_("Patronen"))),
    ),
    (
        N_("Verantwoording"),
        (
            ("verantwoording", N_("Verantwoording")),
            ("bewaren", N_("Bewaartermijnen")),
            ("cijfers", N_("Cijfers")),
        ),
    ),
    (
        N_("Instellingen"),
        (
            ("schoolmedewerkers", N_("Medewerkers van scholen")),
            ("adressen", N_("Adressen voor berichten")),
            ("regios", N_("Regio's en signalen")),
        ),
    ),
)
"""What belongs together: part of the address, and what it is called; by the part a page says where it is."""

_DECIDES = frozenset({"regios", "adressen"})
"""Settings of whoever decides; the FG finds each change in the log."""


def home(actor: Officer, *parts: str) -> str:
    """An address of this officer's shelter."""
    return "/".join((f"/toezicht/{actor.tenant}", *parts))


def _at(actor: Officer, part: str) -> str:
    return home(actor, part) if part else home(actor)


async def navigation(visit: Visit, actor: Officer, here: str) -> tuple[NavigationLink, ...]:
    """The groups above every page with what each leads to; `here` is the part of the address."""
    said = translator(visit.language)
    proposals = await visit.services.policy_changes.waiting(actor)
    tasks = await visit.services.tasks.open_tasks(actor)
    waiting = {"taken": len(tasks) + sum(one.yours for one in proposals), "spelregels": len(proposals)}
    hidden = _DECIDES if isinstance(actor, Fg) else frozenset[str]()
    groups = []
    for label, parts in _GROUPS:
        pages = tuple(
            NavigationLink(
                home(actor, part) if part else home(actor),
                said.text(name),
                part == here,
                waiting.get(part, 0),
            )
            for part, name in parts
            if part not in hidden
        )
        inside, count = any(one.current for one in pages), sum(one.count for one in pages)
        groups.append(NavigationLink(pages[0].href, said.text(label), inside, count, pages))
    return tuple(groups)
