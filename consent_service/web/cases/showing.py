"""Views of requests, put together from what the services know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import translator
from consent_service.identity.model import PrivacyCoordinator
from consent_service.rights.cases.model import (
    ARTICLES,
    CASE,
    GROUNDS,
    ONLY,
    Case,
    CaseKind,
    CaseView,
    RefusalGround,
)
from consent_service.web.cases.views import CaseLine, CasePage, OwnCaseLine
from consent_service.web.cases.words import CASE_TABLES, NEUTRAL_REFUSAL, REFUSALS
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.officer.room import home
from consent_service.web.visit import Officer, Visit

HERE: Final = "verzoeken"
_REFERENCE: Final = 6
_WEIGHED: Final = ("by_hand", "without_authority", "child_decides")
KINDS: Final = get_args(CaseKind)


def case_line(visit: Visit, one: Case, href: str) -> CaseLine:
    """One request with its clock."""
    today = local_date(visit.now())
    return CaseLine(
        href=href,
        kind=one.kind,
        article=ARTICLES[one.kind],
        state=one.state,
        standing=one.standing,
        channel=one.channel,
        received_on=one.received_on,
        due_on=one.due_on,
        left=(one.due_on - today).days,
        is_open=one.is_open,
        number=number_of(one),
    )


def number_of(one: Case) -> str:
    """What an officer calls it: letters differ by it, for no name is kept."""
    return one.case[-_REFERENCE:].upper()


def case_page(visit: Visit, actor: Officer, found: CaseView, problems: Sequence[Problem] = ()) -> CasePage:
    """One request for an officer; only who decides gets what decides."""
    one, said = found.case, translator(visit.language)
    here = home(actor, HERE, one.case)
    may = _may(actor, one)
    return CasePage(
        back_href=home(actor, HERE),
        line=case_line(visit, one, here),
        reference=number_of(one),
        capacity=one.capacity,
        words=found.words,
        standing_now=found.standing_now,
        identity=one.identity or "",
        identified_at=one.identified_at,
        extended=one.extended or "",
        opinion=one.opinion or "",
        outcome=one.outcome or "",
        ground=one.ground or "",
        ground_article="" if one.ground is None else GROUNDS[one.ground],
        decided_at=one.decided_at,
        answer_from=one.answer_from,
        ended_at=one.ended_at,
        delivered=one.delivered or "",
        weigh=found.standing_now in _WEIGHED,
        sentence=said.text(refusal_sentence(one)),
        grounds=_grounds(visit, one),
        identify_action=here if "identify" in may else "",
        extend_action=here if "extend" in may else "",
        advise_action=here if "advise" in may else "",
        decide_action=here if "refuse" in may else "",
        finish_action=here if {"answer", "carry_out"} & may else "",
        reopen_action=here if "reopen" in may else "",
        withdraw_action=here if "withdraw" in may else "",
        carry_href=f"{here}/{_carried_at(one)}" if one.outcome in ("grant", "grant_in_part") else "",
        letter_href=f"{here}/brief" if one.outcome in ("refuse", "grant_in_part") else "",
        form=FormState.of(visit.posted, problems, language=visit.language),
    )


def _may(actor: Officer, one: Case) -> frozenset[str]:
    """What this officer may do with it now: the coordinator decides, the FG advises."""
    acts = set(CASE.acts_in(one.state))
    if one.state == "refused":
        acts -= {"withdraw"}
    if not isinstance(actor, PrivacyCoordinator):
        return frozenset(acts & {"advise"})
    if one.done_elsewhere:
        acts -= {"carry_out"}
    if one.requester is None:
        acts -= {"identify"}
    if one.extended is not None:
        acts -= {"extend"}
    return frozenset(acts - {"advise"})


def _carried_at(one: Case) -> str:
    """Part of the address below the request."""
    return "dossier" if one.kind in ("access", "portability") else "uitvoeren"


def _grounds(visit: Visit, one: Case) -> tuple[Option, ...]:
    """The grounds that exist for this request, each with where the law says so."""
    said = translator(visit.language)
    return tuple(
        Option(ground, f"{said.text(CASE_TABLES['case_ground'][ground])} ({article})")
        for ground, article in GROUNDS.items()
        if one.kind in ONLY.get(ground, {one.kind})
    )


def refusal_sentence(one: Case) -> str:
    """What who asked is told of a no, as a message id; empty without one."""
    ground: RefusalGround | None = one.ground
    return "" if ground is None else REFUSALS.get(ground, NEUTRAL_REFUSAL)


def own_line(visit: Visit, one: Case) -> OwnCaseLine:
    """As who asked may know it: a neutral answer is not there before its day."""
    early = one.answer_from is not None and local_date(visit.now()) < one.answer_from
    hidden = early or (one.standing == "by_hand" and one.state in ("identified", "granted"))
    state = "identified" if hidden else one.state
    answered = one.outcome is not None and not hidden and state != "withdrawn"
    return OwnCaseLine(
        kind=one.kind,
        state=state,
        received_on=one.received_on,
        due_on=one.due_on,
        answered=answered,
        sentence=translator(visit.language).text(refusal_sentence(one)) if answered and one.ground else "",
        value=one.case if state != "refused" and "withdraw" in CASE.acts_in(state) else "",
    )
