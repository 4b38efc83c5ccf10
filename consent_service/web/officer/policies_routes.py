"""The rules as the officers see them: which hold, what each says, who may ever get what, a decision again.

Proposing other rules and deciding on a proposal is `policies_proposal_routes`.
"""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import EntryId, is_id
from consent_service.identity.model import Fg
from consent_service.policy.proposals import NotRerun, PolicyOverview
from consent_service.policy.rules import Rules
from consent_service.policy.stored import UnjudgeableError
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.officer.policies_reading import policy_folders
from consent_service.web.officer.policies_showing import EDIT, HERE, IN_WORDS, PROPOSALS, TABLE, RuleShowing
from consent_service.web.officer.policies_table import matrix_page, wanted_of
from consent_service.web.officer.policies_views import PoliciesPage, RerunPage, RulesPage
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit


@get("/toezicht/{tenant:str}/spelregels", include_in_schema=False)
async def overview(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    return await show_overview(visit, actor)


@get("/toezicht/{tenant:str}/spelregels/in-woorden", include_in_schema=False)
async def in_words(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    rules = await _in_force(visit, actor)
    showing = showing_for(visit, actor)
    if rules is None:
        return visit.redirect(showing.at())
    edit = showing.at(EDIT) if decides(actor) else ""
    view = PoliciesPage(
        tabs=showing.tabs(IN_WORDS),
        hash=rules.bundle.hash,
        folders=policy_folders(rules.bundle, showing.words, edit=edit, language=visit.language),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@get("/toezicht/{tenant:str}/spelregels/wie-mag-wat", include_in_schema=False)
async def who_may(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    rules, showing = await _in_force(visit, actor), showing_for(visit, actor)
    if rules is None:
        return visit.redirect(showing.at())
    asked = visit.request.query_params
    wanted = wanted_of(asked.get("show", ""), asked.get("action", ""), asked.get("basis", ""))
    cells = await visit.doors.matrix.cells(rules, wanted.columns())
    view = matrix_page(wanted, cells, showing, here=showing.at(TABLE))
    return await visit.show(view, navigation=await navigation(visit, actor, HERE))


@post("/toezicht/{tenant:str}/regels/{entry:str}/opnieuw", include_in_schema=False, status_code=200)
async def rerun(visit: NamedDependency[Visit], tenant: FromPath[str], entry: FromPath[str]) -> Response[Any]:
    """The outcome of this moment; doing it twice does no harm."""
    actor = visit.officer(tenant)
    if not is_id(entry):
        raise NotFoundError("entry")
    made = await visit.services.policy_changes.rerun(actor, EntryId(entry))
    showing, back = showing_for(visit, actor), home(actor, "regels", entry)
    if isinstance(made, NotRerun):
        view = RerunPage(back, entry, bundle="", same=False, why_not=showing.obstacle(made.why))
    else:
        rules = await visit.services.policies.rules(made.bundle)
        lines = showing.rerun(made, rules.bundle)
        view = RerunPage(back, entry, made.bundle, made.same, lines)
    return await visit.show(view, navigation=await navigation(visit, actor, ""))


@get("/toezicht/{tenant:str}/regels/{entry:str}/opnieuw", include_in_schema=False)
async def rerun_again(
    visit: NamedDependency[Visit], tenant: FromPath[str], entry: FromPath[str]
) -> Response[Any]:
    """An outcome is not kept; whoever comes back to its address starts at the entry."""
    actor = visit.officer(tenant)
    if not is_id(entry):
        raise NotFoundError("entry")
    return visit.redirect(home(actor, "regels", entry))


ROUTES: list[HTTPRouteHandler] = [overview, in_words, who_may, rerun, rerun_again]


async def _in_force(visit: Visit, actor: Officer) -> Rules | None:
    """The rules that hold; None where this release cannot read them, which the overview tells."""
    found = await visit.services.policy_changes.overview(actor)
    try:
        return await visit.services.policies.in_force(found.active.hash)
    except UnjudgeableError:
        return None


def decides(actor: Officer) -> bool:
    """Whether there are buttons at all; who may do what is asked by the service."""
    return not isinstance(actor, Fg)


def showing_for(visit: Visit, actor: Officer) -> RuleShowing:
    """How this officer reads the rules."""
    return RuleShowing(actor, visit.services.texts.of(visit.language), decides=decides(actor))


async def show_overview(
    visit: Visit, actor: Officer, *, form: FormState = EMPTY, status: int = 200
) -> Response[Any]:
    """The overview, also when an upload did not come through."""
    found = await visit.services.policy_changes.overview(actor)
    view = overview_page(found, showing_for(visit, actor), form, decides=decides(actor))
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


def overview_page(
    found: PolicyOverview, showing: RuleShowing, form: FormState, *, decides: bool
) -> RulesPage:
    """What holds, what is proposed, what held; the buttons only for who decides."""
    return RulesPage(
        tabs=showing.tabs(""),
        active=showing.version(found.active),
        proposals=tuple(showing.card(line) for line in found.proposals),
        earlier=showing.earlier(found),
        on_disk=found.on_disk,
        propose_software=showing.at(PROPOSALS, "software") if decides else "",
        upload_action=showing.at(PROPOSALS, "bestand") if decides else "",
        edit_href=showing.at(EDIT) if decides else "",
        form=form,
    )
