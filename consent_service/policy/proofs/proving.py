"""Whether a bundle keeps every invariant, with a real question for each that it does not keep.

A counterexample is judged by the real engine before it is told: if the engine refuses it, the encoding is
wrong and nothing is proved at all. Reading invariants is `invariants`; what a new bundle allows beyond an
old one is `comparing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, BundleError
from consent_service.policy.decision import Allowance, judge
from consent_service.policy.facts import Question
from consent_service.policy.lint import named_entities
from consent_service.policy.proofs.cases import ORDINARY_BASES, Bases, case_text
from consent_service.policy.proofs.encoding import Encoder
from consent_service.policy.proofs.examples import most_ordinary
from consent_service.policy.proofs.invariants import Invariant, core_invariants
from consent_service.policy.proofs.situation import Situation, World, question_of
from consent_service.policy.proofs.terms import SECONDS, NotProvableError, Solver, Term, Terms
from consent_service.policy.proofs.vocabulary import foreign_lines, vocabulary

NOTHING_FOREIGN: Final = "never.foreign_facts"
"""The invariant that is about the schema: no policy can depend on a tenant, a name or an id."""
_SAYS_FOREIGN: Final = {
    "nl": "Gelijke feiten geven een gelijk antwoord: geen naam, nummer of andere organisatie telt mee.",
    "en": "Equal facts give an equal answer: no name, number or other organisation counts.",
}
UNREVIEWED: Final = "never.need_unreviewed"
"""The invariant that is about duties, which no condition of a policy can speak of."""
_SAYS_UNREVIEWED: Final = {
    "nl": "Wat zonder toestemming in nood opengaat, ziet een privacycoördinator altijd na.",
    "en": "What is opened in need without consent is always reviewed by a privacy coordinator.",
}
_REVIEW: Final = "officer_review"
CORE: Final = "never"
"""Stands for the core as a whole when it cannot even be read against a schema."""

State = Literal["proved", "refuted", "not_provable"]


class Counterexample(msgspec.Struct, frozen=True):
    """A question that the policies allow and an invariant does not.

    determining: the permits that allow it. case: the same as a case for `policies/tests/`. The first type
    of the question is the one it is about; there are others only where it takes several.
    """

    question: Question
    preview: bool
    determining: tuple[str, ...]
    case: str


class Proof(msgspec.Struct, frozen=True):
    """What became of one invariant. Only "proved" is good; `detail` says why it is not."""

    invariant: str
    says: Mapping[str, str]
    state: State
    counterexample: Counterexample | None = None
    detail: str = ""


def prove(
    bundle: Bundle,
    catalogue: Catalogue,
    *,
    own: Sequence[Invariant] = (),
    bases: Bases = ORDINARY_BASES,
    seconds: float = SECONDS,
) -> tuple[Proof, ...]:
    """One proof per invariant of the core and of the folder's own; what fails is told, not raised."""
    foreign = _without_foreign_facts(bundle, catalogue)
    try:
        invariants = (*core_invariants(bundle.schema), *own)
    except BundleError as error:
        return foreign, Proof(CORE, {}, "not_provable", detail=str(error))
    try:
        prover = _Prover(bundle, catalogue, bases=bases, seconds=seconds)
    except NotProvableError as error:
        unknown = Proof(UNREVIEWED, _SAYS_UNREVIEWED, "not_provable", detail=str(error))
        return foreign, unknown, *(_not_provable(invariant, str(error)) for invariant in invariants)
    return foreign, prover.reviewed(), *(prover.proof(invariant) for invariant in invariants)


