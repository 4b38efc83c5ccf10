"""One's own sessions, PIN and passkeys, for members of staff; a lent or locked tablet never gets here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.identity.handover import problems_of_pin
from consent_service.identity.model import Counsellor, Fg, PrivacyCoordinator
from consent_service.identity.passkeys import PasskeyAdded, PasskeyProof, PasskeyRefused, PasskeyRemoved
from consent_service.identity.sessions import Session
from consent_service.web.components import PasskeyAsked
from consent_service.web.forms import FormReader, FormState
from consent_service.web.me.devices import browser_of, words_of
from consent_service.web.me.views import AddPasskeyPage, OwnSessionsPage, PasskeyShown, SessionShown
from consent_service.web.shared.homes import home_of
from consent_service.web.shared.passkey_forms import FIELD, asked_for, problem_of
from consent_service.web.shelter.forms import all_at_once, read_new_pin
from consent_service.web.shelter.views import SetPinPage
from consent_service.web.turned_away import HandedOverError
from consent_service.web.visit import Visit

HOME: Final = "/mijn-sessies"
_PIN: Final = f"{HOME}/pincode"
_PASSKEY: Final = f"{HOME}/toegangssleutel"
_NAME: Final = 40


@get(HOME, include_in_schema=False)
async def own_sessions(visit: NamedDependency[Visit]) -> Response[Any]:
    return await _page(visit, _own(visit))


@post(f"{HOME}/weg", include_in_schema=False)
async def end_session(visit: NamedDependency[Visit]) -> Response[Any]:
    """End one; somebody else's is answered as one that is not there."""
    session = _own(visit)
    if not await visit.services.identity.own_sessions.end(session, visit.posted.first("session")):
        raise NotFoundError("session")
    return visit.redirect(HOME, done="sessie-weg")


@post(f"{HOME}/andere-weg", include_in_schema=False)
async def end_others(visit: NamedDependency[Visit]) -> Response[Any]:
    await visit.services.identity.own_sessions.end_others(_own(visit))
    return visit.redirect(HOME, done="sessies-weg")


@post(f"{HOME}/naam", include_in_schema=False)
async def rename_device(visit: NamedDependency[Visit]) -> Response[Any]:
    session, posted = _own(visit), visit.posted
    own = visit.services.identity.own_sessions
    try:
        renamed = await own.rename(session, posted.first("session"), posted.first("device_name"))
    except InputError as refused:
        return await _page(visit, session, refused.problems)
    if not renamed:
        raise NotFoundError("session")
    return visit.redirect(HOME, done="apparaat")


@get(_PIN, include_in_schema=False)
async def pin_page(visit: NamedDependency[Visit]) -> Response[Any]:
    _counsellor(visit)
    await visit.require_fresh()
    return await _pin_page(visit)


@post(_PIN, include_in_schema=False)
async def set_pin(visit: NamedDependency[Visit]) -> Response[Any]:
    session = _counsellor(visit)
    await visit.require_fresh()
    form = FormReader(visit.posted)
    pin = read_new_pin(form)
    if problems := all_at_once(form.problems, problems_of_pin(pin)):
        return await _pin_page(visit, problems)
    await visit.services.identity.set_pin(session, pin)
    return visit.redirect(HOME, done="pin")


@get(_PASSKEY, include_in_schema=False)
async def add_page(visit: NamedDependency[Visit]) -> Response[Any]:
    session = _with_passkeys(visit)
    await visit.require_fresh()
    return await _add_page(visit, session)


@post(_PASSKEY, include_in_schema=False)
async def add_passkey(visit: NamedDependency[Visit]) -> Response[Any]:
    session, posted = _with_passkeys(visit), visit.posted
    name = " ".join(posted.first("device_name").split())[:_NAME]
    outcome = await visit.services.identity.passkeys.finish_add(
        session, posted.first(FIELD), enrolment=posted.first("enrolment").strip(), name=name
    )
    if isinstance(outcome, PasskeyAdded):
        return visit.redirect(HOME, done="sleutel")
    return await _add_page(visit, session, [problem_of(outcome)])


@post(f"{_PASSKEY}/eerst", include_in_schema=False)
async def show_first(visit: NamedDependency[Visit]) -> Response[Any]:
    """An officer shows an earlier passkey, to add another."""
    session = _with_passkeys(visit)
    passkeys = visit.services.identity.passkeys
    outcome = await passkeys.proves(session, "add", visit.posted.first(FIELD))
    if isinstance(outcome, PasskeyProof):
        return visit.redirect(_PASSKEY)
    return await _add_page(visit, session, [problem_of(outcome)])


