"""Canonical bytes: what exactly is hashed, committed to and signed. Pure; golden bytes freeze it.

The profile is a subset of JCS (RFC 8785): objects with ASCII keys, arrays, strings, booleans and
integers below 2^53. Anything else is refused when written. Sealing a detail is `details`.
"""

from __future__ import annotations

import base64
import hmac
import re
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Literal

import msgspec

from consent_service.audit.events import CODE_PATTERN, By, Event
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId, is_id

LEAF_LIMIT = 4096
"""Bytes a leaf may have."""
DETAIL_LIMIT = 65536
SALT_SIZE = 32
_LARGEST = (1 << 53) - 1
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
_HASH_TEXT = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_CODE = re.compile(CODE_PATTERN)
_BUNDLE = re.compile(r"(|[0-9a-f]{64})")
_TYPE = re.compile(r"(|[a-z_]+(\.[a-z_]+)*\.v[0-9]+)")
_encoder = msgspec.json.Encoder(order="sorted")


class OutsideProfileError(ValueError):
    """A value has no canonical form in this log; a programming error, nothing was written."""


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands in the log for everybody: leaf v1.

    `tag` lets a view-key holder find the entry, `com` commits to the sealed detail. `type` is only
    filled for entries without a data subject.
    """

    v: Literal[1]
    id: str
    time: str
    bundle: str
    tag: str
    com: str
    type: str = ""


class Detail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What happened, as it is sealed and committed to. `shown_to` is whose view key tags the leaf.

    `late_since` is when a stop was accepted in the journal. It stands here and not in the leaf,
    because in clear it would tell everybody that the entry is a stop.
    """

    v: Literal[1]
    tenant: TenantId
    entry: EntryId
    event: Event
    by: By
    shown_to: PersonId | Literal["officer"]
    subject: PersonId | None = None
    relationship: RelationshipId | None = None
    late_since: datetime | None = None


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, the one way a time is written."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def canonical(value: object) -> bytes:
    """The one byte string that stands for `value`.

    Raises:
        OutsideProfileError: the value holds something the profile has no form for.
    """
    _check_profile(value)
    return _encoder.encode(value)


def canonical_detail(detail: Detail) -> bytes:
    """The bytes of a detail, after checking every text in it against its pattern.

    Raises:
        OutsideProfileError: a text is not an id or a code, or the detail is too long.
    """
    plain = _plain(detail)
    try:
        msgspec.convert(plain, Detail)
    except msgspec.ValidationError as failure:
        raise OutsideProfileError("an event holds a value it may not hold") from failure
    _check_codes(plain)
    return _limited(canonical(plain), DETAIL_LIMIT)


def read_detail(raw: bytes) -> Detail:
    """The detail that these canonical bytes stand for.

    Raises:
        IntegrityError: they are not a detail in canonical form.
    """
    try:
        detail = msgspec.json.decode(raw, type=Detail)
        if canonical_detail(detail) != raw:
            raise IntegrityError("a detail is not in canonical form")
    except (msgspec.DecodeError, OutsideProfileError) as failure:
        raise IntegrityError("a detail cannot be read") from failure
    return detail


def encode_leaf(leaf: Leaf) -> bytes:
    """The exact bytes of a leaf, as stored and hashed.

    Raises:
        OutsideProfileError: a field does not have its form, or the leaf is too long.
    """
    if not _is_well_formed(leaf):
        raise OutsideProfileError("a leaf field does not have its form")
    return _limited(canonical(msgspec.to_builtins(leaf)), LEAF_LIMIT)


def decode_leaf(raw: bytes) -> Leaf:
    """The leaf that these exact bytes stand for.

    Raises:
        IntegrityError: not a leaf, or another spelling of one (white space, a key twice, ...).
    """
    try:
        leaf = msgspec.json.decode(raw, type=Leaf)
        if encode_leaf(leaf) != raw:
            raise IntegrityError("a leaf is not in canonical form")
    except (msgspec.DecodeError, OutsideProfileError) as failure:
        raise IntegrityError("a leaf cannot be read") from failure
    return leaf


def commitment(salt: bytes, detail: bytes) -> str:
    """`com` of a leaf: it binds the detail and, without the salt, says nothing about it."""
    return hash_text(hmac.digest(salt, detail, sha256))


def hash_text(value: bytes) -> str:
    """32 bytes as base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def id_milliseconds(entry: str) -> int:
    """The milliseconds since 1970 inside a UUIDv7 (RFC 9562 section 5.7)."""
    return int(entry[:13].replace("-", ""), 16)


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970, without the rounding of floats."""
    since = at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def leaf_time(leaf: Leaf) -> datetime:
    """When the entry was written."""
    return datetime.fromisoformat(leaf.time)


def _plain(value: object) -> object:
    """Structs, dates and tuples as objects, strings and arrays."""
    return _texts(msgspec.to_builtins(value, builtin_types=(datetime, date)))


def _texts(value: object) -> object:
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    if isinstance(value, datetime):
        return instant(value)
    return value.isoformat() if isinstance(value, date) else value


def _check_profile(value: object) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii() and key.isprintable()):
                raise OutsideProfileError("a key is not plain ASCII")
            _check_profile(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_profile(item)
    elif isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise OutsideProfileError("a string holds half a character")
    elif isinstance(value, bool):
        return
    elif not (isinstance(value, int) and abs(value) <= _LARGEST):
        raise OutsideProfileError("only texts, booleans and integers below 2^53 have a canonical form")


def _check_codes(value: object) -> None:
    """No text but ids, codes, hashes and times may reach the log."""
    if isinstance(value, dict):
        for item in value.values():
            _check_codes(item)
    elif isinstance(value, list):
        for item in value:
            _check_codes(item)
    elif isinstance(value, str) and not _CODE.fullmatch(value):
        raise OutsideProfileError("an event holds a text that is not an id or a code")


def _is_well_formed(leaf: Leaf) -> bool:
    if not (is_id(leaf.id) and _INSTANT.fullmatch(leaf.time) and _TYPE.fullmatch(leaf.type)):
        return False
    hashes = _HASH_TEXT.fullmatch(leaf.tag) and _HASH_TEXT.fullmatch(leaf.com)
    return bool(hashes and _BUNDLE.fullmatch(leaf.bundle) and _is_instant(leaf.time))


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _limited(raw: bytes, limit: int) -> bytes:
    if len(raw) > limit:
        raise OutsideProfileError("too long for the log")
    return raw
