"""The parent's own pages: stop with the code on the paper, see and stop one's own answers, who looked.

Stopping never asks why and takes no more steps than saying yes. It works without logging in, without a
script and with the database away; then the stop stands in the journal, and the page says so. A finder
of the paper learns no name and no school.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler

from consent_service.consent.model import Standing
from consent_service.consent.service import Key, StopAccepted, Target
from consent_service.families.model import FamilyView, Relationship
from consent_service.foundation.errors import InputError, Problem, UnavailableError
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.rights.service import Disclosure
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.parent.forms import (
    CODE,
    CODE_MISTAKEN,
    CODE_TOKEN,
    read_withdrawal,
    read_withdrawal_code,
    value_of,
)
from consent_service.web.parent.tries import CodeTries
from consent_service.web.parent.views import (
    LookedLine,
    OwnAnswer,
    OwnAnswers,
    OwnChoicesPage,
    WhoLookedPage,
    WithdrawChoosePage,
    WithdrawCodePage,
    WithdrawnPage,
)
from consent_service.web.turned_away import TooManyTriesError
from consent_service.web.visit import Visit, open_stop_visit
from consent_service.web.vocabulary import Answer

_STOP = {"visit": Provide(open_stop_visit)}
_WITHDRAW = "/intrekken"
_CHOOSE = "/intrekken/kies"
_OWN_CHOICES = "/intake/mijn-keuzes"
_WHO_LOOKED = "/intake/wie-keek-mee"
_INTAKE = "/intake"
_SHELTER = ""
"""Where a relationship's school would stand: the looker was of the shelter."""


@get(_WITHDRAW, include_in_schema=False, dependencies=_STOP)
async def withdraw_page(visit: NamedDependency[Visit]) -> Response[Any]:
    return visit.show_to_anyone(WithdrawCodePage(_WITHDRAW))


@post(_WITHDRAW, include_in_schema=False, dependencies=_STOP, status_code=200)
async def enter_code(visit: NamedDependency[Visit]) -> Response[Any]:
    """The code travels on in a form field: an address is kept in histories and logs."""
    form = FormReader(visit.posted)
    code = read_withdrawal_code(form)
    if form.problems:
        return _code_again(visit, form.problems)
    try:
        return await _choose_page(visit, code)
    except InputError:
        return _code_again(visit, [Problem(CODE, CODE_MISTAKEN)])


@get(_CHOOSE, include_in_schema=False, dependencies=_STOP)
async def choose_again(visit: NamedDependency[Visit]) -> Response[Any]:
    """Without the code there is nothing to choose from."""
    return visit.redirect(_WITHDRAW)


@post(_CHOOSE, include_in_schema=False, dependencies=_STOP, status_code=200)
async def withdraw(visit: NamedDependency[Visit]) -> Response[Any]:
    """Sending this twice stops the same once more, which changes nothing."""
    coded = FormReader(visit.posted)
    code = read_withdrawal_code(coded, CODE_TOKEN)
    if coded.problems:
        return _code_again(visit, [Problem(CODE, CODE_MISTAKEN)])
    form = FormReader(visit.posted)
    keys = read_withdrawal(form, visit.services.policies.proposal.catalogue.types)
    try:
        if form.problems:
            return await _choose_page(visit, code, problems=form.problems)
        accepted = await visit.services.consent.withdraw_by_code(code, keys)
    except InputError:
        return _code_again(visit, [Problem(CODE, CODE_MISTAKEN)])
    return visit.show_to_anyone(_withdrawn(visit, accepted, (), more_href=""))


