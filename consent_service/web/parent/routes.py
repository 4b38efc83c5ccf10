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
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.rights.service import Disclosure
from consent_service.web.components import Option
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
    GivenGroup,
    LookedLine,
    OwnAnswer,
    OwnAnswers,
    OwnChoicesPage,
    WhoLookedPage,
    WithdrawChoosePage,
    WithdrawCodePage,
    WithdrawnPage,
)
from consent_service.web.visit import TooManyTriesError, Visit, open_stop_visit
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
    _require_patience(visit)
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
    _require_patience(visit)
    coded = FormReader(visit.posted)
    code = read_withdrawal_code(coded, CODE_TOKEN)
    if coded.problems:
        return _code_again(visit, [Problem(CODE, CODE_MISTAKEN)])
    form = FormReader(visit.posted)
    keys = read_withdrawal(form, visit.services.policies.proposal.catalogue.types)
    try:
        if form.problems:
            return await _choose_page(visit, code, problems=form.problems)
        stopped = keys or await _named(visit, code)
        accepted = await visit.services.consent.withdraw_by_code(code, keys)
    except InputError:
        return _code_again(visit, [Problem(CODE, CODE_MISTAKEN)])
    if not accepted.written:
        _tries(visit).count(_address(visit), accepted.at)
    more = "" if not keys else _WITHDRAW
    return visit.show_to_anyone(_withdrawn(visit, accepted, stopped, more_href=more))


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
    """What runs now, by child number and type; with the database away only "everything".

    Raises:
        InputError: nobody's code.
    """
    groups: tuple[GivenGroup, ...] = ()
    away = False
    try:
        groups = await _given_groups(visit, code)
    except UnavailableError:
        away = True
    form = FormState.of(visit.posted, problems, language=visit.language) if problems else EMPTY
    view = WithdrawChoosePage(_CHOOSE, code, groups, form, only_all=away)
    return visit.show_to_anyone(view, status=400 if problems else 200)


async def _given_groups(visit: Visit, code: str) -> tuple[GivenGroup, ...]:
    """One group per child; one box per type, also when the child goes to two schools."""
    tenant = (await visit.services.consent.holder_of_code(code)).tenant
    children: dict[PersonId, dict[TypeKey, list[Key]]] = {}
    for key in await _given_by_code(visit, code):
        relationship = await visit.services.families.relationship(tenant, key[0])
        children.setdefault(relationship.child, {}).setdefault(key[1], []).append(key)
    said = translator(visit.language)
    return tuple(
        GivenGroup(
            said.text(N_("Kind {number}"), number=number),
            tuple(Option(value_of(keys), _label(visit, kind)) for kind, keys in kinds.items()),
        )
        for number, kinds in enumerate(children.values(), start=1)
    )


async def _given_by_code(visit: Visit, code: str) -> tuple[Key, ...]:
    """What runs now.

    Raises:
        InputError: nobody's code.
        UnavailableError: that cannot be looked up.
    """
    return _given(await visit.services.consent.answers_by_code(code))


async def _named(visit: Visit, code: str) -> tuple[Key, ...]:
    """What "everything" is, to name it; nothing when that cannot be looked up."""
    try:
        return await _given_by_code(visit, code)
    except UnavailableError:
        return ()


def _code_again(visit: Visit, problems: Sequence[Problem]) -> Response[str]:
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
    family = await visit.services.families.own_family(actor)
    standings = await visit.services.consent.own_answers(actor)
    places = await _organisations(visit, actor, family)
    names = {child.child: child.identity.given_names for child in family.children}
    children = tuple(
        OwnAnswers(names[one.child], places[one.relationship], answers)
        for one in family.relationships
        if (answers := _answers_about(visit, one, standings))
    )
    form = FormState.of(visit.posted, problems, language=visit.language) if problems else EMPTY
    view = OwnChoicesPage(_OWN_CHOICES, _WHO_LOOKED, _INTAKE, children, form)
    return await visit.show(view, status=400 if problems else 200)


def _answers_about(
    visit: Visit, about: Relationship, standings: Mapping[Key, Standing]
) -> tuple[OwnAnswer, ...]:
    return tuple(
        OwnAnswer(_label(visit, key[1]), _answer(standing), value_of([key]) if _runs(standing) else "")
        for key, standing in standings.items()
        if key[0] == about.relationship
    )


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
