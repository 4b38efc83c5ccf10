"""Pages everybody can meet: log in and out, the language, the quick exit, giving the tablet back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from consent_service.foundation.errors import Problem, UnavailableError
from consent_service.foundation.i18n import N_, translator
from consent_service.identity.invitations import ToConfirm
from consent_service.identity.links import SERVES
from consent_service.identity.model import LoginRefused
from consent_service.identity.oidc import Callback
from consent_service.identity.operators import OperatorArrived
from consent_service.identity.own_address import is_own_address
from consent_service.identity.providers import Audience
from consent_service.identity.sessions import Opened
from consent_service.web.forms import FormReader, FormState
from consent_service.web.intake.desk import holder_of_tablet
from consent_service.web.intake.views import TakeBackPage
from consent_service.web.languages import THEMES, language_cookie, languages_at, theme_cookie
from consent_service.web.me.devices import note_device
from consent_service.web.operator.showing import operator_arrived, operator_page
from consent_service.web.shared.homes import home_of
from consent_service.web.shared.leaving import STATUS_OF, leave
from consent_service.web.shared.passkey_forms import asked_for, problem_at_tablet, read_given
from consent_service.web.shared.proof_routes import proof_page
from consent_service.web.shared.views import LoginPage, LoginProvider
from consent_service.web.style.house import ADDRESS as HOUSE_STYLE
from consent_service.web.style.views import style_page
from consent_service.web.turned_away import LoginNeededError
from consent_service.web.visit import (
    LOCKED,
    Visit,
    open_stop_visit,
    place_of,
)

DESCRIPTIONS: dict[Audience, str] = {
    "school": N_("Voor medewerkers van scholen"),
    "shelter": N_("Voor begeleiders van de opvang"),
    "officer": N_("Voor privacyfunctionarissen"),
    "any": N_("Voor iedereen die hier werkt"),
    "guardian": N_("Voor ouders"),
    "operator": N_("Voor beheerders"),
}


@get("/", include_in_schema=False)
async def start(visit: NamedDependency[Visit]) -> Response[Any]:
    """Everybody begins where the own work is."""
    if visit.locked is not None:
        return visit.redirect(LOCKED)
    if visit.session is None:
        return visit.redirect("/inloggen")
    if visit.session.own is not None:
        return visit.redirect("/mijn-pagina/keuzes")
    return visit.redirect(home_of(visit.session.actor))


@get("/inloggen", include_in_schema=False)
async def login_page(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _login_page(visit)


@post("/inloggen/{provider:str}", include_in_schema=False)
async def start_login(visit: NamedDependency[Visit], provider: FromPath[str]) -> Response[Any]:
    if visit.session is not None and visit.session.handed_over is not None:
        return visit.redirect("/tablet-terug")
    identity = visit.services.identity
    allowed = identity.login_providers.origins()
    asks = await _asks_for_password(visit, provider)
    started = await identity.start_login(
        provider,
        max_age=0 if asks else None,
        place=place_of(visit.request),
        mark=visit.request.cookies.get(visit.doors.device_cookie_name, ""),
    )
    if isinstance(started, LoginRefused):
        return await _login_page(visit, refused=started, tried=provider)
    response = await leave(visit, started.address, allowed)
    seconds = int(started.lasts.total_seconds())
    response.set_cookie(visit.doors.login_cookie(started.cookie, seconds))
    return response


@get("/inloggen/{provider:str}", include_in_schema=False)
async def choose_provider(visit: NamedDependency[Visit]) -> Response[Any]:
    """A login begins with a form; whoever comes back to its address chooses again."""
    return visit.redirect("/inloggen")


@get("/inloggen/{provider:str}/terug", include_in_schema=False)
async def finish_login(
    visit: NamedDependency[Visit], request: Request[Any, Any, Any], provider: FromPath[str]
) -> Response[Any]:
    finished = await visit.services.identity.finish_login(
        provider,
        Callback.of(request.query_params.multi_items()),
        cookie=request.cookies.get(visit.doors.login_cookie_name),
        replaces=visit.token or None,
    )
    if isinstance(finished, OperatorArrived):
        return operator_arrived(visit, finished)
    if isinstance(finished, LoginRefused) and finished.purpose == "operator":
        return await operator_page(visit, refused=finished)
    if isinstance(finished, LoginRefused) and finished.purpose and visit.locked is not None:
        return visit.redirect(LOCKED)
    if isinstance(finished, LoginRefused) and finished.purpose and visit.session is not None:
        return await proof_page(visit, visit.session, finished)
    if isinstance(finished, LoginRefused):
        return await _login_page(visit, refused=finished, tried=provider)
    if isinstance(finished, ToConfirm):
        return visit.to_confirm(finished)
    response = visit.with_session(visit.redirect(finished.return_to), finished.opened.token)
    await note_device(visit, finished.opened.session, response)
    response.set_cookie(visit.doors.login_cookie("", 0))
    return response


@post("/uitloggen", include_in_schema=False)
async def log_out(visit: NamedDependency[Visit]) -> Response[Any]:
    allowed = visit.services.identity.login_providers.origins()
    ended = await visit.services.identity.log_out(visit.token) if visit.token else None
    address = None
    if ended is not None:
        address = await visit.services.identity.provider_logout_address(ended)
    if address is None:
        return visit.without_session(visit.redirect("/inloggen", done="uitgelogd"))
    return visit.without_session(await leave(visit, address, allowed))


@post("/taal", include_in_schema=False)
async def choose_language(visit: NamedDependency[Visit]) -> Response[Any]:
    chosen, back = visit.posted.first("language"), visit.posted.first("back")
    response = visit.redirect(back if is_own_address(back) else "/")
    if chosen in languages_at(back, drafts=visit.doors.drafts_allowed):
        response.set_cookie(language_cookie(chosen, path=back, secure=visit.doors.https))
    return response


@post("/weergave", include_in_schema=False)
async def choose_theme(visit: NamedDependency[Visit]) -> Response[Any]:
    """Light, dark, high contrast, or as the device is set."""
    chosen, back = visit.posted.first("theme"), visit.posted.first("back")
    response = visit.redirect(back if is_own_address(back) else "/")
    if chosen in ("", *THEMES):
        response.set_cookie(theme_cookie(chosen, secure=visit.doors.https))
    return response


@get(HOUSE_STYLE, include_in_schema=False, media_type="text/css")
async def house_style(visit: NamedDependency[Visit]) -> str:
    """The tokens of this installation; empty where it has none."""
    return visit.doors.house_style


@get("/snel-weg", include_in_schema=False, dependencies={"visit": Provide(open_stop_visit)})
async def quick_exit(visit: NamedDependency[Visit]) -> Response[Any]:
    """Ends the session and leaves to an everyday page; works by link, so also without a script.

    A GET, because leaving must be one tap and works for whoever holds the tablet. Following it from
    elsewhere could only end a session, never open one. With the database away the browser still leaves
    and forgets its token.
    """
    if visit.token:
        with suppress(UnavailableError):
            await visit.services.identity.log_out(visit.token)
    response = visit.without_session(Redirect(visit.doors.settings.neutral_site, status_code=303))
    if visit.doors.own_device_cookie_name in visit.request.cookies:
        response.set_cookie(visit.doors.own_device_cookie(""))
    return response


@get("/tablet-terug", include_in_schema=False)
async def take_back_page(visit: NamedDependency[Visit]) -> Response[Any]:
    holder_of_tablet(visit)
    return await _take_back_page_of(visit)


@post("/tablet-terug", include_in_schema=False)
async def take_back(visit: NamedDependency[Visit]) -> Response[Any]:
    holder = holder_of_tablet(visit)
    form = FormReader(visit.posted)
    given = read_given(form)
    if form.problems:
        return await _take_back_page_of(visit, form.problems)
    opened = await visit.services.identity.take_back(visit.token, given)
    if isinstance(opened, Opened):
        home = f"/opvang/{holder.tenant}/gezinnen/{holder.family}"
        response = visit.with_session(visit.redirect(home, done="terug"), opened.token)
        response.set_cookie(language_cookie("", path="/intake", secure=visit.doors.https))
        return response
    if opened.is_wrong:
        return await _take_back_page_of(visit, [problem_at_tablet(opened)])
    raise LoginNeededError(pin_exhausted=opened.code == "pin_exhausted")


@get("/stijl", include_in_schema=False)
async def style(visit: NamedDependency[Visit]) -> Response[Any]:
    return await visit.show(style_page(visit.language))


@get("/jwks.json", include_in_schema=False, media_type="application/jwk-set+json")
async def key_set(visit: NamedDependency[Visit]) -> Response[bytes]:
    """Our public keys, for providers that check `private_key_jwt` (RFC 7523)."""
    return Response(await visit.services.identity.jwks(), media_type="application/jwk-set+json")


ROUTES = [
    start,
    login_page,
    start_login,
    choose_provider,
    finish_login,
    log_out,
    choose_language,
    choose_theme,
    house_style,
    quick_exit,
    take_back_page,
    take_back,
    style,
    key_set,
]


async def _asks_for_password(visit: Visit, provider: str) -> bool:
    """Whether the provider must ask who it is, also somebody it remembers (OpenID Connect Core 3.1.2.1).

    Where a session was and is no more, at a tablet that is lent or locked, and for a login that may make a
    counsellor, at any browser in which no counsellor ever worked: whoever holds a shelter's tablet, and
    empties what this site kept there, is still asked.
    """
    cookies, doors = visit.request.cookies, visit.doors
    if doors.lent_cookie_name in cookies or (visit.token and visit.session is None):
        return True
    if doors.device_cookie_name in cookies:
        return False
    known = {one.id: one.audience for one in await visit.services.identity.providers()}
    audience = known.get(provider)
    return audience is not None and "counsellor" in SERVES[audience]


async def _login_page(visit: Visit, refused: LoginRefused | None = None, tried: str = "") -> Response[str]:
    """The page to choose a provider; after a refusal with what to do, and the same provider to try again."""
    said = translator(visit.language)
    login_providers = visit.services.identity.login_providers
    await login_providers.learn()  # its forms may lead to where these say that their pages are
    providers = tuple(
        LoginProvider(one.name, said.text(DESCRIPTIONS[one.audience]), f"/inloggen/{one.id}")
        for one in await login_providers.offered()
    )
    if refused is None:
        return await visit.show(LoginPage(providers=providers, withdraw_href="/intrekken"))
    form = FormState.of(visit.posted, [Problem("provider", refused.sentence)], language=visit.language)
    again = next((one for one in providers if one.action == f"/inloggen/{tried}"), None)
    view = LoginPage(
        providers=tuple(one for one in providers if one != again),
        withdraw_href="/intrekken",
        form=form,
        is_unknown=refused.code == "not_linked",
        again=again,
    )
    return await visit.show(view, status=STATUS_OF.get(refused.code, 403))


async def _take_back_page_of(visit: Visit, problems: Sequence[Problem] = ()) -> Response[str]:
    form = FormState.of(visit.posted, problems, language=visit.language)
    passkey = await asked_for(visit, "take_back")
    view = TakeBackPage("/tablet-terug", continue_href="/intake", form=form, passkey=passkey)
    return await visit.show(view, status=400 if problems else 200)
