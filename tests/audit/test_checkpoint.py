"""Signed notes: the exact form, and every malformed one refused by name."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.audit.checkpoint import (
    NOTE_LIMIT,
    SIGNATURE_LIMIT,
    Checkpoint,
    NoteKey,
    SignatureLine,
    add_signatures,
    key_id,
    read_note,
    read_note_key,
    read_signature_line,
    signed_checkpoint,
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
    assert read_note_key(key) == NoteKey("PeterNeumann", 1, public)


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


def line_of(name: str, signature: bytes = b"s" * 64) -> bytes:
    return SignatureLine(name, b"keyi", signature).text()


def test_the_published_checkpoint_reads_and_is_written_back() -> None:
    """The example of tlog-checkpoint with the cosignature of tlog-cosignature."""
    body = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    own = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
    witness = (
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZC"
        "B9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    lines = f"\u2014 example.com/behind-the-sofa {own}\n\u2014 witness.example.com/w1 {witness}\n"
    note = read_note(body + b"\n" + lines.encode())
    assert note.checkpoint.body() == note.body == body
    assert [line.name for line in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    assert b"".join(line.text() for line in note.signatures) == lines.encode()


def test_a_signature_that_names_our_key_and_does_not_fit_spoils_the_note() -> None:
    note, public = signed()
    broken = SignatureLine(ORIGIN, key_id(ORIGIN, public), b"s" * 64).text()
    assert verify_note(read_note(add_signatures(note, [line_of(ORIGIN)])), origin=ORIGIN, public=public)
    assert not verify_note(read_note(add_signatures(note, [broken])), origin=ORIGIN, public=public)


def test_extension_lines_are_read_signed_along_and_never_acted_upon() -> None:
    private, public = new_signing_key()
    body = CHECKPOINT.body() + "more \u00e9\nlines\n".encode()
    line = SignatureLine(ORIGIN, key_id(ORIGIN, public), sign(private, body)).text()
    note = read_note(body + b"\n" + line)
    assert (note.checkpoint, note.extensions, note.body) == (CHECKPOINT, ("more \u00e9", "lines"), body)
    assert verify_note(note, origin=ORIGIN, public=public)
    stripped = read_note(CHECKPOINT.body() + b"\n" + line)
    assert not verify_note(stripped, origin=ORIGIN, public=public)


def test_signatures_are_added_once_below_the_logs_own_and_change_nothing_else() -> None:
    note, public = signed()
    lines = [line_of("w1"), line_of("w2").rstrip(b"\n"), line_of("w1")]
    cosigned = add_signatures(note, lines)
    assert cosigned == note + line_of("w1") + line_of("w2")
    assert add_signatures(cosigned, [line_of("w2")]) == cosigned
    assert signed_checkpoint(read_note(cosigned), origin=ORIGIN, keys=[b"p" * 32, public]) == CHECKPOINT
    with pytest.raises(IntegrityError):
        signed_checkpoint(read_note(cosigned), origin=ORIGIN, keys=[b"p" * 32])
    for bad in (b"", b"w1 AAAA", line_of("w1") + line_of("w2"), b"\xff", line_of("a name"), b"\n" + note):
        with pytest.raises(IntegrityError):
            add_signatures(note, [bad])
        with pytest.raises(IntegrityError):
            read_signature_line(bad)
    many = [line_of(f"w{number}") for number in range(SIGNATURE_LIMIT)]
    assert len(read_note(add_signatures(note, many[1:])).signatures) == SIGNATURE_LIMIT
    with pytest.raises(IntegrityError):
        add_signatures(note, many)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name+c74f20a3",
        "PeterNeumann+c74f20a3+",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "Peter\ud800+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError):
        read_note_key(text)


@given(st.data())
def test_a_bit_flipped_anywhere_is_refused_or_signed_by_nobody(data: st.DataObject) -> None:
    note, public = signed()
    at, bit = data.draw(st.integers(0, len(note) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(note)
    flipped[at] ^= 1 << bit
    try:
        read = read_note(bytes(flipped))
    except IntegrityError:
        return
    assert not verify_note(read, origin=ORIGIN, public=public)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_in_is_read_or_refused_by_name(raw: bytes) -> None:
    for read in (read_note, read_signature_line, lambda text: read_note_key(text.decode("latin-1"))):
        try:
            read(raw)
        except IntegrityError:
            continue


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
        GOOD.replace(b"\n7\n", b"\n\xd9\xa7\n"),
        GOOD.replace(b"\n7\n", b"\n9223372036854775808\n"),
        GOOD.replace(b"\n7\n", b"\n" + b"7" * 5000 + b"\n"),
        GOOD.replace(b"\n7\n", b"\n7\nmore\nlines\n"),
        GOOD.replace(b"\n\n", b"\nmore\n\nlines\n\n"),
        GOOD.replace(b"\n7\n", b"\n7\r\n"),
        GOOD.replace(b"/t/", b"/\t/"),
        GOOD.replace(b"dHh8=", b"dHh9="),
        GOOD.replace(b"audit.example.org/t/0123\n7", b"\n7"),
        GOOD + GOOD,
        GOOD + b"x" * NOTE_LIMIT,
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
