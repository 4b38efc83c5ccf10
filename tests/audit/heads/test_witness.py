"""Tests of `consent_service.audit.heads.witness` and `outgoing`: what a witness answers, over real HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import settings as limited
from hypothesis import strategies as st

from consent_service.audit.checkpoint import Checkpoint, add_signatures, read_note, verifier_key, write_note
from consent_service.audit.cosignature import Cosigner, cosign, verify_cosignature
from consent_service.audit.heads import outgoing
from consent_service.audit.heads.outgoing import NoAnswerError, is_safe_address, post
from consent_service.audit.heads.witness import (
    Cosigned,
    Refused,
    Stands,
    Witness,
    add_checkpoint,
    read_witnesses,
)
from consent_service.audit.merkle import consistency_proof, leaf_hash, root_of
from consent_service.foundation.errors import ConfigurationError
from tests.audit.heads.outsiders import SIZE, Reply, TestWitness, serving
from tests.conftest import START

LOG = "audit.example.org/t/aa"
LEAVES = [leaf_hash(b"%d" % number) for number in range(40)]
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


def head(size: int, leaves: list[bytes] = LEAVES, key: Ed25519PrivateKey = KEY) -> bytes:
    checkpoint = Checkpoint(LOG, size, root_of(leaves[:size]))
    public = key.public_key().public_bytes_raw()
    return write_note(checkpoint, public=public, signature=key.sign(checkpoint.body()))


@pytest.fixture
def witness() -> TestWitness:
    witness = TestWitness("witness.example/w1", lambda: START)
    witness.logs[LOG] = PUBLIC
    return witness


@pytest.fixture
def place(witness: TestWitness) -> Iterator[Witness]:
    with serving(witness.answer) as url:
        yield witness.at(f"{url}/submit/")


async def ask(place: Witness, size: int, old: int = 0, note: bytes = b"") -> Cosigned | Stands | Refused:
    proof = consistency_proof(old, LEAVES[:size]) if old else ()
    return await add_checkpoint(place, note or head(size), old=old, proof=proof, now=START)


async def test_a_witness_cosigns_each_head_that_extends_the_one_before(
    witness: TestWitness, place: Witness
) -> None:
    for old, size in ((0, 7), (7, 8), (8, 33), (33, 33)):
        answer = await ask(place, size, old)
        assert isinstance(answer, Cosigned)
        assert answer.at == START
        together = read_note(add_signatures(head(size), [answer.line]))
        assert verify_cosignature(together, witness.cosigner) == START
    assert await ask(place, 40, 7) == Stands(33)


async def test_what_a_witness_refuses_has_a_name(witness: TestWitness, place: Witness) -> None:
    assert isinstance(await ask(place, 8), Cosigned)
    other = [leaf_hash(b"other"), *LEAVES[1:]]
    foreign = Checkpoint("audit.example.org/t/unknown", 9, root_of(LEAVES[:9]))
    unknown = write_note(foreign, public=PUBLIC, signature=KEY.sign(foreign.body()))
    stranger = Ed25519PrivateKey.generate()

    assert await ask(place, 20, 8, head(20, other)) == Refused("inconsistent")
    assert await ask(place, 8, 8, head(8, other)) == Refused("other_root")
    assert await ask(place, 9, note=unknown) == Refused("unknown_log")
    assert await ask(place, 20, 8, head(20, key=stranger)) == Refused("unknown_key")
    backwards = await add_checkpoint(place, head(7), old=8, proof=(), now=START)
    assert backwards == Refused("malformed")
    assert witness.seen[LOG] == (8, root_of(LEAVES[:8]))


async def test_a_proof_longer_than_any_is_not_sent(witness: TestWitness, place: Witness) -> None:
    answer = await add_checkpoint(place, head(8), old=1, proof=[bytes(32)] * 64, now=START)
    assert answer == Refused("malformed")
    assert witness.asked == []


def _answers() -> list[tuple[str, Reply, Cosigned | Stands | Refused]]:
    unusable = Refused("unusable")
    return [
        ("no signature", (200, "text/plain", b""), unusable),
        ("no signature line", (200, "text/plain", b"<html>\n"), unusable),
        ("a status of no meaning", (204, "text/plain", b""), unusable),
        ("a redirect", (302, "text/plain", b""), unusable),
        ("away behind a proxy", (503, "text/html", b"x"), Refused("no_answer")),
        ("too much", (200, "text/plain", b"x" * (outgoing.MOST_BYTES + 1)), Refused("no_answer")),
        ("stands", (409, f"{SIZE}; charset=utf-8", b"5\n"), Stands(5)),
        ("stands ahead", (409, SIZE, b"900\n"), Stands(900)),
        ("another media type", (409, "text/plain", b"5\n"), unusable),
        ("no newline", (409, SIZE, b"5"), unusable),
        ("leading zero", (409, SIZE, b"05\n"), unusable),
        ("negative", (409, SIZE, b"-5\n"), unusable),
        ("beyond any log", (409, SIZE, b"9223372036854775808\n"), unusable),
        ("no number", (409, SIZE, "vijf\u0665\n".encode()), unusable),
        ("where it was said to stand", (409, SIZE, b"3\n"), unusable),
    ]


@pytest.mark.parametrize("_name, reply, expected", _answers(), ids=lambda one: str(one)[:20])
async def test_an_answer_the_protocol_does_not_know_counts_for_nothing(
    witness: TestWitness, place: Witness, _name: str, reply: Reply, expected: object
) -> None:
    witness.replies = [reply]
    assert await ask(place, 8, 3) == expected


async def test_at_its_own_size_a_conflict_means_another_root_whatever_it_says(
    witness: TestWitness, place: Witness
) -> None:
    for body in (b"", b"8\n"):
        witness.replies = [(409, SIZE, body)]
        assert await ask(place, 8, 8) == Refused("other_root")
    witness.replies = [(409, SIZE, b"9\n")]
    assert await ask(place, 8, 8) == Stands(9)


async def test_only_a_single_fitting_signature_of_the_witness_itself_counts(
    witness: TestWitness, place: Witness
) -> None:
    note, stranger = read_note(head(8)), TestWitness("witness.example/w2", lambda: START)
    same_name = TestWitness(witness.cosigner.name, lambda: START)
    own, theirs, namesake = (one.sign(note) for one in (witness, stranger, same_name))
    over_another = witness.sign(read_note(head(9)))
    late = cosign(note.body, witness.cosigner, START + timedelta(minutes=6), witness.key.sign)
    early = cosign(note.body, witness.cosigner, START + timedelta(minutes=4), witness.key.sign)
    claimed = Cosigner(witness.cosigner.name, witness.cosigner.public)
    forged = cosign(note.body, claimed, START, stranger.key.sign)

    async def answered(*lines: bytes) -> Cosigned | Stands | Refused:
        witness.replies = [(200, "text/plain", b"".join(lines))]
        return await ask(place, 8)

    for lines in ((own,), (theirs, own, namesake), (namesake, own)):
        assert await answered(*lines) == Cosigned(own, START)
    assert await answered(early) == Cosigned(early, START + timedelta(minutes=4))
    for lines in ((theirs,), (namesake,), (over_another,), (forged,), (own, forged), (own, own), (late,)):
        assert await answered(*lines) == Refused("unusable")


@limited(max_examples=30)
@given(st.binary(max_size=200), st.integers(0, 700))
async def test_bytes_of_a_signature_that_were_changed_never_count(
    witness: TestWitness, place: Witness, junk: bytes, at: int
) -> None:
    own = witness.sign(read_note(head(8)))
    at %= len(own)
    changed = own[:at] + junk + own[at + len(junk) :]
    witness.replies = [(200, "text/plain", changed)]
    answer = await ask(place, 8)
    assert isinstance(answer, Refused) or own.removesuffix(b"\n") in changed.split(b"\n")


async def test_a_witness_that_is_away_slow_or_packs_its_answer_gives_none(tmp_path: Path) -> None:
    cosigner = Cosigner("witness.example/w1", PUBLIC)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for url in (f"http://127.0.0.1:{port}", "http://127.0.0.1:1", "http://[bad"):
            with pytest.raises(NoAnswerError):
                await post(url, b"", kind="text/plain", seconds=0.05)
    assert await ask(Witness(cosigner, "http://127.0.0.1:1"), 8) == Refused("no_answer")
    with pytest.raises(NoAnswerError):
        await post("https://127.0.0.1:1", b"", kind="text/plain", ca_file=tmp_path / "gone.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx"
        threading.Thread(target=_answer_once, args=(server, answer), daemon=True).start()
        with pytest.raises(NoAnswerError, match="packed"):
            await post(f"http://127.0.0.1:{server.getsockname()[1]}", b"x", kind="text/plain")


def _answer_once(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(answer)


def test_only_https_and_this_machine_are_safe_to_speak_to() -> None:
    safe = ("https://w.example", "https://w.example:8443/prefix", "http://127.0.0.1:8080", "http://localhost")
    unsafe = (
        *("http://w.example", "ftp://w.example", "https://", "https://w.example:0", "https://w.example:x"),
        *("https://a@w.example", "https://w.example/?a", "https://w.example/#a", "w.example", "http://[bad"),
    )
    assert [one for one in safe if not is_safe_address(one)] == []
    assert [one for one in unsafe if is_safe_address(one)] == []


def test_the_witnesses_of_a_file_are_read_and_every_mistake_has_a_message(tmp_path: Path) -> None:
    one, two = (TestWitness(f"witness.example/w{number}", lambda: START) for number in (1, 2))
    (tmp_path / "ca.pem").touch()
    path = tmp_path / "witnesses.toml"

    def file(*entries: tuple[str, str]) -> str:
        return "\n".join(f'[[witness]]\nkey = "{key}"\nurl = "{url}"' for key, url in entries)

    first, url = (one.vkey, "https://w1.example/submit"), "https://w2.example"
    path.write_text(file(first, (two.vkey, url)) + '\nca_file = "ca.pem"\n')
    assert read_witnesses(path) == (
        Witness(one.cosigner, first[1]),
        Witness(two.cosigner, url, tmp_path / "ca.pem"),
    )
    assert read_witnesses(None) == ()
    path.write_text("")
    assert read_witnesses(path) == ()

    wrong = {
        "[[witness": "TOML",
        '[[witness]]\nkey = "x"': "TOML",
        file(first) + '\nname = "w"': "TOML",
        file(("witness.example/w1+00000000+AAAA", url)): "key of witness 1",
        file(first, (verifier_key("w", PUBLIC), url)): "key of witness 2",
        file((one.vkey, "http://w1.example")): "url of witness 1",
        file(first) + '\nca_file = "gone.pem"': "ca_file of witness 1",
        file(first, first): "twice",
    }
    for text, message in wrong.items():
        path.write_text(text)
        with pytest.raises(ConfigurationError, match=message):
            read_witnesses(path)
    with pytest.raises(ConfigurationError, match="TOML"):
        read_witnesses(tmp_path / "gone.toml")
