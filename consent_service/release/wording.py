"""The lines a reader gets for what is not shown, and what a parent reads about what would be shown. Pure.

For a school every cause in the family, also "allowed but nothing there", is one identical sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import TypeKey
from consent_service.policy.decision import NOT_PERMITTED, Refusal
from consent_service.policy.explain import Audience, Explanation, sentence
from consent_service.policy.rules import Rules
from consent_service.release.model import RefusedLine, TypePreview

NOTHING_SHARED = N_("Hier is nog niets gedeeld.")


def refused_lines(
    rules: Rules,
    refusals: Iterable[Refusal],
    empty: Collection[TypeKey],
    *,
    audience: Audience,
    language: str,
) -> tuple[RefusedLine, ...]:
    """One line per type, in the order of the catalogue; `empty` types are allowed but hold nothing."""
    sentences = {
        refusal.type: sentence(rules.bundle, refusal, audience=audience, language=language)
        for refusal in refusals
    }
    sentences |= {key: _nothing_there(rules, key, audience=audience, language=language) for key in empty}
    return tuple(RefusedLine(key, sentences[key]) for key in rules.catalogue.types if key in sentences)


def _nothing_there(rules: Rules, key: TypeKey, *, audience: Audience, language: str) -> str:
    if audience != "school":
        return translator(language).text(NOTHING_SHARED)
    return sentence(rules.bundle, Refusal(key, NOT_PERMITTED), audience=audience, language=language)


def preview_line(explained: Explanation) -> TypePreview:
    """What a school would get of one type now, in the words of the explanation."""
    return TypePreview(
        explained.information_type,
        shared=explained.shared,
        sentence=explained.because,
        valid_until=explained.valid_until,
        would_change_if=explained.would_change_if,
        explanation=explained.text,
    )
