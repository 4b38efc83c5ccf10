"""The recovery seed on five sheets of words, any three of which give it back (SLIP-39).

One group, no passphrase, extendable: what the standard recommends for a plain "three of five". What
people type is forgiven its order, case, spacing, numbering and everything after the fourth letter of
a word; what is wrong is told all at once. Printing the sheets is `sheets`, the ceremony `recovery`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from consent_service.custody.recovery_key import SHARES, THRESHOLD
from consent_service.keyring.recovery import SEED_BYTES
from consent_service.keyring.secret import Secret

if TYPE_CHECKING:
    from shamir_mnemonic import Share

WORDS_ON_A_SHEET: Final = 33
"""SLIP-39 for a secret of 32 bytes: 4 words of parameters, 26 of value, 3 of checksum."""
_SHORTEST: Final = 4
"""No two words of the list begin with the same four letters."""
_WORD: Final = re.compile(r"[^\W\d_]+")

What = Literal[
    "unknown_word", "length", "checksum", "other_kind", "other_ceremony", "twice", "too_few", "misfit"
]


class SheetProblem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing wrong with what was typed; never holds a word.

    `sheet` is the place in which it was typed, from 1; 0 where it is about all together. `number` is the
    place of the word (`unknown_word`), how many words there are (`length`), the place in which the same
    sheet was typed before (`twice`), or how many good sheets there are (`too_few`).
    """

    what: What
    sheet: int = 0
    number: int = 0


def split(seed: Secret) -> tuple[Secret, ...]:
    """The words of each of the five sheets, in order, as text with single spaces."""
    from shamir_mnemonic import generate_mnemonics  # needed at a ceremony and at a recovery only

    (sheets,) = generate_mnemonics(1, [(THRESHOLD, SHARES)], seed.reveal(), extendable=True)
    return tuple(Secret(words.encode()) for words in sheets)


def combine(typed: Sequence[Secret]) -> Secret | tuple[SheetProblem, ...]:
    """The seed from what was typed for each sheet, or everything that is wrong with it."""
    shares: dict[int, Share] = {}
    problems: list[SheetProblem] = []
    for place, text in enumerate(typed, 1):
        match _share(place, text):
            case tuple() as wrong:
                problems += wrong
            case share:
                shares[place] = share
    problems += _between(shares)
    good = len(shares.keys() - {problem.sheet for problem in problems})
    if good < THRESHOLD:
        problems.append(SheetProblem("too_few", number=good))
    return tuple(problems) or _recovered([*shares.values()][:THRESHOLD])


def _share(place: int, text: Secret) -> Share | tuple[SheetProblem, ...]:
    """One sheet by itself."""
    from shamir_mnemonic import MnemonicError
    from shamir_mnemonic import Share as Read

    words = [_known(word) for word in _WORD.findall(text.reveal().decode(errors="replace").casefold())]
    problems = [
        SheetProblem("unknown_word", place, number) for number, word in enumerate(words, 1) if word is None
    ]
    if len(words) != WORDS_ON_A_SHEET:
        problems.append(SheetProblem("length", place, len(words)))
    if problems:
        return tuple(problems)
    try:
        share = Read.from_mnemonic(" ".join(word or "" for word in words))
    except MnemonicError:
        return (SheetProblem("checksum", place),)
    ours = (share.member_threshold, share.group_count, len(share.value)) == (THRESHOLD, 1, SEED_BYTES)
    return share if ours and share.index < SHARES else (SheetProblem("other_kind", place),)


def _known(word: str) -> str | None:
    """The word of the list that was meant: its first four letters are enough."""
    from shamir_mnemonic.wordlist import WORD_INDEX_MAP, WORDLIST

    if word in WORD_INDEX_MAP:
        return word
    fitting = [known for known in WORDLIST if len(word) >= _SHORTEST and known.startswith(word)]
    return fitting[0] if fitting else None


def _between(shares: dict[int, Share]) -> Iterator[SheetProblem]:
    """What is wrong between sheets that are right by themselves."""
    ceremonies = Counter(share.common_parameters() for share in shares.values())
    usual = ceremonies.most_common(1)[0][0] if ceremonies else None
    seen: dict[int, int] = {}
    for place, share in shares.items():
        if share.common_parameters() != usual:
            yield SheetProblem("other_ceremony", place)
        elif share.index in seen:
            yield SheetProblem("twice", place, seen[share.index])
        else:
            seen[share.index] = place


def _recovered(shares: Sequence[Share]) -> Secret | tuple[SheetProblem, ...]:
    from shamir_mnemonic import MnemonicError, combine_mnemonics

    try:
        return Secret(combine_mnemonics([share.mnemonic() for share in shares]))
    except MnemonicError:
        return (SheetProblem("misfit"),)
