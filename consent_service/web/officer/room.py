"""What the officers' pages have in common: where they are, and the way from one to the other."""

from __future__ import annotations

from consent_service.foundation.i18n import N_, translator
from consent_service.identity.model import Fg
from consent_service.web.pages import NavigationLink
from consent_service.web.visit import Officer, Visit

_PAGES = (
    ("bureau", N_("Bureau")),
    ("", N_("Logboek")),
    ("verzoeken", N_("Verzoeken")),
    ("taken", N_("Taken")),
    ("vragen", N_("Vragen en steekproef")),
    ("teksten", N_("Teksten")),
    ("patronen", N_("Patronen")),
    ("noodgevallen", N_("Noodgevallen")),
    ("teruggeroepen", N_("Teruggeroepen")),
    ("datalekken", N_("Datalekken")),
    ("wissen", N_("Wissen")),
    ("cijfers", N_("Cijfers")),
    ("bewaren", N_("Bewaartermijnen")),
    ("verantwoording", N_("Verantwoording")),
    ("spelregels", N_("Spelregels")),
    ("schoolmedewerkers", N_("Medewerkers van scholen")),
    ("adressen", N_("Adressen voor berichten")),
    ("regios", N_("Regio's en signalen")),
)
"""Part of the address, and what it is called; the part is also how a page says where it is."""

_DECIDES = frozenset({"regios", "adressen"})
"""Settings of whoever decides; the FG finds each change in the log."""


def home(actor: Officer, *parts: str) -> str:
    """An address of this officer's shelter."""
    return "/".join((f"/toezicht/{actor.tenant}", *parts))


async def navigation(visit: Visit, actor: Officer, here: str) -> tuple[NavigationLink, ...]:
    """The links above every page; `here` is the part of the address."""
    said = translator(visit.language)
    proposals = await visit.services.policy_changes.waiting(actor)
    tasks = await visit.services.tasks.open_tasks(actor)
    waiting = {"taken": len(tasks) + sum(one.yours for one in proposals), "spelregels": len(proposals)}
    return tuple(
        NavigationLink(
            home(actor, part) if part else home(actor),
            said.text(label),
            part == here,
            waiting.get(part, 0),
        )
        for part, label in _PAGES
        if part not in _DECIDES or not isinstance(actor, Fg)
    )
