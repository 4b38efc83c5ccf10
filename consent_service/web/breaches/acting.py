"""What every page of a breach does: who decides, and showing the breach again with what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response

from consent_service.foundation.errors import NotAllowedError, Problem
from consent_service.identity.model import PrivacyCoordinator
from consent_service.web.breaches.showing import HERE, page_of
from consent_service.web.forms import FormState
from consent_service.web.officer.room import navigation
from consent_service.web.visit import Officer, Visit


def coordinator(actor: Officer) -> PrivacyCoordinator:
    """Who decides; the FG looks along (AVG 38(6)).

    Raises:
        NotAllowedError: the FG.
    """
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("handle_breach: not_your_role")
    return actor


async def show_breach(
    visit: Visit, actor: Officer, breach: str, problems: Sequence[Problem] = ()
) -> Response[Any]:
    """One breach; with what is wrong where something was sent."""
    seen = await visit.services.breaches.view(actor, breach)
    asked = [one.question.actor for one in seen.exams if one.question.actor is not None]
    async with visit.services.installation.database.reading() as conn:
        members = await visit.services.organisations.staff_members(conn, actor.tenant, asked)
    names = {str(one.staff): one.name for one in members}
    form = FormState.of(visit.posted, problems, language=visit.language)
    view = page_of(visit, actor, seen, names, form)
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, HERE))
