"""What somebody may do to the files of a bundle after it was made, without any key."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from consent_service.audit.checkpoint import verifier_key
from consent_service.audit.encoding import instant
from tests.audit.standalone.forging import AT, Forge, Members, Signer, prune


def _flip(name: str, at: int = 40) -> Callable[[Members, Forge], None]:
    def change(members: Members, forge: Forge) -> None:
        name_now = _named(name, members, forge)
        content = bytearray(members[name_now])
        content[at] ^= 1
        members[name_now] = bytes(content)

    return change


def _replace(name: str, old: bytes, new: bytes) -> Callable[[Members, Forge], None]:
    def change(members: Members, forge: Forge) -> None:
        name_now = _named(name, members, forge)
        assert old in members[name_now]
        members[name_now] = members[name_now].replace(old, new, 1)

    return change


def _put(name: str, content: bytes) -> Callable[[Members, Forge], None]:
    def change(members: Members, forge: Forge) -> None:
        members[_named(name, members, forge)] = content

    return change


def _remove(name: str) -> Callable[[Members, Forge], None]:
    def change(members: Members, forge: Forge) -> None:
        del members[_named(name, members, forge)]

    return change


def _named(name: str, members: Members, forge: Forge) -> str:
    """`{own}` is an entry of the mother, `{size}` how long the first log is."""
    first = forge.logs[0]
    return name.format(own=first.ids[1], size=len(first.leaves))


def _swap_details(members: Members, forge: Forge) -> None:
    one, other = forge.logs[0].ids[1], forge.logs[0].ids[2]
    for kind in ("json", "salt"):
        names = f"details/{one}.{kind}", f"details/{other}.{kind}"
        members[names[0]], members[names[1]] = members[names[1]], members[names[0]]


def _swap_salts(members: Members, forge: Forge) -> None:
    names = [f"details/{entry}.salt" for entry in forge.logs[0].ids[1:3]]
    members[names[0]], members[names[1]] = members[names[1]], members[names[0]]


def _swap_entries(members: Members, forge: Forge) -> None:
    name = f"logs/2/tile/entries/000.p/{len(forge.logs[1].leaves)}"
    cut = 2 + len(forge.logs[1].leaves[0])
    members[name] = members[name][cut:] + members[name][:cut]


def _swap_proofs(members: Members, forge: Forge) -> None:
    names = [f"proofs/{entry}.tlog-proof" for entry in forge.logs[0].ids[1:3]]
    members[names[0]], members[names[1]] = members[names[1]], members[names[0]]


def _signed_by_another(members: Members, forge: Forge) -> None:
    log = forge.logs[0]
    members["logs/1/checkpoint"] = log.note(len(log.leaves), Signer.named(log.origin))


def _half_signed(members: Members, forge: Forge) -> None:
    """One good signature, and one in the name of the other key that does not fit."""
    log = forge.logs[0]
    own, other = log.note(len(log.leaves)), log.note(len(log.leaves), log.keys[0])
    line = other.splitlines(keepends=True)[-1]
    blob = bytearray(base64.b64decode(line.rsplit(b" ", 1)[1]))
    blob[20] ^= 1
    members["logs/1/checkpoint"] = own + line.rsplit(b" ", 1)[0] + b" " + base64.b64encode(blob) + b"\n"


def _other_root(members: Members, forge: Forge) -> None:
    log = forge.logs[0]
    members["logs/1/checkpoint"] = log.note(len(log.leaves), root=b"r" * 32)


def _other_log(members: Members, forge: Forge) -> None:
    members["logs/1/checkpoint"] = members["logs/2/checkpoint"]


def _shorter(members: Members, forge: Forge) -> None:
    members["logs/1/checkpoint"] = members["logs/1/checkpoints/4"]


def _swap_keys(members: Members, forge: Forge) -> None:
    """The log's first key becomes somebody else's, everywhere but in what it signed."""
    key = forge.logs[0].keys[0]
    old = verifier_key(key.name, key.public).encode()
    new = verifier_key(key.name, Signer.named(key.name).public).encode()
    members["bundle.json"] = members["bundle.json"].replace(old, new)


def _false_cosignature(members: Members, forge: Forge) -> None:
    note = members["logs/1/cosigned/4"]
    head, blob = note.removesuffix(b"\n").rsplit(b" ", 1)
    raw = bytearray(base64.b64decode(blob))
    raw[11] ^= 1  # its time
    members["logs/1/cosigned/4"] = head + b" " + base64.b64encode(raw) + b"\n"


def _cut_off_entries(members: Members, forge: Forge) -> None:
    name = f"logs/2/tile/entries/000.p/{len(forge.logs[1].leaves)}"
    members[name] = members[name][:-1]


def _fewer_entries(members: Members, forge: Forge) -> None:
    name = f"logs/2/tile/entries/000.p/{len(forge.logs[1].leaves)}"
    members[name] = members[name][: 2 + len(forge.logs[1].leaves[0])]


def _other_apart(members: Members, forge: Forge) -> None:
    """The proof of an entry that is kept apart tells of another entry."""
    prune(forge)
    members.clear()
    members.update(forge.members())
    announced, other = forge.logs[0].ids[3], forge.logs[0].ids[0]
    name = f"proofs/{announced}.tlog-proof"
    leaf = forge.logs[0].leaves[3]
    extra = base64.b64encode(leaf), base64.b64encode(leaf.replace(announced.encode(), other.encode()))
    members[name] = members[name].replace(*extra)


def _other_content_apart(members: Members, forge: Forge) -> None:
    prune(forge)
    members.clear()
    members.update(forge.members())
    name = f"details/{forge.logs[0].ids[3]}.json"
    members[name] = members[name].replace(b'"planned"', b'"compromised"')


def _orphan(members: Members, forge: Forge) -> None:
    entry = forge.logs[0].ids[1]
    stranger = entry[:-1] + ("0" if entry[-1] != "0" else "1")
    for name in (f"details/{entry}.json", f"details/{entry}.salt", f"proofs/{entry}.tlog-proof"):
        members[name.replace(entry, stranger)] = members[name].replace(entry.encode(), stranger.encode())


def _with_control(members: Members, forge: Forge) -> None:
    members["logs/1/checkpoint"] = members["logs/1/checkpoint"].replace(b"/t/1", b"/t/\x011", 1)


def _endless(members: Members, forge: Forge) -> None:
    members["bundle.json"] = members["bundle.json"].replace(b'"size":2}', b'"size":9007199254740991}')


_PROOF = "proofs/{own}.tlog-proof"


def _in_contents(old: bytes, new: bytes) -> Callable[[Members, Forge], None]:
    return _replace("bundle.json", old, new)


def _stray_bits(members: Members, forge: Forge) -> None:
    """The last character of the root has bits that no byte needs."""
    origin, size, root, *rest = members["logs/1/checkpoint"].split(b"\n")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(root[-2:-1]) + 1
    members["logs/1/checkpoint"] = b"\n".join(
        [origin, size, root[:-2] + alphabet[last : last + 1] + b"=", *rest]
    )


def _short_root(members: Members, forge: Forge) -> None:
    log = forge.logs[0]
    members["logs/1/checkpoint"] = log.note(len(log.leaves), root=b"r" * 31)


def _short_signature(members: Members, forge: Forge) -> None:
    members["logs/1/checkpoint"] += "\u2014 x AAAA\n".encode()


def _stamped_with_sha512(members: Members, forge: Forge) -> None:
    size = len(forge.logs[0].leaves)
    stamped = hashlib.sha512(members[f"logs/1/checkpoints/{size}"]).digest()
    members[f"logs/1/timestamps/{size}.tsr"] = b"0" + stamped


def _earlier_key_of_the_witness(members: Members, forge: Forge) -> None:
    forge.witness = Signer.named(forge.witness.name)
    members["logs/1/cosigned/4"] = forge.cosign(forge.logs[0].note(4))


def _longer_path(members: Members, forge: Forge) -> None:
    name = _named("proofs/{own}.tlog-proof", members, forge)
    more = b"\n" + base64.b64encode(b"h" * 32) + b"\n\n"
    members[name] = members[name].replace(b"\n\n", more, 1)


IMPOSSIBLE = {
    "a month too many": b"2026-13-01T08:00:00.000Z",
    "no month": b"2026-00-01T08:00:00.000Z",
    "a day too many": b"2026-02-30T08:00:00.000Z",
    "an hour too many": b"2026-09-01T24:00:00.000Z",
    "a second too many": b"2026-09-01T08:00:60.000Z",
    "the year zero": b"0000-09-01T08:00:00.000Z",
    "no zone": b"2026-09-01T08:00:00.000+",
}
"""What has the length and almost the form of an instant."""
_UNSIGNED = ((name, what, at) for name in ("made", "began") for what, at in IMPOSSIBLE.items())

CHANGED: list[tuple[str, Callable[[Members, Forge], None], str]] = [
    *(
        (f"{name}: {what}", _in_contents(f'"{name}":"{instant(AT)}'.encode(), f'"{name}":"'.encode() + at),
        "manifest_malformed") for name, what, at in _UNSIGNED
    ),
    ("a stamp by another digest", _stamped_with_sha512, "good"),
    ("a witness that had another key", _earlier_key_of_the_witness, "good"),
    ("a byte in an entry", _flip("logs/1/tile/entries/000"), "leaf_differs"),
    ("a byte in a level-0 tile", _flip("logs/1/tile/0/000"), "leaf_differs"),
    ("a byte in an interior tile", _flip("logs/1/tile/1/000.p/1", 3), "tile_differs"),
    ("a tile too short", _put("logs/1/tile/1/000.p/1", b"x" * 31), "tile_differs"),
    ("entries in another order", _swap_entries, "leaf_differs"),
    ("entries cut off", _cut_off_entries, "entries_malformed"),
    ("an entry less", _fewer_entries, "entries_malformed"),
    ("a tile less", _remove("logs/1/tile/0/000"), "file_missing"),
    ("entries less", _remove("logs/1/tile/entries/000"), "file_missing"),
    ("no verifier", _remove("verify.py"), "file_missing"),
    ("no proof", _remove("proofs/{own}.tlog-proof"), "file_missing"),
    ("no salt", _remove("details/{own}.salt"), "file_missing"),
    ("no table of contents", _remove("bundle.json"), "file_missing"),
    ("a file more", _put("logs/1/tile/0/001", b""), "file_unexpected"),
    ("a log more", _put("logs/3/checkpoint", b""), "file_unexpected"),
    ("a stamp without its head", _put("logs/1/timestamps/3.tsr", b""), "file_missing"),
    ("white space in the table", _replace("bundle.json", b",", b", "), "manifest_malformed"),
    ("the table is a list", _put("bundle.json", b"[]"), "manifest_malformed"),
    ("the table is nothing", _put("bundle.json", b""), "manifest_malformed"),
    ("the table nests without end", _put("bundle.json", b"[" * 100_000), "manifest_malformed"),
    ("an endless number", _replace("bundle.json", b'"log":1', b'"log":' + b"1" * 5000), "manifest_malformed"),
    ("a fraction", _replace("bundle.json", b'"log":1', b'"log":1.0'), "manifest_malformed"),
    ("a boolean for a number", _replace("bundle.json", b'"log":1', b'"log":true'), "manifest_malformed"),
    ("not ASCII", _replace("bundle.json", b'"log":1', b'"l\xc3\xb6g":1'), "manifest_malformed"),
    ("logs in another order", _replace("bundle.json", b'"log":2', b'"log":1'), "manifest_malformed"),
    ("longer than there are files", _endless, "file_missing"),
    ("a person that is none", _in_contents(b'"person":"01', b'"person":"x1'), "manifest_malformed"),
    ("a witness that is no text", _in_contents(b':["w', b':[1,"w'), "manifest_malformed"),
    ("a key number too high", _replace("bundle.json", b'"number":2', b'"number":3'), "manifest_malformed"),
    ("a key with more", _replace("bundle.json", b'"number":1}', b'"number":1,"x":1}'), "manifest_malformed"),
    ("a head without a number", _put("logs/1/checkpoints/04", b""), "file_unexpected"),
    ("a root in another spelling", _stray_bits, "note_malformed"),
    ("a root too short", _short_root, "note_malformed"),
    ("a signature too short", _short_signature, "note_malformed"),
    ("a path too long", _longer_path, "proof_differs"),
    ("a path of other things", _replace(_PROOF, b"\n\n", b"\nAAAA\n\n"), "proof_malformed"),
    ("another kind of proof", _replace(_PROOF, b"@v1", b"@v2"), "proof_malformed"),
    ("a proof without its entry", _replace(_PROOF, b"extra ", b"extro "), "proof_malformed"),
    ("a malformed key", _replace("bundle.json", b'"key":"audit', b'"key":"audix'), "key_malformed"),
    ("a malformed head", _put("logs/1/checkpoint", b"x"), "note_malformed"),
    ("a head that is not UTF-8", _put("logs/1/checkpoint", b"\xff\n\n"), "note_malformed"),
    ("a head with a leading zero", _replace("logs/1/checkpoint", b"\n2", b"\n02"), "note_malformed"),
    ("a head with a control character", _with_control, "note_malformed"),
    ("a head of another log", _other_log, "head_differs"),
    ("a stale head", _shorter, "head_differs"),
    ("a head under another number", _replace("logs/1/checkpoints/4", b"\n4\n", b"\n3\n"), "head_differs"),
    ("signed by another", _signed_by_another, "head_unsigned"),
    ("one false signature", _half_signed, "head_unsigned"),
    ("another key in the table", _swap_keys, "head_unsigned"),
    ("another root, signed", _other_root, "root_differs"),
    ("a false cosignature", _false_cosignature, "cosignature_invalid"),
    ("swapped content", _swap_details, "detail_malformed"),
    ("swapped salts", _swap_salts, "detail_differs"),
    ("changed content", _replace("details/{own}.json", b'"system"', b'"fg"'), "detail_differs"),
    ("content in another spelling", _replace("details/{own}.json", b",", b" ,"), "detail_malformed"),
    ("content that is no content", _put("details/{own}.json", b"{}"), "detail_malformed"),
    ("content of another shelter", _replace("details/{own}.json", b"aa", b"ad"), "detail_malformed"),
    ("a malformed salt", _put("details/{own}.salt", b"x\n"), "detail_malformed"),
    ("other content kept apart", _other_content_apart, "detail_differs"),
    ("another entry kept apart", _other_apart, "leaf_misplaced"),
    ("content without an entry", _orphan, "detail_without_entry"),
    ("swapped proofs", _swap_proofs, "proof_differs"),
    ("a changed path", _replace("proofs/{own}.tlog-proof", b"index 1\n", b"index 2\n"), "proof_differs"),
    ("a malformed proof", _put("proofs/{own}.tlog-proof", b"c2sp.org/tlog-proof@v1\n"), "proof_malformed"),
    ("a stamp of something else", _flip("logs/1/timestamps/{size}.tsr", 5), "timestamp_differs"),
    ("a malformed view key", _put("view-key.txt", b"x"), "view_key_malformed"),
    ("another view key", _put("view-key.txt", b"A" * 43 + b"\n"), "tag_differs"),
]  # fmt: skip
