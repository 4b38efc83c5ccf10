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
from consent_service.foundation.i18n import N_, SUPPORTED, translator
from consent_service.identity.model import (
    Actor,
    ChildActor,
    Counsellor,
    Fg,
    GuardianActor,
    LoginRefused,
    PrivacyCoordinator,
    SchoolStaff,
)
from consent_service.identity.oidc import Callback
from consent_service.identity.providers import Audience
from consent_service.identity.service import is_own_address
from consent_service.identity.sessions import Opened
from consent_service.web.forms import FormReader, FormState
from consent_service.web.intake.desk import holder_of_tablet
from consent_service.web.intake.views import TakeBackPage
from consent_service.web.shared.views import LoginPage, LoginProvider
from consent_service.web.shelter.forms import read_pin
from consent_service.web.style.views import style_page
from consent_service.web.visit import LoginNeededError, Visit, language_cookie, open_stop_visit

_DESCRIPTIONS: dict[Audience, str] = {
    "school": N_("Voor medewerkers van scholen"),
    "shelter": N_("Voor begeleiders van de opvang"),
    "officer": N_("Voor privacyfunctionarissen"),
    "any": N_("Voor iedereen die hier werkt"),
}


@get("/", include_in_schema=False)
async def start(visit: NamedDependency[Visit]) -> Response[Any]:
    """Everybody begins where the own work is."""
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
    lent = visit.doors.lent_cookie_name in visit.request.cookies
    started = await visit.services.identity.start_login(provider, max_age=0 if lent else None)
    if isinstance(started, LoginRefused):
        return await _login_page(visit, refused=started)
    response = Redirect(started.address, status_code=303)
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
        Callback.of(dict(request.query_params)),
        cookie=request.cookies.get(visit.doors.login_cookie_name),
        replaces=visit.token or None,
    )
    if isinstance(finished, LoginRefused):
        return await _login_page(visit, refused=finished)
    response = visit.with_session(visit.redirect(finished.return_to), finished.opened.token)
    response.set_cookie(visit.doors.login_cookie("", 0))
    return response


@post("/uitloggen", include_in_schema=False)
async def log_out(visit: NamedDependency[Visit]) -> Response[Any]:
    ended = await visit.services.identity.log_out(visit.token) if visit.token else None
    address = None
    if ended is not None:
        address = await visit.services.identity.provider_logout_address(ended)
    if address is None:
        return visit.without_session(visit.redirect("/inloggen", done="uitgelogd"))
    return visit.without_session(Redirect(address, status_code=303))


@post("/taal", include_in_schema=False)
async def choose_language(visit: NamedDependency[Visit]) -> Response[Any]:
    chosen, back = visit.posted.first("language"), visit.posted.first("back")
    response = visit.redirect(back if is_own_address(back) else "/")
    if chosen in SUPPORTED:
        response.set_cookie(language_cookie(chosen, secure=visit.doors.https))
    return response


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
    return await visit.show(TakeBackPage("/tablet-terug", continue_href="/intake"))


@post("/tablet-terug", include_in_schema=False)
async def take_back(visit: NamedDependency[Visit]) -> Response[Any]:
    holder = holder_of_tablet(visit)
    form = FormReader(visit.posted)
    pin = read_pin(form)
    if form.problems:
        return await _take_back_again(visit, form.problems)
    opened = await visit.services.identity.take_back(visit.token, pin)
    if isinstance(opened, Opened):
        home = f"/opvang/{holder.tenant}/gezinnen/{holder.family}"
        return visit.with_session(visit.redirect(home, done="terug"), opened.token)
    if opened.code == "pin_wrong":
        tries = {"tries": str(opened.tries_left)}
        return await _take_back_again(visit, [Problem("pin", "identity.pin_wrong", tries)])
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
    quick_exit,
    take_back_page,
    take_back,
    style,
    key_set,
]


def home_of(actor: Actor) -> str:
    """The page on which this actor's work begins."""
    match actor:
        case GuardianActor() | ChildActor():
            return "/intake"
        case Counsellor():
            return f"/opvang/{actor.tenant}"
        case SchoolStaff():
            return f"/school/{actor.tenant}"
        case PrivacyCoordinator() | Fg():
            return f"/toezicht/{actor.tenant}"
        case _:
            return "/inloggen"


async def _login_page(visit: Visit, refused: LoginRefused | None = None) -> Response[str]:
    said = translator(visit.language)
    providers = await visit.services.identity.providers()
    form = FormState()
    if refused is not None:
        problems = [Problem("provider", refused.sentence)]
        form = FormState.of(visit.posted, problems, language=visit.language)
    view = LoginPage(
        providers=tuple(
            LoginProvider(one.name, said.text(_DESCRIPTIONS[one.audience]), f"/inloggen/{one.id}")
            for one in providers
        ),
        withdraw_href="/intrekken",
        form=form,
    )
    return await visit.show(view, status=200 if refused is None else 403)


async def _take_back_again(visit: Visit, problems: Sequence[Problem]) -> Response[str]:
    form = FormState.of(visit.posted, problems, language=visit.language)
    return await visit.show(TakeBackPage("/tablet-terug", continue_href="/intake", form=form), status=400)
