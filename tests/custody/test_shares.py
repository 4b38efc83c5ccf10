"""Five sheets of words: any three give the seed back, and what is typed wrongly is told all at once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.shamir import RawShare, _interpolate
from shamir_mnemonic.wordlist import WORDLIST

from consent_service.custody.shares import WORDS_ON_A_SHEET, SheetProblem, combine, split
from consent_service.keyring.secret import Secret

SEED = Secret(bytes(range(32)))
SHEETS = split(SEED)
OTHERS = split(Secret(bytes(32)))
seeds = st.binary(min_size=32, max_size=32).map(Secret)


def words(sheet: Secret) -> list[str]:
    return sheet.reveal().decode().split()


def typed(*changed: list[str]) -> list[Secret]:
    return [Secret(" ".join(one).encode()) for one in changed]


@given(seeds, st.permutations(range(5)), st.integers(3, 5))
@settings(max_examples=15)
def test_any_three_or_more_sheets_in_any_order_give_the_seed(
    seed: Secret, order: list[int], how_many: int
) -> None:
    sheets = split(seed)
    assert combine([sheets[number] for number in order[:how_many]]) == seed


@given(seeds, st.permutations(range(5)))
@settings(max_examples=15)
def test_any_two_sheets_give_nothing(seed: Secret, order: list[int]) -> None:
    sheets = split(seed)
    pair = [sheets[number] for number in order[:2]]
    assert combine(pair) == (SheetProblem("too_few", number=2),)
    # and without our check: two points do not determine the parabola the seed lies on
    points = [Share.from_mnemonic(sheet.reveal().decode()) for sheet in pair]
    guess = _interpolate([RawShare(share.index, share.value) for share in points], 255)
    assert guess != seed.reveal()
    with pytest.raises(MnemonicError):
        combine_mnemonics([sheet.reveal().decode() for sheet in pair])


def test_a_sheet_has_33_words() -> None:
    assert [len(words(sheet)) for sheet in SHEETS] == [WORDS_ON_A_SHEET] * 5


@pytest.mark.parametrize(
    "as_typed",
    [
        lambda list_of: " ".join(list_of).upper(),
        lambda list_of: "\n".join(f"{number}. {word}" for number, word in enumerate(list_of, 1)),
        lambda list_of: "   " + ",  ".join(list_of) + "\r\n\r\n",
        lambda list_of: " ".join(word[:4] for word in list_of),
        lambda list_of: " ".join(word[:5].title() for word in list_of),
    ],
    ids=["capitals", "numbered lines", "commas and spaces", "four letters", "five letters"],
)
def test_how_words_are_typed_does_not_matter(as_typed: object) -> None:
    assert callable(as_typed)
    texts = [Secret(as_typed(words(sheet)).encode()) for sheet in SHEETS[1:4]]
    assert combine(texts) == SEED


def test_no_two_words_begin_with_the_same_four_letters() -> None:
    assert len({word[:4] for word in WORDLIST}) == len(WORDLIST)
    assert min(map(len, WORDLIST)) == 4


def test_everything_wrong_with_the_sheets_is_told_at_once() -> None:
    strange = words(SHEETS[0])
    strange[6], strange[20] = "xylofoon", "aca"
    short = words(SHEETS[1])[:-1]
    swapped = words(SHEETS[2])
    swapped[10], swapped[11] = swapped[11], swapped[10]
    assert swapped != words(SHEETS[2])
    assert combine(typed(strange, short, swapped)) == (
        SheetProblem("unknown_word", 1, 7),
        SheetProblem("unknown_word", 1, 21),
        SheetProblem("length", 2, 32),
        SheetProblem("checksum", 3),
        SheetProblem("too_few", number=0),
    )


def test_a_sheet_of_another_ceremony_and_one_typed_twice_are_told_by_their_place() -> None:
    texts = [SHEETS[0], OTHERS[1], SHEETS[0], SHEETS[3]]
    assert combine(texts) == (
        SheetProblem("other_ceremony", 2),
        SheetProblem("twice", 3, 1),
        SheetProblem("too_few", number=2),
    )


def test_three_good_sheets_do_not_hide_a_wrong_fourth() -> None:
    assert combine([*SHEETS[:3], OTHERS[4]]) == (SheetProblem("other_ceremony", 4),)


def test_nothing_typed_is_too_few() -> None:
    assert combine([]) == (SheetProblem("too_few", number=0),)
    assert combine([Secret(b"\xff\xfe 12")]) == (
        SheetProblem("length", 1, 0),
        SheetProblem("too_few", number=0),
    )


def test_sheets_of_another_scheme_are_no_sheets_of_ours() -> None:
    two_of_three = generate_mnemonics(1, [(2, 3)], SEED.reveal())[0]
    of_sixteen = generate_mnemonics(1, [(3, 16)], SEED.reveal())[0]
    found = combine([Secret(two_of_three[0].encode()), Secret(of_sixteen[9].encode())])
    assert found == (
        SheetProblem("other_kind", 1),
        SheetProblem("other_kind", 2),
        SheetProblem("too_few", number=0),
    )


def test_sheets_of_one_kind_that_hide_different_secrets_do_not_fit() -> None:
    shares = [Share.from_mnemonic(sheet.reveal().decode()) for sheet in SHEETS[:3]]
    forged = shares[2].__class__(**{**vars(shares[2]), "value": bytes(32)})
    texts = [Secret(share.mnemonic().encode()) for share in (*shares[:2], forged)]
    assert combine(texts) == (SheetProblem("misfit"),)


def test_every_way_to_choose_three_of_five_gives_the_seed() -> None:
    assert {combine(three) == SEED for three in itertools.combinations(SHEETS, 3)} == {True}


@given(st.integers(0, 32), st.sampled_from(WORDLIST))
@settings(max_examples=30)
def test_one_wrong_word_is_never_taken(place: int, other: str) -> None:
    wrong = words(SHEETS[0])
    if wrong[place] == other:
        return
    wrong[place] = other
    assert isinstance(combine([*typed(wrong), *SHEETS[1:3]]), tuple)
