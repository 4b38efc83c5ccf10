"""What is read: trees (RFC 6962), keys, signed heads (C2SP signed-note, tlog-checkpoint), canonical JSON.

Each reader takes the one form that is written and refuses every other with a code of its own.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NoReturn

from consent_service.audit.standalone.ed25519 import is_signed

HASH_SIZE = 32
LARGEST_SIZE = (1 << 63) - 1
LATEST_TIME = 253402300799
"""Seconds since 1970 to the end of the year 9999."""
NAME = re.compile(
    "[^+\t\n\v\f\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+",
)
"""The name of a key: no spaces, no plus (C2SP signed-note)."""
CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
PLAIN = re.compile("[ !#-\\[\\]-~]*")
"""Text that JSON writes without an escape."""
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")

Signature = tuple[str, bytes, bytes]
"""Name of the key, its short id, the signature."""


class Refused(Exception):  # noqa: N818 - reads as what it is: the bundle is refused
    """The first thing that does not hold: `code` names it, `where` says in which file or entry."""

    def __init__(self, code: str, where: str = "") -> None:
        self.code, self.where = code, where
        super().__init__(f"{code} {where}")


class Tree:
    """A growing tree that remembers one hash per set bit of its size (RFC 6962 section 2.1)."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        self.edge.append(leaf)
        self.size = rest = self.size + 1
        while not rest & 1:
            right, rest = self.edge.pop(), rest >> 1
            self.edge[-1] = node_hash(self.edge[-1], right)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.edge:
            return hashlib.sha256(b"").digest()
        root = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            root = node_hash(left, root)
        return root


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of an entry (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root a path leads to from leaf `index` (RFC 9162 section 2.1.3.2); None: another length."""
    node, last = index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            leaf = node_hash(sibling, leaf)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        node, last = node >> 1, last >> 1
    return leaf if last == 0 else None


def base64_bytes(text: str) -> bytes:
    """The bytes of base64 in its one spelling (RFC 4648 section 4); ValueError for any other."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def url_text(raw: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def url_bytes(text: str) -> bytes:
    """What `url_text` wrote; ValueError for anything else."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def decimal(text: str) -> int:
    """A number without leading zeroes, below 2^63; ValueError for anything else."""
    if not re.fullmatch("0|[1-9][0-9]{0,18}", text) or int(text) > LARGEST_SIZE:
        raise ValueError("not a decimal number")
    return int(text)


def instant_milliseconds(text: str) -> int | None:
    """Milliseconds since 1970 of an instant; None when it is written otherwise, or no calendar has it."""
    if not INSTANT.fullmatch(text):
        return None
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)  # noqa: UP017
    except ValueError:
        return None
    since = at - datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


@dataclass(frozen=True)
class Key:
    """A key that signs heads. `kind` is 1 for a log (signed-note), 4 for a witness (tlog-cosignature)."""

    name: str
    kind: int
    public: bytes
    text: str

    @property
    def short_id(self) -> bytes:
        """The four bytes by which a signature line names it."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


def read_key(text: str, kind: int) -> Key:
    """A verifier key as one line of text (C2SP signed-note).

    Raises:
        Refused: malformed, of another kind, or its short id is not that of its key.
    """
    try:
        name, short, encoded = text.split("+", 2)
        blob = base64_bytes(encoded)
    except ValueError:
        raise Refused("key_malformed") from None
    key = Key(name, kind, blob[1:], text)
    fits = NAME.fullmatch(name) and blob[:1] == bytes([kind]) and len(key.public) == 32
    if not fits or key.short_id.hex() != short:
        raise Refused("key_malformed")
    return key


@dataclass(frozen=True)
class Head:
    """The first `size` entries of the log `origin` have this root; its signatures are not checked yet."""

    origin: str
    size: int
    root: bytes
    body: bytes
    signatures: tuple[Signature, ...] = ()


def read_head(raw: bytes, where: str) -> Head:
    """A signed head (C2SP tlog-checkpoint).

    Raises:
        Refused: the bytes are not one.
    """
    try:
        return parse_head(raw.decode())
    except ValueError:
        raise Refused("note_malformed", where) from None


def parse_head(text: str) -> Head:
    """A signed head from its text; ValueError when it is none."""
    body, blank, tail = text.rpartition("\n\n")
    lines = tail.split("\n")
    if CONTROL.search(text) or not blank or lines.pop() or not 1 <= len(lines) <= 64:
        raise ValueError("not a note")
    return read_head_body(body, tuple(map(read_signature, lines)))


def read_head_body(text: str, signatures: tuple[Signature, ...] = ()) -> Head:
    """The text of a head without the newline at its end; ValueError when it is none."""
    lines = text.split("\n")
    if len(lines) < 3 or not all(lines):
        raise ValueError("a line is missing")
    head = Head(lines[0], decimal(lines[1]), base64_bytes(lines[2]), f"{text}\n".encode(), signatures)
    if len(head.root) != HASH_SIZE:
        raise ValueError("a root has 32 bytes")
    return head


def read_signature(line: str) -> Signature:
    """One line below a note; ValueError when it is none."""
    dash, name, encoded = line.split(" ")
    blob = base64_bytes(encoded)
    if dash != "\u2014" or not NAME.fullmatch(name) or len(blob) < 5:
        raise ValueError("not a signature line")
    return name, blob[:4], blob[4:]


def signing_times(head: Head, key: Key) -> list[int] | None:
    """When this key signed the head, in seconds since 1970 (0 for a log): empty when it did not.

    None when a signature that names the key does not fit: that spoils the head (C2SP signed-note).
    """
    times = []
    for name, short_id, signature in head.signatures:
        if (name, short_id) != (key.name, key.short_id):
            continue
        at, message = 0, head.body
        if key.kind == 4:
            at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {at}\n".encode() + head.body
        if at > LATEST_TIME or not is_signed(key.public, message, signature):
            return None
        times.append(at)
    return times


def read_json(raw: bytes, code: str, where: str) -> dict[str, Any]:
    """An object in canonical JSON: keys sorted, no white space, plain ASCII, integers below 2^53.

    Raises:
        Refused: with `code`; it is no object, or written in another way.
    """
    try:
        value, again = parse_json(raw.decode("ascii"))
    except (ValueError, RecursionError):
        raise Refused(code, where) from None
    if again != raw:
        raise Refused(code, where)
    return value


def parse_json(text: str) -> tuple[dict[str, Any], bytes]:
    """An object and how it would be written; ValueError when it is none, or holds something else."""
    value = json.loads(text, parse_float=refuse_number, parse_constant=refuse_number)
    if not isinstance(value, dict) or not is_plain(value):
        raise ValueError("not plain")
    return value, json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def refuse_number(_text: str) -> NoReturn:
    """Fractions and the like have no canonical form here."""
    raise ValueError("not an integer")


def is_plain(value: Any) -> bool:
    """Whether there is nothing in it but plain text, booleans and integers below 2^53."""
    if isinstance(value, dict):
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    if isinstance(value, str):
        return PLAIN.fullmatch(value) is not None
    return isinstance(value, int) and abs(value) < 1 << 53
