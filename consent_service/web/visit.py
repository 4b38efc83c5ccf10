"""One request as the pages see it: who is there, in which language, and is the form really theirs.

Cookies, CSRF and the frame around each page are here, once; a handler parses, calls one service and
renders. What an actor may do is asked by the services, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import UnionType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, assert_never
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response
from litestar.response import Redirect

from consent_service.foundation.errors import NotFoundError, UnavailableError
from consent_service.foundation.i18n import is_draft, translator
from consent_service.foundation.ids import TenantId, is_id
from consent_service.identity.devices import device_of, new_device_mark
from consent_service.identity.form_tokens import csrf_fits, csrf_token
from consent_service.identity.invitations import ToConfirm
from consent_service.identity.model import (
    Actor,
    Counsellor,
    Fg,
    GuardianActor,
    PersonActor,
    PrivacyCoordinator,
    SchoolStaff,
)
from consent_service.identity.page_tries import network_of
from consent_service.identity.sessions import (
    Session,
)
from consent_service.process.notices.inbox import InboxActor
from consent_service.web.forms import CSRF_FIELD, Posted, read_form
from consent_service.web.languages import (
    is_of_family,
    language_cookie,
    language_of,
    language_options,
    theme_of,
)
from consent_service.web.notices import NOTICES
from consent_service.web.pages import NavigationLink, PageContext, SignedIn, View
from consent_service.web.rendering import render
from consent_service.web.turned_away import (
    FetchedAheadError,
    ForgedFormError,
    HandedOverError,
    LockedError,
    LoginNeededError,
    SecondFactorNeededError,
    StepUpNeededError,
)

if TYPE_CHECKING:
    from consent_service.web.doors import Doors

Officer = PrivacyCoordinator | Fg
NOTICE_FIELD = "gedaan"
QUICK_EXIT = "/snel-weg"
LOCKED = "/vergrendeld"
ALIVE = "/nog-bezig"
INBOX = "/berichten"
INVITATION = "/uitnodiging"
TO_CONFIRM = f"{INVITATION}/bevestigen"
NOT_RESUMED = ("/vergrendel", ALIVE, "/inloggen", INVITATION, "/tablet-terug", QUICK_EXIT)
"""Addresses that say nothing about where somebody was when the screen locked."""
OF_OFFICERS = "/toezicht/"
"""Where officers work: what was asked for there opens after the second factor."""


class Visit:
    """One request: its session if it has one, its language, its form."""

    def __init__(
        self,
        *,
        doors: Doors,
        request: Request[Any, Any, Any],
        token: str,
        session: Session | None,
        posted: Posted,
    ) -> None:
        self.doors = doors
        self.services = doors.services
        self.request = request
        self.token = token
        self.session = session if session is None or not session.locked else None
        self.locked = session if session is not None and session.locked else None
        self._only_stops = False
        self.posted = posted
        self.language = language_of(request, doors.settings.default_language, drafts=doors.drafts_allowed)
        self._acting_as: Actor | None = None

    # --- who is there ------------------------------------------------------------------------

    def counsellor(self, tenant: str) -> Counsellor:
        """The counsellor of this shelter.

        Raises:
            LoginNeededError: nobody is logged in.
            HandedOverError: the tablet is with a parent.
            NotFoundError: somebody else is.
        """
        return self._acting(tenant, Counsellor)

    def school_staff(self, tenant: str) -> SchoolStaff:
        """The member of school staff towards this shelter. Raises as `counsellor`."""
        return self._acting(tenant, SchoolStaff)

    def officer(self, tenant: str) -> Officer:
        """The privacy coordinator or FG of this shelter.

        Raises:
            SecondFactorNeededError: an officer is logged in, with one factor only.
            LoginNeededError, HandedOverError, NotFoundError: as `counsellor`.
        """
        session = self._staff_session()
        if is_id(tenant) and session.waits_as(TenantId(tenant), PrivacyCoordinator | Fg):
            raise SecondFactorNeededError("a second factor is needed")
        return self._acting(tenant, PrivacyCoordinator | Fg)

    def guardian(self) -> GuardianActor:
        """The guardian who holds the tablet.

        Raises:
            LoginNeededError: the tablet is not handed over, or the session ended.
        """
        holder = self.at_tablet()
        if not isinstance(holder, GuardianActor):
            raise LoginNeededError(parent=True)
        return holder

    def at_tablet(self) -> PersonActor:
        """The guardian or child who holds the tablet.

        Raises:
            LoginNeededError: the tablet is not handed over, or the session ended.
        """
        self._refuse_locked()
        if self.session is None or self.session.handed_over is None:
            raise LoginNeededError(parent=True)
        return self.session.handed_over.holder

    def own_person(self) -> PersonActor:
        """The guardian or young person who opened the own page.

        Raises:
            LockedError: the tablet locked itself.
            LoginNeededError: nobody did, or the session ended.
        """
        self._refuse_locked()
        if self.session is None or self.session.own is None:
            raise LoginNeededError(parent=True, own_page=True)
        return self.session.own

    def known_session(self) -> Session:
        """The session.

        Raises:
            LockedError: the screen locked itself.
            LoginNeededError: there is none.
        """
        self._refuse_locked()
        if self.session is None:
            raise LoginNeededError
        return self.session

    async def require_fresh(self, *, back: str = "") -> None:
        """Go on only when who is there proved a short while ago who it is; never asked of a stop.

        Asked before a form is shown, and again when it is sent: then it may have lain there for as long as
        a session may go without use. `back` is the page of the form, where that is another address.

        Raises:
            StepUpNeededError: it was longer ago; the page is kept, to come back to.
        """
        session = self.known_session()
        settings = self.doors.settings
        minutes = settings.step_up_minutes
        if self.request.method == "POST":
            minutes += settings.session_idle_minutes
        if self.now() - session.proved_at <= timedelta(minutes=minutes):
            return
        await self.services.identity.stepping_up.keep_place(session, back or self.request.url.path)
        raise StepUpNeededError("a proof of who is there is needed")

    def refuse_at_tablet(self) -> None:
        """Nobody of the staff proves who it is at a screen that is somebody else's now.

        Raises:
            HandedOverError: the tablet is with a parent or child.
            LockedError: the screen locked itself.
        """
        self._refuse_locked()
        if self.session is not None and self.session.handed_over is not None:
            raise HandedOverError("the tablet is handed over")

    def accept_locked(self) -> None:
        """Take what was sent, although the screen locked itself meanwhile: it only stops something."""
        if self.locked is not None:
            self.session = msgspec.structs.replace(self.locked, locked=False)
            self.locked = None
            self._only_stops = True

    def now(self) -> datetime:
        """The server's time."""
        return self.services.installation.clock.now()

    def device(self, tenant: TenantId) -> str | None:
        """What is stored of this device; None for one at which no counsellor ever logged in."""
        return device_of(self.request.cookies.get(self.doors.device_cookie_name, ""), tenant)

    def refuse_prefetch(self) -> None:
        """A browser that fetches ahead gets nothing: looking is logged, so it must be a person who looks.

        Raises:
            FetchedAheadError: the request says that it is one.
        """
        headers = self.request.headers
        said = f"{headers.get('sec-purpose', '')} {headers.get('purpose', '')} {headers.get('x-moz', '')}"
        if "prefetch" in said or "preview" in said:
            raise FetchedAheadError("a page was fetched ahead")

    def _refuse_locked(self) -> None:
        if self.locked is not None:
            raise LockedError("the screen is locked")

    def _acting(self, tenant: str, kinds: type[_Kind] | UnionType) -> _Kind:
        """Who of these kinds acts here: one login can be a counsellor and an officer of one shelter."""
        session = self._staff_session()
        actor: _Kind | None = session.acting_as(TenantId(tenant), kinds) if is_id(tenant) else None
        self._acting_as = actor
        if actor is None:
            raise NotFoundError("page")
        return actor

    def _staff_session(self) -> Session:
        session = self.known_session()
        if session.handed_over is not None:
            raise HandedOverError("the tablet is handed over")
        return session

    # --- answers -----------------------------------------------------------------------------

    async def show(
        self,
        view: View,
        *,
        status: int = 200,
        navigation: tuple[NavigationLink, ...] = (),
        language: str | None = None,
    ) -> Response[str]:
        """The page of `view` in its frame; staff pages show who is logged in.

        Raises:
            LockedError: the screen locked itself; a stop was taken from it, and it shows nothing.
        """
        if self._only_stops:
            raise LockedError("the screen is locked")
        signed_in = await self._signed_in()
        response = render(view, self.page(navigation, language, signed_in=signed_in), status=status)
        if isinstance(self._acting_as, Counsellor):
            await self._know_device(self._acting_as, response)
        return response

    def show_to_anyone(self, view: View, *, status: int = 200) -> Response[str]:
        """The page of `view` in a frame that needs nothing: also with the database away."""
        return render(view, self.page(), status=status)

    def page(
        self,
        navigation: tuple[NavigationLink, ...] = (),
        language: str | None = None,
        *,
        signed_in: SignedIn | None = None,
    ) -> PageContext:
        """The frame of one answer. Its form token is made of the cookie, so no session is looked up."""
        chosen = language or self.language
        return PageContext(
            language=chosen,
            csrf_token=csrf_token(self.token) if self.token else "",
            path=self.request.url.path,
            languages=language_options(self.request.url.path, drafts=self.doors.drafts_allowed),
            draft_words=is_of_family(self.request.url.path) and is_draft(chosen),
            theme=theme_of(self.request),
            house_style_href=self.doors.house_style_href,
            quick_exit_href=QUICK_EXIT,
            server_time=self.now().isoformat(timespec="milliseconds"),
            lock_after=self._lock_after(),
            signed_in=signed_in,
            navigation=navigation,
            training=self.doors.settings.training if signed_in is not None else {},
            notice=self._notice(chosen),
        )

    def redirect(self, path: str, *, done: str = "") -> Redirect:
        """Go on to a page of our own (303, so that Back does not post again); `done` names a notice."""
        return Redirect(f"{path}?{NOTICE_FIELD}={done}" if done else path, status_code=303)

    def with_session(self, response: Redirect, token: str, *, lent: bool = False) -> Redirect:
        """Give the browser the token of the session that now is its own; mark a tablet that is lent."""
        response.set_cookie(self.doors.session_cookie(token))
        forget_pages(response)
        if lent or self.doors.lent_cookie_name in self.request.cookies:
            response.set_cookie(self.doors.lent_cookie(lent=lent))
        if lent:
            response.set_cookie(self.doors.invitation_cookie("", 0))
        return response

    def lend(self, path: str, token: str, language: str) -> Redirect:
        """The tablet goes to a parent or child, who reads `language`."""
        response = self.with_session(self.redirect(path), token, lent=True)
        response.set_cookie(language_cookie(language, path=path, secure=self.doors.https))
        return response

    def to_confirm(self, kept: ToConfirm) -> Redirect:
        """Somebody logged in for an invitation: go and ask whether it is the one who was invited."""
        response = self.redirect(TO_CONFIRM)
        response.set_cookie(self.doors.login_cookie("", 0))
        seconds = int(kept.lasts.total_seconds())
        response.set_cookie(self.doors.invitation_cookie(kept.token, seconds))
        forget_pages(response)
        return response

    def without_session(self, response: Response[Any]) -> Response[Any]:
        """Take the session's token away from the browser."""
        response.set_cookie(self.doors.no_session_cookie())
        forget_pages(response)
        return response

    async def _know_device(self, actor: Counsellor, response: Response[str]) -> None:
        """Mark the device a counsellor works at, so that a parent's choice made there can be seen (S35)."""
        known = self.device(actor.tenant)
        if known is not None:
            await self.services.identity.note_device(actor, known)
            return
        response.set_cookie(self.doors.device_cookie(new_device_mark()))

    def _lock_after(self) -> int:
        after = self.session and self.services.identity.locks_after(self.session)
        return int(after.total_seconds()) if after else 0

    def _notice(self, language: str) -> str:
        code = self.request.query_params.get(NOTICE_FIELD, "")
        return translator(language).text(NOTICES[code]) if code in NOTICES else ""

    async def _signed_in(self) -> SignedIn | None:
        session = self.session
        if session is None or session.handed_over is not None:
            return None
        actor = self._acting_as or session.actor or next(iter(session.waiting), None)
        if not isinstance(actor, Counsellor | SchoolStaff | PrivacyCoordinator | Fg):
            return None
        return SignedIn(
            await self._name_of(actor),
            role_of(actor),
            await self._organisation_of(actor),
            "/uitloggen",
            inbox_href=INBOX if session.actors else "",
            unread=await self.unread(*session.actors),
        )

    async def unread(self, *readers: InboxActor) -> int:
        """How many messages wait for whoever is there; where that cannot be told now, none are named."""
        try:
            return sum([await self.services.notice_inbox.unread(one) for one in readers])
        except UnavailableError:
            return 0

    async def _name_of(self, actor: Counsellor | SchoolStaff | Officer) -> str:
        async with self.services.installation.database.reading() as conn:
            members = await self.services.organisations.staff_members(conn, actor.tenant, [actor.staff])
        return members[0].name if members else ""

    async def _organisation_of(self, actor: Counsellor | SchoolStaff | Officer) -> str:
        """Where somebody works; a school's page never names the shelter by itself."""
        organisations = self.services.organisations
        if isinstance(actor, SchoolStaff):
            return (await organisations.school(actor.tenant, actor.school)).name
        return (await organisations.tenant(actor.tenant)).name


