"""Policies are checked and locked from the command line; a text is released in a person's name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from consent_service.foundation.ids import TypeKey
from consent_service.foundation.settings import shipped_policies
from consent_service.information.texts import load_texts
from tests.cli.conftest import Shell


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_policies(), tmp_path / "policies"))


def test_a_change_without_a_lock_and_a_policy_that_cannot_be_read_are_found(
    bare_shell: Shell, folder: Path
) -> None:
    bare_shell.must("policies", "check", "--no-mutation", "--folder", str(folder))
    stops = folder / "consent" / "stops.cedar"
    stops.write_text(stops.read_text() + "\npermit(principal")

    assert bare_shell.type("policies", "check", "--no-mutation", "--folder", str(folder)).code == 1
    assert bare_shell.type("policies", "lock", "--folder", str(folder)).code == 1


def test_locking_makes_a_reviewed_change_the_new_normal(bare_shell: Shell, folder: Path) -> None:
    (folder / "LOCK").write_text("nothing\n")
    said = bare_shell.type("policies", "check", "--no-mutation", "--folder", str(folder))
    assert (said.code, "LOCK" in said.err) == (1, True)

    bare_shell.must("policies", "lock", "--folder", str(folder))

    bare_shell.must("policies", "check", "--no-mutation", "--folder", str(folder))


def test_another_purpose_under_the_same_text_is_found_and_never_locked(
    bare_shell: Shell, folder: Path
) -> None:
    """S24: a parent who said yes to support has not said yes to safety."""
    types, scopes = folder / "information_types.toml", folder / "texts" / "SCOPES"
    before, locked = types.read_text(), scopes.read_bytes()
    support = before.index("[types.support_advice]")
    types.write_text(
        before[:support]
        + before[support:].replace('purposes = ["support"]', 'purposes = ["support", "safety"]', 1)
    )

    said = bare_shell.type("policies", "check", "--no-mutation", "--folder", str(folder))
    assert (said.code, "[support_advice]" in said.err, "give it a new id" in said.err) == (1, True, True)
    refused = bare_shell.type("policies", "lock", "--folder", str(folder))
    assert (refused.code, "give it a new id" in refused.err) == (1, True)
    assert scopes.read_bytes() == locked

    types.write_text(
        types.read_text().replace(
            "[types.support_advice]\n", '[types.support_advice]\ntext = "consent.support_advice.2"\n'
        )
    )
    for words in (folder / "texts").glob("*.toml"):
        words.write_text(words.read_text().replace('"consent.support_advice"', '"consent.support_advice.2"'))
    assert "not locked" in bare_shell.type("policies", "check", "--no-mutation", "--folder", str(folder)).err
    bare_shell.must("policies", "lock", "--folder", str(folder))
    bare_shell.must("policies", "check", "--no-mutation", "--folder", str(folder))
    assert scopes.read_bytes().startswith(b"#")
    assert b"consent.support_advice.2 " in scopes.read_bytes()


def test_the_words_of_the_receipt_are_released_like_any_other_text(bare_shell: Shell, folder: Path) -> None:
    before = load_texts(folder).of("nl")
    code = _review(
        bare_shell, folder, "--text", before.receipt.id, "--language", "nl", "--reviewer", "A. Jansen"
    )
    after = load_texts(folder).of("nl")
    assert (code, after.receipt.review, after.receipt.reviewer) == (0, "reviewed", "A. Jansen")
    assert after.receipt.hash == before.receipt.hash
    assert before.receipt.title in bare_shell.said[-1].out


def test_once_every_text_is_released_production_finds_no_draft(bare_shell: Shell, folder: Path) -> None:
    drafts = load_texts(folder).of("ar").drafts()
    named = [word for text in drafts for word in ("--text", text)]
    assert _review(bare_shell, folder, *named, "--language", "ar", "--reviewer", "Nour Haddad") == 0
    assert load_texts(folder).of("ar").drafts() == ()


def _review(shell: Shell, folder: Path, *arguments: str) -> int:
    return shell.type("policies", "texts", "review", "--folder", str(folder), *arguments).code


def test_a_named_person_releases_a_text_and_only_that_text(bare_shell: Shell, folder: Path) -> None:
    before = load_texts(folder)
    path = folder / "texts" / "nl.toml"
    comments = [line for line in path.read_text().splitlines() if line.startswith("#")]

    code = _review(
        bare_shell,
        folder,
        "--text",
        "consent.support_advice",
        "--language",
        "nl",
        "--reviewer",
        'A. "Toos" Jansen',
    )

    assert code == 0
    assert "Mogen de school en wij delen wat uw kind helpt?" in bare_shell.said[-1].out
    after = load_texts(folder).of_type("nl", TypeKey("support_advice"))
    assert (after.review, after.reviewer) == ("reviewed", 'A. "Toos" Jansen')
    assert after.hash == before.of_type("nl", TypeKey("support_advice")).hash
    assert len(load_texts(folder).of("nl").drafts()) == len(before.of("nl").drafts()) - 1
    assert load_texts(folder).of("en").drafts() == before.of("en").drafts()
    assert [line for line in path.read_text().splitlines() if line.startswith("#")] == comments
    assert "Jansen" in bare_shell.must("policies", "texts", "list", "--folder", str(folder))


@pytest.mark.parametrize(
    "arguments,option",
    [
        (("--text", "consent.nergens", "--language", "nl", "--reviewer", "A. Jansen"), "--text"),
        (("--text", "consent.general", "--language", "nl", "--reviewer", "  "), "--reviewer"),
        (("--text", "consent.general", "--language", "fr", "--reviewer", "A. Jansen"), "--language"),
    ],
)
def test_nobody_and_nothing_is_not_released(
    bare_shell: Shell, folder: Path, arguments: tuple[str, ...], option: str
) -> None:
    before = (folder / "texts" / "nl.toml").read_bytes()

    assert _review(bare_shell, folder, *arguments) == 2

    assert bare_shell.said[-1].err.startswith(option)
    assert (folder / "texts" / "nl.toml").read_bytes() == before
