"""What can become of a message on its way out. Whether it was read is apart from that."""

from __future__ import annotations

from typing import Final, Literal

from consent_service.process.states import START, StateTable, Step

NoticeState = Literal[
    "waiting",
    "claimed",
    "sending",
    "sent",
    "uncertain",
    "bounced",
    "not_sent",
    "inbox_only",
    "cancelled",
]
_SYSTEM: Final = ("System",)

NOTICE: Final = StateTable(
    "Message",
    (
        Step("queue", START, "waiting", _SYSTEM),
        Step("claim", "waiting", "claimed", _SYSTEM, "due, quiet hours over"),
        Step("cancel", "waiting", "cancelled", _SYSTEM, "what it is about is off"),
        Step("cancel", "claimed", "cancelled", _SYSTEM, "what it is about is off"),
        Step("put_back", "claimed", "waiting", _SYSTEM, "the mail server is away, or the lease ran out"),
        Step("refuse", "claimed", "not_sent", _SYSTEM, "the exit door refuses"),
        Step("keep", "claimed", "inbox_only", _SYSTEM, "no address that works"),
        Step("begin", "claimed", "sending", _SYSTEM, "the exit door gives a permit"),
        Step("take", "sending", "sent", _SYSTEM, "the mail server took it"),
        Step("defer", "sending", "waiting", _SYSTEM, "the mail server says later"),
        Step("give_up", "sending", "not_sent", _SYSTEM, "the last try"),
        Step("give_up", "waiting", "not_sent", _SYSTEM, "the mail server was away for days"),
        Step("refuse_address", "sending", "bounced", _SYSTEM, "the mail server refuses the address"),
        Step("lose", "sending", "uncertain", _SYSTEM, "nobody can tell whether it was taken"),
        Step("bounce", "sent", "bounced", _SYSTEM, "it came back"),
        Step("bounce", "uncertain", "bounced", _SYSTEM, "it came back"),
    ),
)