@get(_OWN_CHOICES, include_in_schema=False)
async def own_choices(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _own_choices_page(visit, visit.guardian())


@post(_OWN_CHOICES, include_in_schema=False, dependencies=_STOP)
async def withdraw_own(visit: NamedDependency[Visit]) -> Response[Any]:
    actor = visit.guardian()
    form = FormReader(visit.posted)
    keys = read_withdrawal(form, visit.services.policies.proposal.catalogue.types)
    if form.problems:
        return await _own_choices_page(visit, actor, problems=form.problems)
    target = Target(actor.tenant, actor.family, actor.guardian, keys)
    accepted = await visit.services.consent.withdraw(actor, target, method="tablet")
    if accepted.written:
        return visit.redirect(_OWN_CHOICES, done="ingetrokken")
    return visit.show_to_anyone(_withdrawn(visit, accepted, keys, more_href=""))


@get(_WHO_LOOKED, include_in_schema=False)
async def who_looked(visit: NamedDependency[Visit]) -> Response[Any]:
    actor = visit.guardian()
    family = await visit.services.families.own_family(actor)
    found = await visit.services.rights.who_looked(actor)
    places = await _organisations(visit, actor, family)
    names = {child.child: child.identity.given_names for child in family.children}
    looks = tuple(_looked_line(visit, one, names, places) for one in found)
    return await visit.show(WhoLookedPage(looks, back_href=_OWN_CHOICES))


ROUTES: list[HTTPRouteHandler] = [
    withdraw_page,
    enter_code,
    choose_again,
    withdraw,
    own_choices,
    withdraw_own,
    who_looked,
]


# --- with the code ---------------------------------------------------------------------------


async def _choose_page(visit: Visit, code: str, *, problems: Sequence[Problem] = ()) -> Response[str]:
    """Only "everything": whoever finds a receipt must not learn from its code what runs, or for whom (S50).

    Stopping a part goes on the tablet, or through the counsellor.

    Raises:
        InputError: nobody's code.
    """
    away = False
    try:
        await visit.services.consent.holder_to_stop(code)
    except UnavailableError:
        away = True
    form = FormState.of(visit.posted, problems, language=visit.language) if problems else EMPTY
    view = WithdrawChoosePage(_CHOOSE, code, form, away=away)
    return visit.show_to_anyone(view, status=400 if problems else 200)


def _code_again(visit: Visit, problems: Sequence[Problem]) -> Response[str]:
    """Only a code that fits nothing is counted and made to wait: a parent with a code never waits."""
    _require_patience(visit)
    _tries(visit).count(_address(visit), visit.services.installation.clock.now())
    form = FormState.of(visit.posted, problems, language=visit.language)
    return visit.show_to_anyone(WithdrawCodePage(_WITHDRAW, form), status=400)


def _require_patience(visit: Visit) -> None:
    if _tries(visit).is_over(_address(visit), visit.services.installation.clock.now()):
        raise TooManyTriesError("too many codes that fit nothing")


def _tries(visit: Visit) -> CodeTries:
    return visit.doors.code_tries


def _address(visit: Visit) -> str:
    client = visit.request.client
    return "" if client is None else client.host


# --- with the tablet -------------------------------------------------------------------------


async def _own_choices_page(
    visit: Visit, actor: GuardianActor, *, problems: Sequence[Problem] = ()
) -> Response[str]:
    family = await visit.services.families.own_family(actor, at_tablet=True)
    standings = await visit.services.consent.own_answers(actor)
    places = await _organisations(visit, actor, family)
    names = {child.child: child.identity.given_names for child in family.children}
    children = tuple(
        OwnAnswers(names[one.child], places[one.relationship], answers)
        for one in family.relationships
        if (answers := _answers_about(visit, one, standings))
    )
    form = FormState.of(visit.posted, problems, language=visit.language) if problems else EMPTY
    about_me = _about_me(visit, family, standings)
    view = OwnChoicesPage(_OWN_CHOICES, _WHO_LOOKED, _INTAKE, children, form, about_me)
    return await visit.show(view, status=400 if problems else 200)


def _answers_about(
    visit: Visit, about: Relationship, standings: Mapping[Key, Standing]
) -> tuple[OwnAnswer, ...]:
    return tuple(
        OwnAnswer(_label(visit, key[1]), _answer(standing), value_of([key]) if _runs(standing) else "")
        for key, standing in standings.items()
        if key[0] == about.relationship
    )


def _about_me(visit: Visit, family: FamilyView, standings: Mapping[Key, Standing]) -> tuple[OwnAnswer, ...]:
    """What one told about oneself where no child above shows it: it goes on, so it can be stopped."""
    shown = {one.relationship for one in family.relationships}
    told: dict[TypeKey, list[Key]] = {}
    for key, standing in standings.items():
        kind = visit.services.policies.proposal.catalogue.types[key[1]]
        if kind.decided_by == "own_guardian" and key[0] not in shown and _runs(standing):
            told.setdefault(kind.key, []).append(key)
    return tuple(OwnAnswer(_label(visit, key), "yes", value_of(keys)) for key, keys in told.items())


def _answer(standing: Standing) -> Answer:
    if standing.objecting:
        return "objected"
    return "expired" if standing.expired else standing.answer


async def _organisations(visit: Visit, actor: GuardianActor, family: FamilyView) -> dict[str, str]:
    """The school's name by relationship, and the shelter's own."""
    organisations = visit.services.organisations
    places = {_SHELTER: (await organisations.tenant(actor.tenant)).name}
    for one in family.relationships:
        places[one.relationship] = (await organisations.school(actor.tenant, one.school)).name
    return places


def _looked_line(
    visit: Visit, one: Disclosure, names: Mapping[PersonId, str], places: Mapping[str, str]
) -> LookedLine:
    place = one.relationship if one.reader_kind == "school" else _SHELTER
    return LookedLine(
        at=one.at,
        child=names.get(one.child, ""),
        organisation=places.get(place, ""),
        role=one.role,
        purpose=one.purpose,
        types=tuple(_label(visit, key) for key in one.types),
    )


# --- both ------------------------------------------------------------------------------------


def _withdrawn(visit: Visit, accepted: StopAccepted, keys: Iterable[Key], *, more_href: str) -> WithdrawnPage:
    labels = tuple(dict.fromkeys(_label(visit, kind) for _, kind in keys))
    return WithdrawnPage(accepted.at, labels, more_href, late=not accepted.written)


def _given(standings: Mapping[Key, Standing]) -> tuple[Key, ...]:
    return tuple(key for key, standing in standings.items() if _runs(standing))


def _runs(standing: Standing) -> bool:
    return standing.answer == "yes" and not standing.expired


def _label(visit: Visit, key: TypeKey) -> str:
    return visit.services.texts.of_type(visit.language, key).label
