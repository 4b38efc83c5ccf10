"""Whole policies in words: those of this repository, and what no word may hide."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from consent_service.foundation.i18n import SUPPORTED
from consent_service.policy.bundle import Bundle
from consent_service.policy.mutants import mutants_of
from consent_service.policy.plain.explanation import PlainPolicy, plain_policies, plain_policy
from consent_service.policy.plain.speakable import speakable
from tests.policy.plain.syntax import told, written


def heading(bundle: Bundle, effect: str, scope: str) -> tuple[str, tuple[str, ...]]:
    plain = told(bundle, written(f"{effect} ({scope});"), "en")
    return plain.heading, tuple(line for clause in plain.clauses for line in clause.lines())


@pytest.mark.parametrize("language", SUPPORTED)
def test_every_policy_is_told_without_a_word_of_cedar(bundle: Bundle, language: str) -> None:
    plain = plain_policies(bundle, language=language)
    assert {one.id for one in plain} == set(bundle.source)
    assert {one.id: one.fallbacks() for one in plain if one.fallbacks()} == {}


@pytest.mark.parametrize("language", SUPPORTED)
def test_no_two_policies_are_told_alike(bundle: Bundle, language: str) -> None:
    lines = [one.lines() for one in plain_policies(bundle, language=language)]
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("language", SUPPORTED)
def test_no_mistake_in_a_policy_is_hidden_by_the_words(bundle: Bundle, language: str) -> None:
    """Whatever mutant of it somebody would make, its text is another one."""
    known, kinds = speakable(bundle.schema), Counter[str]()
    for identifier, policy in bundle.source.items():
        before = told(bundle, policy, language).lines()
        for mutant in mutants_of(policy, known):
            if mutant.policy is not None:
                kinds[mutant.change] += 1
                assert told(bundle, mutant.policy, language).lines() != before, (identifier, mutant.change)
    assert sum(kinds.values()) > 500
    assert len(kinds) > 15


def test_no_name_is_hidden_by_the_words(bundle: Bundle) -> None:
    """Each name in each statement about a fact, in either form: all of them different."""
    for words in bundle.words.values():
        for path, spec in speakable(bundle.schema).facts.items():
            names = words.names.get(spec.named, {}) if spec.kind == "choice" else {}
            told_as = [
                words.statement(path, spec.named, name, holds=h) for name in names for h in (True, False)
            ]
            assert len(set(told_as)) == 2 * len(names)
            assert None not in told_as


def test_the_secret_address_is_told_as_a_lawyer_would(bundle: Bundle) -> None:
    plain = plain_policy(bundle, "safety.address", language="nl")
    assert plain.lines() == (
        "Nooit, wie ook vraagt en waarvoor ook",
        "- Als: deze soort informatie is een adres dat bij een geheim adres dicht blijft",
        "- Als: minstens een van deze dingen klopt",
        "  - het adres is geheim",
        "  - er is niet vastgesteld dat er geen gevaar bekend is",
    )
    assert plain.effect == "forbid"
    assert plain.legal_basis == "AVG 5(1)(f), 32; Wet BRP 2.59"
    assert plain.reason == bundle.reasons["nl"].causes["address_protected"].staff
    assert plain.file == "safety/location.cedar"
    assert plain.source.splitlines()[0] == '@id("safety.address")'
    assert plain.comment.startswith("An address under a secret address")
    assert ("reason", "address_protected") in plain.annotations


def test_a_permit_says_why_not_and_what_has_to_be_done(bundle: Bundle) -> None:
    plain = plain_policy(bundle, "break_glass.vital_interest", language="en")
    assert plain.heading == "A school may read"
    assert plain.reason == bundle.reasons["en"].grounds["vital_interest"].staff
    assert plain.obligations == ("The privacy officer looks at it on the next working day.",)
    assert [one.unmet for one in plain.clauses] == [
        "If this is not so, the rule is about something else.",
        bundle.reasons["en"].causes["break_glass_ended"].staff,
        bundle.reasons["en"].causes["second_person_missing"].staff,
        bundle.reasons["en"].causes["one_thing_only"].staff,
    ]


@pytest.mark.parametrize(
    "effect, scope, said",
    [
        ("permit", "principal, action, resource", "Whoever asks may read or write"),
        ("permit", 'principal, action == Action::"share", resource', "Whoever asks may write"),
        ("permit", "principal is ShelterReader, action, resource", "The shelter may read or write"),
        ("forbid", "principal, action, resource", "Never, whoever asks and whatever for"),
        ("forbid", 'principal, action == Action::"release", resource', "Nobody may read"),
        ("forbid", "principal is GuardianReader, action, resource", "A parent or guardian may not {both}"),
        (
            "forbid",
            'principal is SchoolReader, action in [Action::"share", Action::"release"], resource',
            "A school may not write or read",
        ),
    ],
)  # fmt: skip
def test_the_heading_says_the_effect_and_the_scope(
    bundle: Bundle, effect: str, scope: str, said: str
) -> None:
    assert heading(bundle, effect, scope) == (said.replace("{both}", "read or write"), ())


@pytest.mark.parametrize(
    "scope, piece",
    [
        ('principal == SchoolReader::"x", action, resource', 'principal == SchoolReader::"x"'),
        ('principal in SchoolReader::"x", action, resource', 'principal in SchoolReader::"x"'),
        ("principal is Stranger, action, resource", "principal is Stranger"),
        (
            'principal is SchoolReader in ShelterReader::"x", action, resource',
            'principal is SchoolReader in ShelterReader::"x"',
        ),
        ('principal, action == Action::"other", resource', 'action == Action::"other"'),
        (
            'principal, action in [Action::"share", Action::"other"], resource',
            'action in [Action::"share", Action::"other"]',
        ),
        ("principal, action in [], resource", "action in []"),
        ("principal, action, resource is Requested", "resource is Requested"),
        ('principal, action, resource == Requested::"x"', 'resource == Requested::"x"'),
    ],
)
def test_a_scope_without_words_is_a_condition_in_cedar(bundle: Bundle, scope: str, piece: str) -> None:
    assert heading(bundle, "permit", scope)[1] == (f"- If: {piece}",)


def test_a_language_without_words_is_told_in_dutch(bundle: Bundle) -> None:
    dutch = plain_policies(bundle, language="nl")
    assert plain_policies(bundle, language="ar") == dutch


def test_policies_without_any_words_are_shown_as_they_stand(bundle: Bundle) -> None:
    without = msgspec.structs.replace(bundle, words={})
    plain = plain_policy(without, "break_glass.vital_interest", language="nl")
    assert plain.heading == "permit"
    assert plain.fallbacks() == (plain.source,)
    assert plain.obligations == ("officer_review",)


def test_a_code_without_a_sentence_is_shown_as_the_code(bundle: Bundle) -> None:
    text = '@reason("new") @obligations("new_duty") permit (principal, action, resource) when { true };'
    plain: PlainPolicy = told(bundle, written(text))
    assert (plain.reason, plain.obligations, plain.clauses[0].unmet) == ("new", ("new_duty",), "")
