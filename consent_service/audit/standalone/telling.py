"""The command: what was asked, the checks, and what came of them in words."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import NoReturn

from consent_service.audit.standalone.archive import Archive
from consent_service.audit.standalone.checking import Entry, Findings, Known, LogReport, check_bundle
from consent_service.audit.standalone.formats import (
    HASH_SIZE,
    Head,
    Key,
    Refused,
    base64_bytes,
    decimal,
    parse_head,
    read_head_body,
    read_key,
)
from consent_service.audit.standalone.kinds import KINDS, OF_THE_LOG
from consent_service.audit.standalone.members import AUTHORITY, read_text_hash
from consent_service.audit.standalone.words import ASKED_WRONGLY, MONTHS, TOLD, WRONG

FILE_LIMIT = 1 << 20
WITNESS_KIND, LOG_KIND = 4, 1


class Question(argparse.ArgumentParser):
    """What may be asked; a question that cannot be answered ends like everything else that is refused."""

    def error(self, message: str) -> NoReturn:
        raise Refused("usage", message)


def main(arguments: Sequence[str]) -> int:
    """Check one bundle and say what came of it; the exit code."""
    code, lines = answer(arguments)
    spoken = sys.stdout.encoding or "utf-8"  # a console may know fewer letters
    try:
        print("\n".join(lines).encode(spoken, "replace").decode(spoken))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def answer(arguments: Sequence[str]) -> tuple[int, list[str]]:
    """The exit code, and everything that is said."""
    language = int("--language=en" in arguments or "en" in arguments[1:])
    try:
        asked = question().parse_args(arguments)
        language = int(asked.language == "en")
        archive = Archive(asked.bundle)
        try:
            known = read_known(asked)
            findings = check_bundle(archive, known, show_progress if sys.stderr.isatty() else None)
        finally:
            archive.close()
    except Refused as refused:
        wrongly = refused.code in ASKED_WRONGLY
        where = "" if refused.code == "usage" and not language else refused.where  # argparse knows no Dutch
        words = {"says": WRONG[refused.code][language], "code": refused.code, "where": where}
        return 2 if wrongly else 1, [TOLD["cannot" if wrongly else "bad"][language].format(**words).rstrip()]
    return 0, tell(findings, known, language, AUTHORITY if AUTHORITY in archive.names else "")


def question() -> Question:
    """What may be asked."""
    asked = Question(prog="verify.py", description="Kijkt een pakket van het logboek na. Checks a bundle.")
    asked.add_argument("bundle", type=Path, help="bundle.zip")
    asked.add_argument("--pin", type=Path, action="append", default=[], help="bewaarde stand / kept head")
    asked.add_argument(
        "--receipt", nargs=2, action="append", default=[], metavar=("SIZE", "ROOT"),
        help="ontvangstbewijs: aantal en uitkomst / receipt",
    )  # fmt: skip
    asked.add_argument("--view-key", type=Path, help="inzagesleutel / view key")
    asked.add_argument("--log-key", action="append", default=[], help="sleutel die u kent / key you know")
    asked.add_argument("--witness", action="append", default=[], help="sleutel van een getuige / witness key")
    asked.add_argument("--language", choices=("nl", "en"), default="nl")
    return asked


def read_known(asked: argparse.Namespace) -> Known:
    """What is known from elsewhere.

    Raises:
        Refused: it cannot be read.
    """
    view_key = None
    if asked.view_key is not None:
        view_key = read_text_hash(read_file(asked.view_key), "asked_view_key", str(asked.view_key))
    return Known(
        heads=tuple(read_pin(path) for path in asked.pin),
        receipts=tuple(read_receipt(size, root) for size, root in asked.receipt),
        log_keys=tuple(read_known_key(text, LOG_KIND) for text in asked.log_key),
        witnesses=tuple(read_known_key(text, WITNESS_KIND) for text in asked.witness),
        view_key=view_key,
    )


def read_file(path: Path) -> bytes:
    """A small file."""
    try:
        with path.open("rb") as file:
            return file.read(FILE_LIMIT)
    except OSError:
        raise Refused("unreadable", str(path)) from None


def read_pin(path: Path) -> Head:
    """A kept head: signed, or only its three lines as somebody wrote them down."""
    raw = read_file(path)
    try:
        text = raw.decode()
        return parse_head(text) if "\n\n" in text else read_head_body(text.rstrip("\n"))
    except ValueError:
        raise Refused("asked_pin", str(path)) from None


def read_receipt(size: str, root: str) -> tuple[int, bytes]:
    """What stands on a receipt: a number of entries and a root, in base64 or hexadecimal."""
    try:
        raw = bytes.fromhex(root) if re.fullmatch("[0-9a-fA-F]{64}", root) else base64_bytes(root)
        if len(raw) == HASH_SIZE:
            return decimal(size), raw
    except ValueError:
        pass
    raise Refused("asked_receipt", size)


def read_known_key(text: str, kind: int) -> Key:
    """A key that was typed."""
    try:
        return read_key(text.strip(), kind)
    except Refused:
        raise Refused("asked_key", text[:80]) from None


def tell(findings: Findings, known: Known, language: int, authority: str) -> list[str]:
    """Everything that was proved, and what was not, as lines."""

    def say(told: str, **words: object) -> str:
        return TOLD[told][language].format(**words)

    lines = [say("good"), say("made", made=time_in_words(findings.contents.made, language))]
    if findings.has_closed:
        lines.append(say("closed"))
    for report in findings.logs:
        lines += tell_log(report, language, authority, reason_after(report, findings.logs))
        if known.log_keys and not any(one.key in known.log_keys for one in report.log.keys):
            lines.append(say("other_key"))
    of_the_log = [one for one in findings.opened if one.event in OF_THE_LOG]
    apart = {one.id for one in (*of_the_log, *findings.looks)}
    opened = [one for one in findings.opened if one.id not in apart]
    listed = {"of_the_log": of_the_log, "opened": opened, "looks": findings.looks, "found": findings.found}
    for name, entries in listed.items():
        if entries or (name == "found" and known.view_key):
            count = sum(one.event != "" for one in entries)
            lines += [say(name, count=len(entries), opened=count), *tell_entries(entries, language)]
    if findings.released:
        lines += [say("released", count=len(findings.released)), *tell_entries(findings.released, language)]
    if known.heads or known.receipts:
        lines.append(say("heads", count=len(known.heads) + len(known.receipts)))
    return [*lines, "", say("limits")]


def reason_after(report: LogReport, logs: list[LogReport]) -> str:
    """Why the next log began; empty where this is the newest."""
    return next((one.reason for one in logs if one.log.number == report.follower), "")


def tell_log(report: LogReport, language: int, authority: str, after: str) -> list[str]:
    """What was proved of one log; `after` is why the next one began."""

    def say(told: str, **words: object) -> str:
        return TOLD[told][language].format(**words)

    log = report.log
    lines = [say("log", number=log.number, origin=log.origin)]
    if report.reason in ("restored", "compromised"):
        lines.append(say(report.reason))
    lines.append(say("size", size=log.size, root=report.root.hex()))
    lines.append(say("checked", checked=report.checked, pruned=log.size - report.checked))
    for one in log.keys:
        lines.append(
            say("key", number=one.number, began=time_in_words(one.began, language), key=one.key.text)
        )
    if report.lost:
        lines.append(say("lost", count=report.lost))
    if after in ("restored", "compromised"):
        told = "after_lost" if report.lost and after == "restored" else f"after_{after}"
        lines.append(say(told, follower=report.follower))
    for key, (size, seconds) in sorted(report.cosigned.items(), key=lambda one: one[0].text):
        at = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017
        lines.append(say("cosigned", name=key.name, size=size, at=time_in_words(at, language)))
    if not report.cosigned:
        lines.append(say("not_cosigned"))
    for size in report.stamped:
        lines += [say("stamped", size=size), openssl_command(log.folder, size, authority)]
    return lines


def openssl_command(folder: str, size: int, authority: str) -> str:
    """The command that checks a time stamp (RFC 3161)."""
    token, head = f"{folder}timestamps/{size}.tsr", f"{folder}checkpoints/{size}"
    return f"    openssl ts -verify -in {token} -data {head} -CAfile {authority or 'CA.pem'}"


def tell_entries(entries: list[Entry], language: int) -> list[str]:
    """One line for each entry."""
    return [
        TOLD["entry"][language].format(
            log=one.log, index=one.index, time=time_in_words(one.time, language), id=one.id,
            kind=kind_in_words(one, language),
        )
        for one in entries
    ]  # fmt: skip


def kind_in_words(entry: Entry, language: int) -> str:
    """What happened, by name and by code; and whether its content is not here."""
    code = entry.event or entry.type
    name = f"{KINDS[code][language]} ({code})" if code in KINDS else code
    return name if entry.event else f"{name} {TOLD['unopened'][language]}".strip()


def time_in_words(instant: str, language: int) -> str:
    """A moment as it stands in the log, which counts in UTC, with the name of its month."""
    year, month, day = instant[:10].split("-")
    return f"{int(day)} {MONTHS[int(month) - 1][language]} {year} {instant[11:19]} UTC"


def show_progress(done: int, total: int) -> None:
    """A line that overwrites itself, on a terminal only."""
    sys.stderr.write(f"\r{done}/{total}" + ("\r\x1b[K" if done == total else ""))
    sys.stderr.flush()