@post(f"{_PASSKEY}/weg", include_in_schema=False)
async def remove_passkey(visit: NamedDependency[Visit]) -> Response[Any]:
    session, form = _with_passkeys(visit), FormReader(visit.posted)
    await visit.require_fresh(back=HOME)
    outcome = await visit.services.identity.passkeys.remove(
        session, visit.posted.first("credential"), understood=form.ticked("understood")
    )
    if isinstance(outcome, PasskeyRemoved):
        return visit.redirect(HOME, done="sleutel-weg")
    if outcome.code == "unknown":
        raise NotFoundError("passkey")
    return await _page(visit, session, [problem_of(outcome)])


ROUTES = [
    own_sessions,
    end_session,
    end_others,
    rename_device,
    pin_page,
    set_pin,
    add_page,
    add_passkey,
    show_first,
    remove_passkey,
]


def _own(visit: Visit) -> Session:
    """The session of a member of staff.

    Raises:
        LockedError: the screen locked itself.
        LoginNeededError: nobody is logged in.
        HandedOverError: the tablet is lent.
        NotFoundError: it is somebody of a family.
    """
    session = visit.known_session()
    if session.handed_over is not None:
        raise HandedOverError("the tablet is handed over")
    if session.own is not None:
        raise NotFoundError("page")
    return session


def _counsellor(visit: Visit) -> Session:
    """As `_own`; only a counsellor lends a tablet and has a PIN for it."""
    session = _own(visit)
    if not any(isinstance(one, Counsellor) for one in session.actors):
        raise NotFoundError("page")
    return session


def _with_passkeys(visit: Visit) -> Session:
    """As `_own`, where there can be passkeys at all."""
    session = _own(visit)
    if not visit.services.identity.passkeys.offered:
        raise NotFoundError("page")
    return session


async def _page(visit: Visit, session: Session, problems: Sequence[Problem] = ()) -> Response[str]:
    identity, counsels = visit.services.identity, False
    counsels = any(isinstance(one, Counsellor) for one in session.actors)
    view = OwnSessionsPage(
        back_href=home_of(session.actor),
        sessions=await _sessions(visit, session),
        end_action=f"{HOME}/weg",
        end_others_action=f"{HOME}/andere-weg",
        name_action=f"{HOME}/naam",
        passkeys=await _passkeys(visit, session),
        add_passkey_href=_PASSKEY if identity.passkeys.offered else "",
        remove_passkey_action=f"{_PASSKEY}/weg",
        pin_href=_PIN if counsels else "",
        has_pin=counsels and await identity.has_pin(session),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await visit.show(view, status=400 if problems else 200)


async def _sessions(visit: Visit, session: Session) -> tuple[SessionShown, ...]:
    return tuple(
        SessionShown(
            one.id,
            one.name or words_of(one.browser, visit.language),
            one.created_at,
            one.last_seen_at,
            one.is_this,
            one.handed_over,
            one.can_be_named,
        )
        for one in await visit.services.identity.own_sessions.listed(session)
    )


async def _passkeys(visit: Visit, session: Session) -> tuple[PasskeyShown, ...]:
    listed = await visit.services.identity.passkeys.listed(session)
    is_last = len(listed) == 1 and any(isinstance(one, PrivacyCoordinator | Fg) for one in session.actors)
    return tuple(
        PasskeyShown(one.credential, one.name, one.created_at, one.last_used_at, is_last) for one in listed
    )


async def _add_page(visit: Visit, session: Session, problems: Sequence[Problem] = ()) -> Response[str]:
    passkeys = visit.services.identity.passkeys
    asked = await passkeys.begin_add(session)
    refused = asked.code if isinstance(asked, PasskeyRefused) else ""
    if refused == "too_many":
        return await _page(visit, session, [problem_of(PasskeyRefused("too_many"))])
    view = AddPasskeyPage(
        action=_PASSKEY,
        back_href=HOME,
        suggested=words_of(browser_of(visit.request.headers.get("user-agent", "")), visit.language)[:_NAME],
        passkey=PasskeyAsked(asked) if isinstance(asked, str) else None,
        first_action=f"{_PASSKEY}/eerst",
        first=await asked_for(visit, "add") if refused == "first_needed" else None,
        needs_code=await passkeys.needs_enrolment(session),
        needs_login=refused == "login_old",
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await visit.show(view, status=400 if problems else 200)


async def _pin_page(visit: Visit, problems: Sequence[Problem] = ()) -> Response[str]:
    form = FormState.of(visit.posted, problems, language=visit.language)
    return await visit.show(SetPinPage(_PIN, HOME, form), status=400 if problems else 200)
