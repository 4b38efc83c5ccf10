"""Proposing other rules and deciding on a proposal: everything wrong is told, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.happenings.policies import ProposalOrigin
from consent_service.foundation.errors import InputError, IntegrityError, NotFoundError, Problem
from consent_service.policy.bundle import Bundle
from consent_service.policy.proposals import CheckFailed, ProposalView, Proposed
from consent_service.policy.stored import EngineGoneError
from consent_service.web.components import Option
from consent_service.web.forms import EMPTY, FormReader, FormState, Posted
from consent_service.web.officer.policies_forms import (
    UPLOAD_BYTES,
    read_approved,
    read_archive,
    read_sources,
)
from consent_service.web.officer.policies_reading import rule_differences
from consent_service.web.officer.policies_routes import decides, show_overview, showing_for
from consent_service.web.officer.policies_showing import EDIT, HERE, PROPOSALS, RuleShowing
from consent_service.web.officer.policies_views import (
    EditPage,
    FailedCheck,
    ProposalPage,
    RefusedProposalPage,
    SourceField,
)
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit


@get("/toezicht/{tenant:str}/spelregels/bewerken", include_in_schema=False)
async def edit(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """One file of the rules in force, or the choice of one."""
    actor = visit.officer(tenant)
    files = await visit.services.policy_changes.files(actor)
    wanted = visit.request.query_params.get("file", "")
    if wanted and wanted not in files:
        raise NotFoundError("file")
    chosen = {wanted: files[wanted]} if wanted else {}
    return await _show_edit(visit, actor, files, chosen)


@post("/toezicht/{tenant:str}/spelregels/bewerken", include_in_schema=False)
async def propose_edit(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """A rule and its cases change together, so one more file can be added before proposing."""
    actor = visit.officer(tenant)
    files = await visit.services.policy_changes.files(actor)
    form = FormReader(visit.posted)
    entered = read_sources(form, files)
    if form.problems:
        return await _show_edit(visit, actor, files, entered.texts, problems=form.problems)
    if entered.adds:
        return await _show_edit(visit, actor, files, {entered.adds: files[entered.adds]} | entered.texts)
    try:
        outcome = await visit.services.policy_changes.propose_edit(actor, entered.texts)
    except InputError as refused:
        return await _show_edit(visit, actor, files, entered.texts, problems=refused.problems)
    if isinstance(outcome, Proposed):
        return _to_proposal(visit, actor, outcome)
    failed = showing_for(visit, actor).failed(outcome)
    return await _show_edit(visit, actor, files, entered.texts, failed=failed)


@post("/toezicht/{tenant:str}/spelregels/voorstellen/software", include_in_schema=False)
async def propose_software(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    making = visit.services.policy_changes.propose_software(actor)
    return await _outcome(visit, actor, making, origin="software")


@post("/toezicht/{tenant:str}/spelregels/voorstellen/eerder/{bundle:str}", include_in_schema=False)
async def propose_earlier(
    visit: NamedDependency[Visit], tenant: FromPath[str], bundle: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    making = visit.services.policy_changes.propose_earlier(actor, bundle)
    return await _outcome(visit, actor, making, origin="earlier")


@post(
    "/toezicht/{tenant:str}/spelregels/voorstellen/bestand",
    include_in_schema=False,
    request_max_body_size=UPLOAD_BYTES,
)
async def propose_upload(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    archive = await read_archive(visit.request)
    making = visit.services.policy_changes.propose_upload(actor, archive)
    return await _outcome(visit, actor, making, origin="upload")


@get("/toezicht/{tenant:str}/spelregels/voorstellen/{proposal:str}", include_in_schema=False)
async def proposal(
    visit: NamedDependency[Visit], tenant: FromPath[str], proposal: FromPath[str]
) -> Response[Any]:
    """Past decisions are judged for it, and the log says so: no browser may fetch it ahead."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    return await _show_proposal(visit, actor, proposal)


