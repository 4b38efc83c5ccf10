"""The conversation on the tablet: one question per page, check, sign, receipt, give it back.

With a parent, or with a child that decides along or alone; the words are of whom reads them.

Every form carries a token for one use. What was sent twice, or from a page that is no longer the
newest, is not taken; one then sees the question that is open now, and nothing is lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.consent.codes import code_of
from consent_service.consent.drafts import Seen
from consent_service.consent.model import SAVED, Shown, Signature
from consent_service.consent.questions import text_version
from consent_service.consent.screen import screen_hash
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.identity.handover import TakeBackRefused
from consent_service.identity.model import ChildActor, person_of
from consent_service.web.device import read_device_time, seconds_on_screen
from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.intake.desk import (
    STEADY,
    Desk,
    holder_of_tablet,
    intake_address,
    sit_down,
    where_to_go_on,
)
from consent_service.web.intake.explaining_routes import ROUTES as EXPLAINING
from consent_service.web.intake.explaining_routes import first_to_explain
from consent_service.web.intake.forms import Signed, SignedBy, read_answer, read_signature, read_step
from consent_service.web.intake.showing import (
    check_page,
    done_page,
    neutral_receipt_page,
    question_page,
    receipt_page,
    saved_page,
    screen_of,
    sign_page,
    statement_of,
    talking_points_page,
    welcome_page,
)
from consent_service.web.intake.views import DonePage
from consent_service.web.shared.passkey_forms import asked_for, problem_at_tablet
from consent_service.web.turned_away import LoginNeededError
from consent_service.web.visit import Visit

TAKE_BACK = "/tablet-terug"
RECEIPT_COOKIE = "bewijs"
RECEIPT_LASTS = 30 * 60
"""Seconds in which a reload shows the withdrawal code again; the code itself is kept nowhere."""


@get("/intake", include_in_schema=False)
async def resume(visit: NamedDependency[Visit]) -> Response[Any]:
    """Whoever holds the tablet goes on where she was."""
    holder = holder_of_tablet(visit)
    sitting = await visit.services.sittings.current(holder)
    if sitting is not None:
        return visit.redirect(intake_address(sitting))
    if isinstance(holder, ChildActor):
        return visit.redirect(f"/kind/{visit.language}/none")
    page = DonePage(TAKE_BACK)
    if await visit.services.page_access.chosen_factor(holder) is not None:
        page = msgspec.structs.replace(page, own_page_href="")
    return await visit.show(page)


@get("/intake/{sitting:str}", include_in_schema=False, opt=STEADY)
async def welcome(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    desk = await sit_down(visit, sitting)
    if desk.sitting.finished_at is not None or not desk.sitting.questions:
        return visit.redirect(desk.onward())
    return await desk.show(welcome_page(desk))


@post("/intake/{sitting:str}/begin", include_in_schema=False, opt=STEADY)
async def begin(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    """To the questions with pictures, or where she was on an earlier day."""
    desk = await sit_down(visit, sitting)
    return visit.redirect(desk.onward() if desk.sitting.answers else first_to_explain(desk))


@post("/intake/{sitting:str}/taal", include_in_schema=False)
async def choose_language(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    """Go on in another language; what was answered stays."""
    desk = await sit_down(visit, sitting)
    back = visit.posted.first("back")
    own = back == desk.at() or back.startswith(desk.at() + "/")
    try:
        await visit.services.sittings.choose_language(desk.actor, sitting, visit.posted.first("language"))
    except (InputError, ConflictError):
        return visit.redirect(desk.onward())
    return visit.redirect(back if own else desk.at())


@get("/intake/{sitting:str}/vraag/{number:int}", include_in_schema=False, opt=STEADY)
async def question(
    visit: NamedDependency[Visit], sitting: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    desk = await sit_down(visit, sitting)
    if not _is_asked(desk, number):
        return visit.redirect(desk.onward())
    return await _show_question(desk, number)


@post("/intake/{sitting:str}/vraag/{number:int}", include_in_schema=False, opt=STEADY)
async def answer(
    visit: NamedDependency[Visit], sitting: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """Take one answer, once, and only to exactly the words that are shown now."""
    desk = await sit_down(visit, sitting)
    if not _is_asked(desk, number):
        return visit.redirect(desk.onward())
    form = FormReader(visit.posted)
    chosen = read_answer(form)
    session = visit.known_session()
    opened = await visit.services.identity.use_step(session, _step(desk, number), read_step(form))
    if opened is None:
        return visit.redirect(desk.onward())
    if chosen is None:
        state = FormState.of(visit.posted, form.problems, language=desk.sitting.language)
        return await _show_question(desk, number, state)
    asked = desk.sitting.questions[number - 1]
    try:
        after = await visit.services.sittings.answer(
            desk.actor,
            sitting,
            asked,
            answer=chosen,
            shown=_shown(desk, number),
            seen=_seen(visit, opened),
        )
    except (ConflictError, NotFoundError):
        return visit.redirect(desk.at())
    return visit.redirect(where_to_go_on(after))


@post("/intake/{sitting:str}/nu-niet", include_in_schema=False, opt=STEADY)
async def not_now(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    """Not fit to decide now: nothing counts (S55). Twice is once."""
    desk = await sit_down(visit, sitting)
    if desk.sitting.finished_at is None:
        try:
            await visit.services.sittings.not_now(desk.actor, sitting)
        except ConflictError:
            return visit.redirect(desk.at())
    return visit.redirect(desk.at("klaar"))


@post("/intake/{sitting:str}/bewaren", include_in_schema=False, opt=STEADY)
async def save(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    """Go on another day: what was answered is kept and counts for nothing. Twice is once."""
    desk = await sit_down(visit, sitting)
    if desk.sitting.finished_at is not None:
        return visit.redirect(desk.onward())
    try:
        await visit.services.sittings.save(desk.actor, sitting)
    except ConflictError:
        return visit.redirect(desk.at())
    return visit.redirect(desk.at("bewaard"))


@get("/intake/{sitting:str}/bewaard", include_in_schema=False)
async def saved(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    desk = await sit_down(visit, sitting)
    if desk.sitting.finished_at is not None or desk.sitting.outcome != SAVED:
        return visit.redirect(desk.onward())
    return await desk.show(saved_page(desk, TAKE_BACK))


@post("/intake/{sitting:str}/zelf", include_in_schema=False, opt=STEADY)
async def tell_myself(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    """She tells it herself: nothing is sent (S52). Twice is once."""
    desk = await sit_down(visit, sitting)
    if desk.sitting.finished_at is None:
        try:
            await visit.services.sittings.tell_myself(desk.actor, sitting)
        except ConflictError:
            return visit.redirect(desk.at())
    return visit.redirect(desk.at("zelf-vertellen"))


@get("/intake/{sitting:str}/zelf-vertellen", include_in_schema=False)
async def talking_points(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    """What she may tell; it prints."""
    desk = await sit_down(visit, sitting)
    if desk.sitting.outcome != "tell_myself":
        return visit.redirect(desk.onward())
    return await desk.show(talking_points_page(desk))


@get("/intake/{sitting:str}/controle", include_in_schema=False, opt=STEADY)
async def check(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    desk = await sit_down(visit, sitting)
    if not _is_complete(desk):
        return visit.redirect(desk.onward())
    return await desk.show(check_page(desk))


@get("/intake/{sitting:str}/tekenen", include_in_schema=False, opt=STEADY)
async def signing(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    desk = await sit_down(visit, sitting)
    if not _is_complete(desk):
        return visit.redirect(desk.onward())
    return await _show_signing(desk)


@post("/intake/{sitting:str}/tekenen", include_in_schema=False, opt=STEADY)
async def sign(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    """Make the answers count.

    The withdrawal code is made of this form's token, which the browser keeps for half an hour in a
    cookie of this sitting: a reload shows the code again while only its hash is stored.
    """
    desk = await sit_down(visit, sitting)
    form = FormReader(visit.posted)
    signed, token = read_signature(form, child=desk.is_child), read_step(form)
    if not _is_complete(desk):
        return await _signed_before(desk, _secret(signed.method, token))
    if form.problems:
        return await _show_signing(desk, form.problems)
    if await visit.services.identity.use_step(visit.known_session(), _sign_step(desk), token) is None:
        return visit.redirect(desk.onward())
    signature = await _signature(visit, signed)
    if isinstance(signature, Problem):
        return await _show_signing(desk, [signature])
    secret = _secret(signed.method, token)
    try:
        await visit.services.sittings.sign(
            desk.actor, sitting, signature, secret=secret, statement=statement_of(desk)
        )
    except ConflictError:
        return visit.redirect(desk.at())
    except InputError as refused:
        return await _show_signing(desk, refused.problems)
    response = visit.redirect(desk.at("bewijs"))
    response.set_cookie(_receipt_cookie(desk, secret, RECEIPT_LASTS))
    return response


async def _signed_before(desk: Desk, secret: str) -> Response[Any]:
    """The form that signed is sent again, because its answer was lost: its receipt, for a while."""
    response = desk.visit.redirect(desk.onward())
    ended = desk.sitting.finished_at
    soon = ended is not None and desk.visit.now() - ended < timedelta(seconds=RECEIPT_LASTS)
    if soon and await _code_of_sitting(desk, secret) is not None:
        response.set_cookie(_receipt_cookie(desk, secret, RECEIPT_LASTS))
    return response


@get("/intake/{sitting:str}/bewijs", include_in_schema=False)
async def receipt(
    visit: NamedDependency[Visit], request: Request[Any, Any, Any], sitting: FromPath[str]
) -> Response[Any]:
    desk = await sit_down(visit, sitting)
    secret = request.cookies.get(RECEIPT_COOKIE, "")
    code = await _code_of_sitting(desk, secret)
    if code is None:
        return visit.redirect(desk.at("klaar"))
    return await desk.show(await receipt_page(desk, code, _method_of(secret)))


@get("/intake/{sitting:str}/bewijs/code", include_in_schema=False)
async def neutral_receipt(
    visit: NamedDependency[Visit], request: Request[Any, Any, Any], sitting: FromPath[str]
) -> Response[Any]:
    desk = await sit_down(visit, sitting)
    code = await _code_of_sitting(desk, request.cookies.get(RECEIPT_COOKIE, ""))
    if code is None:
        return visit.redirect(desk.at("klaar"))
    return await desk.show(neutral_receipt_page(desk, code))


@get("/intake/{sitting:str}/klaar", include_in_schema=False)
async def done(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[Any]:
    """The end; the code is forgotten here too."""
    desk = await sit_down(visit, sitting)
    if desk.sitting.finished_at is None and desk.sitting.questions:
        return visit.redirect(desk.onward())
    response = await desk.show(done_page(desk, TAKE_BACK))
    response.set_cookie(_receipt_cookie(desk, "", 0))
    return response


ROUTES = [
    resume,
    welcome,
    begin,
    *EXPLAINING,
    choose_language,
    question,
    answer,
    not_now,
    save,
    saved,
    tell_myself,
    talking_points,
    check,
    signing,
    sign,
    receipt,
    neutral_receipt,
    done,
]


def _is_asked(desk: Desk, number: int) -> bool:
    return desk.sitting.finished_at is None and 1 <= number <= len(desk.sitting.questions)


def _is_complete(desk: Desk) -> bool:
    sitting = desk.sitting
    return sitting.finished_at is None and bool(sitting.questions) and sitting.next_question() is None


# --- steps -----------------------------------------------------------------------------------


async def _show_question(desk: Desk, number: int, form: FormState = EMPTY) -> Response[str]:
    session = desk.visit.known_session()
    token = await desk.visit.services.identity.issue_step(session, _step(desk, number))
    return await desk.show(question_page(desk, number, token, form), status=400 if form.problems else 200)


async def _show_signing(desk: Desk, problems: Sequence[Problem] = ()) -> Response[str]:
    session = desk.visit.known_session()
    token = await desk.visit.services.identity.issue_step(session, _sign_step(desk))
    form = FormState.of(desk.visit.posted, problems, language=desk.sitting.language)
    asked = await asked_for(desk.visit, "witness")
    return await desk.show(sign_page(desk, token, form, asked), status=400 if problems else 200)


def _step(desk: Desk, number: int) -> str:
    """One question in exactly these words: a text that changed meanwhile makes the form an old one."""
    asked = desk.sitting.questions[number - 1]
    return f"{asked.relationship}:{asked.information_type}:{screen_hash(screen_of(desk, number))}"


def _sign_step(desk: Desk) -> str:
    """Signing under exactly these sentences: other answers or another language make the form an old one."""
    return f"sign:{desk.sitting.sitting}:{hashlib.sha256(statement_of(desk).encode()).hexdigest()}"


def _shown(desk: Desk, number: int) -> Shown:
    key = desk.sitting.questions[number - 1].information_type
    text = desk.visit.services.texts.of_type(desk.sitting.language, key)
    screen = screen_of(desk, number)
    return Shown(desk.sitting.language, text_version(text), text.hash, screen_hash(screen))


def _seen(visit: Visit, opened: datetime) -> Seen:
    """When it was answered by the device's clock, and how long the question stood there."""
    now = visit.now()
    return Seen(read_device_time(visit.posted, now=now), seconds_on_screen(opened, now=now))


