"""The keystore file: who may read it, what opens it, and what happens when it is gone or not itself."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)
from consent_service.keyring.providers import file as keystore_file
from consent_service.keyring.providers.file import create_keystore, unlock_keystore
from consent_service.keyring.secret import Secret
from tests.factories import CHEAP, PASSPHRASE, make_keystore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make_keystore(tmp_path)
    return tmp_path / "keystore.json"


def test_the_passphrase_opens_the_same_keys(path: Path) -> None:
    first, second = unlock_keystore(path, PASSPHRASE), unlock_keystore(path, PASSPHRASE)
    generation, blob = first.wrap(Secret(b"k" * 32), b"aad")
    assert second.unwrap(generation, blob, b"aad") == Secret(b"k" * 32)
    assert first.check_value(1) == second.check_value(1)
    assert first.development
    with pytest.raises(IntegrityError):
        second.unwrap(generation, blob, b"other")
    with pytest.raises(IntegrityError):
        second.unwrap(generation, blob[:5], b"aad")


def test_two_keystores_have_nothing_in_common(path: Path, tmp_path: Path) -> None:
    other = create_keystore(tmp_path / "other" / "ks.json", PASSPHRASE, development=False, cost=CHEAP)
    mine = unlock_keystore(path, PASSPHRASE)
    assert other.check_value(1) != mine.check_value(1)
    assert not other.development
    assert not unlock_keystore(tmp_path / "other" / "ks.json", PASSPHRASE).development
    generation, blob = mine.wrap(Secret(b"k" * 32), b"aad")
    with pytest.raises(IntegrityError):
        other.unwrap(generation, blob, b"aad")


def test_a_generation_that_does_not_exist_is_a_destroyed_one(path: Path) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    with pytest.raises(KeyDestroyedError):
        keystore.unwrap(2, bytes(60), b"")
    with pytest.raises(KeyDestroyedError):
        keystore.check_value(0)


@pytest.mark.parametrize(
    "wrong", [b"", b"correct horse battery stapl", PASSPHRASE.reveal() + b" ", PASSPHRASE.reveal().upper()]
)
def test_a_wrong_passphrase_opens_nothing(path: Path, wrong: bytes) -> None:
    with pytest.raises(ConfigurationError, match="does not open"):
        unlock_keystore(path, Secret(wrong))


def test_a_short_passphrase_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="six words"):
        create_keystore(tmp_path / "ks.json", Secret(b"elevenchars"), development=True, cost=CHEAP)
    assert not (tmp_path / "ks.json").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o660])
def test_a_file_others_may_touch_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        unlock_keystore(path, PASSPHRASE)


def test_the_file_is_private_from_its_first_byte(path: Path, tmp_path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    before = os.umask(0)
    try:
        create_keystore(tmp_path / "new" / "ks.json", PASSPHRASE, development=True, cost=CHEAP)
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "ks.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_file_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(ConfigurationError, match="another user"):
        unlock_keystore(path, PASSPHRASE)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="keys init"):
        unlock_keystore(tmp_path / "nothing.json", PASSPHRASE)


@pytest.mark.parametrize("marker", ["folder", "file"])  # a linked work tree has a file
def test_a_file_inside_a_git_tree_is_refused(path: Path, tmp_path: Path, marker: str) -> None:
    if marker == "folder":
        (tmp_path / ".git").mkdir()
    else:
        (tmp_path / ".git").write_text("gitdir: elsewhere")
    with pytest.raises(ConfigurationError, match="git work tree"):
        unlock_keystore(path, PASSPHRASE)
    with pytest.raises(ConfigurationError, match="git work tree"):
        create_keystore(tmp_path / "deep" / "er" / "ks.json", PASSPHRASE, development=True, cost=CHEAP)


def test_nor_through_a_link_into_one(path: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / ".git").mkdir(parents=True)
    path.rename(tree / "keystore.json")
    path.symlink_to(tree / "keystore.json")
    with pytest.raises(ConfigurationError, match="git work tree"):
        unlock_keystore(path, PASSPHRASE)


def test_an_existing_file_is_never_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="not overwritten"):
        create_keystore(path, PASSPHRASE, development=True, cost=CHEAP)
    assert path.read_bytes() == before


def test_not_even_when_it_appears_while_a_new_one_is_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keystore.json"
    sealing = keystore_file._seal

    def slow(*given: object, **named: object) -> object:
        path.write_bytes(b"somebody else's")
        return sealing(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(keystore_file, "_seal", slow)
    with pytest.raises(ConfigurationError, match="not overwritten"):
        create_keystore(path, PASSPHRASE, development=True, cost=CHEAP)
    assert path.read_bytes() == b"somebody else's"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_breaks_off_leaves_no_keystore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        create_keystore(tmp_path / "keystore.json", PASSPHRASE, development=True, cost=CHEAP)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:0],
        lambda raw: raw[: len(raw) // 2],
        lambda raw: b"\xff" + raw,
        lambda raw: raw.replace(b'"sealed"', b'"opened"'),
        lambda raw: raw.replace(b"{", b'{"more": 1,', 1),
        lambda raw: raw.replace(b'"development": true', b'"development": false'),
        lambda raw: raw.replace(b"keystore/1", b"keystore/2"),
        lambda raw: raw.replace(b'"memory_kib": 64', b'"memory_kib": 99999999'),
        lambda raw: raw.replace(b'"memory_kib": 64', b'"memory_kib": 1'),
        lambda raw: raw.replace(b'"iterations": 1', b'"iterations": 0'),
        lambda raw: raw.replace(b'"iterations": 1', b'"iterations": -1'),
        lambda raw: raw.replace(b'"lanes": 1', b'"lanes": 0'),
        lambda raw: raw.replace(b'"lanes": 1', b'"lanes": 99999999999999999999'),
    ],
)
def test_a_damaged_file_is_one_clear_sentence(path: Path, damage: object) -> None:
    assert callable(damage)
    raw = path.read_bytes()
    path.write_bytes(damage(raw))
    assert path.read_bytes() != raw
    with pytest.raises(ConfigurationError) as refused:
        unlock_keystore(path, PASSPHRASE)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("field", ["salt", "nonce", "sealed"])
@pytest.mark.parametrize("value", ["", "AAAA", "no base64!", "ÿ"])
def test_a_damaged_field_is_too(path: Path, field: str, value: str) -> None:
    contents = json.loads(path.read_bytes())
    contents[field] = value
    path.write_text(json.dumps(contents))
    with pytest.raises(ConfigurationError):
        unlock_keystore(path, PASSPHRASE)


def test_a_folder_in_its_place_is_no_keystore(tmp_path: Path) -> None:
    (tmp_path / "keystore.json").mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="damaged"):
        unlock_keystore(tmp_path / "keystore.json", PASSPHRASE)


def test_removed_or_replaced_while_unlocked_means_unavailable(path: Path, tmp_path: Path) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    generation, blob = keystore.wrap(Secret(b"k" * 32), b"")
    raw = path.read_bytes()
    path.rename(tmp_path / "away.json")
    for use in (
        keystore.check,
        lambda: keystore.wrap(Secret(b"k" * 32), b""),
        lambda: keystore.unwrap(generation, blob, b""),
    ):
        with pytest.raises(KeyProviderUnavailableError):
            use()
    path.write_bytes(raw[:-9])
    with pytest.raises(KeyProviderUnavailableError):
        keystore.check()
    path.unlink()
    (tmp_path / "away.json").rename(path)
    keystore.check()
    assert keystore.unwrap(generation, blob, b"") == Secret(b"k" * 32)


def test_a_keystore_of_the_first_release_still_opens(tmp_path: Path) -> None:
    """Written by the service as it was before generations could be made and destroyed."""
    kept = Path(__file__).parent
    old = tmp_path / "old.json"
    old.write_bytes((kept / "keystore_v1.json").read_bytes())
    old.chmod(0o600)
    keystore = unlock_keystore(old, PASSPHRASE)
    assert keystore.generations() == (1,)
    blob = bytes.fromhex((kept / "keystore_v1_wrapped.hex").read_text())
    assert keystore.unwrap(1, blob, b"frozen") == Secret(b"f" * 32)
    keystore.create_generation(2)
    assert unlock_keystore(old, PASSPHRASE).unwrap(1, blob, b"frozen") == Secret(b"f" * 32)


def test_another_keystore_in_its_place_is_refused(path: Path, tmp_path: Path) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    create_keystore(tmp_path / "b" / "ks.json", PASSPHRASE, development=True, cost=CHEAP)
    (tmp_path / "b" / "ks.json").replace(path)
    with pytest.raises(KeyProviderUnavailableError):
        keystore.check()


def test_an_older_copy_in_its_place_brings_no_destroyed_generation_back(path: Path) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    before = path.read_bytes()
    keystore.create_generation(2)
    between = path.read_bytes()
    keystore.destroy_generation(1)
    after = path.read_bytes()
    for older in (before, between):
        _put_in_place(path, older)
        for use in (keystore.check, lambda: keystore.unwrap(1, bytes(60), b"")):
            with pytest.raises(KeyProviderUnavailableError):
                use()
    _put_in_place(path, after)
    assert keystore.generations() == (2,)


def test_a_keystore_without_a_key_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    empty = keystore_file._Contents(current=1, generations={})
    sealed = keystore_file._seal(empty, keystore._sealing)
    keystore_file._write(path, sealed, replacing=True)
    with pytest.raises(ConfigurationError, match="an empty one"):
        unlock_keystore(path, PASSPHRASE)
    with pytest.raises(KeyProviderUnavailableError):
        keystore.check()


def test_a_file_that_others_may_touch_now_is_not_read_again(path: Path) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    unlock_keystore(path, PASSPHRASE).create_generation(2)
    path.chmod(0o640)
    with pytest.raises(KeyProviderUnavailableError):
        keystore.check()
    path.chmod(0o600)
    assert keystore.generations() == (1, 2)


def test_a_file_that_was_replaced_while_it_was_being_unlocked_is_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = keystore_file._opened

    def overtaken(*given: object) -> object:
        contents = opening(*given)  # type: ignore[arg-type]
        monkeypatch.setattr(keystore_file, "_opened", opening)
        unlock_keystore(path, PASSPHRASE).create_generation(2)
        return contents

    monkeypatch.setattr(keystore_file, "_opened", overtaken)
    assert unlock_keystore(path, PASSPHRASE).generations() == (1, 2)


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_change_that_breaks_off_leaves_the_old_file_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    keystore, before = unlock_keystore(path, PASSPHRASE), path.read_bytes()

    def full(*_given: object) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os if broken == "fsync" else Path, broken, full)
        with pytest.raises(KeyProviderUnavailableError):
            keystore.create_generation(2)
        with pytest.raises(KeyProviderUnavailableError):
            keystore.create_generation(2)
    assert path.read_bytes() == before
    assert keystore.generations() == (1,)
    assert {each.name for each in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}
    keystore.create_generation(2)
    assert unlock_keystore(path, PASSPHRASE).generations() == (1, 2)


def test_a_full_disk_leaves_the_old_file_whole(path: Path) -> None:
    before = path.read_bytes()
    script = f"""