def forget_pages(response: Response[Any]) -> None:
    """Somebody else is there now: Back shows nothing of before, also not what a browser keeps in memory.

    Clear-Site-Data, section 3.1: "cache" empties the back/forward cache too. Browsers that do not know it
    ask again for a page they kept (`static/app.js`, pageshow).
    """
    response.set_header("clear-site-data", '"cache"')


def role_of(actor: Counsellor | SchoolStaff | Officer) -> str:
    """A code of `vocabulary.ROLES`."""
    match actor:
        case SchoolStaff(role=role):
            return role
        case Counsellor():
            return "counsellor"
        case PrivacyCoordinator():
            return "privacy_coordinator"
        case Fg():
            return "fg"
        case _:
            assert_never(actor)


_Kind = TypeVar("_Kind", bound=Actor)


class StopVisitFinder(Protocol):
    """How `open_visit` looks a session up; stops may do so with the database away."""

    async def __call__(self, token: str) -> Session | None: ...


async def open_visit(request: Request[Any, Any, Any]) -> Visit:
    """The visit of an ordinary request.

    Raises:
        ForgedFormError: a posted form that is not this session's.
        DatabaseUnavailableError: sessions cannot be looked up.
    """
    return await _open(request, request.app.state.doors.services.identity.actor_for)


