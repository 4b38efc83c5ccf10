"""Views of the counsellor's first pages, put together from what the services know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from consent_service.families.model import FamilyView
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import FamilyId
from consent_service.identity.model import Counsellor
from consent_service.process.model import CONTACT_TASKS, SIGNAL_TASKS, TITLES, Task, TaskKind
from consent_service.web.components import TaskLine
from consent_service.web.forms import FormState
from consent_service.web.shelter.forms import SearchEntered
from consent_service.web.shelter.room import family_address, shelter_address
from consent_service.web.shelter.views import (
    ApprovalLine,
    ApprovalsPage,
    FamiliesPage,
    FamilyLine,
    SearchHit,
    WaitingMarkerLine,
    WaitingMeetingLine,
)
from consent_service.web.visit import Visit

_OF_FAMILY: Final[Mapping[TaskKind, tuple[str]]] = {
    "meldcode_postponed": ("meldcode",),
    "intake_again": ("tablet",),
    "ask_again": ("tablet",),
    "consent_ends": ("tablet",),
    "consent_ended": ("tablet",),
    "oral_ended": ("tablet",),
    "authority_unknown": ("gezag",),
    "authority_ends": ("gezag",),
    "safety_review": ("veiligheid",),
    "court_order_ends": ("veiligheid",),
    "marker_review": ("niet-benaderen",),
    "code_in_other_hands": ("toegang",),
}
"""Where the tasks of a family are done, below its page; the others on that page itself."""
_AT_SCHOOL: Final[Mapping[TaskKind, str]] = {"recall_unanswered": "belkaart", "look_into_wrong": "gedeeld"}
"""And those about a child at a school."""


async def families_page(visit: Visit, actor: Counsellor) -> FamiliesPage:
    """The counsellor's families and what is to be done."""
    own = await visit.services.families.families_of(actor)
    tasks = await visit.services.tasks.open_tasks(actor)
    async with visit.services.installation.database.reading() as conn:
        standing_in = await visit.services.organisations.stands_in_for(conn, actor)
    open_tasks = Counter(task.family for task in tasks)
    return FamiliesPage(
        families=tuple(
            _family_line(one, actor, open_tasks[one.family], substitute=one.family in standing_in)
            for one in own
            if one.ended_at is None
        ),
        tasks=task_lines(visit, tasks, actor),
        register_href=shelter_address(actor.tenant, "inschrijven"),
        search_href=shelter_address(actor.tenant, "zoeken"),
    )


def task_lines(visit: Visit, tasks: Iterable[Task], actor: Counsellor) -> tuple[TaskLine, ...]:
    """What is to be done, each with the page where it is done; no names, they stand on that page."""
    said, today = translator(visit.language), local_date(visit.now())
    types = visit.services.texts.of(visit.language).types
    return tuple(
        TaskLine(
            sentence=said.text(TITLES[task.kind]),
            href=task_href(task, actor),
            about=next((text.label for key, text in types.items() if key == task.information_type), ""),
            due=task.due_on,
            urgent=task.kind == "second_approval" or task.kind in SIGNAL_TASKS,
            late=task.due_on is not None and task.due_on < today,
            done_action=_done_action(task, actor),
        )
        for task in tasks
    )


async def search_hits(visit: Visit, actor: Counsellor, entered: SearchEntered) -> tuple[SearchHit, ...]:
    """The children found; a colleague's family leads to the page that asks for a reason.

    Raises:
        InputError: too many searches this hour.
    """
    found = await visit.services.families.search(actor, names=entered.names, birth_date=entered.birth_date)
    async with visit.services.installation.database.reading() as conn:
        own = set(await visit.services.organisations.families_of(conn, actor))
    return tuple(
        SearchHit(
            href=_family_or_reason(actor, child.family, assigned=child.family in own),
            name=child.identity.full_name,
            birth_date=child.identity.birth_date,
            assigned=child.family in own,
        )
        for child in found
        if child.identity.birth_date is not None
    )