import resource, signal
from pathlib import Path
from consent_service.foundation.errors import KeyProviderUnavailableError
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.secret import Secret
keystore = unlock_keystore(Path({str(path)!r}), Secret({PASSPHRASE.reveal()!r}))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    keystore.create_generation(2)
except KeyProviderUnavailableError:
    print("refused")
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "refused\n"
    assert path.read_bytes() == before
    assert unlock_keystore(path, PASSPHRASE).generations() == (1,)


def test_a_process_killed_in_the_middle_of_a_change_leaves_the_old_file_whole(path: Path) -> None:
    before = path.read_bytes()
    script = f"""
import os, signal
from pathlib import Path
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.secret import Secret
keystore = unlock_keystore(Path({str(path)!r}), Secret({PASSPHRASE.reveal()!r}))
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
keystore.create_generation(2)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    unlock_keystore(path, PASSPHRASE).create_generation(2)  # and holds no lock any more
    assert unlock_keystore(path, PASSPHRASE).generations() == (1, 2)


def test_processes_that_make_generations_at_once_lose_none(path: Path) -> None:
    script = f"""
from pathlib import Path
from consent_service.foundation.errors import ConfigurationError
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.secret import Secret
keystore = unlock_keystore(Path({str(path)!r}), Secret({PASSPHRASE.reveal()!r}))
made = 0
while made < 10:
    number = keystore.current_generation() + 1
    try:
        keystore.create_generation(number)
    except ConfigurationError:
        continue
    made += 1
