"""Tests of `consent_service.audit.heads.timestamps`, against an authority run by openssl."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limited
from hypothesis import strategies as st

from consent_service.audit.heads.timestamps import (
    NotStamped,
    Stamped,
    TimeStamper,
    open_stamper,
    verify_stamp,
)
from consent_service.foundation.errors import ConfigurationError, IntegrityError
from consent_service.keyring.certificates import Authorities, read_authorities
from tests.audit.heads.outsiders import TestAuthority, serving

NOTE = b"audit.example.org/t/aa\n8\nroot\n\nsigned\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority") / "one")


@pytest.fixture
def stamper(authority: TestAuthority) -> Iterator[TimeStamper]:
    authority.reply = None
    with serving(authority.answer) as url:
        stamper = open_stamper(url, authority.ca_file)
        assert stamper is not None
        yield stamper


@pytest.fixture(scope="module")
def trusted(authority: TestAuthority) -> Authorities:
    return read_authorities(authority.ca_file, "timestamp_ca_file")


@pytest.fixture(scope="module")
def token(authority: TestAuthority, trusted: Authorities) -> Stamped:
    authority.reply = None
    with serving(authority.answer) as url:
        stamped = asyncio.run(TimeStamper(url, trusted).stamp(NOTE, now()))
    assert isinstance(stamped, Stamped)
    return stamped


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_time_stamp_holds_for_its_note_only_also_for_openssl(
    authority: TestAuthority, stamper: TimeStamper
) -> None:
    stamped = await stamper.stamp(NOTE, now())

    assert isinstance(stamped, Stamped)
    assert abs(stamped.at - now()) < timedelta(minutes=1)
    assert verify_stamp(NOTE, stamped.token, stamper.authorities) == stamped.at
    assert authority.verifies(NOTE, stamped.token)
    assert not authority.verifies(NOTE + b" ", stamped.token)
    with pytest.raises(IntegrityError):
        verify_stamp(NOTE + b" ", stamped.token, stamper.authorities)
    with pytest.raises(IntegrityError):
        verify_stamp(NOTE, stamped.token, stamper.authorities, nonce=1)


async def test_a_time_stamp_of_another_authority_or_another_day_counts_for_nothing(
    authority: TestAuthority, stamper: TimeStamper, tmp_path: Path
) -> None:
    other = TestAuthority(tmp_path / "other")
    authority.reply = other.stamped
    assert await stamper.stamp(NOTE, now()) == NotStamped("unusable")
    authority.reply = None
    assert await stamper.stamp(NOTE, now() + timedelta(minutes=6)) == NotStamped("unusable")
    first = await stamper.stamp(NOTE, now())
    assert isinstance(first, Stamped)
    authority.reply = lambda _query: (200, "application/timestamp-reply", first.token)
    assert await stamper.stamp(NOTE, now()) == NotStamped("unusable")  # its nonce is another question's


async def test_an_authority_that_says_no_or_nothing_is_told_apart(
    authority: TestAuthority, stamper: TimeStamper, tmp_path: Path
) -> None:
    picky = TestAuthority(tmp_path / "picky", digests="sha512")
    authority.reply = picky.stamped
    assert await stamper.stamp(NOTE, now()) == NotStamped("refused")
    answers = {
        (503, "text/html", b"x"): NotStamped("no_answer"),
        (404, "text/html", b"x"): NotStamped("unusable"),
        (200, "text/html", b"x"): NotStamped("unusable"),
        (200, "application/timestamp-reply", b""): NotStamped("unusable"),
        (200, "application/timestamp-reply", b"\x30\x03\x02\x01\x00"): NotStamped("unusable"),
        (200, "application/timestamp-reply", b"\x30\x05\x30\x03\x02\x01\x63"): NotStamped("unusable"),
    }
    for reply, expected in answers.items():
        authority.reply = lambda _query, reply=reply: reply
        assert await stamper.stamp(NOTE, now()) == expected, reply
    away = TimeStamper("http://127.0.0.1:1", stamper.authorities)
    assert await away.stamp(NOTE, now()) == NotStamped("no_answer")


@limited(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=3), st.integers(0, 5000))
def test_a_changed_token_never_ends_in_anything_but_a_named_error(
    token: Stamped, trusted: Authorities, changes: list[tuple[int, int]], end: int
) -> None:
    changed = bytearray(token.token)
    for at, byte in changes:
        changed[at % len(changed)] = byte
    try:
        assert verify_stamp(NOTE, bytes(changed[:end]), trusted) == token.at
    except IntegrityError:
        assert changed[:end] != token.token


def test_authorities_are_read_from_a_file_with_a_root(authority: TestAuthority, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes((authority.folder / "tsa.pem").read_bytes() + authority.ca_file.read_bytes())
    found = read_authorities(both, "timestamp_ca_file")
    assert len(found.roots) == len(found.intermediates) == 1
    assert open_stamper("", authority.ca_file) is None
    assert open_stamper("https://tsa.example", None) is None
    (tmp_path / "junk.pem").write_bytes(b"junk")
    for path in (tmp_path / "gone.pem", tmp_path / "junk.pem", authority.folder / "tsa.pem"):
        with pytest.raises(ConfigurationError, match="timestamp_ca_file"):
            open_stamper("https://tsa.example", path)
