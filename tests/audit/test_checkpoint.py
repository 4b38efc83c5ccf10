"""Signed notes: the exact form, and every malformed one refused by name."""

from __future__ import annotations

import base64

import pytest

from consent_service.audit.checkpoint import (
    Checkpoint,
    key_id,
    read_note,
    verifier_key,
    verify_note,
    write_note,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.primitives import new_signing_key, sign

ORIGIN = "audit.example.org/t/0123"
CHECKPOINT = Checkpoint(ORIGIN, 7, bytes(range(32)))


def signed(checkpoint: Checkpoint = CHECKPOINT) -> tuple[bytes, bytes]:
    private, public = new_signing_key()
    return write_note(checkpoint, public=public, signature=sign(private, checkpoint.body())), public


def test_the_note_has_the_form_of_the_specification() -> None:
    note = write_note(CHECKPOINT, public=b"p" * 32, signature=b"s" * 64)
    head, line = note.decode().split("\n\n")
    root = base64.b64encode(bytes(range(32))).decode()
    assert head == f"{ORIGIN}\n7\n{root}"
    blob = base64.b64encode(key_id(ORIGIN, b"p" * 32) + b"s" * 64).decode()
    assert line == f"\u2014 {ORIGIN} {blob}\n"


def test_a_published_verifier_key_has_the_key_id_it_claims() -> None:
    """The example key of the signed-note documentation."""
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    public = base64.b64decode(key.rpartition("+")[2])[1:]
    assert verifier_key("PeterNeumann", public) == key


def test_only_the_logs_own_signature_counts() -> None:
    note, public = signed()
    other = new_signing_key()[1]
    assert verify_note(read_note(note), origin=ORIGIN, public=public)
    assert not verify_note(read_note(note), origin=ORIGIN, public=other)
    assert not verify_note(read_note(note), origin="audit.example.org/t/other", public=public)


def test_a_changed_size_breaks_the_signature() -> None:
    note, public = signed()
    assert not verify_note(read_note(note.replace(b"\n7\n", b"\n8\n")), origin=ORIGIN, public=public)


def test_a_cosignature_beside_it_does_no_harm() -> None:
    note, public = signed()
    witness = base64.b64encode(b"witn" + b"x" * 72).decode()
    cosigned = note + f"\u2014 witness.example {witness}\n".encode()
    assert len(read_note(cosigned).signatures) == 2
    assert verify_note(read_note(cosigned), origin=ORIGIN, public=public)


GOOD = write_note(CHECKPOINT, public=b"p" * 32, signature=b"s" * 64)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        GOOD[:-1],
        GOOD.partition(b"\n\n")[0],
        GOOD.replace(b"\n\n", b"\n"),
        GOOD.replace(b"\n7\n", b"\n07\n"),
        GOOD.replace(b"\n7\n", b"\n-7\n"),
        GOOD.replace(b"\n7\n", b"\nseven\n"),
        GOOD.replace(b"\n7\n", b"\n7\nmore\nlines\n"),
        GOOD.replace("\u2014".encode(), b"-"),
        GOOD.replace(b"\n\n", b"\n\n\n"),
        GOOD.replace(b"AAEC", b"A*EC"),
        GOOD.replace(b"AAEC", b""),
        GOOD.rpartition(b" ")[0] + b"\n",
        GOOD.rpartition(b" ")[0] + b" AAAA\n",
        GOOD + b"\xff\n",
        b"\xff" + GOOD,
    ],
)
def test_a_malformed_note_is_refused(note: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_note(note)