"""
    running = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [each.wait(timeout=60) for each in running] == [0, 0]
    living = unlock_keystore(path, PASSPHRASE).generations()
    assert living == tuple(range(1, len(living) + 1))
    assert 11 <= len(living) <= 21


@pytest.mark.parametrize("effect", range(1, 6))
def test_a_killed_change_leaves_no_copy_of_the_roots_behind_once_a_generation_is_destroyed(
    path: Path, effect: int
) -> None:
    """Killed before each flush, naming and removal of a new generation: the last, too, finds nothing left."""
    script = f"""
import os, signal
from pathlib import Path
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.secret import Secret

keystore = unlock_keystore(Path({str(path)!r}), Secret({PASSPHRASE.reveal()!r}))
left = {effect}
def dying(whole):
    def work(*given, **named):
        global left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*given, **named)
    return work
os.fsync, os.replace, os.unlink = map(dying, (os.fsync, os.replace, os.unlink))
keystore.create_generation(2)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode in (-signal.SIGKILL, 0)
    survivor = unlock_keystore(path, PASSPHRASE)
    survivor.create_generation(2)
    survivor.destroy_generation(1)

    assert {each.name for each in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}


def leave_behind(path: Path) -> Path:
    """What a process leaves that is killed before it renames."""
    left = path.with_name(f".{path.name}.0123456789abcdef")
    left.write_bytes(path.read_bytes())
    return left


