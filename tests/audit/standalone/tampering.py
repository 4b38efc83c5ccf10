"""What somebody may do to a bundle, and the code under which every verifier must refuse it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import msgspec

from consent_service.audit.encoding import (
    Leaf,
    canonical,
    commitment,
    decode_leaf,
    encode_leaf,
    hash_text,
    instant,
    milliseconds,
)
from consent_service.audit.events import LogKeyRotated, LogPruned, LogReopened
from consent_service.audit.merkle import root_of
from consent_service.foundation.ids import new_id
from tests.audit.standalone.changing import CHANGED
from tests.audit.standalone.forging import (
    AT,
    FATHER,
    MOTHER,
    Forge,
    Members,
    Signer,
    a_forge,
    prune,
    zipped,
)
from tests.audit.standalone.restoring import PAST, put_back, third_log
from tests.audit.standalone.tearing import TORN


class Tampered(NamedTuple):
    """A bundle as a file, and what must be said of it; `good` where nothing is wrong."""

    name: str
    bundle: bytes
    code: str


def tampered_bundles() -> list[Tampered]:
    """Every way, each from a sound bundle of its own."""
    cases = [Tampered("sound", _built(a_forge()), "good"), *_sound()]
    cases += [Tampered(name, _forged(change), code) for name, change, code in (*FORGED, *PAST)]
    cases += [Tampered(name, _changed(change), code) for name, change, code in CHANGED]
    cases += [Tampered(name, change(_built(a_forge(extra=2))), code) for name, change, code in TORN]
    return cases


def _built(forge: Forge) -> bytes:
    return zipped(forge.members().items())


def _forged(change: Callable[[Forge], None]) -> bytes:
    forge = a_forge(extra=2)
    change(forge)
    return _built(forge)


def _changed(change: Callable[[Members, Forge], None]) -> bytes:
    forge = a_forge()
    members = forge.members()
    change(members, forge)
    return zipped(members.items())


def _sound() -> list[Tampered]:
    pruned = a_forge()
    prune(pruned)
    behind, claimed, three = a_forge(extra=2), a_forge(extra=2), a_forge(extra=2)
    put_back(behind, LogReopened(2, "restored", 5000, "ab" * 32))
    put_back(claimed, LogReopened(2, "restored", 5000, ""))  # only a witness spoke of that size
    third_log(three)
    three.entry(three.logs[2], opened=True, write=_untyped)  # about nobody, and yet not for everybody
    both = a_forge()
    second = both.logs[1]
    for _ in range(300):
        both.entry(second, subject=FATHER)
    both.entry(second, LogPruned(2, 256), opened=True)
    del both.details[second.ids[1]]
    second.minimum = 256
    built = {
        "pruned": pruned,
        "put back": behind,
        "the second log pruned": both,
        "put back, says a witness": claimed,
        "three logs": three,
    }
    return [Tampered(name, _built(forge), "good") for name, forge in built.items()]


# --- forged by whoever holds the keys of the log: everything is signed ------------------------------------


def _append(text: Callable[[Leaf], bytes]) -> Callable[[Forge], None]:
    def change(forge: Forge) -> None:
        forge.entry(forge.logs[1], subject=MOTHER, shown_to=FATHER, write=text)

    return change


def _with(**fields: str) -> Callable[[Leaf], bytes]:
    return lambda leaf: canonical({**msgspec.to_builtins(leaf), **fields})


def _untyped(leaf: Leaf) -> bytes:
    return encode_leaf(msgspec.structs.replace(leaf, type=""))


def _version_2(leaf: Leaf) -> bytes:
    return encode_leaf(leaf).replace(b'"v":1', b'"v":2')


def _says(**fields: object) -> Callable[[Forge], None]:
    """Content that the log commits to, in a form that no content has."""

    def change(forge: Forge) -> None:
        log = forge.logs[1]
        entry = forge.entry(log, subject=FATHER, shown_to=FATHER, opened=True)
        salt, raw = forge.details[entry]
        content = canonical({**json.loads(raw), **fields})
        forge.details[entry] = (salt, content)
        leaf = decode_leaf(log.leaves[-1])
        log.leaves[-1] = encode_leaf(msgspec.structs.replace(leaf, com=commitment(salt, content)))

    return change


def _replayed(forge: Forge) -> None:
    log = forge.logs[1]
    log.leaves.append(forge.logs[0].leaves[0])
    log.ids.append("")


def _antedated(forge: Forge) -> None:
    at = AT - timedelta(days=2)
    entry = new_id(milliseconds(at))
    forge.entry(forge.logs[1], subject=FATHER, write=_with(id=entry, time=instant(at)))


def _retired(forge: Forge) -> None:
    """Whoever stole the first key signs the newest head with it."""
    first = forge.logs[0]
    first.heads[len(first.leaves) - 1], first.heads[len(first.leaves)] = 1, 0


def _unannounced_key(forge: Forge) -> None:
    forge.logs[1].keys.append(Signer.named(forge.logs[1].origin))


def _announced_by_itself(forge: Forge) -> None:
    log = forge.logs[1]
    log.keys.append(Signer.named(log.origin))
    forge.entry(log, LogKeyRotated(2, 2, log.keys[1].public.hex(), "planned"), opened=True)


def _announced_another(forge: Forge) -> None:
    log = forge.logs[1]
    log.keys.append(Signer.named(log.origin))
    forge.entry(log, LogKeyRotated(2, 2, "ab" * 32, "planned"), opened=True)
    log.heads[len(log.leaves)] = 0
    forge.entry(log)


def _announced_by_the_first(forge: Forge) -> None:
    """The key before it never signed: who knows only that one cannot tell that the third follows from it."""
    first = forge.logs[0]
    first.keys.append(Signer.named(first.origin))
    first.leaves.pop()
    del forge.details[first.ids.pop()]
    forge.entry(first, LogKeyRotated(1, 3, first.keys[2].public.hex(), "planned"), opened=True)
    first.heads[len(first.leaves)] = 0
    put_back(forge, LogReopened(2, "restored", len(first.leaves), root_of(first.hashes()).hex()))


def _named_in_the_log(forge: Forge) -> None:
    """What is about somebody never shows its kind."""
    forge.entry(forge.logs[1], subject=MOTHER, shown_to=MOTHER, opened=True, write=_with(type="logout.v1"))


def _misnamed_in_the_log(forge: Forge) -> None:
    forge.entry(forge.logs[1], opened=True, write=_with(type="login.v1"))


def _pruned_too_far(forge: Forge) -> None:
    prune(forge, len(forge.logs[0].leaves))
    forge.details = {one: said for one, said in forge.details.items() if one not in forge.logs[0].ids}


def _pruned_in_silence(forge: Forge) -> None:
    first = forge.logs[0]
    first.minimum = len(first.leaves)
    forge.details = {
        one: said for one, said in forge.details.items() if one not in first.ids or b"log." in said[1]
    }


def _withheld(forge: Forge) -> None:
    forge.entry(forge.logs[1], subject=MOTHER, shown_to=MOTHER, opened=True, tag="A" * 43)


def _anothers(forge: Forge) -> None:
    own = hash_text(b"x" * 32)
    forge.entry(forge.logs[1], subject=FATHER, shown_to=FATHER, opened=True, tag=own)
    entry = forge.logs[1].ids[-1]
    salt, raw = forge.details[entry]
    forge.details[entry] = (salt, raw.replace(FATHER.encode(), MOTHER.encode()))


def _released_nothing(forge: Forge) -> None:
    first = forge.logs[0]
    forge.details.pop(first.ids[2])
    first.leaves.pop(2)
    first.ids.pop(2)
    first.heads = {3: 0}
    first.cosigned, first.stamped = [], []
    put_back(forge, LogReopened(2, "restored", len(first.leaves), root_of(first.hashes()).hex()))


FORGED: list[tuple[str, Callable[[Forge], None], str]] = [
    ("white space in a leaf", _append(lambda leaf: encode_leaf(leaf).replace(b",", b", ")), "leaf_malformed"),
    ("a key twice in a leaf", _append(lambda leaf: b'{"v":1,' + encode_leaf(leaf)[1:]), "leaf_malformed"),
    ("another version of leaf", _append(_version_2), "leaf_malformed"),
    ("an extra field in a leaf", _append(_with(zz="1")), "leaf_malformed"),
    ("a leaf without bytes", _append(lambda _: b""), "leaf_malformed"),
    ("a time no calendar has", _append(_with(time="2026-02-30T08:00:00.000Z")), "leaf_malformed"),
    ("an hour that is not there", _append(_with(time="2026-02-20T24:00:00.000Z")), "leaf_malformed"),
    ("the year zero", _append(_with(time="0000-02-20T20:00:00.000Z")), "leaf_malformed"),
    ("a backdated leaf", _append(_with(time="2020-01-01T00:00:00.000Z")), "leaf_misplaced"),
    ("a leaf of long before", _antedated, "leaf_backdated"),
    ("a leaf again", _replayed, "leaf_repeated"),
    ("content about a list", _says(subject=[FATHER]), "detail_malformed"),
    ("content of a kind that is a sentence", _says(event={"type": "all is well"}), "detail_malformed"),
    ("signed with a key that was replaced", _retired, "key_retired"),
    ("a key out of nowhere", _unannounced_key, "key_unannounced"),
    ("a key that announces itself", _announced_by_itself, "key_unannounced"),
    ("a key that another than the one before announces", _announced_by_the_first, "key_unannounced"),
    ("the kind of what is about somebody", _named_in_the_log, "detail_differs"),
    ("another kind than its content has", _misnamed_in_the_log, "detail_differs"),
    ("another key than was announced", _announced_another, "key_unannounced"),
    ("pruned with what told of a key", _pruned_too_far, "key_unannounced"),
    ("pruned in silence", _pruned_in_silence, "pruning_unannounced"),
    ("an entry that is hidden from her", _withheld, "tag_differs"),
    ("content put in her name", _anothers, "detail_differs"),
    ("released, but gone", _released_nothing, "released_missing"),
]  # fmt: skip
