from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation.i18n import SUPPORTED
from consent_service.policy.bundle import Bundle
from consent_service.policy.reasons import PolicyProblem, read_causes, read_reasons
from consent_service.policy.sources import read_own
from tests.policy.questions import POLICIES


def problems_after(proposal: Path, file: str, old: str, new: str) -> set[tuple[str, str]]:
    path = proposal / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    problems: list[PolicyProblem] = []
    files = read_own(proposal, problems)
    read_reasons(files, read_causes(files, problems=problems), problems=problems)
    return {(problem.where, problem.code) for problem in problems}


@pytest.mark.parametrize(
    "file, old, new, expected",
    [
        ("causes.toml", '{ code = "objection", about = "family" },', "",
         ("reasons/nl.toml", "sentence_unused")),
        ("causes.toml", '  "yes_of_holder",', "", ("reasons/nl.toml", "sentence_unused")),
        ("causes.toml", 'code = "no_consent"', 'code = "objection"', ("causes.toml", "duplicate_code")),
        ("causes.toml", 'code = "policy_error"', 'code = "oops"', ("causes.toml", "code_missing")),
        ("causes.toml", '"no_consent", about = "family"', '"no_consent", about = "self"',
         ("causes.toml", "self_after_family")),
        ("causes.toml", 'about = "family"', 'about = "friends"', ("causes.toml", "malformed")),
        ("causes.toml", "causes = [", "causes = [[", ("causes.toml", "malformed")),
        ("reasons/nl.toml", "[causes.objection]", "[causes.other]", ("reasons/nl.toml", "sentence_missing")),
        ("reasons/en.toml", "[causes.objection]", "[causes.other]", ("reasons/en.toml", "sentence_unused")),
        ("reasons/nl.toml", "[grounds.yes_of_holder]", "[grounds.other]",
         ("reasons/nl.toml", "sentence_missing")),
        ("reasons/nl.toml", "[causes.objection]", '[causes.objection]\nschool = "Er is ruzie."',
         ("reasons/nl.toml", "school_sentence")),
        ("reasons/nl.toml", 'school = "Met uw rol kan dit niet."\n', "",
         ("reasons/nl.toml", "school_sentence")),
        ("reasons/nl.toml", "[refused]", "[refuse]", ("reasons", "language_missing")),
        ("reasons/nl.toml", '[changes.danger]\nstaff = "er gevaar is"\nguardian = "er gevaar is"\n', "",
         ("reasons/nl.toml", "sentence_missing")),
        ("reasons/nl.toml", '\nuntil = "Geldt tot {day}."', '\nuntil = "Geldt nog even."',
         ("reasons/nl.toml", "placeholder_missing")),
        ("reasons/nl.toml", "[changes.danger]", "[changes.other]", ("reasons", "language_missing")),
    ],
)  # fmt: skip
def test_a_spoilt_file_is_told(
    proposal: Path, file: str, old: str, new: str, expected: tuple[str, str]
) -> None:
    assert expected in problems_after(proposal, file, old, new)


def test_every_language_of_the_service_has_its_reasons(bundle: Bundle) -> None:
    assert set(bundle.reasons) == set(SUPPORTED)


def test_no_sentence_to_a_guardian_uses_words_of_the_law() -> None:
    for language in SUPPORTED:
        text = (POLICIES / "reasons" / f"{language}.toml").read_text(encoding="utf-8")
        to_guardians = [line for line in text.splitlines() if line.startswith("guardian = ")]
        assert not [line for line in to_guardians if any(word in line for word in ("AVG", "BW ", "artikel"))]
        assert max(len(sentence.split()) for line in to_guardians for sentence in line.split(".")) <= 18
