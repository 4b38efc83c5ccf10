"""Linking one's own login with an invitation: type the code, log in, say to be the one who was invited.

What the browser holds between the steps is a cookie with a token (`identity.invitations`), never anything
from an address. Whose invitation it is stands on no page before somebody of the right school logged in.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import translator
from consent_service.identity.form_tokens import csrf_fits, csrf_token
from consent_service.identity.invitations import CodeRefused, Confirmable
from consent_service.identity.model import LoginRefused, SchoolStaff
from consent_service.identity.providers import Provider
from consent_service.web.forms import FormReader, FormState
from consent_service.web.invitation.views import (
    ConfirmInvitationPage,
    InvitationCodePage,
    InvitationLoginPage,
    InvitationOverPage,
)
from consent_service.web.me.devices import note_device
from consent_service.web.shared.leaving import leave
from consent_service.web.shared.routes import DESCRIPTIONS
from consent_service.web.shared.views import LoginProvider
from consent_service.web.visit import INVITATION, TO_CONFIRM, Visit, forget_pages, place_of, role_of

CHOOSE: Final = f"{INVITATION}/inloggen"
_DECLINE: Final = f"{INVITATION}/niet"
_OVER: Final = f"{INVITATION}/afgewezen"
_CODE: Final = "code"
_PROOF: Final = "proof"
_MINUTE: Final = 60
_STATUS: Final = {"provider_unavailable": 503, "too_many": 429}


@get(INVITATION, include_in_schema=False)
async def code_page(visit: NamedDependency[Visit]) -> Response[Any]:
    visit.refuse_at_tablet()
    return await visit.show(InvitationCodePage(INVITATION))


@post(INVITATION, include_in_schema=False)
async def enter_code(visit: NamedDependency[Visit]) -> Response[Any]:
    """A code that is nobody's, was used or ran out, and a typing error, have one answer."""
    visit.refuse_at_tablet()
    form = FormReader(visit.posted)
    entered = form.text(_CODE, max_length=60)
    if form.problems:
        return await _code_again(visit, form.problems)
    found = await visit.services.identity.invitations.find(entered, place_of(visit.request))
    if isinstance(found, CodeRefused):
        if not found.wait:
            return await _code_again(visit, [Problem(_CODE, "identity.login_invitation")])
        minutes = str(ceil(found.wait.total_seconds() / _MINUTE))
        return await _code_again(
            visit, [Problem(_CODE, "identity.invitation_wait", {"minutes": minutes})], status=429
        )
    response = visit.redirect(CHOOSE)
    response.set_cookie(visit.doors.invitation_cookie(found.token, int(found.lasts.total_seconds())))
    return response


@get(CHOOSE, include_in_schema=False)
async def choose_page(visit: NamedDependency[Visit]) -> Response[Any]:
    visit.refuse_at_tablet()
    providers = await _providers(visit)
    if providers is None:
        return await _over(visit)
    return await _choose_page(visit, providers)


@post(CHOOSE + "/{provider:str}", include_in_schema=False)
async def start_login(visit: NamedDependency[Visit], provider: FromPath[str]) -> Response[Any]:
    """The login is always a fresh one: at a school's computer somebody else may still be logged in."""
    visit.refuse_at_tablet()
    providers = await _providers(visit)
    if providers is None:
        return await _over(visit)
    if provider not in {one.id for one in providers}:
        return visit.redirect(CHOOSE)
    identity = visit.services.identity
    allowed = identity.login_providers.origins()
    started = await identity.start_login(
        provider, max_age=0, place=place_of(visit.request), invitation=_token(visit)
    )
    if isinstance(started, LoginRefused):
        return await _choose_page(visit, providers, refused=started)
    response = await leave(visit, started.address, allowed)
    response.set_cookie(visit.doors.login_cookie(started.cookie, int(started.lasts.total_seconds())))
    return response


@get(CHOOSE + "/{provider:str}", include_in_schema=False)
async def choose_again(visit: NamedDependency[Visit]) -> Response[Any]:
    """A login begins with a form; whoever comes back to its address chooses again."""
    visit.refuse_at_tablet()
    return visit.redirect(CHOOSE)


