"""Each piece of Cedar in words, and Cedar itself where there are none."""

from __future__ import annotations

import msgspec
import pytest

from consent_service.policy.bundle import Bundle
from tests.policy.plain.syntax import lines, told, written


@pytest.mark.parametrize(
    "condition, sentence",
    [
        ("context.secret_address", "het adres is geheim"),
        ("!context.secret_address", "het adres is niet geheim"),
        ("!(!context.secret_address)", "het adres is geheim"),
        ("context.secret_address == true", "het adres is geheim"),
        ("context.secret_address != true", "het adres is niet geheim"),
        ("false == context.secret_address", "het adres is niet geheim"),
        ("true", "altijd"),
        ("!true", "in geen geval"),
        ('context.safety == Safety::"danger"', "er is gevaar"),
        ('Safety::"danger" != context.safety', "er is geen gevaar vastgesteld"),
        ('context.purpose == Purpose::"support"', "het doel is ondersteuning"),
        ('!(context.purpose == Purpose::"support")', "het doel is iets anders dan ondersteuning"),
        ('resource.type == InformationType::"address"', 'het gaat om de soort informatie "address"'),
        ("principal is SchoolReader", "een school vraagt het"),
        ("!(principal is SchoolReader)", "het is geen school die het vraagt"),
        ("resource.yes < 2", "het aantal personen met gezag dat ja zei is minder dan 2"),
        ("!(resource.yes < 2)", "het aantal personen met gezag dat ja zei is ten minste 2"),
        ("resource.yes <= -2", "het aantal personen met gezag dat ja zei is hoogstens -2"),
        ("2 > resource.yes", "2 is meer dan het aantal personen met gezag dat ja zei"),
        ("resource.yes != 2", "het aantal personen met gezag dat ja zei is niet gelijk aan 2"),
        (
            "resource.holders - (resource.holders * 2) == 0",
            "het aantal personen met gezag min (het aantal personen met gezag keer 2) is gelijk aan 0",
        ),
        (
            "resource.holders - resource.holders - 2 == 0",
            "(het aantal personen met gezag min het aantal personen met gezag) min 2 is gelijk aan 0",
        ),
        (
            'resource.type.readers.contains(Role::"teacher")',
            "bij wie op school dit leest, hoort: leerkracht",
        ),
        (
            "!resource.type.readers.contains(principal.role)",
            "bij wie op school dit leest, hoort niet: de rol van wie vraagt",
        ),
        (
            '[Level::"O", Level::"O+", Level::"A9"].contains(resource.level)',
            "de gevoeligheid van de informatie is een van deze: gewoon, gevoelig of bijzonder (AVG 9)",
        ),
        ("![1].contains(resource.yes)", "het aantal personen met gezag dat ja zei is geen van deze: 1"),
    ],
)  # fmt: skip
def test_a_condition_in_words(bundle: Bundle, condition: str, sentence: str) -> None:
    assert lines(bundle, condition) == [f"- Als: {sentence}"]


def test_and_or_and_not_become_lists(bundle: Bundle) -> None:
    """Denying a list denies each of its statements, and says all for one and one for all."""
    condition = "context.assigned && !(context.preview || context.assigned && resource.emergency) && true"
    assert lines(bundle, condition, "en") == [
        "- If: all of this is so",
        "  - the counsellor is assigned to this family",
        "  - all of this is so",
        "    - the information itself is opened",
        "    - at least one of these is so",
        "      - the counsellor is not assigned to this family",
        "      - it is about more than the part that is needed in an emergency",
        "  - always",
    ]


def test_a_choice_tells_its_condition_and_both_outcomes(bundle: Bundle) -> None:
    assert lines(bundle, "!(if context.preview then resource.own_yes else false)", "en") == [
        "- If: it depends",
        "  - if this is so: it is only shown what is shared; nothing is opened",
        "  - then: the parent whom it is about, or who reads it, did not say yes",
        "  - and otherwise: always",
    ]


@pytest.mark.parametrize(
    "condition",
    [
        "context has purpose",
        'principal == SchoolReader::"x"',
        'principal in SchoolReader::"x"',
        'principal is SchoolReader in ShelterReader::"x"',
        "resource is Requested",
        "resource is SchoolReader",
        "context.new",
        "context.new.x",
        "resource.yes == resource.new",
        "resource.new + 1 == 2",
        "1 + resource.new == 2",
        'resource.new == Role::"teacher"',
        'principal.role == Role::"pupil"',
        'resource.level == "A9"',
        "context.preview == context.assigned",
        "[resource.new].contains(resource.yes)",
        "[resource.new, 1].contains(resource.yes)",
        "[1].contains(resource.new)",
        "[].contains(resource.yes)",
        "resource.new.contains(principal.role)",
        "resource.yes.contains(principal.role)",
        "resource.yes == true",
        "resource.level",
        "1",
        "context.preview.contains(principal.role)",
        "{a: context.preview}.a",
        "resource.type.readers.containsAll(resource.type.writers)",
        "resource.type.readers.isEmpty()",
        'context.name like "a*"',
        'ip("10.0.0.1").isLoopback()',
    ],
)
def test_what_has_no_words_stands_as_cedar_and_says_so(bundle: Bundle, condition: str) -> None:
    for negated in (False, True):
        text = f"!({condition})" if negated else condition
        plain = told(bundle, written(f"forbid (principal, action, resource) when {{ {text} }};"))
        (piece,) = plain.fallbacks()
        assert plain.clauses[0].cedar
        assert piece.startswith("!") is negated
        again = written(f"forbid (principal, action, resource) when {{ {piece} }};")
        assert (
            again.conditions == written(f"forbid (principal, action, resource) when {{ {text} }};").conditions
        )


def test_a_piece_without_words_stands_among_the_others(bundle: Bundle) -> None:
    assert lines(bundle, "context.preview && context.new", "en") == [
        "- If: all of this is so",
        "  - it is only shown what is shared; nothing is opened",
        "  - context.new",
    ]


def test_what_is_filled_in_is_not_taken_for_a_place_to_fill_in(bundle: Bundle) -> None:
    name = "{item}{right}"
    assert lines(bundle, f'resource.type == InformationType::"{name}"', "en") == [
        f'- If: it is about the type of information "{name}"'
    ]


def test_words_that_are_missing_are_not_guessed(bundle: Bundle) -> None:
    """A language that lacks a word shows Cedar there, and the rest in words."""
    words = bundle.words["en"]
    less = {path: fact for path, fact in words.facts.items() if path != "context.preview"}
    names = {**words.names, "Purpose": {}}
    spoilt = msgspec.structs.replace(words, facts=less, names=names, askers={})
    without = msgspec.structs.replace(bundle, words={"en": spoilt})
    asked = 'context.purpose == Purpose::"contact" && principal is SchoolReader'
    condition = f"context.preview && context.assigned && {asked}"
    policy = written(f"forbid (principal, action, resource) when {{ {condition} }};")
    assert told(without, policy, "en").fallbacks() == (
        "context.preview",
        '(context.purpose) == Purpose::"contact"',
        "principal is SchoolReader",
    )
