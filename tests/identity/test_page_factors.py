"""Second factors: what may be chosen, and that there is one at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, new_id
from consent_service.identity import pins
from consent_service.identity.page_address import open_address, seal_address
from consent_service.identity.page_factors import (
    Channel,
    challenge_of,
    factor_of,
    keep_challenge,
    keep_factor,
    new_factor,
    new_one_time_code,
    problems_of_new_pin,
    revoke_factors,
    safe_address,
    use_challenge,
)
from consent_service.keyring.sealing import seal_for_person
from tests.conftest import CostlyPins
from tests.factories import make_keyring
from tests.identity import factories as f

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
BORN = date(2018, 5, 4)


@pytest.mark.parametrize(
    "pin,again,code",
    [
        ("58024", "58024", "page.pin_form"),
        ("5802411", "5802411", "page.pin_form"),
        ("58o241", "58o241", "page.pin_form"),
        ("٥٨٠٢٤١", "٥٨٠٢٤١", "page.pin_form"),
        ("", "", "page.pin_form"),
        ("111111", "111111", "identity.pin_too_simple"),
        ("123456", "123456", "identity.pin_too_simple"),
        ("987654", "987654", "identity.pin_too_simple"),
        ("040518", "040518", "page.pin_birth_date"),
        ("180504", "180504", "page.pin_birth_date"),
        ("050418", "050418", "page.pin_birth_date"),
        ("201805", "201805", "page.pin_birth_date"),
        ("580241", "580242", "page.pin_differs"),
    ],
)
def test_a_pin_others_could_guess_or_that_was_mistyped_is_refused(pin: str, again: str, code: str) -> None:
    (problem,) = problems_of_new_pin(pin, again, born=[BORN])
    assert problem.code == code


def test_an_ordinary_pin_is_taken() -> None:
    assert problems_of_new_pin("580241", "580241", born=[BORN]) == ()
    assert problems_of_new_pin("040518", "040518") == ()


@pytest.mark.parametrize(
    "kind,entered,used",
    [
        ("mail", " samira@example.org ", "samira@example.org"),
        ("mail", "samira@example", None),
        ("mail", "a b@example.org", None),
        ("mail", "a@example.org\nBcc: x@example.org", None),
        ("mail", "a@exa..mple.org", None),
        ("sms", "06 123 456 78", "+31612345678"),
        ("sms", "06-12345678", "+31612345678"),
        ("sms", "0032 (470) 12.34.56", "+32470123456"),
        ("sms", "+31612345678", "+31612345678"),
        ("sms", "013-5550101", None),
        ("sms", "0612345678@example.org", None),
        ("sms", "", None),
    ],
)
def test_an_address_is_one_address_and_never_more(kind: str, entered: str, used: str | None) -> None:
    assert safe_address(kind, entered) == used  # type: ignore[arg-type]


@given(st.text(max_size=80))
def test_whatever_is_typed_no_line_of_a_message_can_be_added(entered: str) -> None:
    for kind in get_args(Channel):
        used = safe_address(kind, entered)
        assert used is None or used.isprintable()
        assert used is None or not set(used) & set(" ,;<>\"'\r\n")


def test_one_time_codes_have_six_digits_and_differ() -> None:
    codes = {new_one_time_code() for _ in range(50)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 40


async def test_a_new_factor_replaces_the_old_one_and_wipes_it(database: Database) -> None:
    person = PersonId(new_id())
    async with database.transaction() as conn:
        assert await factor_of(conn, f.TRAVERSE, person) is None
        first = new_factor("pin", NOW, pin="hash")
        await keep_factor(conn, f.TRAVERSE, person, first)
        await keep_challenge(conn, f.TRAVERSE, person, "token", "code", NOW)
        assert await factor_of(conn, f.TRAVERSE, person) == first
        second = new_factor("mail", NOW + timedelta(seconds=1), sealed=b"sealed", name=new_id())
        await keep_factor(conn, f.TRAVERSE, person, second)
        assert await factor_of(conn, f.TRAVERSE, person) == second
        assert await challenge_of(conn, f.TRAVERSE, person, "token", NOW) is None
        assert await factor_of(conn, f.ELSEWHERE, person) is None
        await revoke_factors(conn, f.TRAVERSE, person, NOW)
        assert await factor_of(conn, f.TRAVERSE, person) is None
    assert repr(first) == "Factor(kind='pin')"


async def test_a_one_time_code_is_used_once_by_its_own_browser(database: Database) -> None:
    person, other = PersonId(new_id()), PersonId(new_id())
    async with database.transaction() as conn:
        await keep_challenge(conn, f.TRAVERSE, person, "token", "code", NOW)
        assert await challenge_of(conn, f.TRAVERSE, person, "token", NOW) == "code"
        for who, token, at in (
            (other, "token", NOW),
            (person, "another", NOW),
            (person, "token", NOW + timedelta(minutes=10)),
        ):
            assert await challenge_of(conn, f.TRAVERSE, who, token, at) is None
        assert await use_challenge(conn, f.TRAVERSE, "token")
        assert not await use_challenge(conn, f.TRAVERSE, "token")


async def test_an_address_opens_for_its_own_factor_only(database: Database, tmp_path: Path) -> None:
    ring = make_keyring(tmp_path)
    async with database.transaction() as conn:
        await ring.install(conn)
        await ring.create_tenant(conn, f.TRAVERSE)
        await ring.create_person_key(conn, f.TRAVERSE, f.MOTHER)
        key = await ring.person_key(conn, f.TRAVERSE, f.MOTHER)
    sealed = seal_address(ring, key, "one", "samira@example.org")
    assert b"samira" not in sealed
    assert open_address(ring, key, "one", sealed) == "samira@example.org"
    with pytest.raises(IntegrityError):
        open_address(ring, key, "another", sealed)
    unreadable = seal_for_person(ring, key, purpose="page-address", record="one", plaintext=b"\xff\xfe")
    with pytest.raises(IntegrityError):
        open_address(ring, key, "one", unreadable)


async def test_with_nothing_stored_no_pin_fits_and_comparing_costs_as_much(
    costly_pins: CostlyPins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "hash_pin", costly_pins.hash_pin)
    monkeypatch.setattr(pins, "_nobodys_pin", costly_pins.nobodys)
    stored = await pins.hashed("580241")
    for compared in (stored, costly_pins.nobodys()):
        assert compared.startswith("$argon2id$v=19$m=65536,t=4,p=1$")
        assert len(compared) == len(stored)
    assert await pins.fits("580241", stored)
    assert not await pins.fits("580242", stored)
    assert not await pins.fits("580241", None)