# --- signing ---------------------------------------------------------------------------------


async def _signature(visit: Visit, signed: Signed) -> Signature | Problem:
    """The typed name, the drawing, or the witness who proved by PIN or passkey to be the counsellor.

    Raises:
        LoginNeededError: the PIN was wrong too often; the session has ended.
    """
    if signed.method == "typed":
        return Signature("typed", signed.signature)
    if signed.method == "drawn":
        return Signature("drawn", signed.drawing, signed.signature)
    witness = await visit.services.identity.witness(visit.token, signed.given)
    if not isinstance(witness, TakeBackRefused):
        return Signature("witness", witness.staff)
    if not witness.is_wrong:
        raise LoginNeededError(parent=True, pin_exhausted=witness.code == "pin_exhausted")
    return problem_at_tablet(witness)


def _secret(method: SignedBy, token: str) -> str:
    return f"{method}.{token}"


def _method_of(secret: str) -> SignedBy:
    """How it was signed; part of the secret, so that a changed one fits no code."""
    known: dict[str, SignedBy] = {"witness": "witness", "drawn": "drawn"}
    return known.get(secret.partition(".")[0], "typed")


async def _code_of_sitting(desk: Desk, secret: str) -> str | None:
    """The code on this guardian's receipt, if the browser still has what it was made of."""
    if not secret or desk.sitting.outcome != "signed":
        return None
    code = code_of(secret)
    try:
        holder = await desk.visit.services.consent.holder_of_code(code)
    except InputError:
        return None
    return code if holder.person == person_of(desk.actor) else None


def _receipt_cookie(desk: Desk, secret: str, seconds: int) -> Cookie:
    return Cookie(
        key=RECEIPT_COOKIE,
        value=secret,
        path=desk.at(),
        httponly=True,
        samesite="strict",
        secure=desk.visit.doors.https,
        max_age=seconds,
    )
