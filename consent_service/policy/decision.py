"""The decision: a question and a bundle of policies in, a `Permit` and reasoned refusals out.

The only place where a `Permit` or a `Preview` can be made. Pure and fail-closed: whatever goes wrong
while judging is a refusal, and so is a value or a type that nobody declared. A policy may lay a duty on
whoever opens; what asks a duty that this door does not carry out is refused. Projecting rows into facts,
logging the decision and opening what a permit names are `release`; turning a refusal into a sentence is
`explain`.

Why no is no: Cedar's default deny gives no reasons, so the causes of a refusal are the forbids that
fired plus, for each permit that applies, its first condition that is not met (`Bundle.companions`).
The order in causes.toml names one of them. A cause in the reader (role, purpose, ...) comes before any
cause in the family, so that what a school is told never depends on the family.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from typing import Final

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
DUTY_NOT_POSSIBLE = "duty_not_possible"
"""Allowed, but only with a duty that this door cannot carry out."""
NO_DUTIES: Final[frozenset[str]] = frozenset()


class PermitForgedError(ConsentServiceError):
    """Only `policy.decision` makes permits and previews; this one came from elsewhere or was altered."""

    code = "permit_forged"


class Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Yes for one type: on which ground (`code`), by which permits and with which duties."""

    type: TypeKey
    code: str
    determining: tuple[str, ...]
    emergency: bool = False
    """The emergency part of the type only."""
    obligations: tuple[str, ...] = ()
    """Duties of whoever opens it: those of every permit that says yes, sorted."""