async def open_stop_visit(request: Request[Any, Any, Any]) -> Visit:
    """The visit of a withdrawal or objection, which must work with the database away.

    What stops the sharing is taken from a locked screen too; the page that follows is not shown there.

    Raises:
        ForgedFormError: a posted form that is not this session's.
    """
    visit = await _open(request, request.app.state.doors.services.identity.actor_for_stop)
    if request.method == "POST":
        visit.accept_locked()
    return visit


async def _open(request: Request[Any, Any, Any], find: StopVisitFinder) -> Visit:
    doors: Doors = request.app.state.doors
    token = request.cookies.get(doors.session_cookie_name, "")
    session = await find(token) if token else None
    posted = await read_form(request) if request.method == "POST" else Posted({})
    visit = Visit(doors=doors, request=request, token=token, session=session, posted=posted)
    if request.method == "POST":
        _refuse_forged(visit)
    elif visit.locked is not None and not request.url.path.startswith(NOT_RESUMED):
        await doors.services.identity.keep_place(visit.locked, request.url.path)
    elif session is not None and session.waiting and request.url.path.startswith(OF_OFFICERS):
        await doors.services.identity.stepping_up.keep_place(session, request.url.path)
    return visit


def _refuse_forged(visit: Visit) -> None:
    """Same site by what the browser says, and by token once there is a session.

    Under `Referrer-Policy: no-referrer` browsers send `Origin: null` with our own forms (Fetch, section
    3.1), so that value says nothing; `Sec-Fetch-Site` and the token then decide.
    """
    headers: Mapping[str, str] = visit.request.headers
    site = headers.get("sec-fetch-site", "same-origin")
    origin = headers.get("origin")
    own = urlsplit(visit.doors.settings.public_origin)
    foreign = origin not in (None, "null") and (urlsplit(origin).scheme, urlsplit(origin).netloc) != (
        own.scheme,
        own.netloc,
    )
    if site not in ("same-origin", "none") or foreign:
        raise ForgedFormError("a form from another site")
    known = visit.session or visit.locked
    if known is not None and not csrf_fits(visit.token, visit.posted.first(CSRF_FIELD)):
        raise ForgedFormError("a form of another session")


def place_of(request: Request[Any, Any, Any]) -> str:
    """Where a request comes from, as one place counts (`network_of`)."""
    return "" if request.client is None else network_of(request.client.host)
