"""The decision: a question and a bundle of policies in, a `Permit` and reasoned refusals out.

The only place where a `Permit` or a `Preview` can be made. Pure and fail-closed: whatever goes wrong
while judging is a refusal. Projecting rows into facts, logging the decision and opening what a permit
names are `release`; turning a refusal into a sentence is `explain`.

Why no is no: Cedar's default deny gives no reasons, so the causes of a refusal are the forbids that
fired plus, for each permit that applies, its first condition that is not met (`Bundle.companions`).
The order in causes.toml names one of them. A cause in the reader (role, purpose, ...) comes before any
cause in the family, so that what a school is told never depends on the family.
"""

from __future__ import annotations

from datetime import datetime

import cedarpy
import msgspec

from consent_service.foundation.errors import ConsentServiceError
from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey
from consent_service.information.model import Purpose
from consent_service.policy.bundle import Bundle
from consent_service.policy.facts import (
    Action,
    Question,
    Reader,
    TypeFacts,
    question_entities,
    requests,
)
from consent_service.policy.lint import NOT_APPLICABLE

POLICY_ERROR = "policy_error"
UNKNOWN_TYPE = "unknown_type"
NOT_PERMITTED = "not_permitted"


class PermitForgedError(ConsentServiceError):
    """Only `policy.decision` makes permits and previews; this one came from elsewhere or was altered."""

    code = "permit_forged"


class Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Yes for one type: on which ground (`code`) and by which permits."""

    type: TypeKey
    code: str
    determining: tuple[str, ...]
    emergency: bool = False
    """The emergency part of the type only."""


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No for one type: the most useful cause (`code`) and the forbids that fired, sorted.

    `error`: the policies could not be judged without an error, so the answer is no.
    """

    type: TypeKey
    code: str
    determining: tuple[str, ...] = ()
    error: bool = False
    emergency: bool = False

    @property
    def forbidden(self) -> bool:
        """A policy says no; otherwise no policy says yes."""
        return bool(self.determining)


class _Stamp:
    """Proof that this module made a permit, bound to its content so that an altered copy is refused.

    No struct: one could be decoded from data.
    """

    __slots__ = ("content",)

    def __init__(self, content: tuple[object, ...]) -> None:
        self.content = content

    def __repr__(self) -> str:
        return "_Stamp()"


