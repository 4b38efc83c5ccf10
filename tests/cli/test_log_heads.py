"""`audit heads`, `reopen`, `rotate-key`: a restored database is noticed, named and gone on from openly."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from consent_service.app import Services, build_services, open_installation
from consent_service.audit.checkpoint import Checkpoint
from consent_service.audit.heads.kept import Vouched
from consent_service.audit.heads.known import Claim, KnownHead
from consent_service.audit.heads.publishing import HERE
from consent_service.audit.log_keys import LogKey
from consent_service.cli.log_heads_words import lines_of
from consent_service.cli.terminal import Terminal
from consent_service.custody.log_heads import HeadState
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.ids import TenantId
from consent_service.foundation.settings import PREFIX, load_settings
from tests.audit.heads.outsiders import SIZE, TestWitness, serving
from tests.cli.conftest import Shell, add_school, onboard
from tests.conftest import START
from tests.factories import PASSPHRASE

WITNESS = "witness.example/w1"


def _notes(shell: Shell) -> list[bytes]:
    with closing(sqlite3.connect(shell.database())) as connection:
        query = "SELECT note FROM audit_checkpoints WHERE tenant <> '_' ORDER BY log, size"
        return [note for (note,) in connection.execute(query)]


def _copy(shell: Shell, copy: Path) -> None:
    with closing(sqlite3.connect(shell.database())) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _put_back(shell: Shell, copy: Path) -> None:
    for beside in shell.database().parent.glob(shell.database().name + "-*"):
        beside.unlink()
    shutil.copyfile(copy, shell.database())


@pytest.fixture
def restored(sqlite_shell: Shell) -> bytes:
    """A shelter whose database was put back to before its school; the head that was signed after it."""
    onboard(sqlite_shell)
    copy = sqlite_shell.folder / "copy.sqlite"
    _copy(sqlite_shell, copy)
    add_school(sqlite_shell)
    newest = _notes(sqlite_shell)[-1]
    _put_back(sqlite_shell, copy)
    return newest


def test_after_a_restore_nothing_is_signed_until_a_new_log_says_why(
    sqlite_shell: Shell, restored: bytes
) -> None:
    school = ("--name", "De Linde", "--street", "Lindelaan 1", "--town", "Tilburg", "--phone", "013-5550101")
    refused = sqlite_shell.type("school", "add", "--establishment-code", "34CD00", *school)
    assert refused.code == 1
    assert "consent-service audit reopen" in refused.err
    shown = sqlite_shell.type("audit", "heads")
    assert shown.code == 1
    assert "LET OP: er wordt niets meer getekend" in shown.out
    checked = sqlite_shell.type("check")
    assert checked.code == 1
    assert "mis      standen buiten de database" in checked.out

    said = sqlite_shell.must("audit", "reopen")

    assert "Nieuw logboek 2: audit." in said
    assert "Van het vorige is 1 getekende regel niet in deze database" in said
    verified = sqlite_shell.must("audit", "verify")
    sizes = dict(re.findall(r"OK: Opvang Zuid, logboek (\d): (\d+) regels,", verified))
    assert sizes.keys() == {"1", "2"}
    heads = sqlite_shell.must("audit", "heads", "--tenant", "Opvang Zuid")
    assert f"Opvang Zuid: logboek 1, gesloten, {sizes['1']} regels, uitkomst " in heads
    assert f"Opvang Zuid: logboek 2, sleutel 1, {sizes['2']} regels, uitkomst " in heads
    keys = sqlite_shell.must("audit", "key")
    assert re.findall(r"Opvang Zuid: logboek (\d), sleutel 1, .*: (.*)", keys) == [
        ("1", "het logboek is gesloten"),
        ("2", "tekent nu"),
    ]
    assert "er is niets te doen" in sqlite_shell.must("audit", "reopen")
    assert "goed     standen buiten de database" in sqlite_shell.type("check").out
    add_school(sqlite_shell, "56EF00")
    assert "OK: Opvang Zuid" in sqlite_shell.must("audit", "verify")
    assert restored.split(b"\n")[0] != _notes(sqlite_shell)[-1].split(b"\n")[0]


def test_a_head_kept_elsewhere_stops_what_is_behind_it(sqlite_shell: Shell, restored: bytes) -> None:
    _lose_heads(sqlite_shell)
    kept = sqlite_shell.folder / "kept"
    kept.write_bytes(restored)

    learned = sqlite_shell.must("audit", "learn-head", "--file", str(kept))
    assert "Voortaan is bekend dat audit." in learned
    assert "Er verandert niets." in sqlite_shell.must("audit", "learn-head", "--file", str(kept))
    assert "Niets aangenomen" in sqlite_shell.must("audit", "accept-heads")  # it is behind what was kept

    shown = sqlite_shell.type("audit", "heads")
    assert shown.code == 1
    assert "heads.jsonl is weg" not in shown.out
    assert "Is de database teruggezet, doe dan: consent-service audit reopen" in shown.out
    kept.write_bytes(restored.replace(b"\n", b"x\n", 1))
    assert sqlite_shell.type("audit", "learn-head", "--file", str(kept)).code == 1
    kept.write_bytes(restored[:-20] + b"AAAAAAAAAAAAAAAAAAA\n")
    assert sqlite_shell.type("audit", "learn-head", "--file", str(kept)).code == 1
    kept.write_bytes(b"junk")
    assert sqlite_shell.type("audit", "learn-head", "--file", str(kept)).code == 1


def test_without_the_file_of_known_heads_nothing_is_signed_until_an_operator_accepts_what_is_here(
    sqlite_shell: Shell,
) -> None:
    onboard(sqlite_shell)
    path = _lose_heads(sqlite_shell)
    signed = _notes(sqlite_shell)
    school = ("--name", "De Linde", "--street", "Lindelaan 1", "--town", "Tilburg", "--phone", "013-5550101")
    refused = sqlite_shell.type("school", "add", "--establishment-code", "34CD00", *school)
    assert refused.code == 1
    assert "Known heads are lost" in refused.err
    shown, checked = sqlite_shell.type("audit", "heads"), sqlite_shell.type("check")
    assert shown.code == checked.code == 1
    assert shown.out.count("LET OP: heads.jsonl is weg") == 2
    assert "mis      standen buiten de database" in checked.out
    assert not path.exists()
    assert _notes(sqlite_shell) == signed
    assert "1 regel wacht nog op een plaats." in sqlite_shell.must("audit", "verify")

    assert sqlite_shell.must("audit", "accept-heads").count("Bekend: ") == 1

    assert "Niets aangenomen" in sqlite_shell.must("audit", "accept-heads")
    add_school(sqlite_shell, "56EF00")
    assert len(_notes(sqlite_shell)) > len(signed)
    assert sqlite_shell.type("audit", "heads").code == 0
    assert "OK: Opvang Zuid" in sqlite_shell.must("audit", "verify")


def _lose_heads(shell: Shell) -> Path:
    path = Path(shell.environ[f"{PREFIX}STATE_DIR"]) / "heads.jsonl"
    path.unlink()
    return path


def test_a_key_is_rotated_and_a_log_opened_anew_when_it_may_be_stolen(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    assert "Sleutel 2 tekent voortaan:" in sqlite_shell.must("audit", "rotate-key")
    said = sqlite_shell.must("audit", "rotate-key", "--installation", "--compromised")
    assert "Sleutel 2 tekent voortaan:" in said
    refused = sqlite_shell.type("audit", "reopen", "--compromised")
    assert (refused.code, "noem --yes" in refused.err) == (2, True)
    assert "Nieuw logboek 2" in sqlite_shell.must("audit", "reopen", "--compromised", "--yes")
    assert "Nieuw logboek 2" in sqlite_shell.must("audit", "reopen", "--installation", "--yes")
    assert sqlite_shell.must("audit", "verify").count("OK: ") == 4
    assert "vervangen" not in sqlite_shell.must("audit", "key")  # every log with two keys is closed
    assert "Key 2 signs from now on:" not in sqlite_shell.must("audit", "heads", "--language", "en")


def test_what_witnesses_say_is_shown_stops_the_log_and_can_be_dismissed(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    assert "getuige" not in sqlite_shell.must("audit", "heads")
    witness = TestWitness(WITNESS, SystemClock().now)
    with serving(witness.answer) as url:
        _name_witnesses(sqlite_shell, f'[[witness]]\nkey = "{witness.vkey}"\nurl = "{url}/submit"\n')
        assert f"getuige {WITNESS}: nog niets" in sqlite_shell.must("audit", "heads")
        with _services(sqlite_shell) as services:
            asyncio.run(_trust(services, witness))
        assert re.search(r"regels?, .* \(Nederlandse tijd\)", sqlite_shell.must("audit", "heads"))

        add_school(sqlite_shell)
        for reply, words in (
            ((409, SIZE, b"900\n"), "zag 900 regels"),
            ((422, "", b""), "zag andere regels"),
        ):
            witness.replies = [reply]
            with _services(sqlite_shell) as services:
                asyncio.run(_publish(services))
            shown = sqlite_shell.type("audit", "heads", "--tenant", "Opvang Zuid")
            assert shown.code == 1
            assert f"LET OP: {WITNESS} {words}." in shown.out

    dismissal = ("audit", "dismiss-witness", "--witness", WITNESS)
    assert "telt niet meer" in sqlite_shell.must(*dismissal)
    assert "had niets gezegd" in sqlite_shell.type(*dismissal).out
    sqlite_shell.type(*dismissal, "--installation")  # that somebody looked made its log longer too
    assert sqlite_shell.type(*dismissal, "--installation").code == 1
    assert sqlite_shell.type("audit", "heads").code == 0
    _name_witnesses(sqlite_shell, "[[witness]]\n")
    wrong = sqlite_shell.type("audit", "heads")
    assert wrong.code == 2
    assert "[[witness]], key en url" in wrong.err


def test_every_alarm_and_time_stamp_has_words_of_its_own() -> None:
    log = LogKey(TenantId("t"), 3, 2, "audit.example.org/t/aa", bytes(32), b"")
    state = HeadState(
        log=log,
        head=Checkpoint(log.origin, 5, bytes(32)),
        known=KnownHead(log.origin, 9, bytes(32)),
        claims=(Claim(log.origin, HERE), Claim(log.origin, WITNESS), Claim(log.origin, "w2", 8)),
        cosigned=((WITNESS, Vouched(4, START)), ("w2", None)),
        stamped=Vouched(3, START),
        waiting=timedelta(minutes=15, seconds=1),
        refused=True,
        unfit=((WITNESS, 7), ("", 6)),
        gone=True,
    )
    lines = list(lines_of(Terminal({"LANG": "en_GB.UTF-8"}), "Zuid", state))
    assert lines[0] == f"Zuid: log 3, key 2, 5 entries, root {'A' * 43}= (hex {'00' * 32})"
    assert [line.strip() for line in lines[1:8]] == [
        "known outside the database: 9 entries",
        "witness witness.example/w1: 4 entries, 1 Sept 2026 10:00 (Dutch time)",
        "witness w2: nothing yet",
        "time stamp: 3 entries, 1 Sept 2026 10:00 (Dutch time)",
        "ATTENTION: what stands in the database here is not what was signed before.",
        "ATTENTION: witness.example/w1 saw other entries.",
        "ATTENTION: w2 saw 8 entries.",
    ]
    assert lines[8].endswith(f"what is kept under 7 entries of {WITNESS} was not signed by {WITNESS}.")
    assert lines[9].endswith("what is kept under 6 entries as a time stamp is none.")
    assert "heads.jsonl is gone" in lines[10]
    assert "nothing is signed any more" in lines[11]
    assert "no witness has cosigned for 15 minutes" in lines[12]
    assert not state.is_well


def _name_witnesses(shell: Shell, toml: str) -> None:
    path = shell.folder / "witnesses.toml"
    path.write_text(toml)
    shell.environ[f"{PREFIX}WITNESSES_FILE"] = str(path)


@contextmanager
def _services(shell: Shell) -> Iterator[Services]:
    yield build_services(open_installation(load_settings(shell.environ), PASSPHRASE))


async def _trust(services: Services, witness: TestWitness) -> None:
    """Tell the witness of every log, then show it their heads."""
    for tenant in ("_", *(one.tenant for one in await services.organisations.tenants())):
        state = await services.log_heads.state(tenant)  # type: ignore[arg-type]
        assert state is not None
        witness.logs[state.log.origin] = state.log.public
    await _publish(services)


async def _publish(services: Services) -> None:
    await services.publisher.run_all()
    await services.installation.database.close()
