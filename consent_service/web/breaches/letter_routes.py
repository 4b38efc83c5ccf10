"""The people a breach is about, and a letter for one of them at a time (AVG 34)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import NotFoundError, Problem
from consent_service.foundation.i18n import language_name, translator
from consent_service.foundation.ids import is_id
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.breaches.letters import LetterPaper
from consent_service.rights.breaches.letters_model import LETTER, GivenBy, Letter, WithheldGround
from consent_service.rights.breaches.people import FamilyAffected, Named
from consent_service.web.breaches.acting import coordinator
from consent_service.web.breaches.letter_words import TITLE, TOGETHER, paragraphs
from consent_service.web.breaches.showing import HERE, at
from consent_service.web.breaches.views import FamilyCard, PaperPage, PaperText, PeoplePage, PersonLine
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import navigation
from consent_service.web.visit import Officer, Visit

_ONE: Final = "/toezicht/{tenant:str}/datalekken/{breach:str}"
_LETTER: Final = _ONE + "/brieven/{letter:str}"
_DONE: Final = "datalek-bijgewerkt"


@get(_ONE + "/mensen", include_in_schema=False)
async def people(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    """Names are opened for this page; that they were is logged."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    after = visit.request.query_params.get("na", "")
    if after and not is_id(after):
        raise NotFoundError("page of people")
    return await _show_people(visit, actor, breach, after=after)


@post(_ONE + "/brieven", include_in_schema=False)
async def prepare(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str]
) -> Response[Any]:
    """Puts letters ready; doing it twice adds nothing, and nothing is sent."""
    actor = coordinator(visit.officer(tenant))
    await visit.services.breach_letters.prepare(actor, breach)
    return visit.redirect(at(actor, breach, "mensen"), done="datalek-brieven")


@post(_LETTER + "/toch", include_in_schema=False)
async def allow(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str], letter: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    if not form.ticked("weighed"):
        return await _show_people(visit, actor, breach, problems=[Problem("weighed", "breach.weigh_letter")])
    await visit.services.breach_letters.allow(actor, breach, letter)
    return visit.redirect(at(actor, breach, "mensen"), done=_DONE)


@post(_LETTER + "/printen", include_in_schema=False, status_code=200)
async def print_letter(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str], letter: FromPath[str]
) -> Response[Any]:
    """Answered on the POST itself: the letter is shown once and no address leads to it."""
    actor = coordinator(visit.officer(tenant))
    paper = await visit.services.breach_letters.make(actor, breach, letter)
    if paper is None:
        return await _show_people(visit, actor, breach, problems=[Problem("weighed", "breach.letter_held")])
    own = paper.letter.is_own_language
    view = PaperPage(
        back_href=at(actor, breach, "mensen"),
        together="" if own else language_name(paper.letter.language),
        texts=tuple(_text(paper, one, own=own) for one in paper.letter.languages),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@post(_LETTER + "/gegeven", include_in_schema=False)
async def give(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str], letter: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    how = form.choice("given_how", get_args(GivenBy))
    if form.problems:
        return await _show_people(visit, actor, breach, problems=form.problems)
    if not await visit.services.breach_letters.give(actor, breach, letter, how):
        return await _show_people(visit, actor, breach, problems=[Problem("weighed", "breach.letter_held")])
    return visit.redirect(at(actor, breach, "mensen"), done=_DONE)


@post(_LETTER + "/niet", include_in_schema=False)
async def withhold(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str], letter: FromPath[str]
) -> Response[Any]:
    actor = coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    ground = form.choice("withheld_ground", get_args(WithheldGround))
    if form.problems:
        return await _show_people(visit, actor, breach, problems=form.problems)
    await visit.services.breach_letters.withhold(actor, breach, letter, ground)
    return visit.redirect(at(actor, breach, "mensen"), done=_DONE)


@get(_LETTER + "/printen", include_in_schema=False)
async def no_letter(
    visit: NamedDependency[Visit], tenant: FromPath[str], breach: FromPath[str], letter: FromPath[str]
) -> Response[Any]:
    """Coming back to the address prints nothing: printing is a deed of its own."""
    del letter
    return visit.redirect(at(visit.officer(tenant), breach, "mensen"))


ROUTES: list[HTTPRouteHandler] = [people, prepare, allow, print_letter, no_letter, give, withhold]


async def _show_people(
    visit: Visit, actor: Officer, breach: str, *, after: str = "", problems: Sequence[Problem] = ()
) -> Response[Any]:
    found = await visit.services.breach_letters.people(actor, breach, after=after)
    view = PeoplePage(
        back_href=at(actor, breach),
        here=at(actor, breach, "mensen"),
        families=tuple(_card(actor, breach, one) for one in found.families),
        after=found.next,
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


def _card(actor: Officer, breach: str, one: FamilyAffected) -> FamilyCard:
    return FamilyCard(one.safety, one.secret, tuple(_line(actor, breach, who) for who in one.people))


def _line(actor: Officer, breach: str, who: Named) -> PersonLine:
    letter = who.letter
    if letter is None:
        return PersonLine(who.name, who.child, who.certain)
    return PersonLine(
        name=who.name,
        child=who.child,
        certain=who.certain,
        state=letter.state,
        held=letter.held or "" if letter.state == "held" else "",
        ground=letter.ground or "",
        language=language_name(letter.language),
        letter=letter.letter,
        **_actions(actor, breach, letter),
    )


def _actions(actor: Officer, breach: str, letter: Letter) -> dict[str, str]:
    """What can be done with it now, by who decides."""
    acts = LETTER.acts_in(letter.state) if isinstance(actor, PrivacyCoordinator) else ()
    there = {
        "allow_action": ("allow", "toch"),
        "print_action": ("give", "printen"),
        "give_action": ("give", "gegeven"),
        "withhold_action": ("withhold", "niet"),
    }
    return {
        name: at(actor, breach, "brieven", letter.letter, part) if act in acts else ""
        for name, (act, part) in there.items()
    }


def _text(paper: LetterPaper, language: str, *, own: bool) -> PaperText:
    said = translator(language)
    lines = tuple(paragraphs(paper, said))
    return PaperText(language, said.text(TITLE), lines if own else (*lines, said.text(TOGETHER)))