class Permit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `records.opening` may open, for whom and why. Made by `decide` only.

    Of the types in `emergency` only the emergency part may be shown; they are among `types`.

    Raises:
        PermitForgedError: when it is made or altered anywhere else.
    """

    tenant: TenantId
    relationship: RelationshipId
    reader: Reader
    action: Action
    purpose: Purpose
    types: frozenset[TypeKey]
    emergency: frozenset[TypeKey]
    bundle: str
    decided_at: datetime
    stamp: _Stamp

    def __post_init__(self) -> None:
        _check_stamp(self.stamp, _content(self))


class Preview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What would be permitted now, and why (not). Opens nothing: opening takes a `Permit`.

    Raises:
        PermitForgedError: when it is made or altered anywhere else.
    """

    tenant: TenantId
    relationship: RelationshipId
    reader: Reader
    action: Action
    purpose: Purpose
    types: frozenset[TypeKey]
    emergency: frozenset[TypeKey]
    bundle: str
    decided_at: datetime
    allowed: tuple[Allowance, ...]
    refusals: tuple[Refusal, ...]
    stamp: _Stamp

    def __post_init__(self) -> None:
        _check_stamp(self.stamp, (*_content(self), self.allowed, self.refusals))


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`permit` is None when no type is allowed; `refusals` in the order asked."""

    permit: Permit | None
    refusals: tuple[Refusal, ...]


def decide(bundle: Bundle, question: Question, *, now: datetime) -> Decision:
    """What is not allowed without any error is refused; each type is judged on its own.

    Never raises: a failing engine, broken facts or a policy that errors is the refusal `policy_error`.
    """
    allowed, refusals = _parted(judge(bundle, question, preview=False))
    if not allowed:
        return Decision(permit=None, refusals=refusals)
    types, emergency = _types(allowed)
    about = question.relationship
    permit = Permit(
        tenant=about.tenant,
        relationship=about.relationship,
        reader=question.reader,
        action=question.action,
        purpose=question.purpose,
        types=types,
        emergency=emergency,
        bundle=bundle.hash,
        decided_at=now,
        stamp=_Stamp(_expected(bundle, question, (types, emergency), now)),
    )
    return Decision(permit=permit, refusals=refusals)


def preview(bundle: Bundle, question: Question, *, now: datetime) -> Preview:
    """The same judgement as `decide`, for showing and explaining; it can open nothing."""
    allowed, refusals = _parted(judge(bundle, question, preview=True))
    types, emergency = _types(allowed)
    about = question.relationship
    return Preview(
        tenant=about.tenant,
        relationship=about.relationship,
        reader=question.reader,
        action=question.action,
        purpose=question.purpose,
        types=types,
        emergency=emergency,
        bundle=bundle.hash,
        decided_at=now,
        stamp=_Stamp((*_expected(bundle, question, (types, emergency), now), allowed, refusals)),
        allowed=allowed,
        refusals=refusals,
    )


def judge(bundle: Bundle, question: Question, *, preview: bool) -> tuple[Allowance | Refusal, ...]:
    """One answer per asked type, in the order asked; any exception refuses them all."""
    try:
        return _judged(bundle, question, preview=preview)
    except Exception:  # noqa: BLE001 - fail closed, whatever it is
        return tuple(
            Refusal(facts.key, POLICY_ERROR, error=True, emergency=facts.emergency)
            for facts in question.types
        )


def _judged(bundle: Bundle, question: Question, *, preview: bool) -> tuple[Allowance | Refusal, ...]:
    places = [facts.place for facts in question.types]
    if len(set(places)) != len(places):
        raise ValueError("a type is asked twice")
    known = tuple(facts for facts in question.types if facts.key in bundle.types)
    answers = _answers(bundle, msgspec.structs.replace(question, types=known), preview=preview)
    return tuple(
        answers.get(facts.place, Refusal(facts.key, UNKNOWN_TYPE, emergency=facts.emergency))
        for facts in question.types
    )


def _answers(bundle: Bundle, question: Question, *, preview: bool) -> dict[str, Allowance | Refusal]:
    """Judges in one batch; asks the companions why not, in one more, about what was refused."""
    asked = requests(question, preview=preview)
    entities = bundle.base.with_added_json_str(question_entities(question))
    results = cedarpy.is_authorized_batch(asked, bundle.policies, entities)
    answers = {
        facts.place: _answer(bundle, facts, result)
        for facts, result in zip(question.types, results, strict=True)
    }
    unexplained = [
        (place, answer, request)
        for (place, answer), request in zip(answers.items(), asked, strict=True)
        if isinstance(answer, Refusal) and not answer.error
    ]
    reached = cedarpy.is_authorized_batch(
        [request for _, _, request in unexplained], bundle.companions, entities
    )
    for (place, refusal, _), result in zip(unexplained, reached, strict=True):
        answers[place] = _explained(bundle, refusal, reached=result)
    return answers


def _answer(bundle: Bundle, facts: TypeFacts, result: cedarpy.AuthzResult) -> Allowance | Refusal:
    """Allowed only when Cedar says so without a single error: an erroring forbid would fail open."""
    if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
        return Refusal(facts.key, POLICY_ERROR, error=True, emergency=facts.emergency)
    determining = tuple(sorted(result.diagnostics.reasons))
    if result.allowed:
        code = bundle.notes[determining[0]].reason
        return Allowance(facts.key, code, determining, emergency=facts.emergency)
    return Refusal(facts.key, NOT_PERMITTED, determining, emergency=facts.emergency)


def _explained(bundle: Bundle, refusal: Refusal, *, reached: cedarpy.AuthzResult) -> Refusal:
    """The first cause, in the order of causes.toml, among the forbids and the conditions not met."""
    causes = {bundle.notes[forbid].reason for forbid in refusal.determining}
    causes |= _unmet(bundle, frozenset(reached.diagnostics.reasons))
    return msgspec.structs.replace(refusal, code=bundle.causes.first(causes, otherwise=NOT_PERMITTED))


def _unmet(bundle: Bundle, reached: frozenset[str]) -> set[str]:
    """Per permit the code of its first condition that does not hold; none for a permit that holds."""
    unmet = set()
    for note in bundle.notes.values():
        steps = [step for step in range(len(note.unmet) + 1) if note.companion(step) in reached]
        if steps and max(steps) < len(note.unmet):
            unmet.add(note.unmet[max(steps)])
    return unmet - {NOT_APPLICABLE}


def _parted(
    answers: tuple[Allowance | Refusal, ...],
) -> tuple[tuple[Allowance, ...], tuple[Refusal, ...]]:
    """One answer a type: the whole of it, else its emergency part, else the refusal of the whole."""
    allowed = {
        answer.type: answer for answer in answers if isinstance(answer, Allowance) and answer.emergency
    }
    allowed |= {
        answer.type: answer for answer in answers if isinstance(answer, Allowance) and not answer.emergency
    }
    refused = [answer for answer in answers if isinstance(answer, Refusal) and answer.type not in allowed]
    wholes = {one.type for one in refused if not one.emergency}
    kept = (one for one in refused if not one.emergency or one.type not in wholes)
    return tuple(allowed.values()), tuple(kept)


def _types(allowed: tuple[Allowance, ...]) -> tuple[frozenset[TypeKey], frozenset[TypeKey]]:
    """What is allowed, and of what only the emergency part is."""
    return (
        frozenset(one.type for one in allowed),
        frozenset(one.type for one in allowed if one.emergency),
    )


def _expected(
    bundle: Bundle,
    question: Question,
    types: tuple[frozenset[TypeKey], frozenset[TypeKey]],
    now: datetime,
) -> tuple[object, ...]:
    about = question.relationship
    return (
        about.tenant,
        about.relationship,
        question.reader,
        question.action,
        question.purpose,
        *types,
        bundle.hash,
        now,
    )


def _content(made: Permit | Preview) -> tuple[object, ...]:
    return (
        made.tenant,
        made.relationship,
        made.reader,
        made.action,
        made.purpose,
        made.types,
        made.emergency,
        made.bundle,
        made.decided_at,
    )


def _check_stamp(stamp: _Stamp, content: tuple[object, ...]) -> None:
    if type(stamp) is not _Stamp or stamp.content != content:
        raise PermitForgedError("a permit is made by policy.decision only")