async def approvals_page(visit: Visit, actor: Counsellor, problems: Sequence[Problem] = ()) -> ApprovalsPage:
    """What colleagues wrote that waits for a second person."""
    services = visit.services
    waiting = await services.records.awaiting_approval(actor)
    texts = services.texts.of(visit.language).types
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(conn, actor.tenant, [w.author for w in waiting])
    names = {member.staff: member.name for member in members}
    schools = {one.school: one.name for one in await services.organisations.schools(actor.tenant)}
    lines = []
    for one in waiting:
        about = await services.families.relationship(actor.tenant, one.relationship)
        lines.append(
            ApprovalLine(
                label=texts[one.information_type].label,
                school=schools[about.school],
                written_at=one.written_at,
                written_by=names.get(one.author, ""),
                action=shelter_address(actor.tenant, "goedkeuren", one.relationship, one.record),
            )
        )
    form = FormState.of(visit.posted, problems, language=visit.language)
    markers = await _waiting_markers(visit, actor)
    meetings = await _waiting_meetings(visit, actor)
    urgent = len(await services.break_glass.waiting(actor))
    there = shelter_address(actor.tenant, "noodgevallen")
    return ApprovalsPage(
        shelter_address(actor.tenant), tuple(lines), form, markers, meetings, urgent, there if urgent else ""
    )


async def _waiting_meetings(visit: Visit, actor: Counsellor) -> tuple[WaitingMeetingLine, ...]:
    services = visit.services
    found = await services.meetings.awaiting_approval(actor)
    async with services.installation.database.reading() as conn:
        members = await services.organisations.staff_members(
            conn, actor.tenant, [one.proposed_by for one in found]
        )
    names = {member.staff: member.name for member in members}
    return tuple(
        WaitingMeetingLine(
            asked_by=names.get(one.proposed_by, ""),
            asked_at=one.proposed_at,
            action=shelter_address(actor.tenant, "gesprekken", one.meeting, "goedkeuren"),
        )
        for one in found
    )


async def _waiting_markers(visit: Visit, actor: Counsellor) -> tuple[WaitingMarkerLine, ...]:
    """What somebody else asked: one's own request is not shown, as one may not decide it."""
    services = visit.services
    found = [one for one in await services.families.waiting_markers(actor) if one.requested_by != actor.staff]
    async with services.installation.database.reading() as conn:
        asked = [one.requested_by for one in found]
        members = await services.organisations.staff_members(conn, actor.tenant, asked)
    names = {member.staff: member.name for member in members}
    return tuple(
        WaitingMarkerLine(
            asked_by=names.get(one.requested_by, ""),
            asked_at=one.requested_at,
            review_on=one.review_on,
            action=shelter_address(actor.tenant, "niet-benaderen", one.marker),
        )
        for one in found
    )


def _family_line(family: FamilyView, actor: Counsellor, open_tasks: int, *, substitute: bool) -> FamilyLine:
    return FamilyLine(
        href=family_address(actor.tenant, family.family),
        guardians=tuple(one.identity.full_name for one in family.guardians),
        children=tuple(one.identity.full_name for one in family.children),
        safety=family.safety.level,
        open_tasks=open_tasks,
        substitute=substitute,
    )


def task_href(task: Task, actor: Counsellor) -> str:
    """The page on which it is done; never the list the task stands on."""
    if task.kind in ("break_glass_to_approve", "break_glass_to_confirm"):
        return shelter_address(actor.tenant, "noodgevallen")
    if task.audience == "approver":
        return shelter_address(actor.tenant, "goedkeuren")
    if task.family is None:
        return shelter_address(actor.tenant, "zoeken")
    if task.kind == "parent_to_tell" and task.relationship is not None:
        return family_address(actor.tenant, task.family, "scholen", task.relationship, "noodgeval")
    if task.kind == "meldcode_postponed":
        return family_address(actor.tenant, task.family, "meldcode")
    if task.kind in CONTACT_TASKS and task.relationship is not None:
        return family_address(actor.tenant, task.family, "scholen", task.relationship, "contacten")
    if task.kind in SIGNAL_TASKS and task.relationship is not None:
        return family_address(actor.tenant, task.family, "scholen", task.relationship, "signaal")
    if task.kind in _AT_SCHOOL and task.relationship is not None:
        page = _AT_SCHOOL[task.kind]
        return family_address(actor.tenant, task.family, "scholen", task.relationship, page)
    return family_address(actor.tenant, task.family, *_OF_FAMILY.get(task.kind, ()))


def _done_action(task: Task, actor: Counsellor) -> str:
    """Where it is ticked off; a call about a signal, and deciding along, are done on their own pages."""
    if task.kind in SIGNAL_TASKS and task.relationship is not None:
        return ""
    if task.kind in ("break_glass_to_approve", "break_glass_to_confirm"):
        return ""
    return shelter_address(actor.tenant, "taken", task.task, "klaar")


def _family_or_reason(actor: Counsellor, family: FamilyId, *, assigned: bool) -> str:
    parts = () if assigned else ("invallen",)
    return family_address(actor.tenant, family, *parts)
