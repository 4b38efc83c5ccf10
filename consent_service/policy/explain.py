"""A decision in words, until when it holds and what would change it: each audience what it may know.

Staff of the shelter, the privacy officer and the protected guardian read every cause. A school reads a
cause in itself and for everything in the family one identical sentence. Any other guardian reads nothing
of safety or of another person's choice. Which cause is named is `decision`; what would change it is
`outlook`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, assert_never

import msgspec

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConfigurationError
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import NOT_PERMITTED, Allowance, Refusal
from consent_service.policy.outlook import Asking, Outlook, outlooks, own_outlooks
from consent_service.policy.projection import Known
from consent_service.policy.reasons import ChangeCode, Neutral, Reasons, Sentences
from consent_service.policy.rules import Rules
from consent_service.policy.supposing import own_records

Audience = Literal["school", "counsellor", "officer", "guardian", "protected_guardian"]


class Viewer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who reads the explanation. `person`: the guardian or child, who may know only the own choices."""

    audience: Audience
    language: str
    person: PersonId | None = None


class Explanation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One type: shared or not, why, until when, and what would change that.

    valid_until: the first moment at which time alone makes it less. would_change_if: clauses, each of which
    is enough. text: all of it as one text.
    """

    information_type: TypeKey
    shared: bool
    because: str
    valid_until: datetime | None
    would_change_if: tuple[str, ...]
    text: str


def explain(
    rules: Rules, known: Known, asking: Asking, viewer: Viewer, *, now: datetime
) -> dict[TypeKey, Explanation]:
    """Each asked type explained to this viewer; an answer by the very decision a reader would get.

    Raises:
        ConfigurationError: the bundle has no reasons in that language.
        ValueError: a guardian, but not which: nobody's own choices could be told apart.
    """
    if viewer.audience == "school":
        raise ValueError("a school is told no more than a sentence")
    if viewer.audience == "guardian":
        if viewer.person is None:
            raise ValueError("explained to a guardian, but not to which")
        found = own_outlooks(rules, known, asking, person=viewer.person, now=now)
    else:
        about = known if viewer.person is None else own_records(known, viewer.person)
        found = outlooks(rules, about, asking, now=now)
    return {key: _explained(rules.bundle, outlook, viewer) for key, outlook in found.items()}


def audience_of(known: Known, person: PersonId) -> Audience:
    """Who is in danger reads everything; any other guardian, and a child, only about the own choices."""
    return "protected_guardian" if person in known.protected else "guardian"


def sentence(bundle: Bundle, answer: Refusal | Allowance, *, audience: Audience, language: str) -> str:
    """What this audience may read about this answer; a code that is not known says as little as possible.

    Raises:
        ConfigurationError: the bundle has no reasons in that language.
    """
    reasons = _reasons(bundle, language)
    neutral = reasons.allowed if isinstance(answer, Allowance) else reasons.refused
    return _worded(
        _sentences(reasons, answer), neutral, audience=audience, told=_told(bundle, answer, audience)
    )


def is_told_to_school(bundle: Bundle, refusal: Refusal) -> bool:
    """The cause lies in the reader; whatever lies in the family is "not available" and nothing else."""
    return bundle.causes.cause(refusal.code).about == "self"


def _reasons(bundle: Bundle, language: str) -> Reasons:
    reasons = bundle.reasons.get(language)
    if reasons is None:
        raise ConfigurationError(f"policies/reasons has no {language}.toml")
    return reasons


def _explained(bundle: Bundle, outlook: Outlook, viewer: Viewer) -> Explanation:
    reasons = _reasons(bundle, viewer.language)
    because = sentence(bundle, outlook.answer, audience=viewer.audience, language=viewer.language)
    clauses = tuple(
        reasons.outlook.all_of.join(_clause(reasons, code, viewer.audience) for code in together)
        for together in outlook.changes
    )
    text = [because, *_dates(bundle, outlook, viewer)]
    if clauses:
        changes = reasons.outlook.own_changes if viewer.audience == "guardian" else reasons.outlook.changes
        text.append(changes.replace("{clauses}", reasons.outlook.one_of.join(clauses)))
    return Explanation(
        information_type=outlook.answer.type,
        shared=outlook.shared,
        because=because,
        valid_until=outlook.ends_at,
        would_change_if=clauses,
        text=" ".join(text),
    )


def _clause(reasons: Reasons, code: ChangeCode, audience: Audience) -> str:
    clause = reasons.changes[code]
    return clause.staff if audience in ("counsellor", "officer") else clause.guardian


def _dates(bundle: Bundle, outlook: Outlook, viewer: Viewer) -> list[str]:
    """Until which day, and what then; what comes after is the family's, as the reason is."""
    parts = _reasons(bundle, viewer.language).outlook
    if outlook.begins_at is not None:
        return [parts.begins.replace("{day}", _day(outlook.begins_at, viewer.language))]
    if outlook.ends_at is None:
        return []
    until = parts.own_until if viewer.audience == "guardian" else parts.until
    said = [until.replace("{day}", _day(outlook.ends_at, viewer.language))]
    if outlook.then is not None:
        then = sentence(bundle, outlook.then, audience=viewer.audience, language=viewer.language)
        said.append(parts.then.replace("{reason}", then))
    return said


def _day(moment: datetime, language: str) -> str:
    return translator(language).date(local_date(moment))


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