@post("/toezicht/{tenant:str}/spelregels/voorstellen/{proposal:str}/goedkeuren", include_in_schema=False)
async def approve(
    visit: NamedDependency[Visit], tenant: FromPath[str], proposal: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    await visit.require_fresh(back=home(actor, "spelregels", "voorstellen", proposal))
    approving = visit.services.policy_changes.approve(actor, proposal, read_approved(visit.posted))
    return await _decided(visit, actor, proposal, approving, done="regels-goedgekeurd")


@post("/toezicht/{tenant:str}/spelregels/voorstellen/{proposal:str}/intrekken", include_in_schema=False)
async def withdraw(
    visit: NamedDependency[Visit], tenant: FromPath[str], proposal: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    withdrawing = visit.services.policy_changes.withdraw(actor, proposal)
    return await _decided(visit, actor, proposal, withdrawing, done="regels-ingetrokken")


@post("/toezicht/{tenant:str}/spelregels/voorstellen/{proposal:str}/invoeren", include_in_schema=False)
async def activate(
    visit: NamedDependency[Visit], tenant: FromPath[str], proposal: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    await visit.require_fresh(back=home(actor, "spelregels", "voorstellen", proposal))
    activating = visit.services.policy_changes.activate(actor, proposal)
    return await _decided(visit, actor, proposal, activating, done="regels-ingevoerd")


ROUTES: list[HTTPRouteHandler] = [
    edit,
    propose_edit,
    propose_software,
    propose_earlier,
    propose_upload,
    proposal,
    approve,
    withdraw,
    activate,
]


def proposal_page(
    found: ProposalView,
    showing: RuleShowing,
    bundles: tuple[Bundle | None, Bundle | None],
    *,
    decides: bool,
    active: str,
    form: FormState = EMPTY,
) -> ProposalPage:
    """The proposal; `bundles` are the rules it would replace and those proposed, `active` those in force."""
    here = showing.at(PROPOSALS, found.line.proposal)
    return ProposalPage(
        back_href=showing.at(),
        card=showing.card(found.line),
        replaces=found.line.replaces,
        stale=found.line.state == "stale",
        replaced_again=found.line.state == "stale" and found.line.replaces == active,
        comparable=found.comparable,
        tally=showing.tally(found),
        missing=showing.missing(found),
        approvals=showing.approvals(found.approved),
        rules=rule_differences(bundles, language=showing.language),
        differences=tuple(showing.difference(one) for one in found.difference),
        replay=showing.replay(found.replay),
        to_allow=showing.changes(found, "to_allow", bundles),
        widenings=showing.widenings(found),
        promises=showing.promises(found),
        to_deny=showing.changes(found, "to_deny", bundles),
        otherwise=showing.changes(found, "otherwise", bundles),
        why_not_approve=showing.why_not_approve(found),
        approve_action=f"{here}/goedkeuren" if found.may_approve else "",
        withdraw_action=f"{here}/intrekken" if found.line.state == "open" and decides else "",
        activate_action=f"{here}/invoeren" if found.may_activate else "",
        form=form,
    )


async def _show_proposal(
    visit: Visit, actor: Officer, proposal: str, *, form: FormState = EMPTY, status: int = 200
) -> Response[Any]:
    found = await visit.services.policy_changes.proposal(actor, proposal)
    bundles = (await _bundle(visit, found.line.replaces), await _bundle(visit, found.line.hash))
    active = (await visit.services.policy_changes.overview(actor)).active.hash
    view = proposal_page(
        found, showing_for(visit, actor), bundles, decides=decides(actor), active=active, form=form
    )
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


async def _decided(
    visit: Visit, actor: Officer, proposal: str, deciding: Awaitable[object], *, done: str
) -> Response[Any]:
    """Back to the proposal; where it could not be done, the proposal as it is now says why."""
    try:
        await deciding
    except InputError as refused:
        form = FormState.of(visit.posted, refused.problems, language=visit.language)
        return await _show_proposal(visit, actor, proposal, form=form, status=409)
    return visit.redirect(_address(visit, actor, proposal), done=done)


async def _show_edit(
    visit: Visit,
    actor: Officer,
    files: Collection[str],
    texts: Mapping[str, str],
    *,
    problems: Sequence[Problem] = (),
    failed: FailedCheck | None = None,
) -> Response[Any]:
    """The texts as they are on the page, with everything that is wrong with them."""
    showing = showing_for(visit, actor)
    typed = Posted({f"text-{number}": (text,) for number, text in enumerate(texts.values())})
    view = EditPage(
        back_href=showing.at(),
        action=showing.at(EDIT),
        files=tuple(Option(file, file) for file in files if file not in texts),
        sources=tuple(SourceField(number, file) for number, file in enumerate(texts)),
        form=FormState.of(
            typed,
            problems,
            language=visit.language,
            labels={f"text-{number}": file for number, file in enumerate(texts)},
        ),
        failed=failed,
    )
    status = 400 if problems or failed else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))


async def _outcome(
    visit: Visit, actor: Officer, making: Awaitable[Proposed | CheckFailed], *, origin: ProposalOrigin
) -> Response[Any]:
    """The proposal, or everything that is wrong with it."""
    try:
        outcome = await making
    except InputError as refused:
        form = FormState.of(visit.posted, refused.problems, language=visit.language)
        return await show_overview(visit, actor, form=form, status=400)
    if isinstance(outcome, Proposed):
        return _to_proposal(visit, actor, outcome)
    showing = showing_for(visit, actor)
    view = RefusedProposalPage(showing.at(), showing.words.origin(origin), showing.failed(outcome))
    return await visit.show(view, status=400, navigation=await navigation(visit, actor, HERE))


def _to_proposal(visit: Visit, actor: Officer, made: Proposed) -> Response[Any]:
    return visit.redirect(_address(visit, actor, made.proposal), done="regels-voorgesteld")


def _address(visit: Visit, actor: Officer, proposal: str) -> str:
    return showing_for(visit, actor).at(PROPOSALS, proposal)


async def _bundle(visit: Visit, bundle_hash: str) -> Bundle | None:
    """Rules with their reasons in words; None where they can no longer be read."""
    try:
        return (await visit.services.policies.rules(bundle_hash)).bundle
    except (NotFoundError, EngineGoneError, IntegrityError):
        return None