class Duty(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What has to be done because this type is opened."""

    type: TypeKey
    duty: str


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No for one type: the most useful cause (`code`) and the forbids that fired, sorted.

    `error`: it could not be judged without an error, so the answer is no.
    """

    type: TypeKey
    code: str
    determining: tuple[str, ...] = ()
    error: bool = False
    emergency: bool = False

    @property
    def forbidden(self) -> bool:
        """A policy says no; otherwise no policy says yes, or not without a duty."""
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

    Of the types in `emergency` only the emergency part may be shown; they are among `types`. Whoever opens
    carries out `duties`.

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
    duties: tuple[Duty, ...]
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
    duties: tuple[Duty, ...]
    bundle: str
    decided_at: datetime
    allowed: tuple[Allowance, ...]
    refusals: tuple[Refusal, ...]
    stamp: _Stamp

    def __post_init__(self) -> None:
        _check_stamp(self.stamp, (*_content(self), self.allowed, self.refusals))


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`permit` is None when no type is allowed; `refusals` in the order asked.

    `answers`: one per asked type and emergency part of the `question`, as the policies judged them,
    whatever duties the door can carry out.
    """

    permit: Permit | None
    refusals: tuple[Refusal, ...]
    question: Question
    answers: tuple[Allowance | Refusal, ...]
    bundle: str


class _Outcome(msgspec.Struct, frozen=True):
    """What may be opened, of what only the emergency part and with which duties; and what is refused."""

    allowed: tuple[Allowance, ...]
    refusals: tuple[Refusal, ...]
    types: frozenset[TypeKey]
    emergency: frozenset[TypeKey]
    duties: tuple[Duty, ...]


def decide(bundle: Bundle, question: Question, *, now: datetime, duties: Set[str] = NO_DUTIES) -> Decision:
    """What is not allowed without any error is refused; each type is judged on its own.

    `duties` are those that the caller carries out for what it opens. Never raises: a failing engine,
    broken facts or a policy that errors is the refusal `policy_error`.
    """
    answers = judge(bundle, question, preview=False)
    outcome = _outcome(answers, duties)
    if not outcome.allowed:
        return Decision(None, outcome.refusals, question, answers, bundle.hash)
    about = question.relationship
    permit = Permit(
        tenant=about.tenant,
        relationship=about.relationship,
        reader=question.reader,
        action=question.action,
        purpose=question.purpose,
        types=outcome.types,
        emergency=outcome.emergency,
        duties=outcome.duties,
        bundle=bundle.hash,
        decided_at=now,
        stamp=_Stamp(_expected(bundle, question, outcome, now)),
    )
    return Decision(permit, outcome.refusals, question, answers, bundle.hash)


def preview(bundle: Bundle, question: Question, *, now: datetime, duties: Set[str] = NO_DUTIES) -> Preview:
    """The same judgement as `decide`, for showing and explaining; it can open nothing."""
    outcome = _outcome(judge(bundle, question, preview=True), duties)
    about = question.relationship
    return Preview(
        tenant=about.tenant,
        relationship=about.relationship,
        reader=question.reader,
        action=question.action,
        purpose=question.purpose,
        types=outcome.types,
        emergency=outcome.emergency,
        duties=outcome.duties,
        bundle=bundle.hash,
        decided_at=now,
        stamp=_Stamp((*_expected(bundle, question, outcome, now), outcome.allowed, outcome.refusals)),
        allowed=outcome.allowed,
        refusals=outcome.refusals,
    )


def judge(bundle: Bundle, question: Question, *, preview: bool) -> tuple[Allowance | Refusal, ...]:
    """One answer per asked type, in the order asked; any exception refuses them all."""
    try:
        return _judged(bundle, question, preview=preview)
    except Exception:  # noqa: BLE001 - fail closed, whatever it is
        return tuple(_failed(facts) for facts in question.types)


def _judged(bundle: Bundle, question: Question, *, preview: bool) -> tuple[Allowance | Refusal, ...]:
    places = [facts.place for facts in question.types]
    if len(set(places)) != len(places):
        raise ValueError("a type is asked twice")
    if len({facts.key for facts in question.types}) > len(bundle.types):
        raise ValueError("more types are asked than there are")
    if not bundle.vocabulary.knows_question(question):
        raise ValueError("the question or a policy names what nobody declared")
    known = [facts for facts in question.types if bundle.vocabulary.knows_type(facts)]
    answers = _answers(bundle, question, known, preview=preview)
    return tuple(answers.get(facts.place) or _unknown(bundle, facts) for facts in question.types)


def _answers(
    bundle: Bundle, question: Question, known: Sequence[TypeFacts], *, preview: bool
) -> dict[str, Allowance | Refusal]:
    """Judges in one batch; asks the companions why not, in one more, about what was refused.

    Whatever the facts are, they fit the schema or nothing is judged.
    """
    asked = requests(question, known, preview=preview)
    entities = bundle.base.with_added_json_str(question_entities(question, known), bundle.schema)
    results = cedarpy.is_authorized_batch(asked, bundle.policies, entities)
    answers = {
        facts.place: _answer(bundle, facts, result) for facts, result in zip(known, results, strict=True)
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


def _failed(facts: TypeFacts, code: str = POLICY_ERROR) -> Refusal:
    return Refusal(facts.key, code, error=True, emergency=facts.emergency)


def _unknown(bundle: Bundle, facts: TypeFacts) -> Refusal:
    """A type that is not in the catalogue, or a fact about it that has no such value."""
    return _failed(facts, POLICY_ERROR if facts.key in bundle.types else UNKNOWN_TYPE)


def _answer(bundle: Bundle, facts: TypeFacts, result: cedarpy.AuthzResult) -> Allowance | Refusal:
    """Allowed only when Cedar says so without a single error: an erroring forbid would fail open."""
    if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
        return _failed(facts)
    determining = tuple(sorted(result.diagnostics.reasons))
    if result.allowed:
        notes = [bundle.notes[permit] for permit in determining]
        duties = tuple(sorted({duty for note in notes for duty in note.obligations}))
        return Allowance(facts.key, notes[0].reason, determining, facts.emergency, duties)
    return Refusal(facts.key, NOT_PERMITTED, determining, emergency=facts.emergency)


def _explained(bundle: Bundle, refusal: Refusal, *, reached: cedarpy.AuthzResult) -> Refusal:
    """The first cause, in the order of causes.toml, among the forbids and the conditions not met."""
    causes = {bundle.notes[forbid].reason for forbid in refusal.determining}
    causes |= _unmet(bundle, frozenset(reached.diagnostics.reasons))
    return msgspec.structs.replace(refusal, code=bundle.causes.first(causes, otherwise=NOT_PERMITTED))


def _unmet(bundle: Bundle, reached: frozenset[str]) -> set[str]:
    """Per permit the code of its first condition that does not hold; none for a permit that holds."""
    unmet = set()
    for note in bundle.explaining.values():
        steps = [step for step in note.steps if note.companion(step) in reached]
        if steps and max(steps) < len(note.unmet):
            unmet.add(note.unmet[max(steps)])
    return unmet - {NOT_APPLICABLE}


def _outcome(answers: Iterable[Allowance | Refusal], duties: Set[str]) -> _Outcome:
    """One answer a type: the whole of it, else its emergency part, else the refusal of the whole."""
    told = [_with_duties(answer, duties) for answer in answers]
    allowed = {one.type: one for one in told if isinstance(one, Allowance) and one.emergency}
    allowed |= {one.type: one for one in told if isinstance(one, Allowance) and not one.emergency}
    refused = [one for one in told if isinstance(one, Refusal) and one.type not in allowed]
    wholes = {one.type for one in refused if not one.emergency}
    kept = (one for one in refused if not one.emergency or one.type not in wholes)
    return _Outcome(
        allowed=tuple(allowed.values()),
        refusals=tuple(kept),
        types=frozenset(allowed),
        emergency=frozenset(key for key, one in allowed.items() if one.emergency),
        duties=tuple(Duty(key, duty) for key, one in allowed.items() for duty in one.obligations),
    )


def _with_duties(answer: Allowance | Refusal, duties: Set[str]) -> Allowance | Refusal:
    """A yes with a duty that nobody here carries out is a no."""
    if isinstance(answer, Refusal) or duties >= set(answer.obligations):
        return answer
    return Refusal(answer.type, DUTY_NOT_POSSIBLE, emergency=answer.emergency)


def _expected(bundle: Bundle, question: Question, outcome: _Outcome, now: datetime) -> tuple[object, ...]:
    about = question.relationship
    return (
        about.tenant,
        about.relationship,
        question.reader,
        question.action,
        question.purpose,
        outcome.types,
        outcome.emergency,
        outcome.duties,
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
        made.duties,
        made.bundle,
        made.decided_at,
    )


def _check_stamp(stamp: _Stamp, content: tuple[object, ...]) -> None:
    if type(stamp) is not _Stamp or stamp.content != content:
        raise PermitForgedError("a permit is made by policy.decision only")
