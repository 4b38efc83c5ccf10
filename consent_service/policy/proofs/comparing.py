"""What new rules allow beyond old ones, and whether two policies match the same requests.

Comparison is by facts: both bundles are asked about the same symbolic request, each with its own catalogue.
Unlike a proof it is about counts as they are, never below zero: nobody can approve what cannot occur.
How situations that differ in nothing but some facts are told as one is `alike`. Whether a widening is wanted
is for two people to say (`policy.changes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Final, Literal

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, hash_of
from consent_service.policy.decision import Allowance, judge
from consent_service.policy.facts import Action, Basis, Question
from consent_service.policy.lint import PolicyJson
from consent_service.policy.proofs.alike import Alike, Likeness
from consent_service.policy.proofs.encoding import Encoder
from consent_service.policy.proofs.examples import most_ordinary
from consent_service.policy.proofs.situation import FactValue, Situation, World, question_of
from consent_service.policy.proofs.terms import SECONDS, NotProvableError, Solver, Term, Terms
from consent_service.policy.rules import Rules

MOST: Final = 300
"""More differences than anybody reads are not approved one by one: such a change goes in smaller steps."""


class Variation(msgspec.Struct, frozen=True):
    """The same situation with another value of one fact."""

    fact: str
    question: Question
    preview: bool


class Widening(msgspec.Struct, frozen=True):
    """A situation that the new rules allow and the old ones do not, for this action, basis and type.

    key: names this widening between these two bundles, for whoever approves it: another situation has another
    key. because: the permit that is new or changed, or the forbid that was removed or changed; "" where
    another thing makes the difference, such as the catalogue. varied: what else is allowed, in every
    combination. determining: the permits of the new rules.
    """

    key: str
    action: Action
    basis: Basis
    type: TypeKey
    because: str
    question: Question
    preview: bool
    varied: tuple[Variation, ...]
    determining: tuple[str, ...]


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As much of a set of rules as a comparison needs; plain data that can go to another process."""

    source: dict[str, PolicyJson]
    catalogue: Catalogue


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What, by the encoding, only the new rules allow: these facts, and those that are alike."""

    because: str
    facts: dict[str, FactValue]
    alike: Alike


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What another process (`apart`) is given to compare."""

    old: Side
    new: Side


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What that process answers: what it found, or why it could not."""

    found: tuple[Found, ...] = ()
    not_provable: str = ""


def widenings(old: Rules, new: Rules, *, seconds: float = SECONDS) -> tuple[Widening, ...]:
    """Everything that the new rules allow and the old ones do not, situations that are alike taken together.

    Per action, basis, type and policy that makes the difference. A type that only the new catalogue has was
    never allowed before.

    Raises:
        NotProvableError: the two cannot be compared with certainty, or differ in more than MOST ways; to be
            treated as a failure.
    """
    return confirmed(differences(side(old), side(new), seconds=seconds), old, new)


def side(rules: Rules) -> Side:
    """What of these rules is compared."""
    types = dict(rules.catalogue.types)
    return Side(dict(rules.bundle.source), msgspec.structs.replace(rules.catalogue, types=types))


def differences(old: Side, new: Side, *, seconds: float = SECONDS) -> tuple[Found, ...]:
    """What `widenings` tells, before the engine is asked about it.

    Raises:
        NotProvableError: see there.
    """
    return _Comparison(old, new, seconds=seconds).found()


def confirmed(found: Iterable[Found], old: Rules, new: Rules) -> tuple[Widening, ...]:
    """The differences as the engine sees them.

    Raises:
        NotProvableError: it does not see one of them, so the encoding is wrong.
    """
    return tuple(_confirmed(one, old, new) for one in found)


def _confirmed(found: Found, old: Rules, new: Rules) -> Widening:
    types = {**old.catalogue.types, **new.catalogue.types}
    question, preview = question_of(found.facts, types)
    about = question.types[0].key
    varied = tuple(
        Variation(fact, *question_of({**found.facts, fact: value}, types))
        for fact, values in found.alike.items()
        for value in values
        if value != found.facts[fact]
    )
    determining = _seen(question, old, new, preview=preview)
    for one in varied:
        _seen(one.question, old, new, preview=one.preview)
    bundles = [old.bundle.hash, new.bundle.hash]
    situation = [question.action, question.basis, about, found.because, found.facts, found.alike]
    return Widening(
        key=hash_of(["widening", *bundles, *situation]),
        action=question.action,
        basis=question.basis,
        type=about,
        because=found.because,
        question=question,
        preview=preview,
        varied=varied,
        determining=determining,
    )


def _seen(question: Question, old: Rules, new: Rules, *, preview: bool) -> tuple[str, ...]:
    """The permits by which the engine says yes now, where it said no."""
    before = judge(old.bundle, question, preview=preview)[0]
    after = judge(new.bundle, question, preview=preview)[0]
    if isinstance(before, Allowance) or not isinstance(after, Allowance):
        raise NotProvableError("the engine does not see the difference that was found")
    return after.determining


def is_equivalent(
    one: PolicyJson, other: PolicyJson, *, rules: Rules, seconds: float = SECONDS
) -> bool | None:
    """Whether both match, and are an error in, exactly the same requests; None when that is not known."""
    situation = Situation(Terms(), rules.catalogue.types)
    encoder = Encoder(World(situation, rules.catalogue))
    try:
        first, second = encoder.policy(one), encoder.policy(other)
    except NotProvableError:
        return None
    terms = situation.terms
    same = terms.all_of(terms.same(first.matches, second.matches), terms.same(first.error, second.error))
    answer = Solver(terms, situation.in_practice(), seconds=seconds).ask(terms.negated(same))
    return {"possible": False, "impossible": True, "unknown": None}[answer]


class _Comparison:
    """Two sets of rules about one symbolic request."""

    def __init__(self, old: Side, new: Side, *, seconds: float) -> None:
        self._old, self._new = old, new
        self._types = {**old.catalogue.types, **new.catalogue.types}
        self._situation = Situation(Terms(), self._types)
        self._terms = self._situation.terms
        self._before = Encoder(World(self._situation, old.catalogue))
        self._after = Encoder(World(self._situation, new.catalogue))
        self._more = self._terms.all_of(
            self._after.allows(new.source.values()),
            self._terms.negated(self._before.allows(old.source.values())),
            self._is_real(),
        )
        self._solver = Solver(self._terms, self._situation.in_practice(), seconds=seconds)
        self._likeness = Likeness(self._solver, self._situation)

    def found(self) -> tuple[Found, ...]:
        """Everything, or the reason why that is not known."""
        if not self._is_possible(self._more):
            return ()
        found: list[Found] = []
        for because, difference in self._reasons():
            for place in self._places(difference):
                for one in self._situations(because, difference, *place):
                    found.append(one)
                    if len(found) > MOST:
                        raise NotProvableError(f"more than {MOST} differences")
        return tuple(found)

    def _reasons(self) -> Iterator[tuple[str, Term]]:
        """What makes the difference, policy by policy; then whatever no single policy explains."""
        old, new = self._old.source, self._new.source
        stopped = {name: self._before.policy(old[name]).matches for name in _changed(old, new, "forbid")}
        let = {name: self._after.policy(new[name]).matches for name in _changed(new, old, "permit")}
        for name, matches in (*stopped.items(), *let.items()):
            yield name, self._terms.all_of(self._more, matches)
        explained = self._terms.any_of(*stopped.values(), *let.values())
        yield "", self._terms.all_of(self._more, self._terms.negated(explained))

    def _places(self, difference: Term) -> Iterator[tuple[Term, ...]]:
        """Each action, basis and type for which there is a difference."""
        words = self._situation.words
        bases = next(fact.values for fact in words.of_context if fact.name == "basis")
        for action, basis in product(words.actions, bases):
            about = (self._situation.holds("action", action), self._situation.holds("basis", basis))
            if not self._is_possible(difference, *about):
                continue
            for key in self._new.catalogue.types:
                place = (*about, self._situation.holds("key", key))
                if self._is_possible(difference, *place):
                    yield place

    def _situations(self, because: str, *wanted: Term) -> Iterator[Found]:
        """One after the other, each unlike all before, until there is none."""
        unlike: tuple[Term, ...] = ()
        while self._is_possible(*wanted, *unlike):
            facts = most_ordinary(self._solver, self._situation, self._new.catalogue, *wanted, *unlike)
            alike = self._likeness.of(facts, self._terms.all_of(*wanted))
            unlike = (*unlike, self._terms.negated(self._likeness.is_among(alike)))
            yield Found(because, facts, alike)

    def _is_real(self) -> Term:
        """A type has the level that a catalogue gives it, and only some types have an emergency part."""
        catalogues = (self._old.catalogue.types, self._new.catalogue.types)
        whole = self._situation.holds("emergency", value=False)
        return self._terms.any_of(
            *(
                self._terms.all_of(
                    self._situation.holds("key", key),
                    self._situation.holds("level", kind.level),
                    self._terms.true if kind.has_emergency_part else whole,
                )
                for types in catalogues
                for key, kind in types.items()
            )
        )

    def _is_possible(self, *wanted: Term) -> bool:
        answer = self._solver.ask(*wanted)
        if answer == "unknown":
            raise NotProvableError("no answer in time")
        return answer == "possible"


def _changed(
    mine: Mapping[str, PolicyJson], theirs: Mapping[str, PolicyJson], effect: Literal["permit", "forbid"]
) -> list[str]:
    """The policies of this effect that the other side does not have like this; words apart."""
    return [
        name
        for name, policy in mine.items()
        if policy.effect == effect and (name not in theirs or _decides(policy) != _decides(theirs[name]))
    ]


def _decides(policy: PolicyJson) -> PolicyJson:
    return msgspec.structs.replace(policy, annotations={})
