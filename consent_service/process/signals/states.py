"""What can happen to a first contact with a school, and to a care signal. Pure."""

from __future__ import annotations

from typing import Final

from consent_service.process.states import START, StateTable, Step

_COUNSELLOR: Final = ("counsellor",)
_CONTACT: Final = ("school contact",)

FIRST_CONTACT: Final = StateTable(
    "first_contact",
    (
        Step("send", START, "sent", _COUNSELLOR, when="the school confirmed, the gate type given"),
        Step("confirm", "sent", "confirmed", _CONTACT, when="a pupil of this school"),
        Step("disown", "sent", "closed", _CONTACT, when="no pupil of this school"),
        Step("disown", "confirmed", "closed", _CONTACT, when="no pupil after all"),
        Step("disown", "read", "closed", _CONTACT, when="no pupil after all"),
        Step("read", "confirmed", "read", _CONTACT),
    ),
)

CARE_SIGNAL: Final = StateTable(
    "care_signal",
    (
        Step("send", START, "sent", _COUNSELLOR, when="care_signal given, the school days known"),
        Step("read", "sent", "read", _CONTACT),
        Step("miss", "sent", "unread", ("system",), when="08:00 of the school day has come"),
        Step("read", "unread", "read", _CONTACT),
        Step("call", "sent", "called", _COUNSELLOR),
        Step("call", "unread", "called", _COUNSELLOR),
        Step("expire", "sent", "gone", ("system",), when="after five school days"),
        Step("expire", "unread", "gone", ("system",), when="after five school days"),
        Step("expire", "read", "gone", ("system",), when="after five school days"),
        Step("expire", "called", "gone", ("system",), when="after five school days"),
        Step("stop", "sent", "gone", ("system",), when="withdrawn, objected, taken back or ended"),
        Step("stop", "unread", "gone", ("system",), when="withdrawn, objected, taken back or ended"),
        Step("stop", "read", "gone", ("system",), when="withdrawn, objected, taken back or ended"),
        Step("stop", "called", "gone", ("system",), when="withdrawn, objected, taken back or ended"),
    ),
)
