"""What is said at a meeting, sealed: the child's own key, a guardian's remarks under that guardian's key."""

from __future__ import annotations

import msgspec

from consent_service.foundation.decoding import decoded
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing
from consent_service.process.meetings.model import MeetingContent

_CONTENT, _WORDS = "meeting", "meeting_words"
_content = msgspec.msgpack.Decoder(MeetingContent)
_words = msgspec.msgpack.Decoder(str)


def seal_meeting(ring: KeyRing, key: WrappedPersonKey, meeting: str, content: MeetingContent) -> bytes:
    """Agenda, trigger and what else stays at the shelter."""
    return seal_for_person(
        ring, key, purpose=_CONTENT, record=meeting, plaintext=msgspec.msgpack.encode(content)
    )


def open_meeting(ring: KeyRing, key: WrappedPersonKey, meeting: str, sealed: bytes) -> MeetingContent:
    """What `seal_meeting` sealed.

    Raises:
        IntegrityError: the bytes are not of this meeting.
    """
    found = decoded(_content, open_for_person(ring, key, purpose=_CONTENT, record=meeting, envelope=sealed))
    if found is None:
        raise IntegrityError("a sealed meeting has an unknown shape")
    return found


def seal_words(ring: KeyRing, key: WrappedPersonKey, place: str, words: str) -> bytes:
    """The words of one agreement or remark; `place` is its id."""
    return seal_for_person(ring, key, purpose=_WORDS, record=place, plaintext=msgspec.msgpack.encode(words))


def open_words(ring: KeyRing, key: WrappedPersonKey, place: str, sealed: bytes) -> str:
    """What `seal_words` sealed.

    Raises:
        IntegrityError: the bytes are not of this place.
    """
    found = decoded(_words, open_for_person(ring, key, purpose=_WORDS, record=place, envelope=sealed))
    if found is None:
        raise IntegrityError("sealed words have an unknown shape")
    return found
