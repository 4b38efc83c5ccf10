"""What the forms of requests say. Fields of choices are named as their tables of words."""

from __future__ import annotations

from typing import cast

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import PersonId
from consent_service.rights.cases.model import About, Asked, Capacity, CaseKind, Channel, Received
from consent_service.web.forms import FormReader
from consent_service.web.visit import Visit

_FIELDS = {"kind": "case_kind", "channel": "case_channel", "capacity": "case_capacity"}


def of_case(problem: Problem) -> Problem:
    """The problem beside the field as the page names it."""
    return Problem(_FIELDS.get(problem.field, problem.field), problem.code, problem.params)


def read_received(visit: Visit) -> Received:
    """A letter as it was typed over; what is wrong with it is for the service to say."""
    form = FormReader(visit.posted)
    day = form.day("received_on", required=False)
    return Received(
        kind=cast("CaseKind", visit.posted.first("case_kind")),
        channel=cast("Channel", visit.posted.first("case_channel")),
        received_on=day or local_date(visit.now()),
        capacity=cast("Capacity", visit.posted.first("case_capacity")),
        asker=visit.posted.first("asker"),
        child_names=visit.posted.first("child_names"),
        birth_date=form.day("birth_date", required=False),
        words=visit.posted.first("words"),
    )


def read_asked(visit: Visit, *, children: tuple[str, ...]) -> Asked:
    """What somebody asks: about oneself, about everybody, or about one of the children.

    Who chose nothing did not choose everybody: that is for the service to say.
    """
    kind, about = cast("CaseKind", visit.posted.first("case_kind")), visit.posted.first("about")
    words = visit.posted.first("words")
    if about in children:
        return Asked(kind, "child", PersonId(about), words)
    return Asked(kind, cast("About", about), None, words)
