"""What is wrong with words is told before anybody approves the policies they are about."""

from __future__ import annotations

from pathlib import Path

import cedarpy
import pytest

from consent_service.foundation.i18n import SUPPORTED
from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, load_bundle
from consent_service.policy.checking import inspect
from consent_service.policy.plain.speakable import FactSpec, speakable
from consent_service.policy.plain.words import read_words
from consent_service.policy.reasons import PolicyProblem
from tests.policy.questions import POLICIES


def problems_of(folder: Path) -> list[tuple[str, str]]:
    problems: list[PolicyProblem] = []
    schema = cedarpy.Schema.from_str((folder / "schema.cedarschema").read_text(encoding="utf-8"))
    read_words(folder, schema, problems=problems)
    return [(problem.where, problem.code) for problem in problems]


def changed(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_words_of_this_repository_are_complete(bundle: Bundle) -> None:
    assert problems_of(POLICIES) == []
    assert set(bundle.words) == set(SUPPORTED)


NL = "words/nl.toml"
PURPOSE = f'{NL} facts."context.purpose"'


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("[obligations]\nofficer_review", "[obligations]\nother", (NL, "word_missing")),
        ("[obligations]\nofficer_review", "[obligations]\nother", (NL, "word_unused")),
        ('[actions]\nrelease = "lezen"', "[actions]", (NL, "word_missing")),
        ('[actions]\n', '[actions]\nerase = "wissen"\n', (NL, "word_unused")),
        ("[askers.SchoolReader]", "[askers.Neighbour]", (NL, "word_missing")),
        ("[names.Voice]", "[names.Voices]", (NL, "word_missing")),
        ("[names.Voice]", "[names.Voices]", (NL, "word_unused")),
        ('attendance = "aanwezigheid"\n', "", (NL, "word_missing")),
        ('attendance = "aanwezigheid"', 'attendances = "aanwezigheid"', (NL, "word_unused")),
        ('[facts."context.asked"]', '[facts."context.wished"]', (NL, "word_missing")),
        ('[facts."context.asked"]', '[facts."context.wished"]', (NL, "word_unused")),
        ('noun = "het doel van de vraag"\n', "", (PURPOSE, "word_missing")),
        ('yes = "het doel is {item}"\n', "", (PURPOSE, "word_missing")),
        ('yes = "het doel is {item}"', 'yes = "het doel is goed"', (PURPOSE, "placeholder_missing")),
        ('noun = "het doel van de vraag"', 'noun = "{item}"', (PURPOSE, "malformed")),
        ('yes = "het doel is {item}"', 'yes = "{item} is {item}"', (PURPOSE, "malformed")),
        ('yes = "het doel is {item}"', 'yes = "het doel is {item} {"', (PURPOSE, "malformed")),
        (
            '[facts."context.secret_address"]',
            '[facts."context.secret_address"]\nnoun = "geheim"',
            (f'{NL} facts."context.secret_address"', "word_unused"),
        ),
        (
            '[facts."context.safety".members]',
            '[facts."context.safety".members]\nunsure = { yes = "a", no = "b" }',
            (f'{NL} facts."context.safety"', "word_unused"),
        ),
        ('permit_anyone = "Wie ook vraagt, mag {what}"', 'permit_anyone = "Ja"', (NL, "placeholder_missing")),
        ('always = "altijd"', 'always = ""', (NL, "word_missing")),
        ('always = "altijd"', 'always = "altijd {item}"', (NL, "malformed")),
        ('always = "altijd"\n', "", (NL, "malformed")),
        ('director = "directeur"', 'director = ""', (NL, "malformed")),
        ('director = "directeur"', 'director = "{item}"', (NL, "malformed")),
        ('yes = "er is gevaar"', 'yes = ""', (NL, "malformed")),
        ("[frame]", "[frame", (NL, "malformed")),
        ("[frame]", "[frame", ("words", "language_missing")),
        ('support = "ondersteuning"', 'support = "contact"', (NL, "word_twice")),
        ('no = "het adres is niet geheim"', 'no = "het adres is geheim"', (NL, "word_twice")),
        ('yes = "er is gevaar"', 'yes = "het adres is geheim"', (NL, "word_twice")),
        ('at_most = "{left} is hoogstens {right}"', 'at_most = "{left} is minder dan {right}"',
         (NL, "word_twice")),
        ('share = "schrijven"', 'share = "lezen"', (NL, "word_twice")),
        ('noun = "De opvang"', 'noun = "Een school"', (NL, "word_twice")),
        ('all_of = "dit alles klopt"', 'all_of = "minstens een van deze dingen klopt"', (NL, "word_twice")),
    ],
)  # fmt: skip
def test_spoilt_words_are_told(proposal: Path, old: str, new: str, expected: tuple[str, str]) -> None:
    changed(proposal, NL, old, new)
    assert expected in problems_of(proposal)


def test_the_check_of_a_proposal_asks_for_its_words(proposal: Path) -> None:
    changed(proposal, NL, 'attendance = "aanwezigheid"\n', "")
    report = inspect(proposal, mutation=False, locked=False)
    assert [(problem.where, problem.code) for problem in report.problems] == [(NL, "word_missing")]
    assert not report.passed


def test_a_new_thing_to_speak_about_needs_its_words(proposal: Path) -> None:
    schema = "schema.cedarschema"
    changed(proposal, schema, "  preview: Bool,", "  preview: Bool,\n  night: Bool,\n  day: String,")
    changed(proposal, schema, 'entity Lapse enum ["none",', 'entity Lapse enum ["none", "lost",')
    assert problems_of(proposal) == [
        (where, "word_missing") for where in ("words/en.toml", "words/en.toml", NL, NL)
    ]


def test_policies_without_words_are_judged_all_the_same(proposal: Path, catalogue: Catalogue) -> None:
    """A bundle kept from before a word was needed has to decide as it did."""
    before = load_bundle(proposal, catalogue=catalogue)
    changed(proposal, NL, "[frame]", "[frame")
    (proposal / "words/en.toml").unlink()
    after = load_bundle(proposal, catalogue=catalogue)
    assert (after.hash, after.words) == (before.hash, {})


def test_the_facts_are_those_of_the_schema() -> None:
    """Also of entities without attributes, of what lies too deep, and of values without words."""
    found = speakable(
        cedarpy.Schema.from_str(
            """
            entity Bare;
            entity Kind enum ["a", "b"];
            entity Deep = { name: String, sure?: Bool, deeper: Deep };
            entity Thing = { count: Long, kind: Kind, kinds: Set<Kind>, deep: Deep, days: Set<Long> };
            action "look", "touch" appliesTo { principal: [Bare], resource: [Thing], context: { now: Bool } };
            action "ask" appliesTo { principal: [Bare, Deep], resource: [Thing], context: Known };
            type Known = { sure: Bool };
            """
        )
    )
    assert found.names == {"Kind": ("a", "b")}
    assert found.askers == ("Bare", "Deep")
    assert found.actions == ("ask", "look", "touch")
    assert found.facts["resource.kind"] == FactSpec("choice", "Kind")
    assert found.facts["resource.kinds"] == FactSpec("several", "Kind")
    assert found.facts["resource.count"] == FactSpec("number")
    assert found.facts["resource.days"] == FactSpec("other")
    assert found.facts["resource.deep"] == FactSpec("choice", "Deep")
    assert found.facts["resource.deep.sure"] == FactSpec("yes_no")
    assert found.facts["context.sure"] == FactSpec("yes_no")
    assert max(path.count(".") for path in found.facts) == 3
