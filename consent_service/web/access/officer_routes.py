"""The file of a request at the desk: made, looked through, printed; and the letter of a refusal.

The coordinator does; the FG sees how it stands, and no text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.i18n import SUPPORTED
from consent_service.foundation.ids import is_id
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.access.redacting import CHOICES
from consent_service.rights.cases.model import Channel
from consent_service.web.access.showing import (
    FIELD,
    PDF,
    as_download,
    field_labels,
    file_page,
    kept_by_default,
)
from consent_service.web.access.views import RefusalPage, RefusalText
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit

_HERE: Final = "verzoeken"
_CASE: Final = "/toezicht/{tenant:str}/verzoeken/{case:str}"
_MOST_TEXTS: Final = 5000


@get(f"{_CASE}/dossier", include_in_schema=False)
async def show_file(
    visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    return await _show(visit, actor, _known(case))


@post(f"{_CASE}/dossier/maken", include_in_schema=False)
async def make(visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]) -> Response[Any]:
    """Twice makes it anew, from what is there then."""
    actor = _coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    try:
        await visit.services.access.make(
            actor, _known(case), weighed=form.ticked("weighed"), with_children=form.ticked("with_children")
        )
    except InputError as refused:
        return await _show(visit, actor, case, refused.problems)
    return visit.redirect(_address(actor, case), done="dossier-gemaakt")


@post(f"{_CASE}/dossier/nakijken", include_in_schema=False)
async def look_through(
    visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    """Sent twice, the second finds it done; made anew by somebody else since, it is looked at again."""
    actor = _coordinator(visit.officer(tenant))
    chosen = {
        number: visit.posted.first(f"{FIELD}{number}")
        for number in range(_MOST_TEXTS)
        if visit.posted.first(f"{FIELD}{number}") in CHOICES
    }
    try:
        await visit.services.access.look_through(actor, _known(case), visit.posted.first("file"), chosen)
    except InputError as refused:
        return await _show(visit, actor, case, refused.problems)
    except ConflictError:
        return visit.redirect(_address(actor, case))
    return visit.redirect(_address(actor, case), done="dossier-klaar")


@post(f"{_CASE}/dossier/papier", include_in_schema=False, status_code=200)
async def print_out(
    visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    """To be printed and handed over or sent by post, never by mail; each time is an entry."""
    actor = _coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    channel = form.choice("channel", ("conversation", "letter"))
    language = form.choice("file_language", SUPPORTED)
    if form.problems:
        return await _show(visit, actor, _known(case), form.problems)
    try:
        way: Channel = "letter" if channel == "letter" else "conversation"
        made = await visit.services.access.print_out(actor, _known(case), way)
    except InputError as refused:
        return await _show(visit, actor, case, refused.problems)
    return await as_download(visit, made, PDF, language)


@get(
    [f"{_CASE}/dossier/{part}" for part in ("maken", "nakijken", "papier", "opnieuw")],
    include_in_schema=False,
)
async def back_to_file(
    visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]
) -> Response[Any]:
    """Coming back to the address of a deed does nothing."""
    actor = visit.officer(tenant)
    return visit.redirect(_address(actor, _known(case)))


@post(f"{_CASE}/dossier/opnieuw", include_in_schema=False)
async def reopen(visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]) -> Response[Any]:
    """The request is decided anew; sent twice, the second finds it so."""
    actor = _coordinator(visit.officer(tenant))
    try:
        await visit.services.cases.reopen(actor, _known(case))
    except ConflictError:
        return visit.redirect(_address(actor, case))
    return visit.redirect(_address(actor, case), done="dossier-opnieuw")


@get(f"{_CASE}/brief", include_in_schema=False)
async def letter(visit: NamedDependency[Visit], tenant: FromPath[str], case: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    found = await visit.services.case_letters.refusal(actor, _known(case), *SUPPORTED)
    view = RefusalPage(
        back_href=home(actor, _HERE, found.case.case),
        letters=tuple(RefusalText(one.language, one.title, one.paragraphs) for one in found.letters),
        not_before=found.not_before,
        neutral=found.case.neutral,
    )
    return await visit.show(view, navigation=await navigation(visit, actor, _HERE))


ROUTES: list[HTTPRouteHandler] = [
    show_file,
    make,
    look_through,
    print_out,
    back_to_file,
    reopen,
    letter,
]


def _known(case: str) -> str:
    if not is_id(case):
        raise NotFoundError("case")
    return case


def _address(actor: Officer, case: str) -> str:
    return home(actor, _HERE, case, "dossier")


def _coordinator(actor: Officer) -> PrivacyCoordinator:
    """Who decides; the FG watches (AVG 38(6)).

    Raises:
        NotAllowedError: the FG.
    """
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("decide_case: not_your_role")
    return actor


async def _show(visit: Visit, actor: Officer, case: str, problems: Sequence[Problem] = ()) -> Response[str]:
    found = await visit.services.access.view(actor, case)
    labels = field_labels(visit, len(found.texts))
    form = FormState.of(visit.posted, problems, language=visit.language, labels=labels)
    view = file_page(visit, actor, found)
    shown = file_page(visit, actor, found, kept_by_default(form, view))
    status = 400 if problems else 200
    return await visit.show(shown, status=status, navigation=await navigation(visit, actor, _HERE))