@get(TO_CONFIRM, include_in_schema=False)
async def confirm_page(visit: NamedDependency[Visit]) -> Response[Any]:
    visit.refuse_at_tablet()
    asked = await visit.services.identity.invitations.confirmable(_token(visit))
    if asked is None:
        return await _over(visit)
    return await visit.show(await _confirm_page(visit, asked))


@post(TO_CONFIRM, include_in_schema=False)
async def confirm(visit: NamedDependency[Visit]) -> Response[Any]:
    """Yes: the login is linked, once, and a session begins under a fresh token."""
    visit.refuse_at_tablet()
    if not csrf_fits(_token(visit), visit.posted.first(_PROOF)):
        return visit.redirect(TO_CONFIRM)
    opened = await visit.services.identity.invitations.accept(_token(visit), replaces=visit.token or None)
    if isinstance(opened, LoginRefused):
        return await _over(visit)
    response = visit.with_session(visit.redirect("/"), opened.token)
    await note_device(visit, opened.session, response)
    response.set_cookie(visit.doors.invitation_cookie("", 0))
    return response


@post(_DECLINE, include_in_schema=False)
async def decline(visit: NamedDependency[Visit]) -> Response[Any]:
    """No: the code is with somebody else, so it works no more, and who invited hears it."""
    visit.refuse_at_tablet()
    if not csrf_fits(_token(visit), visit.posted.first(_PROOF)):
        return visit.redirect(TO_CONFIRM)
    if not await visit.services.identity.invitations.decline(_token(visit)):
        return await _over(visit)
    response = visit.redirect(_OVER)
    response.set_cookie(visit.doors.invitation_cookie("", 0))
    forget_pages(response)
    return response


@get(_OVER, include_in_schema=False)
async def declined(visit: NamedDependency[Visit]) -> Response[Any]:
    visit.refuse_at_tablet()
    return await visit.show(InvitationOverPage(declined=True, code_href=INVITATION))


ROUTES = [
    code_page,
    enter_code,
    choose_page,
    start_login,
    choose_again,
    confirm_page,
    confirm,
    decline,
    declined,
]


def _token(visit: Visit) -> str:
    return visit.request.cookies.get(visit.doors.invitation_cookie_name, "")


async def _providers(visit: Visit) -> tuple[Provider, ...] | None:
    """Where this browser may log in for its invitation; None: it holds none that is open."""
    identity = visit.services.identity
    return await identity.invitations.providers_for(_token(visit), await identity.login_providers.offered())


async def _code_again(visit: Visit, problems: Sequence[Problem], *, status: int = 400) -> Response[str]:
    form = FormState.of(visit.posted, problems, language=visit.language)
    return await visit.show(InvitationCodePage(INVITATION, form=form), status=status)


async def _choose_page(
    visit: Visit, providers: Sequence[Provider], refused: LoginRefused | None = None
) -> Response[str]:
    await (
        visit.services.identity.login_providers.learn()
    )  # its forms may lead to where these say their pages are
    said = translator(visit.language)
    problems = [] if refused is None else [Problem("provider", refused.sentence)]
    view = InvitationLoginPage(
        tuple(
            LoginProvider(one.name, said.text(DESCRIPTIONS[one.audience]), f"{CHOOSE}/{one.id}")
            for one in providers
        ),
        back_href=INVITATION,
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await visit.show(view, status=200 if refused is None else _STATUS.get(refused.code, 403))


async def _confirm_page(visit: Visit, asked: Confirmable) -> ConfirmInvitationPage:
    member, services = asked.member, visit.services
    async with services.installation.database.reading() as conn:
        found = await services.organisations.staff_members(conn, member.tenant, [member.staff])
    school = ""
    if isinstance(member, SchoolStaff):
        school = (await services.organisations.school(member.tenant, member.school)).name
    return ConfirmInvitationPage(
        yes_action=TO_CONFIRM,
        no_action=_DECLINE,
        proof=csrf_token(_token(visit)),
        name="".join(one.name for one in found),
        role=role_of(member),
        shelter=(await services.organisations.tenant(member.tenant)).neutral_name,
        school=school,
        is_linked=asked.is_linked,
    )


async def _over(visit: Visit) -> Response[str]:
    """Used, ended, run out, or never typed in this browser: one page, with a way on."""
    response = await visit.show(InvitationOverPage(declined=False, code_href=INVITATION), status=403)
    response.set_cookie(visit.doors.invitation_cookie("", 0))
    return response
