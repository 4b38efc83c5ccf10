from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from consent_service.information.model import Catalogue
from consent_service.policy import bundle as bundle_module
from consent_service.policy import lint as lint_module
from consent_service.policy.bundle import (
    LOCK_FILE,
    Bundle,
    BundleError,
    check_candidate,
    load_bundle,
    lock,
    lock_problems,
)
from consent_service.policy.coverage import check_bundle
from consent_service.policy.decision import decide
from consent_service.policy.reasons import PolicyProblem
from tests.policy.questions import NOW, POLICIES, question

GOOD = '@id("consent.extra") @legal_basis("x") @reason("objection")\n'
NEVER = (
    "forbid (principal, action, resource)"
    ' when { context.basis == Basis::"consent" } when { resource.yes > 99 };'
)


def codes(problems: Sequence[PolicyProblem]) -> set[str]:
    return {problem.code for problem in problems}


def problems_of(folder: Path, catalogue: Catalogue) -> tuple[PolicyProblem, ...]:
    with pytest.raises(BundleError) as caught:
        load_bundle(folder, catalogue=catalogue)
    return caught.value.problems


def plant(folder: Path, text: str, *, where: str = "consent/planted.cedar") -> None:
    (folder / where).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "planted, code",
    [
        ('@legal_basis("x") @reason("objection")\n' + NEVER, "annotation_missing"),
        ('@id("consent.extra") @reason("objection")\n' + NEVER, "annotation_missing"),
        ('@id("consent.extra") @legal_basis("x")\n' + NEVER, "annotation_missing"),
        ('@id @legal_basis("x") @reason("objection")\n' + NEVER, "annotation_missing"),
        ('@mood("good")' + GOOD + NEVER, "annotation_unknown"),
        ('@obligations("blur_photos")' + GOOD + NEVER, "obligation_unknown"),
        (GOOD.replace("consent.extra", "consent.objection") + NEVER, "duplicate_id"),
        (GOOD.replace("consent.extra", "release.extra") + NEVER, "id_form"),
        (GOOD.replace("consent.extra", "consent.EXTRA") + NEVER, "id_form"),
        (GOOD.replace('"objection"', '"bad_weather"') + NEVER, "reason_unknown"),
        (GOOD.replace('"objection"', '"yes_of_holder"') + NEVER, "reason_unknown"),
        ('@unmet("no_consent")' + GOOD + NEVER, "unmet_count"),
        (GOOD + NEVER.replace("forbid", "permit"), "unmet_count"),
        ('@unmet("- bad_weather")' + GOOD + NEVER.replace("forbid", "permit"), "reason_unknown"),
        (GOOD + NEVER.replace('Basis::"consent"', 'Basis::"whim"'), "invalid"),
        (GOOD + NEVER.replace("resource.yes > 99", 'context.purpose == Purpose::"hobby"'), "invalid"),
        (GOOD + NEVER.replace("resource.yes > 99", "resource.mood > 99"), "invalid"),
        (GOOD + NEVER.replace("resource.yes > 99", 'resource.yes == "one"'), "invalid"),
        (GOOD + NEVER.replace("resource.yes > 99", 'resource.type == InformationType::"x"'), "type_unknown"),
        (GOOD + NEVER.replace("principal,", "principal == ?principal,"), "template"),
        (GOOD + "forbid (principal, action, resource) when { resource.suspended };", "scope"),
        (GOOD + NEVER[:-3], "malformed"),
        (GOOD + NEVER.replace("99", "(" * 1000 + "99" + ")" * 1000), "too_deep"),
        (GOOD + NEVER.replace("resource.yes > 99", "!" * 1000 + "true"), "too_deep"),
        (GOOD + NEVER.replace("99", "if true then 1 else " * 50 + "99"), "too_deep"),
        (GOOD + NEVER + "//" + "x" * 40_000, "too_large"),
        (GOOD + "// \u202etxet desrever\n" + NEVER, "not_plain"),
        (GOOD + "\N{CYRILLIC SMALL LETTER ES}" + NEVER, "not_plain"),
        (GOOD + "\t" + NEVER, "not_plain"),
    ],
)
def test_a_planted_policy_is_refused(proposal: Path, catalogue: Catalogue, planted: str, code: str) -> None:
    plant(proposal, planted)
    assert code in codes(problems_of(proposal, catalogue))