class _Prover:
    """One bundle, encoded once, against which each invariant is held."""

    def __init__(self, bundle: Bundle, catalogue: Catalogue, *, bases: Bases, seconds: float) -> None:
        self._bundle, self._catalogue, self._bases = bundle, catalogue, bases
        self._situation = Situation(Terms(), catalogue.types)
        self._encoder = Encoder(World(self._situation, catalogue))
        self._allowed = self._encoder.allows(bundle.source.values())
        self._solver = Solver(self._situation.terms, self._situation.always(), seconds=seconds)

    def proof(self, invariant: Invariant) -> Proof:
        """Whether the bundle keeps this invariant."""
        unknown = _unknown_types(invariant, self._catalogue)
        if unknown:
            return _not_provable(invariant, f"not in the catalogue: {', '.join(unknown)}")
        try:
            return self._sought(invariant)
        except NotProvableError as error:
            return _not_provable(invariant, str(error))

    def reviewed(self) -> Proof:
        """Whether every yes without consent comes from a permit that lays the duty of review on it."""
        terms, notes = self._situation.terms, self._bundle.notes.values()
        laying = (note.id for note in notes if note.effect == "permit" and _REVIEW in note.obligations)
        laid_on = terms.any_of(
            *(self._encoder.policy(self._bundle.source[permit]).matches for permit in laying)
        )
        consent = self._situation.holds("basis", "consent")
        broken = terms.all_of(terms.negated(consent), terms.negated(laid_on))
        try:
            return self._looked_for(UNREVIEWED, _SAYS_UNREVIEWED, broken)
        except NotProvableError as error:
            return Proof(UNREVIEWED, _SAYS_UNREVIEWED, "not_provable", detail=str(error))

    def _sought(self, invariant: Invariant) -> Proof:
        """Looks for a request that is allowed and should not be; first, whether there could be any."""
        encoded = self._encoder.policy(invariant.policy)
        if self._solver.ask(encoded.matches) == "impossible":
            return _not_provable(invariant, "vacuous: no request at all is like this")
        broken = self._situation.terms.any_of(encoded.matches, encoded.error)
        return self._looked_for(invariant.id, invariant.says, broken)

    def _looked_for(self, name: str, says: Mapping[str, str], broken: Term) -> Proof:
        match self._solver.ask(self._allowed, broken):
            case "impossible":
                return Proof(name, says, "proved")
            case "possible":
                return self._refuted(name, says, broken)
            case _:
                return Proof(name, says, "not_provable", detail="no answer in time")

    def _refuted(self, name: str, says: Mapping[str, str], broken: Term) -> Proof:
        facts = most_ordinary(self._solver, self._situation, self._catalogue, self._allowed, broken)
        question, preview = question_of(facts, self._catalogue.types)
        answer = judge(self._bundle, question, preview=preview)[0]
        if not isinstance(answer, Allowance):
            detail = f"the engine refuses what the proof found: {answer.code}"
            return Proof(name, says, "not_provable", detail=detail)
        case = case_text(
            says["en"],
            question,
            preview=preview,
            determining=answer.determining,
            catalogue=self._catalogue,
            bases=self._bases,
        )
        found = Counterexample(question, preview, answer.determining, case)
        return Proof(name, says, "refuted", found)


def _without_foreign_facts(bundle: Bundle, catalogue: Catalogue) -> Proof:
    """Policies know the schema's attributes only, and each of those is a fact that a question gives.

    Facts hold no tenant, no name and no id, so policies cannot tell two questions with equal facts apart.
    """
    words = vocabulary(tuple(catalogue.types))
    lines = foreign_lines(str(bundle.schema), words, catalogue.types)
    return Proof(NOTHING_FOREIGN, _SAYS_FOREIGN, "refuted" if lines else "proved", detail="; ".join(lines))


def _unknown_types(invariant: Invariant, catalogue: Catalogue) -> list[str]:
    """Types that it names and nobody knows: about those it would say nothing."""
    policy = invariant.policy
    named = named_entities([policy.principal, policy.action, policy.resource, policy.conditions])
    return sorted({name for kind, name in named if kind == "InformationType"} - catalogue.types.keys())


def _not_provable(invariant: Invariant, detail: str) -> Proof:
    return Proof(invariant.id, invariant.says, "not_provable", detail=detail)
