"""What a cause may depend on, given who is told it; and that no bundle changes who that is.

A school reads a cause in itself, so a policy that gives one may look at nothing but the school, what it
asks and the catalogue: otherwise the sentence would tell of the family. A cause that every guardian reads
looks at no danger and at nobody else's choice. Which facts those are stands here and not in the folder, as
does the class of every cause that the software knows. Pure; which sentence is shown is `explain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from consent_service.policy.places import line_of
from consent_service.policy.reasons import CAUSES_FILE, Cause, Causes, PolicyProblem


def _causes(*codes: str, about: Literal["self", "family"], every_guardian: bool = False) -> tuple[Cause, ...]:
    return tuple(Cause(code, about, every_guardian) for code in codes)


KNOWN: Final = (
    *_causes("policy_error", about="family"),
    *_causes(
        "unknown_type",
        "no_agreement",
        "not_active_contact",
        "not_assigned",
        "role_not_allowed",
        "wrong_direction",
        "direction_not_of_type",
        "role_may_not_read",
        "role_may_not_write",
        "purpose_not_of_type",
        "preview_only",
        about="self",
        every_guardian=True,
    ),
    *_causes("not_your_answer", about="family", every_guardian=True),
    *_causes(
        "address_protected",
        "location_protected",
        "relationship_ended",
        "restricted",
        "suspended",
        "objection",
        "child_refused",
        "gate_closed",
        "authority_unknown",
        "text_changed",
        "consent_expired",
        "no_consent",
        "own_answer_missing",
        "holders_missing",
        "awaiting_child",
        "awaiting_young_person",
        "break_glass_ended",
        "second_person_missing",
        "one_thing_only",
        "second_approval_missing",
        "duty_not_possible",
        "not_permitted",
        about="family",
    ),
)
"""Every cause that the software knows, with its class, in the order in which one of several is named."""

OF_WHO_ASKS: Final = frozenset(
    {
        "principal",
        "action",
        "context.purpose",
        "context.basis",
        "context.preview",
        "context.asked",
        "context.agreement_valid",
        "context.active_contact",
        "context.assigned",
        "resource.type",
        "resource.level",
        "resource.direction",
    }
)
"""Facts of who asks, of the question and of the catalogue, with whatever stands below them."""
OF_NO_CHOICE: Final = OF_WHO_ASKS | {"context.relationship_active"}
"""Those, and what is no danger and nobody's choice."""
_OWN: Final = frozenset({"resource.own_yes"})
"""What a guardian who reads chose; of another reader it is the choice of whom the type is about."""
_GUARDIAN_READS: Final = {"op": "is", "entity_type": "GuardianReader"}


def beyond_class(cause: Cause, *, principal: object, read: object) -> tuple[str, ...]:
    """The facts in these expressions that a policy with this cause, about this principal, may not look at."""
    if cause.about == "self":
        allowed = OF_WHO_ASKS
    elif cause.every_guardian:
        allowed = OF_NO_CHOICE | (_OWN if principal == _GUARDIAN_READS else frozenset())
    else:
        return ()
    return tuple(sorted(fact for fact in set(reads(read)) if not _is_below(fact, allowed)))


def reads(expression: object) -> Iterator[str]:
    """Every fact that a Cedar expression (JSON) looks at, as written; a variable by itself is all of it."""
    path = _path(expression)
    if path:
        yield path
    elif isinstance(expression, Mapping):
        for inner in expression.values():
            yield from reads(inner)
    elif isinstance(expression, list | tuple):
        for inner in expression:
            yield from reads(inner)


def class_problems(causes: Causes, files: Mapping[str, bytes]) -> Iterator[PolicyProblem]:
    """Causes that the software knows and that are told to others than it says, or named in another order.

    And a cause that every guardian reads, below one that they do not: not reading it would tell of danger.
    """
    known = {cause.code: cause for cause in KNOWN}
    for cause in causes.causes:
        if cause != known.get(cause.code, cause):
            yield PolicyProblem(_place(cause, files), "class_pinned", cause.code)
    hidden = False
    for cause in causes.causes:
        hidden |= not cause.every_guardian and cause.code != KNOWN[0].code
        if hidden and cause.every_guardian:
            yield PolicyProblem(_place(cause, files), "told_after_hidden", cause.code)
    present = {cause.code for cause in causes.causes}
    expected = [cause for cause in KNOWN if cause.code in present]
    found = [cause for cause in causes.causes if cause.code in known]
    moved = next((one for one, other in zip(found, expected, strict=False) if one.code != other.code), None)
    if moved is not None:
        yield PolicyProblem(_place(moved, files), "order_pinned", moved.code)


def _path(expression: object) -> str:
    """`context.safety` as it is written; nothing for what is no fact by itself."""
    match expression:
        case {"Var": str(name)}:
            return name
        case {".": {"left": left, "attr": str(name)}} | {"has": {"left": left, "attr": str(name)}}:
            above = _path(left)
            return f"{above}.{name}" if above else ""
        case _:
            return ""


def _is_below(fact: str, allowed: frozenset[str]) -> bool:
    return any(fact == one or fact.startswith(f"{one}.") for one in allowed)


def _place(cause: Cause, files: Mapping[str, bytes]) -> str:
    """The file, and the line on which the code stands."""
    text = files.get(CAUSES_FILE, b"").decode("utf-8", "replace")
    offset = text.find(msgspec.json.encode(cause.code).decode())
    return CAUSES_FILE if offset < 0 else f"{CAUSES_FILE}:{line_of(text, offset)}"
