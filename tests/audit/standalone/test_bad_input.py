"""Whatever stands in a proof, key, note, tile or bundle: a named error, never a traceback, never "valid"."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent_service.audit.bundle_check import check_bundle_file
from consent_service.audit.checkpoint import read_note, read_note_key, signed_checkpoint, verifier_key
from consent_service.audit.cosignature import Cosigner, cosigner_key, read_cosigner_key, verify_cosignature
from consent_service.audit.encoding import decode_leaf, read_detail
from consent_service.audit.merkle import leaf_hash
from consent_service.audit.pinned import read_pinned
from consent_service.audit.proof_text import check_proof, read_proof
from consent_service.audit.standalone import archive, formats, members, telling
from consent_service.audit.standalone.formats import Refused
from consent_service.audit.standalone.words import ASKED_WRONGLY, WRONG
from consent_service.audit.tiles import (
    bundle_path,
    decode_bundle,
    read_bundle_path,
    read_tile_path,
    split_hashes,
    tile_path,
)
from consent_service.foundation.errors import IntegrityError
from tests.audit.standalone.forging import Members, a_forge, zipped
from tests.audit.standalone.spoiling import spoiled, spoils

FORGE = a_forge(extra=2)
GOOD = FORGE.members()
FIRST = FORGE.logs[0]
ENTRY = FIRST.ids[1]
NOTE, COSIGNED = FIRST.note(4), GOOD["logs/1/checkpoint"]
PROOF, LEAF = GOOD[f"proofs/{ENTRY}.tlog-proof"], FIRST.leaves[1]
DETAIL = GOOD[f"details/{ENTRY}.json"]
ENTRIES = next(raw for name, raw in GOOD.items() if "tile/entries" in name)
TILE = next(raw for name, raw in GOOD.items() if "tile/0/" in name)
KEY = verifier_key(FIRST.origin, FIRST.keys[0].public).encode()
WITNESS = cosigner_key(FORGE.witness.name, FORGE.witness.public).encode()
PUBLIC = [one.public for one in FIRST.keys]
PIN = "\n".join(NOTE.decode().split("\n")[:3]).encode() + b"\n"

Read = Callable[[bytes], object]


def _text(read: Callable[[str], object]) -> Read:
    return lambda raw: read(raw.decode("utf-8", "replace"))


OURS: dict[str, tuple[Read, tuple[bytes, ...]]] = {
    "note": (read_note, (NOTE, COSIGNED)),
    "key": (_text(read_note_key), (KEY, WITNESS)),
    "witness key": (_text(read_cosigner_key), (KEY, WITNESS)),
    "proof": (read_proof, (PROOF,)),
    "pin": (read_pinned, (NOTE, COSIGNED, PIN)),
    "hashes": (split_hashes, (TILE,)),
    "entries": (decode_bundle, (ENTRIES,)),
    "leaf": (decode_leaf, (LEAF,)),
    "detail": (read_detail, (DETAIL,)),
    "tile path": (_text(read_tile_path), (tile_path(0, 5, 7).encode(), tile_path(63, 1234567).encode())),
    "bundle path": (_text(read_bundle_path), (bundle_path(5, 7).encode(), bundle_path(1234567).encode())),
}
OUTSIDERS: dict[str, tuple[Read, tuple[bytes, ...]]] = {
    "note": (lambda raw: formats.read_head(raw, "x"), (NOTE, COSIGNED)),
    "key": (_text(lambda text: formats.read_key(text, 1)), (KEY, WITNESS)),
    "proof": (lambda raw: members.read_proof(raw, "x"), (PROOF,)),
    "entries": (lambda raw: members.split_leaves(raw, 5, "x"), (ENTRIES,)),
    "leaf": (lambda raw: members.read_leaf(raw, "x"), (LEAF,)),
    "view key": (lambda raw: members.read_text_hash(raw, "asked_view_key", "x"), (GOOD["view-key.txt"],)),
    "contents": (archive.read_contents, (GOOD["bundle.json"],)),
    "detail": (lambda raw: formats.read_json(raw, "detail_malformed", "x"), (DETAIL,)),
}


def _refused(read: Read, raw: bytes) -> str:
    """Under which code the bytes are refused; empty when they are not."""
    try:
        read(raw)
    except Refused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("name", OURS)
def test_readers_of_the_service_refuse_by_name(name: str) -> None:
    read, samples = OURS[name]
    for sample in samples:
        if not (name == "key" and sample == WITNESS) and not (name == "witness key" and sample == KEY):
            read(sample)

    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(raw=spoils(*samples))
    def refuses(raw: bytes) -> None:
        with suppress(IntegrityError):
            read(raw)

    refuses()


@pytest.mark.parametrize("name", OUTSIDERS)
def test_readers_of_outsiders_refuse_by_name(name: str) -> None:
    read, samples = OUTSIDERS[name]

    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(raw=spoils(*samples))
    def refuses(raw: bytes) -> None:
        assert _refused(read, raw) in ("", *WRONG)

    refuses()


@settings(max_examples=150)
@given(raw=spoils(NOTE, COSIGNED))
def test_no_spoiled_note_says_anything_that_was_not_signed(raw: bytes) -> None:
    witness = Cosigner(FORGE.witness.name, FORGE.witness.public)
    try:
        note = read_note(raw)
        head = signed_checkpoint(note, origin=FIRST.origin, keys=PUBLIC)
    except IntegrityError:
        return
    body = raw.rpartition(b"\n\n")[0]
    assert body in (NOTE.rpartition(b"\n\n")[0], COSIGNED.rpartition(b"\n\n")[0])
    assert head.body().rstrip(b"\n") == body
    verify_cosignature(note, witness)  # says None or a time


@settings(max_examples=150)
@given(raw=spoils(PROOF))
def test_no_spoiled_proof_proves_another_place_or_entry(raw: bytes) -> None:
    try:
        proof = read_proof(raw)
        check_proof(proof, leaf_hash(LEAF), FIRST.origin, PUBLIC)
    except IntegrityError:
        return
    assert proof.index == 1
    with pytest.raises(IntegrityError):
        check_proof(proof, leaf_hash(b"another"), FIRST.origin, PUBLIC)


IDLE = {"README.nl.txt", "verify.py", "verify.html", "timestamp-ca.pem"}
"""Members that are there to read: nothing rests on what they say."""


def spoiled_bundle(seed: int) -> tuple[bytes, str]:
    """A bundle of which one file is spoiled, and that file's name."""
    chosen = random.Random(seed)  # noqa: S311 - the same ones again for the same seed
    files: Members = dict(GOOD)
    name = chosen.choice([one for one in files if one not in IDLE])
    files[name] = spoiled(files[name], chosen)
    return zipped(files.items()), name


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_no_spoiled_file_of_a_bundle_passes_or_breaks_either_verifier(tmp_path: Path, seed: int) -> None:
    bundle, name = spoiled_bundle(seed)
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle)

    code, lines = telling.answer([str(path)])

    assert code in (0, 1)
    assert not any("Traceback" in line for line in lines)
    try:
        ok = check_bundle_file(path).ok
    except IntegrityError:
        ok = False
    assert ok == (code == 0)
    if code == 0:  # only the same again, another view key, or what no key of the log signs
        unsigned = ("bundle.json", "view-key.txt", "/timestamps/", "/cosigned/")
        assert bundle == zipped(GOOD.items()) or any(one in name for one in unsigned)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pin=spoils(NOTE, PIN),
    key=spoils(KEY, WITNESS),
    view=spoils(GOOD["view-key.txt"]),
    which=st.integers(0, 5),
)
def test_whatever_is_given_along_is_refused_by_name(
    tmp_path: Path, pin: bytes, key: bytes, view: bytes, which: int
) -> None:
    path, file = tmp_path / "bundle.zip", tmp_path / "given"
    path.write_bytes(zipped(GOOD.items()))
    text = key.decode("utf-8", "replace")
    file.write_bytes((pin, view)[which % 2])
    asked: list[Any] = [
        ["--pin", str(file)],
        ["--view-key", str(file)],
        [f"--log-key={text}"],
        [f"--witness={text}"],
        ["--receipt", text or "x", PIN.decode().splitlines()[2]],
        ["--receipt", "4", text or "x"],
    ][which]

    code, lines = telling.answer([str(path), *asked])

    assert code in (0, 1, 2)
    said = lines[0]
    assert said.startswith(("GOED", "NIET GOED", "Kan niet"))
    if code == 2:
        assert any(f"[{one}]" in said for one in ASKED_WRONGLY)