def test_what_a_killed_process_left_goes_at_the_next_start_and_nothing_else_does(path: Path) -> None:
    left, foreign = leave_behind(path), path.with_name(f".{path.name}.mine")
    foreign.write_bytes(b"")
    unlock_keystore(path, PASSPHRASE)
    assert not left.exists()
    assert foreign.exists()


def test_a_generation_that_is_gone_already_is_not_told_to_be_while_a_copy_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    keystore.create_generation(2)
    keystore.destroy_generation(1)
    left = leave_behind(path)

    def stuck(_path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", stuck)
        with pytest.raises(KeyProviderUnavailableError, match="older copy"):
            keystore.destroy_generation(1)
    keystore.destroy_generation(1)
    assert not left.exists()


def test_a_folder_that_cannot_be_read_means_unavailable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", closed)
    with pytest.raises(KeyProviderUnavailableError, match="folder"):
        unlock_keystore(path, PASSPHRASE)


def test_a_lock_that_somebody_holds_too_long_means_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    monkeypatch.setattr(keystore_file, "_LOCK_SECONDS", 0.1)
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)

    with pytest.raises(KeyProviderUnavailableError, match="another process"):
        keystore.create_generation(2)
    os.close(descriptor)
    keystore.create_generation(2)


def test_a_file_system_without_locks_means_unavailable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlockable(_descriptor: int, _kind: int) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", unlockable)
    with pytest.raises(KeyProviderUnavailableError, match="cannot be locked"):
        unlock_keystore(path, PASSPHRASE).create_generation(2)


def test_a_folder_in_which_nothing_can_be_locked_means_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore = unlock_keystore(path, PASSPHRASE)
    path.with_name(f"{path.name}.lock").mkdir()
    with pytest.raises(KeyProviderUnavailableError):
        keystore.create_generation(2)


def _put_in_place(path: Path, content: bytes) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(content)
    copy.chmod(0o600)
    copy.replace(path)
