"""The rules to read: each in words beside its source, and the table of who may ever get what. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from urllib.parse import urlencode

from consent_service.policy.bundle import Bundle
from consent_service.policy.difference import policy_differences
from consent_service.policy.plain.explanation import PlainPolicy, plain_policies
from consent_service.policy.plain.sentences import PlainClause
from consent_service.web.officer.policies_views import (
    ClausePart,
    PolicyCard,
    PolicyFolder,
    RuleDifference,
    RuleInWords,
)
from consent_service.web.officer.policies_words import FOLDER_NAMES, RuleWords


def policy_folders(bundle: Bundle, words: RuleWords, *, edit: str, language: str) -> tuple[PolicyFolder, ...]:
    """Every rule under the name of its folder; `edit` is where a file can be changed, or nothing."""
    order = {name: place for place, name in enumerate(FOLDER_NAMES)}
    policies = sorted(plain_policies(bundle, language=language), key=lambda one: order[_folder(one)])
    return tuple(
        PolicyFolder(name, words.folder(name), tuple(_card(one, edit) for one in group))
        for name, group in groupby(policies, key=_folder)
    )


def rule_differences(
    bundles: tuple[Bundle | None, Bundle | None], *, language: str
) -> tuple[RuleDifference, ...]:
    """Every rule that says something else; nothing where either of the two cannot be read any more."""
    before, after = bundles
    if before is None or after is None:
        return ()
    return tuple(
        RuleDifference(one.id, _in_words(one.before), _in_words(one.after))
        for one in policy_differences(before, after, language=language)
    )


def _in_words(policy: PlainPolicy | None) -> RuleInWords | None:
    if policy is None:
        return None
    return RuleInWords(policy.heading, _clauses(policy.clauses), policy.reason, policy.legal_basis)


def _folder(policy: PlainPolicy) -> str:
    return policy.file.partition("/")[0]


def _card(policy: PlainPolicy, edit: str) -> PolicyCard:
    return PolicyCard(
        id=policy.id,
        heading=policy.heading,
        effect=policy.effect,
        clauses=_clauses(policy.clauses),
        why=policy.comment,
        reason=policy.reason,
        legal_basis=policy.legal_basis,
        obligations=policy.obligations,
        place=f"{policy.file}:{policy.line}",
        source=policy.source,
        edit_href=f"{edit}?{urlencode({'file': policy.file})}" if edit else "",
    )


def _clauses(clauses: Iterable[PlainClause]) -> tuple[ClausePart, ...]:
    return tuple(ClausePart(one.text, _clauses(one.parts), one.lead, one.cedar, one.unmet) for one in clauses)
