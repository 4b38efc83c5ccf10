"""A decision in words: each audience reads only what it may know.

Staff of the shelter, the privacy officer and the protected guardian read every cause. A school reads a
cause in itself and for everything in the family one identical sentence. Any other guardian reads nothing
of safety or of another person's choice. Which cause is named is `decision`.
"""

from __future__ import annotations

from typing import Literal, assert_never

from consent_service.foundation.errors import ConfigurationError
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import NOT_PERMITTED, Allowance, Refusal
from consent_service.policy.reasons import Neutral, Reasons, Sentences

Audience = Literal["school", "counsellor", "officer", "guardian", "protected_guardian"]


def sentence(bundle: Bundle, answer: Refusal | Allowance, *, audience: Audience, language: str) -> str:
    """What this audience may read about this answer; a code that is not known says as little as possible.

    Raises:
        ConfigurationError: the bundle has no reasons in that language.
    """
    reasons = bundle.reasons.get(language)
    if reasons is None:
        raise ConfigurationError(f"policies/reasons has no {language}.toml")
    neutral = reasons.allowed if isinstance(answer, Allowance) else reasons.refused
    return _worded(
        _sentences(reasons, answer), neutral, audience=audience, told=_told(bundle, answer, audience)
    )


def is_told_to_school(bundle: Bundle, refusal: Refusal) -> bool:
    """The cause lies in the reader; whatever lies in the family is "not available" and nothing else."""
    return bundle.causes.cause(refusal.code).about == "self"


def _sentences(reasons: Reasons, answer: Refusal | Allowance) -> Sentences:
    if isinstance(answer, Allowance):
        return reasons.grounds[answer.code]
    return reasons.causes.get(answer.code, reasons.causes[NOT_PERMITTED])


def _told(bundle: Bundle, answer: Refusal | Allowance, audience: Audience) -> bool:
    """Whether this audience may know the cause; on which ground something is shared is the family's."""
    if audience not in ("school", "guardian"):
        return True
    if isinstance(answer, Allowance):
        return False
    if audience == "school":
        return is_told_to_school(bundle, answer)
    return bundle.causes.cause(answer.code).every_guardian


def _worded(sentences: Sentences, neutral: Neutral, *, audience: Audience, told: bool) -> str:
    match audience:
        case "school":
            return sentences.school if told else neutral.school
        case "guardian":
            return sentences.guardian if told else neutral.guardian
        case "protected_guardian":
            return sentences.guardian
        case "counsellor" | "officer":
            return sentences.staff
        case _:
            assert_never(audience)