@pytest.mark.parametrize(
    "where, planted",
    [
        ("safety/planted.cedar", "permit (principal, action, resource) when { resource.yes > 99 };"),
        ("safety/planted.cedar", 'forbid (principal, action == Action::"share", resource);'),
        ("safety/planted.cedar", "forbid (principal is SchoolReader, action, resource);"),
        ("release/planted.cedar", "forbid (principal, action, resource);"),
        ("share/planted.cedar", 'forbid (principal, action == Action::"release", resource);'),
    ],
)
def test_a_policy_that_breaks_the_promise_of_its_folder_is_refused(
    proposal: Path, catalogue: Catalogue, where: str, planted: str
) -> None:
    annotations = GOOD.replace("consent.", f"{where.split('/')[0]}.")
    plant(proposal, annotations + planted, where=where)
    assert "scope" in codes(problems_of(proposal, catalogue))


@pytest.mark.parametrize("where", ["stray.cedar", "reasons/stray.cedar", "release/deep/stray.cedar"])
def test_a_policy_nobody_would_look_for_is_refused(proposal: Path, catalogue: Catalogue, where: str) -> None:
    (proposal / where).parent.mkdir(exist_ok=True)
    plant(proposal, GOOD + NEVER, where=where)
    assert "misplaced" in codes(problems_of(proposal, catalogue))


def test_more_policies_than_anybody_reviews_are_refused(proposal: Path, catalogue: Catalogue) -> None:
    for name in ("one", "two"):
        plant(proposal, (GOOD + NEVER) * 101, where=f"consent/{name}.cedar")
    assert "too_many" in codes(problems_of(proposal, catalogue))


def test_a_type_of_the_catalogue_may_be_named(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, GOOD + NEVER.replace("resource.yes > 99", 'resource.type == InformationType::"pickup"'))
    assert "consent.extra" in load_bundle(proposal, catalogue=catalogue).notes


def test_an_obligation_that_is_built_may_be_laid_on(
    proposal: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_module, "KNOWN_OBLIGATIONS", frozenset({"blur_photos"}))
    plant(proposal, '@obligations("blur_photos")' + GOOD + NEVER)
    assert "consent.extra" in load_bundle(proposal, catalogue=catalogue).notes


def test_all_problems_are_told_at_once(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, '@mood("x")' + NEVER)
    plant(proposal, GOOD + NEVER[:-3], where="share/planted.cedar")
    problems = problems_of(proposal, catalogue)
    assert {"annotation_missing", "annotation_unknown", "malformed"} <= codes(problems)
    assert {problem.where.split()[0] for problem in problems} == {
        "consent/planted.cedar",
        "share/planted.cedar",
    }


def test_an_extra_policy_without_a_fault_is_taken(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, GOOD + NEVER)
    assert "consent.extra" in load_bundle(proposal, catalogue=catalogue).notes


def test_a_folder_without_policies_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    assert {"no_policies", "unreadable", "code_missing", "language_missing"} <= codes(
        problems_of(tmp_path, catalogue)
    )


def test_a_file_that_is_no_text_is_refused(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "consent" / "stops.cedar").write_bytes(b"\xff\xfe")
    assert "unreadable" in codes(problems_of(proposal, catalogue))


def test_a_schema_that_is_none_is_refused(proposal: Path, catalogue: Catalogue) -> None:
    (proposal / "schema.cedarschema").write_text("entity ;")
    assert codes(problems_of(proposal, catalogue)) == {"malformed"}


def test_a_catalogue_the_schema_does_not_know_is_refused(proposal: Path, catalogue: Catalogue) -> None:
    schema = proposal / "schema.cedarschema"
    schema.write_text(schema.read_text().replace("  is_gate: Bool,\n", "  is_gate: String,\n"))
    plant(proposal, "", where="consent/stops.cedar")
    assert codes(problems_of(proposal, catalogue)) & {"invalid", "catalogue_mismatch"}


def test_a_catalogue_with_an_attribute_that_the_schema_lacks_is_refused(
    proposal: Path, catalogue: Catalogue
) -> None:
    schema = proposal / "schema.cedarschema"
    schema.write_text(schema.read_text().replace('"transition"]', '"transition_"]'))
    assert codes(problems_of(proposal, catalogue)) == {"catalogue_mismatch"}


def test_the_message_names_every_problem_and_where(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, GOOD.replace("objection", "bad_weather") + NEVER)
    with pytest.raises(
        BundleError, match=r"consent/planted\.cedar consent\.extra: reason_unknown: bad_weather"
    ):
        load_bundle(proposal, catalogue=catalogue)


