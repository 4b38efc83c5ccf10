"""What can happen to a three-way meeting and to one agreement made there. Pure."""

from __future__ import annotations

from typing import Final

from consent_service.process.states import START, StateTable, Step

_COUNSELLOR: Final = ("counsellor",)
_EITHER: Final = ("counsellor", "school contact")
_REMARK: Final = ("guardian", "young person")

MEETING: Final = StateTable(
    "meeting",
    (
        Step("propose", START, "proposed", _EITHER),
        Step("propose_urgent", START, "awaiting_approval", _COUNSELLOR, when="violence now is the trigger"),
        Step("approve", "awaiting_approval", "proposed", _COUNSELLOR, when="another than who proposed it"),
        Step("cancel", "awaiting_approval", "cancelled", _COUNSELLOR),
        Step("lapse", "awaiting_approval", "cancelled", ("system",), when="consent or help ends"),
        Step("prepare", "proposed", "proposed", _COUNSELLOR),
        Step("plan", "proposed", "planned", _COUNSELLOR, when="a moment to come, warnings seen"),
        Step("cancel", "proposed", "cancelled", _COUNSELLOR),
        Step("lapse", "proposed", "cancelled", ("system",), when="consent or help ends"),
        Step("prepare", "planned", "planned", _COUNSELLOR),
        Step("move", "planned", "moved", _COUNSELLOR, when="a moment to come, warnings seen"),
        Step("hold", "planned", "held", _COUNSELLOR, when="its moment has come"),
        Step("cancel", "planned", "cancelled", _COUNSELLOR),
        Step("lapse", "planned", "cancelled", ("system",), when="consent or help ends"),
        Step("prepare", "moved", "moved", _COUNSELLOR),
        Step("move", "moved", "moved", _COUNSELLOR, when="a moment to come, warnings seen"),
        Step("hold", "moved", "held", _COUNSELLOR, when="its moment has come"),
        Step("cancel", "moved", "cancelled", _COUNSELLOR),
        Step("lapse", "moved", "cancelled", ("system",), when="consent or help ends"),
        Step("agree", "held", "agreed", _COUNSELLOR),
        Step("remark", "agreed", "agreed", _REMARK),
        Step("follow_up", "agreed", "agreed", _COUNSELLOR),
        Step("give_copy", "agreed", "copied", _COUNSELLOR),
        Step("remark", "copied", "copied", _REMARK),
        Step("follow_up", "copied", "copied", _COUNSELLOR),
        Step("close", "copied", "closed", _COUNSELLOR, when="no agreement is open"),
    ),
)

AGREEMENT: Final = StateTable(
    "agreement",
    (
        Step("agree", START, "open", _COUNSELLOR),
        Step("finish", "open", "done", _COUNSELLOR),
        Step("give_up", "open", "not_done", _COUNSELLOR, when="with a reason"),
    ),
)
