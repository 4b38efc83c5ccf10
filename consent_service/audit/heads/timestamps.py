"""Time stamps over heads of the log by an authority that others trust (RFC 3161).

A witness says that the log only grew; a time stamp says that this head existed at that moment, also to a
court that never heard of witnesses. What is stamped is the SHA-256 of the signed note as it is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import msgspec
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from consent_service.audit.heads.outgoing import NoAnswerError, post
from consent_service.audit.heads.witness import CLOCKS_DIFFER
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.certificates import Authorities, read_authorities

_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_MALFORMED: Final = (ValueError, TypeError)
"""What the library says of bytes that are no time stamp."""

StampRefusal = Literal[
    "no_answer",  # away, too slow, or it failed
    "refused",  # it said no
    "unusable",  # not a time stamp over this head by an authority that is trusted, or of another day
]


class Stamped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole answer (DER TimeStampResp) and the time in it."""

    token: bytes
    at: datetime


class NotStamped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The authority stamped nothing that counts."""

    why: StampRefusal


class TimeStamper:
    """One time-stamping authority, asked at `url`."""

    def __init__(self, url: str, authorities: Authorities, *, ca_file: Path | None = None) -> None:
        self.url = url
        self.authorities = authorities
        self._ca_file = ca_file

    async def stamp(self, note: bytes, now: datetime) -> Stamped | NotStamped:
        """Ask for a time stamp over a signed note, with its certificate and a nonce, and check it."""
        request = (
            TimestampRequestBuilder()
            .data(note)
            .hash_algorithm(HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
        ).build()
        try:
            answer = await post(self.url, request.as_bytes(), kind=_QUERY, ca_file=self._ca_file)
        except NoAnswerError:
            return NotStamped("no_answer")
        if answer.status != 200 or answer.kind != _REPLY:
            return NotStamped("no_answer" if answer.status >= 500 else "unusable")
        try:
            at = verify_stamp(note, answer.body, self.authorities, nonce=request.nonce)
        except StampRefusedError:
            return NotStamped("refused")
        except IntegrityError:
            return NotStamped("unusable")
        return Stamped(answer.body, at) if abs(at - now) <= CLOCKS_DIFFER else NotStamped("unusable")


class StampRefusedError(IntegrityError):
    """The answer of the authority is that it gives no time stamp."""


def verify_stamp(
    note: bytes, token: bytes, authorities: Authorities, *, nonce: int | None = None
) -> datetime:
    """When this time stamp says the note existed.

    Raises:
        StampRefusedError: the answer holds no time stamp.
        IntegrityError: it is malformed, over something else, or by nobody these authorities vouch for.
    """
    stamp = _decoded(token)
    roots, intermediates = authorities.roots, authorities.intermediates
    try:
        verifier = VerifierBuilder(roots=roots, intermediates=intermediates, nonce=nonce).build()
        verifier.verify_message(stamp, note)
        return stamp.tst_info.gen_time.astimezone(UTC)
    except (*_MALFORMED, VerificationError) as failure:
        raise IntegrityError("the time stamp does not hold for this head") from failure


def verify_imprint(note: bytes, token: bytes) -> None:
    """Whether this is a time stamp over the note, by whomever.

    Raises:
        StampRefusedError: the answer holds no time stamp.
        IntegrityError: it is malformed, or over something else.
    """
    imprint = _decoded(token).tst_info.message_imprint
    if imprint.message != sha256(note).digest():
        raise IntegrityError("the time stamp is over something else")


def _decoded(token: bytes) -> TimeStampResponse:
    try:
        stamp = decode_timestamp_response(token)
        status = PKIStatus(stamp.status)
    except _MALFORMED as failure:
        raise IntegrityError("the time stamp is malformed") from failure
    if status not in {PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS}:
        raise StampRefusedError("the authority gives no time stamp")
    return stamp


def open_stamper(url: str, ca_file: Path | None) -> TimeStamper | None:
    """The authority of the settings, if there is one; plain http will do, for what it answers is signed.

    Raises:
        ConfigurationError: its certificates cannot be read.
    """
    if not url or ca_file is None:
        return None
    return TimeStamper(url, read_authorities(ca_file, "timestamp_ca_file"))