def test_the_hash_changes_with_anything_that_decides(
    proposal: Path, catalogue: Catalogue, bundle: Bundle
) -> None:
    hashes = {bundle.hash}
    stops = proposal / "consent" / "stops.cedar"
    stops.write_text(stops.read_text().replace("resource.objecting > 0", "resource.objecting > 1"))
    hashes.add(load_bundle(proposal, catalogue=catalogue).hash)
    causes = proposal / "causes.toml"
    causes.write_text(causes.read_text().replace('"family", every_guardian = true', '"family"'))
    hashes.add(load_bundle(proposal, catalogue=catalogue).hash)
    schema = proposal / "schema.cedarschema"
    schema.write_text(schema.read_text().replace("  lapse: Lapse,", "  lapse: Lapse,\n  later?: Bool,"))
    hashes.add(load_bundle(proposal, catalogue=catalogue).hash)
    hashes.add(load_bundle(proposal, catalogue=msgspec.structs.replace(catalogue, hash="other")).hash)
    assert len(hashes) == 5


def test_the_hash_counts_the_engine(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue, bundle: Bundle
) -> None:
    monkeypatch.setattr(bundle_module, "version", lambda name: f"{name} 0.0")
    assert load_bundle(POLICIES, catalogue=catalogue).hash != bundle.hash


def test_the_hash_does_not_change_with_comments_wording_or_the_place_of_a_policy(
    proposal: Path, catalogue: Catalogue, bundle: Bundle
) -> None:
    stops = proposal / "consent" / "stops.cedar"
    (proposal / "consent" / "a_first.cedar").write_text("// moved\n" + stops.read_text())
    stops.unlink()
    words = proposal / "reasons" / "nl.toml"
    words.write_text(words.read_text().replace("Niet beschikbaar.", "Niet te zien."))
    assert load_bundle(proposal, catalogue=catalogue).hash == bundle.hash


def test_the_hash_is_the_same_in_another_process(bundle: Bundle) -> None:
    script = (
        "from pathlib import Path; from consent_service.information.catalogue import load_catalogue as c;"
        "from consent_service.policy.bundle import load_bundle as b;"
        f"p = Path({str(POLICIES)!r}); print(b(p, catalogue=c(p)).hash)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=POLICIES.parent,
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == bundle.hash


def test_a_permit_names_the_bundle_that_decided(bundle: Bundle) -> None:
    permit = decide(bundle, question(), now=NOW).permit
    assert permit is not None
    assert permit.bundle == bundle.hash
    assert repr(bundle) == f"Bundle({bundle.hash})"


def test_a_tampered_lock_is_told(proposal: Path, bundle: Bundle) -> None:
    path = proposal / LOCK_FILE
    path.write_text(path.read_text().replace(bundle.hash, "0" * 64))
    assert codes(lock_problems(proposal, bundle)) == {"lock_differs"}


@pytest.mark.parametrize("content", [None, ""])
def test_a_lock_that_is_missing_or_empty_is_told(proposal: Path, bundle: Bundle, content: str | None) -> None:
    (proposal / LOCK_FILE).unlink()
    if content is not None:
        (proposal / LOCK_FILE).write_text(content)
    assert codes(lock_problems(proposal, bundle)) == {"lock_differs"}


def test_a_policy_changed_after_the_lock_is_told_until_it_is_locked_again(
    proposal: Path, catalogue: Catalogue
) -> None:
    stops = proposal / "consent" / "stops.cedar"
    stops.write_text(stops.read_text().replace("AVG 7(1)", "AVG 7"))
    changed = load_bundle(proposal, catalogue=catalogue)
    assert codes(check_bundle(proposal, catalogue=catalogue)) == {"lock_differs"}
    lock(proposal, changed)
    assert check_bundle(proposal, catalogue=catalogue) == ()


def test_a_good_candidate_has_no_problems() -> None:
    assert check_candidate(POLICIES) == ()


def test_a_candidate_is_told_all_its_problems(proposal: Path) -> None:
    plant(proposal, GOOD + NEVER[:-3])
    assert codes(check_candidate(proposal)) == {"malformed"}


def test_a_candidate_on_which_the_parser_dies_kills_only_the_other_process(
    proposal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Were the depth not limited, the parser would take the checker with it: here something else does."""
    dying = tmp_path / "dying"
    dying.write_text("#!/bin/sh\nkill -SEGV $$\n")
    dying.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(dying))
    assert codes(check_candidate(proposal)) == {"checker_failed"}


def test_a_checker_that_answers_nonsense_has_found_a_problem(
    proposal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    babbling = tmp_path / "babbling"
    babbling.write_text("#!/bin/sh\necho fine\n")
    babbling.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(babbling))
    assert codes(check_candidate(proposal)) == {"checker_failed"}


def test_a_checker_that_takes_too_long_has_found_a_problem(
    proposal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_module, "CANDIDATE_SECONDS", 0.001)
    assert codes(check_candidate(proposal)) == {"checker_failed"}
