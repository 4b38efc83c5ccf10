"""Whether what somebody wrote is fit to be sealed. Pure; whether it may be shared is `policy`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from consent_service.families.model import Child
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import PersonId, RecordId, TypeKey
from consent_service.identity.model import Counsellor, SchoolStaff
from consent_service.information.content import check_fields
from consent_service.information.model import InformationType
from consent_service.policy.projection import Known

Writer = Counsellor | SchoolStaff


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to share: the fields of one type, and what he declared about them.

    `about` is the guardian a type concerns that only that guardian decides on. `record` names an
    earlier record to replace by a next version.
    """

    information_type: TypeKey
    fields: Mapping[str, str]
    attested: frozenset[str] = frozenset()
    about: PersonId | None = None
    record: RecordId | None = None


def require_fit(
    actor: Writer,
    kind: InformationType,
    note: Note,
    known: Known,
    *,
    children: tuple[Child, ...],
    organisation: str,
    today: date | None = None,
) -> None:
    """2. Every problem at once, before encryption; under a safety flag nothing that locates (S13).

    For a school the check is always the strictest and never asks about brothers or sisters: whether a
    text is taken must tell a school nothing about the family.
    """
    from_school = isinstance(actor, SchoolStaff)
    flagged = known.safety.level != "no_known_danger" or known.safety.secret_address
    found = check_fields(
        kind,
        note.fields,
        attested=note.attested,
        safety_flag=from_school or flagged,
        other_names=() if from_school else names_of_others(children, known.relationship.child),
        organisation="" if from_school else organisation,
        birth_date=known.birth_date,
        today=today,
    )
    problems = [_worded_for_school(one) if from_school else one for one in found]
    if kind.decided_by == "own_guardian" and note.about not in known.guardians:
        problems.append(Problem("about", "about_missing"))
    if problems:
        raise InputError(problems)


def _worded_for_school(problem: Problem) -> Problem:
    """The same request without the reason, which is the family's."""
    code = problem.code.replace("_under_safety", "_unwanted")
    return Problem(problem.field, code, problem.params)


def names_of_others(children: tuple[Child, ...], child: PersonId) -> list[str]:
    """Names by which a brother or sister may be meant, as a whole and one by one, but not the child (S30)."""
    own: set[str] = set()
    others: dict[str, None] = {}
    for one in children:
        names = one.identity.given_names
        if one.child == child:
            own |= {names.casefold(), *names.casefold().split()}
        else:
            others |= dict.fromkeys((names, *(part for part in names.split() if len(part) > 1)))
    return [name for name in others if name.casefold() not in own]
