"""The texts that consents rest on: what they say, what rests on them, and taking a wrong one out of use."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.consent.texts import OUT_OF_USE, UsedText
from consent_service.foundation.i18n import N_, language_name, translator
from consent_service.identity.model import Fg
from consent_service.web.officer.room import home, navigation
from consent_service.web.officer.views import TextLine, TextPage, TextsPage, Words, WrongTextPage
from consent_service.web.visit import Officer, Visit

_HERE: Final = "teksten"
_SHORT: Final = 12
_PLACES: Final = {
    "label": N_("Naam"),
    "question": N_("Vraag"),
    "explanation": N_("Uitleg"),
    "who_sees": N_("Wie ziet het"),
    "until": N_("Tot wanneer"),
    "never": N_("Nooit"),
}
"""What the parts of a text are called; the words of a field stand under the field's own name."""


@get("/toezicht/{tenant:str}/teksten", include_in_schema=False)
async def texts(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await visit.services.wording.used(actor)
    lines = [(one.first_used_at, _line(visit, actor, one)) for one in found]
    view = TextsPage(
        used=tuple(line for first, line in lines if first is not None or line.out_of_use),
        unused=tuple(line for first, line in lines if first is None and not line.out_of_use),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, _HERE))


@get("/toezicht/{tenant:str}/teksten/{text:str}", include_in_schema=False)
async def text(visit: NamedDependency[Visit], tenant: FromPath[str], text: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await visit.services.wording.preview(actor, text)
    address = home(actor, _HERE, text)
    decides = not isinstance(actor, Fg)
    view = TextPage(
        back_href=home(actor, _HERE),
        text=_line(visit, actor, found),
        text_id=found.text_id,
        text_hash=found.text_hash,
        language_code=found.language,
        first_used_at=found.first_used_at,
        words=tuple(Words(_place(visit, place), words) for place, words in found.words),
        wrong_href=f"{address}/fout" if decides and found.state not in OUT_OF_USE else "",
        right_action=f"{address}/goed" if decides and found.state in OUT_OF_USE else "",
    )
    return await visit.show(view, navigation=await navigation(visit, actor, _HERE))


@get("/toezicht/{tenant:str}/teksten/{text:str}/fout", include_in_schema=False)
async def ask_wrong(
    visit: NamedDependency[Visit], tenant: FromPath[str], text: FromPath[str]
) -> Response[Any]:
    """Says first what it does: how many answers no longer count, and that somebody asks again."""
    actor = visit.officer(tenant)
    found = await visit.services.wording.to_suspend(actor, text)
    address = home(actor, _HERE, text)
    view = WrongTextPage(address, _line(visit, actor, found), f"{address}/fout")
    return await visit.show(view, navigation=await navigation(visit, actor, _HERE))


@post("/toezicht/{tenant:str}/teksten/{text:str}/fout", include_in_schema=False)
async def wrong(visit: NamedDependency[Visit], tenant: FromPath[str], text: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    await visit.services.wording.suspend(actor, text)
    return visit.redirect(home(actor, _HERE, text), done="tekst_fout")


@post("/toezicht/{tenant:str}/teksten/{text:str}/goed", include_in_schema=False)
async def right(visit: NamedDependency[Visit], tenant: FromPath[str], text: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    await visit.services.wording.resume(actor, text)
    return visit.redirect(home(actor, _HERE, text), done="tekst_goed")


ROUTES: list[HTTPRouteHandler] = [texts, text, ask_wrong, wrong, right]


def _line(visit: Visit, actor: Officer, found: UsedText) -> TextLine:
    spoken = visit.services.texts.of(visit.language).types.values()
    label = next((one.label for one in spoken if one.id == found.text_id), found.label)
    return TextLine(
        href=home(actor, _HERE, found.text_hash),
        label=label,
        language=language_name(found.language),
        version=found.version,
        short_hash=found.text_hash[:_SHORT],
        reviewed=found.review == "reviewed",
        out_of_use=found.state in OUT_OF_USE,
        current=found.current,
        resting=found.resting,
        waiting=found.waiting,
    )


def _place(visit: Visit, place: str) -> str:
    """What a part of a text is called, also where the words are those for the child itself."""
    said = translator(visit.language)
    name = place.removeprefix("child.")
    if name not in _PLACES:
        return place
    called = said.text(_PLACES[name])
    return called if name == place else said.text(N_("{place}, voor het kind"), place=called)
