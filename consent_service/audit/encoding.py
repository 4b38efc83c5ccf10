"""Canonical bytes: what exactly is hashed, committed to and signed. Pure; golden bytes freeze it.

The profile is a subset of JCS (RFC 8785): objects with ASCII keys, arrays, strings, booleans and
integers below 2^53. Anything else is refused when written. Sealing a detail is `details`.
"""

from __future__ import annotations

import base64
import hmac
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Literal

import msgspec

from consent_service.audit.events import CODE_PATTERN, By, Code, Event
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId, is_id
from consent_service.foundation.tracing import Trace

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
_LEAF = re.compile(
    rb'\{"bundle":"(|[0-9a-f]{64})","com":"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"'
    rb',"id":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})","tag":"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"'
    rb',"time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)"'
    rb'(?:,"type":"([a-z_]+(?:\.[a-z_]+)*\.v[0-9]+)")?,"v":1\}'
)
"""A leaf as `encode_leaf` writes it, but for whether there is such a date."""
_encoder = msgspec.json.Encoder(order="sorted")


class OutsideProfileError(ValueError):
    """A value has no canonical form in this log; a programming error, nothing was written."""


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands in the log for everybody: leaf v1.

    `tag` lets a view-key holder find the entry, `com` commits to the sealed detail. `type` is only
    filled for what outsiders must see of the log itself (`happenings.upkeep.ADMINISTRATION`).
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
    because in clear it would tell everybody that the entry is a stop. `attached` commits to the
    attachment of the entry, which is sealed and kept apart (`details`). `trace` is the chain of requests
    in which it happened. `bundle` is that of the leaf; earlier releases did not say it again here.
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
    attached: Code = ""
    trace: Trace | None = None
    bundle: Code = ""


_detail_decoder = msgspec.json.Decoder(Detail)


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
    raw = _written(detail)
    try:
        _detail_decoder.decode(raw)
    except msgspec.ValidationError as failure:
        raise OutsideProfileError("an event holds a value it may not hold") from failure
    return raw


def read_detail(raw: bytes) -> Detail:
    """The detail that these canonical bytes stand for.

    Raises:
        IntegrityError: they are not a detail in canonical form.
    """
    try:
        detail = _detail_decoder.decode(raw)  # which also checks every field, as writing does
        if _written(detail) != raw:
            raise IntegrityError("a detail is not in canonical form")
    except (msgspec.DecodeError, UnicodeDecodeError, OutsideProfileError) as failure:
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
    found = _LEAF.fullmatch(raw)
    if found is None or len(raw) > LEAF_LIMIT:
        return _decode_any_leaf(raw)
    bundle, com, entry, tag, time, kind = (part.decode() for part in found.groups(b""))
    return Leaf(1, entry, time, bundle, tag, com, kind) if _is_instant(time) else _decode_any_leaf(raw)


def _decode_any_leaf(raw: bytes) -> Leaf:
    """The rule itself: it has the one form in which the leaf it stands for is written."""
    try:
        leaf = msgspec.json.decode(raw, type=Leaf)
        if encode_leaf(leaf) != raw:
            raise IntegrityError("a leaf is not in canonical form")
    except (msgspec.DecodeError, UnicodeDecodeError, OutsideProfileError) as failure:
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


def _check_profile(value: object) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _key(key)
            _check_profile(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_profile(item)
    elif isinstance(value, str):
        _check_whole(value)
    elif isinstance(value, bool):
        return
    elif not (isinstance(value, int) and abs(value) <= _LARGEST):
        raise OutsideProfileError("only texts, booleans and integers below 2^53 have a canonical form")


def _check_whole(text: str) -> None:
    """No half of a surrogate pair: UTF-8 has no form for one."""
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError as failure:
        raise OutsideProfileError("a string holds half a character") from failure


def _written(detail: Detail) -> bytes:
    """The canonical bytes of a detail, once every text in it is an id or a code."""
    plain = msgspec.to_builtins(detail, builtin_types=(datetime, date))
    return _limited(_encoder.encode(_coded(plain)), DETAIL_LIMIT)


def _coded(value: object) -> object:
    """The value within the profile, times and dates as text: no text but ids, codes, hashes and times."""
    if isinstance(value, str):
        if not _CODE.fullmatch(value):  # which takes ASCII only
            raise OutsideProfileError("an event holds a text that is not an id or a code")
        return value
    if isinstance(value, dict):
        return {_key(key): _coded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_coded(item) for item in value]
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    _check_profile(value)
    return value


@lru_cache(maxsize=1024)  # mostly names of fields
def _key(key: object) -> str:
    if not (isinstance(key, str) and key.isascii() and key.isprintable()):
        raise OutsideProfileError("a key is not plain ASCII")
    return key


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
