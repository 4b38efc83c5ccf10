"""`policies`: releases a consent text in a person's name, and holds the commands about rules.

Checking and locking rules is `policy_checks`; proposing others and switching to them `policy_changes`.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

import click

from consent_service.cli import policy_changes, policy_checks
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.policy_checks import FOLDER
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.i18n import N_
from consent_service.information.child_text import ChildText, child_words
from consent_service.information.receipt_text import ReceiptText, receipt_words
from consent_service.information.texts import (
    LANGUAGES,
    GeneralText,
    Texts,
    TypeText,
    load_texts,
    shown_words,
)

AnyText = GeneralText | TypeText | ReceiptText | ChildText


def add_to(commands: Orders) -> None:
    """Add the commands of this module."""
    group = commands.group_of("policies", N_("Regels en toestemmingsteksten."))
    policy_checks.add_to(group)
    policy_changes.add_to(group)
    _add_texts(group.group_of("texts", N_("De teksten die ouders lezen.")))


def _add_texts(group: Orders) -> None:
    @group.order(
        "review", N_("Geef een tekst vrij; de naam van wie hem nakeek wordt bewaard."), admission="anybody"
    )
    @FOLDER
    @entry("--text", type=WORDS, multiple=True, required=True, words=N_("Het id van de tekst; mag vaker."))
    @entry("--language", type=click.Choice(LANGUAGES), required=True, words=N_("De taal van de tekst."))
    @entry("--reviewer", type=WORDS, required=True, words=N_("De naam van de mens die de tekst nakeek."))
    def review(
        terminal: Terminal, folder: Path | None, text: tuple[str, ...], language: str, reviewer: str
    ) -> None:
        where = folder or terminal.settings.policies_dir
        _refuse_unknown(load_texts(where), language, text)
        path = where / "texts" / f"{language}.toml"
        released = path.read_text(encoding="utf-8")
        for one in text:
            _show(terminal, load_texts(where), language, one)
            released = _released(released, one, reviewer)
        _replace(path, released)
        left = len(load_texts(where).of(language).drafts())
        terminal.say(
            N_("Vrijgegeven door {reviewer}. Nog {count} teksten in concept."), reviewer=reviewer, count=left
        )

    @group.order("list", N_("Toon de teksten en wie ze nakeek."), admission="anybody")
    @FOLDER
    def show(terminal: Terminal, folder: Path | None) -> None:
        texts = load_texts(folder or terminal.settings.policies_dir)
        rows = [
            (one.id, language, str(one.version), one.review, one.reviewer)
            for language in LANGUAGES
            for one in _all_texts(texts, language)
        ]
        terminal.table((N_("Id"), N_("Taal"), N_("Versie"), N_("Stand"), N_("Nagekeken door")), rows)


def _refuse_unknown(texts: Texts, language: str, wanted: tuple[str, ...]) -> None:
    if set(wanted) - {text.id for text in _all_texts(texts, language)}:
        raise InputError([Problem("text", "cli.text_unknown")])


def _all_texts(texts: Texts, language: str) -> tuple[AnyText, ...]:
    spoken = texts.of(language)
    return (spoken.general, *spoken.types.values(), spoken.receipt, spoken.child)


def _show(terminal: Terminal, texts: Texts, language: str, wanted: str) -> None:
    """What is being released, so that nobody signs for words that were not on the screen."""
    text = next(one for one in _all_texts(texts, language) if one.id == wanted)
    terminal.show(f"{text.id} {text.version} ({language})")
    for name, words in _words_of(text):
        terminal.show(f"  {name}: {words}")


def _words_of(text: AnyText) -> Iterator[tuple[str, str]]:
    match text:
        case ReceiptText():
            return receipt_words(text)
        case ChildText():
            return child_words(text)
        case GeneralText() | TypeText():
            return shown_words(text)
        case _:
            assert_never(text)


def _released(toml: str, text_id: str, reviewer: str) -> str:
    """The file with one block marked as reviewed; comments and order stay as they are."""
    quoted = '"' + reviewer.replace("\\", "\\\\").replace('"', '\\"') + '"'
    block = re.compile(rf'^id = "{re.escape(text_id)}"$.*?(?=^\[|\Z)', re.MULTILINE | re.DOTALL)
    found = block.search(toml)
    if found is None:
        raise CommandError(N_("De tekst {text} staat niet als eigen blok in het bestand."), text=text_id)
    body = re.sub(r'^review = ".*"$', 'review = "reviewed"', found[0], flags=re.MULTILINE)
    body = re.sub(r'^reviewer = ".*"$', lambda _: f"reviewer = {quoted}", body, flags=re.MULTILINE)
    changed = toml[: found.start()] + body + toml[found.end() :]
    tomllib.loads(changed)
    return changed


def _replace(path: Path, content: str) -> None:
    """Atomic: a reader sees the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    temporary.write_text(content, encoding="utf-8")
    temporary.chmod(path.stat().st_mode)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
