"""A name is found however it is typed, and a tag tells nothing of whom it stands for."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.keyring.blind_index import MOST_BITS, bits_for, normalised_name, search_tag
from consent_service.keyring.service import KeyRing
from tests.keyring.factories import tenant_key

BORN = date(2018, 5, 4)
LETTERS = st.characters(
    codec="utf-8", categories=("Lu", "Ll", "Lt", "Lo", "Lm", "Mn", "Mc", "Nd", "Pd", "Po", "Cf", "Zs", "Sk")
)
NAMES = st.text(LETTERS, max_size=20) | st.text(
    "aAiIıİßẞłŁøØđĐþæŒéÉçŞğ'’ʼ-‐– "
    "\u0301\u0306\u0307\u0308еЕёЁиИйЙіІїЇєЄґҐўЎأإآٱاىيیةهئءـ\u064e\u0651\u0654\u200c\u200fکكΣςσ",
    max_size=12,
)


@pytest.mark.parametrize(
    "one, other",
    [
        # Latin
        ("Anne-Marie Strauß", "ANNE MARIE STRAUSS"),
        ("STRAẞER", "straßer"),
        ("Łukasz Wójcik", "lukasz wojcik"),
        ("Søren Ødegård", "soren odegard"),
        ("Ǿystein", "oystein"),
        ("Ħanna Æsa", "hanna aesa"),
        ("José  María", "jose maria"),
        ("Ｎｏｏｒ", "noor"),
        ("  Noor\tVoorbeeld ", "noor voorbeeld"),
        ("Zoë", "Zoe\u0308"),
        ("Nguyễn Thị Hồng", "nguyen thi hong"),
        # Turkish
        ("İbrahim Işık", "ibrahim isik"),
        ("IŞIL", "ışıl"),
        ("ÇAĞLA", "çağla"),
        ("DİLARA", "dilara"),
        ("DILARA", "dılara"),
        # apostrophes, dashes, what cannot be seen
        ("D'Angelo", "d\u2019angelo"),
        ("D`Angelo", "d\u00b4angelo"),
        ("O\u02bcBrien", "o'brien"),
        ("Мар\u02bcяна", "мар'яна"),
        ("Anne\u2010Marie", "anne\u2013marie"),
        ("Anne\u2011Marie", "anne marie"),
        ("Anne\u00adMarie", "annemarie"),
        ("\u200fNoor\u200e", "noor"),
        # Arabic and Persian
        ("أحمد", "احمد"),
        ("إبراهيم", "ابراهيم"),
        ("آمنة", "امنه"),
        ("ٱلرحمن", "الرحمن"),
        ("فاطمة", "فاطمه"),
        ("مُحَمَّد", "محمد"),
        ("محـــمد", "محمد"),
        ("رؤى", "روي"),
        ("هانئ", "هاني"),
        ("علی", "علي"),
        ("کریم", "كريم"),
        ("علی\u200cرضا", "عليرضا"),
        ("ﻣﺤﻤﺪ", "محمد"),
        # Cyrillic
        ("Алёна", "алена"),
        ("АНДРЕЙ", "андре\u0438\u0306"),
        ("ЇЖАК", "\u0456\u0308жак"),
        ("Ґалаґан", "ґАЛАҐАН"),
        # Greek
        ("ΓΙΏΡΓΟΣ", "γιωργος"),
    ],
)
def test_ways_to_write_one_name_are_one_name(one: str, other: str) -> None:
    assert normalised_name(one) == normalised_name(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Noor", "Nora"),
        ("Jan Peter", "Janpeter"),
        ("Мария", "Марина"),
        ("Андрей", "Андреи"),  # й is no и with an accent
        ("Їжак", "Іжак"),
        ("Іван", "Иван"),
        ("Єва", "Ева"),
        ("Ґанна", "Ганна"),
        ("Даўна", "Дауна"),
        ("محمد", "محمود"),
        ("علي", "عالي"),
        ("پري", "بري"),
    ],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert normalised_name(one) != normalised_name(other)


@given(NAMES | st.text(max_size=30))
def test_normalising_twice_changes_nothing(name: str) -> None:
    once = normalised_name(name)
    assert normalised_name(once) == once


@given(NAMES, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_the_way_a_device_encodes_a_name_makes_no_difference(name: str, form: str) -> None:
    typed = unicodedata.normalize(form, name)  # type: ignore[arg-type]
    assert normalised_name(typed) == normalised_name(name)


@given(NAMES)
def test_capitals_make_no_difference(name: str) -> None:
    expected = normalised_name(name)
    for typed in (name.upper(), name.lower(), name.title(), name.swapcase(), name.casefold()):
        assert normalised_name(typed) == expected


@given(NAMES, NAMES)
def test_spaces_around_and_between_make_no_difference(one: str, other: str) -> None:
    assert normalised_name(f"  {one}\u00a0 \t{other}\n") == normalised_name(f"{one} {other}")


@pytest.mark.parametrize(
    "people, bits",
    [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (1023, 9), (1024, 10), (10**6, 19), (2**20, 20), (10**9, 20)],
)
def test_a_tag_is_as_long_as_its_people_need_and_no_longer(people: int, bits: int) -> None:
    assert bits_for(people) == bits <= MOST_BITS


def test_a_tag_is_few_bits_of_names_and_date_under_the_tenants_key(keyring: KeyRing) -> None:
    key, other = tenant_key(keyring, purpose="index"), tenant_key(keyring, purpose="index")
    names = [f"Kind {number}" for number in range(200)]

    def tags(under: object = key, born: date = BORN, bits: int = 10) -> list[int]:
        assert under in (key, other)
        chosen = key if under is key else other
        return [search_tag(keyring, chosen, names=name, birth_date=born, bits=bits) for name in names]

    assert all(0 <= tag < 1 << 10 for tag in tags())
    assert len(set(tags())) > 100
    assert tags() == [
        search_tag(keyring, key, names=name.upper(), birth_date=BORN, bits=10) for name in names
    ]
    assert tags(other) != tags()
    assert tags(born=date(2018, 5, 5)) != tags()
    assert set(tags(bits=0)) == {0}
    assert tags(bits=4) == [tag >> 6 for tag in tags()]


def test_a_tag_of_the_right_length_is_shared_so_it_confirms_nobody(keyring: KeyRing) -> None:
    key = tenant_key(keyring, purpose="index")
    people = 500
    shared = Counter(
        search_tag(keyring, key, names=f"Kind {number}", birth_date=BORN, bits=bits_for(people))
        for number in range(people)
    )
    alone = sum(1 for count in shared.values() if count == 1)
    assert alone < people / 3
