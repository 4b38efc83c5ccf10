"""`policies check` and `lock` tell everything, in sections, in the language of whoever runs them."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from consent_service.cli import policy_checks
from consent_service.foundation.settings import shipped_policies
from consent_service.policy.checking import CheckReport
from consent_service.policy.mutation import MutationReport, Survivor
from consent_service.policy.problem_words import ADVICE, advice
from consent_service.policy.proofs.proving import Proof
from consent_service.policy.reasons import PolicyProblem
from tests.cli.conftest import Said, Shell


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_policies(), tmp_path / "policies"))


def check(shell: Shell, folder: Path, *more: str) -> Said:
    return shell.type("policies", "check", "--folder", str(folder), *more)


def spoil(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.slow
def test_the_whole_check_tells_cases_mistakes_and_proofs(bare_shell: Shell, folder: Path) -> None:
    said = check(bare_shell, folder)

    assert (said.code, said.err) == (0, "")
    for heading in ("Voorbeelden: ", "Hoe vaak een regel", "Fouten in de regels", "Wat nooit mag: "):
        assert heading in said.out
    assert "  consent.gate: " in said.out
    assert "  never.secret_address: bewezen: Een geheim adres" in said.out
    assert said.out.endswith("De regels, de catalogus en de teksten kloppen.\n")


def test_the_mistakes_may_be_left_out_and_the_rest_is_told_in_english(
    bare_shell: Shell, folder: Path
) -> None:
    bare_shell.environ["LANG"] = "en_GB.UTF-8"

    said = check(bare_shell, folder, "--no-mutation")

    assert (said.code, said.err) == (0, "")
    assert "Mistakes in the rules" not in said.out
    assert "Examples: " in said.out
    assert "  never.secret_address: proved: A secret address" in said.out


def test_a_weaker_rule_about_secret_addresses_is_refused_with_a_case_to_read(
    bare_shell: Shell, folder: Path
) -> None:
    spoil(folder, "safety/location.cedar", "context.secret_address || ", "")

    said = check(bare_shell, folder)

    assert said.code == 1
    assert "never.secret_address: weerlegd: Een geheim adres komt bij niemand terecht" in said.err
    assert 'type = "postal_address"' in said.out
    assert "secret_address = true" in said.out
    assert "case_failed" in said.err
    assert "Fouten in de regels" not in said.out  # while a case comes out wrong no mutant says anything
    assert bare_shell.type("policies", "lock", "--folder", str(folder)).code == 1
    assert "never.secret_address" in bare_shell.said[-1].err


def test_broken_syntax_names_file_and_line_and_says_what_to_do(bare_shell: Shell, folder: Path) -> None:
    path = folder / "consent" / "stops.cedar"
    lines = len(path.read_text().splitlines())
    path.write_text(path.read_text() + "\npermit (principal")

    said = check(bare_shell, folder)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"consent/stops.cedar:{lines + 2}: Dit is niet te lezen. Kijk naar haakjes")


def test_a_thousand_brackets_are_refused_before_anything_reads_them(bare_shell: Shell, folder: Path) -> None:
    path = folder / "consent" / "stops.cedar"
    path.write_text(path.read_text().replace("resource.objecting > 0", "(" * 1000 + "true" + ")" * 1000))

    said = check(bare_shell, folder)

    assert (said.code, said.out) == (1, "")
    assert "Splits de regel. [too_deep" in said.err


def test_a_fact_that_nobody_reads_is_told_and_stops_nothing(bare_shell: Shell, folder: Path) -> None:
    spoil(folder, "schema.cedarschema", '"counsellor", "holder"', '"counsellor", "holder", "chess"')
    for path in (folder / "words").glob("*.toml"):
        spoil(folder, f"words/{path.name}", "[names.Role]\n", '[names.Role]\nchess = "chess"\n')

    bare_shell.must("policies", "lock", "--folder", str(folder))
    said = check(bare_shell, folder, "--no-mutation")

    assert said.code == 0
    assert 'Is zij nog nodig? [name_unused: Role::"chess"]' in said.out


def _report(monkeypatch: pytest.MonkeyPatch, report: CheckReport) -> None:
    monkeypatch.setattr(policy_checks, "check_candidate", lambda *_, **__: report)


def test_too_few_mistakes_noticed_is_a_failure_and_each_is_listed(
    bare_shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ("- when { (resource.yes) >= 1 }", "+ when { true }")
    survivors = (
        Survivor("consent.ordinary/7", "consent.ordinary", "condition dropped", lines, "differs"),
        Survivor("consent.ordinary/8", "consent.ordinary", "one more", lines, "not_provable"),
    )
    _report(monkeypatch, CheckReport((), mutation=MutationReport(12, 8, 2, survivors)))

    said = check(bare_shell, folder)

    assert said.code == 1
    assert said.err == "De voorbeelden merken 80.0% van de fouten; nodig is 90%. Schrijf er meer.\n"
    assert "8 van 10 (80.0%); 2 andere maken bewezen geen verschil." in said.out
    assert "consent.ordinary/7: condition dropped: geen voorbeeld merkt het: schrijf er een" in said.out
    assert "of het iets uitmaakt is niet te bewijzen" in said.out
    assert "      + when { true }" in said.out


def test_what_has_no_words_is_told_by_its_code(
    bare_shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proofs = (Proof("never.new", {}, "not_provable", detail="no answer in time"),)
    _report(monkeypatch, CheckReport((PolicyProblem("x.cedar:1", "of_later", ""),), proofs=proofs))

    said = check(bare_shell, folder)

    assert said.code == 1
    assert "x.cedar:1:  [of_later]" in said.err
    assert "never.new: niet te bewijzen: never.new [no answer in time]" in said.err


def test_every_problem_that_can_be_found_has_words() -> None:
    found = set()
    for path in (Path(policy_checks.__file__).parents[1] / "policy").rglob("*.py"):
        found |= _codes(path.read_text())
    assert len(found) > 40
    assert found <= ADVICE.keys()
    assert advice(PolicyProblem("x", "scope", "")).startswith("De regel past niet")


def _codes(source: str) -> set[str]:
    """The second argument of each `PolicyProblem(...)` that is written out."""
    return {
        code.value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "PolicyProblem"
        for argument in call.args[1:2]
        for code in ast.walk(argument)
        if isinstance(code, ast.Constant) and isinstance(code.value, str)
    }


def test_the_check_of_an_installation_tells_rules_and_texts_alike(bare_shell: Shell, folder: Path) -> None:
    spoil(folder, "safety/location.cedar", "context.secret_address || ", "")
    (folder / "texts" / "nl.toml").write_text("[")
    bare_shell.environ["RUGGENSTEUN_POLICIES_DIR"] = str(folder)

    said = bare_shell.type("check")

    assert said.code == 1
    assert "mis      regels en teksten" in said.out
    for told in ("case_failed", "lock_differs", "never.secret_address: weerlegd", "not TOML"):
        assert told in said.out
