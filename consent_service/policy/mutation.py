"""Would the cases notice a mistake? Each policy is made wrong in every small way, and the cases judge it.

A mutant counts when Cedar's strict validator takes it. It is killed when some case comes out otherwise than
it says: another answer, another reason, or other policies that decided it. What no case notices is listed,
save what is proved to match exactly the same requests (`proofs.is_equivalent`). The mistakes are `mutants`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Final

import cedarpy
import msgspec

from consent_service.policy.bundle import Bundle, with_policies
from consent_service.policy.coverage import AskedCase, Judged, judged
from consent_service.policy.lint import PolicyJson
from consent_service.policy.mutants import DUTY_DROPPED, Mutant, mutants_of
from consent_service.policy.plain.speakable import speakable
from consent_service.policy.syntax import PolicySetJson

REQUIRED_SCORE: Final = 0.90

_CONDITION: Final = re.compile(r" (?=(?:when|unless) ?\{)")

Equivalence = Callable[[PolicyJson, PolicyJson], bool | None]
"""Whether two policies match exactly the same requests; None when that could not be proved either way."""


class Survivor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mutant that no case notices. `lines`: what the policy says no longer (-) and instead (+)."""

    id: str
    policy: str
    change: str
    lines: tuple[str, ...]
    reason: str


class MutationReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mutants that Cedar takes, those a case notices, those proved to change nothing, and the rest."""

    valid: int
    killed: int
    equivalent: int
    survivors: tuple[Survivor, ...]

    @property
    def score(self) -> float:
        """The part that is noticed of all that could be."""
        could = self.valid - self.equivalent
        return self.killed / could if could else 1.0

    @property
    def enough(self) -> bool:
        return self.score >= REQUIRED_SCORE


def mutate(
    bundle: Bundle,
    cases: Sequence[AskedCase],
    *,
    is_equivalent: Equivalence,
    among: Set[str] | None = None,
) -> MutationReport:
    """Judge every case with every valid mutant of every policy (or of those named), until one notices.

    A case that comes out wrong already notices nothing.
    """
    speech = speakable(bundle.schema)
    baseline = [one for one in (judged(bundle, asked) for asked in cases) if not one.wrong]
    valid = killed = equivalent = 0
    survivors = []
    for identifier, policy in sorted(bundle.source.items()):
        if among is not None and identifier not in among:
            continue
        likely = _likeliest_first(baseline, identifier)
        mutants = [mutant for mutant in mutants_of(policy, speech) if _is_valid(mutant, bundle.schema)]
        valid += len(mutants)
        for number, mutant in enumerate(mutants):
            if _is_noticed(bundle, identifier, mutant, likely):
                killed += 1
                continue
            proved = _proved(policy, mutant, is_equivalent)
            if proved:
                equivalent += 1
            else:
                survivors.append(_survivor(f"{identifier}/{number}", policy, mutant, proved=proved))
    return MutationReport(valid, killed, equivalent, tuple(survivors))


def _proved(policy: PolicyJson, mutant: Mutant, is_equivalent: Equivalence) -> bool | None:
    """Whether it changes nothing; another duty always does, whatever the policy matches."""
    if mutant.policy is None:
        return None
    return mutant.change != DUTY_DROPPED and is_equivalent(policy, mutant.policy)


def _is_valid(mutant: Mutant, schema: cedarpy.Schema) -> bool:
    """Cedar takes it, so a person could have written it."""
    if mutant.policy is None:
        return True
    try:
        return not cedarpy.validate_policies(_text(mutant.policy), schema).errors
    except ValueError:
        return False


def _is_noticed(bundle: Bundle, identifier: str, mutant: Mutant, cases: Sequence[AskedCase]) -> bool:
    keyed = {key: policy for key, policy in bundle.source.items() if key != identifier}
    if mutant.policy is not None:
        keyed[identifier] = mutant.policy
    changed = with_policies(bundle, keyed)
    return any(judged(changed, asked).wrong for asked in cases)


def _likeliest_first(baseline: Sequence[Judged], identifier: str) -> tuple[AskedCase, ...]:
    """The cases this policy decides, then the others; the order only saves time."""
    ordered = sorted(baseline, key=lambda one: identifier not in one.answer.determining)
    return tuple(one.asked for one in ordered)


def _survivor(name: str, policy: PolicyJson, mutant: Mutant, *, proved: bool | None) -> Survivor:
    reason = "differs" if proved is False or mutant.policy is None else "not_provable"
    return Survivor(name, policy.annotation("id"), mutant.change, tuple(_difference(policy, mutant)), reason)


def _difference(policy: PolicyJson, mutant: Mutant) -> Iterator[str]:
    after = _text(mutant.policy) if mutant.policy is not None else ""
    lines = difflib.ndiff(_lines(_text(policy)), _lines(after))
    return (line.rstrip() for line in lines if line[0] in "+-")


def _lines(text: str) -> list[str]:
    """The scope and each condition on a line of its own, however Cedar breaks them."""
    return _CONDITION.sub("\n", " ".join(text.split())).splitlines()


def _text(policy: PolicyJson) -> str:
    """The policy without its annotations, as Cedar text."""
    bare = msgspec.structs.replace(policy, annotations={})
    written = msgspec.json.encode(PolicySetJson(static_policies={"policy": bare}))
    return cedarpy.policies_from_json_str(written.decode())
