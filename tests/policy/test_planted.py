"""Faults planted in a folder of policies: each is refused, with its place, before or after parsing."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue
from consent_service.policy.bundle import MAX_ENTITIES, BundleError, load_bundle
from consent_service.policy.problem_words import ADVICE
from consent_service.policy.reasons import PolicyProblem
from tests.policy.planting import GOOD, NEVER, codes, plant, problems_of
from tests.policy.questions import POLICIES


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
        (GOOD + NEVER.replace("99", "1 + " * 1000 + "99"), "too_deep"),
        (GOOD + NEVER.replace("resource.yes", "resource" + ".type" * 1000), "too_deep"),
        (GOOD + NEVER.replace("99", "{a: " * 1000 + "99" + "}" * 1000), "too_deep"),
        (GOOD + NEVER.replace("99", ")" * 1000 + "(" * 1000 + "99"), "bracket_unopened"),
        (GOOD + NEVER.replace("99", '"' + "(" * 1000), "string_open"),
        (GOOD + NEVER.replace("99", '"\\\n' + "(" * 1000 + '"'), "string_open"),
        ("\ufeff" + GOOD + NEVER, "not_plain"),
        (
            GOOD + NEVER.replace("resource.yes > 99", 'datetime("2026-09-01") > datetime("2026-08-31")'),
            "function_refused",
        ),
        (
            GOOD
            + NEVER.replace(
                "resource.yes > 99", 'datetime("2026-09-01T08:00:00+0200") > datetime("2026-08-31")'
            ),
            "function_refused",
        ),
        (
            GOOD
            + NEVER.replace(
                "resource.yes > 99", 'datetime("2026-09-01T08:00:00.123456Z") > datetime("2026-08-31")'
            ),
            "function_refused",
        ),
        (GOOD + NEVER.replace("resource.yes > 99", 'ip("10.0.0.1").isLoopback()'), "function_refused"),
        (GOOD + NEVER.replace("principal,", 'principal == SchoolReader::"reader",'), "one_named"),
        (GOOD + NEVER.replace("resource)", 'resource == Requested::"pickup")'), "one_named"),
        (GOOD + NEVER.replace("resource.yes > 99", 'resource in [Requested::"pickup"]'), "one_named"),
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


def test_more_information_types_than_a_decision_carries_are_refused(
    proposal: Path, catalogue: Catalogue
) -> None:
    kind = catalogue.types[TypeKey("pickup")]
    many = {TypeKey(f"pickup_{number}"): kind for number in range(MAX_ENTITIES + 1)}
    crowded = msgspec.structs.replace(catalogue, types=many)
    assert codes(problems_of(proposal, crowded)) == {"too_many"}


def test_more_policies_than_anybody_reviews_are_refused(proposal: Path, catalogue: Catalogue) -> None:
    for name in ("one", "two"):
        plant(proposal, (GOOD + NEVER) * 101, where=f"consent/{name}.cedar")
    assert "too_many" in codes(problems_of(proposal, catalogue))


def test_a_type_of_the_catalogue_may_be_named(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, GOOD + NEVER.replace("resource.yes > 99", 'resource.type == InformationType::"pickup"'))
    assert "consent.extra" in load_bundle(proposal, catalogue=catalogue).notes


def test_an_obligation_that_is_built_may_be_laid_on(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, '@obligations("officer_review")' + GOOD + NEVER)
    assert "consent.extra" in load_bundle(proposal, catalogue=catalogue).notes


def test_all_problems_are_told_at_once(proposal: Path, catalogue: Catalogue) -> None:
    plant(proposal, '@mood("x")' + NEVER)
    plant(proposal, GOOD + NEVER[:-3], where="share/planted.cedar")
    problems = problems_of(proposal, catalogue)
    assert {"annotation_missing", "annotation_unknown", "malformed"} <= codes(problems)
    assert {problem.where.split()[0] for problem in problems} == {
        "consent/planted.cedar:1",
        "share/planted.cedar:2",
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
        BundleError, match=r"consent/planted\.cedar:1 consent\.extra: reason_unknown: bad_weather"
    ):
        load_bundle(proposal, catalogue=catalogue)


_TEXT = (POLICIES / "consent" / "yes.cedar").read_text(encoding="utf-8")
_PARTS = [*'(){}!;1?."\\\n\x00\u00e9', "//", "&&", "@id", "when", "is"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(_TEXT)), st.integers(0, 30), st.sampled_from(_PARTS)),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_is_done_to_a_file_it_is_taken_or_refused_with_its_place(
    tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue, spoils: list[tuple[int, int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("spoilt") / "policies"
    shutil.copytree(POLICIES, folder)
    text = _TEXT
    for start, gone, instead in spoils:
        text = text[:start] + instead + text[start + gone :]
    plant(folder, text, where="consent/yes.cedar")
    refused = _refused(folder, catalogue)
    assert all("consent/" in problem.where for problem in refused)
    assert codes(refused) <= ADVICE.keys()


def _refused(folder: Path, catalogue: Catalogue) -> tuple[PolicyProblem, ...]:
    try:
        load_bundle(folder, catalogue=catalogue)
    except BundleError as error:
        return error.problems
    return ()
