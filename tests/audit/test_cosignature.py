"""Cosignatures of witnesses: the published examples, the exact message, and every malformed one refused."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime

import pytest

from consent_service.audit.checkpoint import (
    Checkpoint,
    add_signatures,
    read_note,
    read_signature_line,
    verifier_key,
    write_note,
)
from consent_service.audit.cosignature import (
    Cosigner,
    cosign,
    cosignature_time,
    cosigned_message,
    cosigner_key,
    cosigner_key_id,
    read_cosigner_key,
    verify_cosignature,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.primitives import new_signing_key, sign

AT = datetime(2026, 9, 1, 8, 0, 0, 500_000, tzinfo=UTC)
WHOLE = AT.replace(microsecond=0)
LOG = "audit.example.org/t/0123"
CHECKPOINT = Checkpoint(LOG, 7, bytes(range(32)))
NOTE = write_note(CHECKPOINT, public=b"p" * 32, signature=b"s" * 64)
PRIVATE, PUBLIC = new_signing_key()
WITNESS = Cosigner("witness.example.org/w1", PUBLIC)


def line(at: datetime = AT, body: bytes | None = None) -> bytes:
    return cosign(CHECKPOINT.body() if body is None else body, WITNESS, at, lambda text: sign(PRIVATE, text))


def altered(raw: bytes, at: int, *, length: int | None = None) -> bytes:
    """The line with one bit of its signature part (behind the key id) changed, or cut or stretched."""
    name, _, encoded = raw.decode().rstrip("\n").rpartition(" ")
    blob = bytearray(base64.b64decode(encoded))
    blob[at] ^= 1
    blob = blob[:length] + b"x" * (0 if length is None else max(0, length - len(blob)))
    return f"{name} {base64.b64encode(blob).decode()}\n".encode()


def test_the_signed_message_is_that_of_the_specification() -> None:
    body = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    at = datetime.fromtimestamp(1679315147, UTC)
    assert cosigned_message(body, at) == b"cosignature/v1\ntime 1679315147\n" + body


def test_the_published_cosignature_has_the_time_it_claims() -> None:
    """The example of the specification, whose witness key is not published with it."""
    example = (
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
        "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    assert cosignature_time(read_signature_line(example.encode())).timestamp() == 1679315147


def test_a_witness_key_reads_back_and_has_another_id_than_the_same_key_for_notes() -> None:
    text = cosigner_key(WITNESS.name, PUBLIC)
    assert read_cosigner_key(text) == WITNESS
    assert text.split("+")[1] == cosigner_key_id(WITNESS.name, PUBLIC).hex()
    assert text != verifier_key(WITNESS.name, PUBLIC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+",
        verifier_key(WITNESS.name, PUBLIC),
        cosigner_key(WITNESS.name, PUBLIC).replace("w1", "w2"),
        cosigner_key(WITNESS.name, PUBLIC[:31]),
        cosigner_key("a name", PUBLIC),
        cosigner_key("", PUBLIC),
        cosigner_key("two+names", PUBLIC),
        cosigner_key(WITNESS.name, PUBLIC) + "\n",
        cosigner_key(WITNESS.name, PUBLIC).upper(),
        "wít+" + cosigner_key(WITNESS.name, PUBLIC).partition("+")[2],
    ],
    ids=itertools.count(),
)
def test_a_malformed_or_wrong_witness_key_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError):
        read_cosigner_key(text)


def test_a_cosigned_note_says_when() -> None:
    note = add_signatures(NOTE, [line()])
    assert verify_cosignature(read_note(note), WITNESS) == WHOLE
    assert verify_cosignature(read_note(add_signatures(note, [line(AT.replace(hour=9))])), WITNESS) == (
        WHOLE.replace(hour=9)
    )


def test_a_cosignature_of_somebody_else_or_over_something_else_counts_for_nothing() -> None:
    cosigned = read_note(add_signatures(NOTE, [line()]))
    assert verify_cosignature(read_note(NOTE), WITNESS) is None
    assert verify_cosignature(cosigned, Cosigner(WITNESS.name, new_signing_key()[1])) is None
    assert verify_cosignature(cosigned, Cosigner("witness.example.org/w2", PUBLIC)) is None
    other = Checkpoint(LOG, 8, bytes(range(32)))
    assert verify_cosignature(read_note(add_signatures(NOTE, [line(body=other.body())])), WITNESS) is None


def test_one_broken_cosignature_of_a_witness_spoils_its_others() -> None:
    """Signatures of a known key must all fit (C2SP signed-note)."""
    for at, length in ((4, None), (11, None), (12, None), (75, None), (4, 75), (4, 77), (4, 5)):
        broken = read_note(add_signatures(NOTE, [line(), altered(line(), at, length=length)]))
        assert verify_cosignature(broken, WITNESS) is None, (at, length)


def test_extension_lines_are_signed_along() -> None:
    body = CHECKPOINT.body() + b"more\n"
    extended = NOTE.replace(CHECKPOINT.body(), body)
    assert verify_cosignature(read_note(add_signatures(extended, [line(body=body)])), WITNESS) == WHOLE
    assert verify_cosignature(read_note(add_signatures(extended, [line()])), WITNESS) is None


def test_a_time_that_no_calendar_has_is_no_time() -> None:
    for seconds in (1 << 62, (1 << 63) - 1, (1 << 64) - 1):
        forged = line().decode().split(" ")
        blob = base64.b64decode(forged[-1])
        blob = blob[:4] + seconds.to_bytes(8, "big") + blob[12:]
        raw = " ".join([*forged[:-1], base64.b64encode(blob).decode()]).encode()
        assert verify_cosignature(read_note(add_signatures(NOTE, [raw])), WITNESS) is None
        with pytest.raises(IntegrityError):
            cosignature_time(read_signature_line(raw))


@pytest.mark.parametrize("at", [datetime(2026, 9, 1), datetime(1969, 12, 31, tzinfo=UTC)])  # noqa: DTZ001
def test_a_witness_signs_at_no_doubtful_time(at: datetime) -> None:
    with pytest.raises(ValueError, match="time"):
        line(at)
