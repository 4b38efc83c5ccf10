"""The state machine of one person's answer on one type of one relationship, as a table. Pure.

`NEXT` says what each event of the ledger makes of each state; what the table does not name leaves the
state as it is. Which rows count and in which order, is `model.fold`; the picture in docs/CONSENT.md is
drawn from this table by `diagram`. An objection stands beside the answer: see `OBJECTION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

AnswerState = Literal["none", "yes", "no", "later", "suspended"]
"""`suspended`: a yes that rests on a text in doubt. Expired and outdated are derived, never recorded."""
DecisionKind = Literal[
    "given",
    "refused",
    "later",
    "withdrawn",
    "objected",
    "objection_lifted",
    "opinion_yes",
    "opinion_no",
    "invalidated",
    "suspended",
    "resumed",
]

_EVERY: Final[tuple[AnswerState, ...]] = get_args(AnswerState)


def _always(state: AnswerState) -> dict[AnswerState, AnswerState]:
    return dict.fromkeys(_EVERY, state)


NEXT: Final[Mapping[DecisionKind, Mapping[AnswerState, AnswerState]]] = MappingProxyType(
    {
        "given": _always("yes"),
        "opinion_yes": _always("yes"),
        "refused": _always("no"),
        "withdrawn": _always("no"),
        "opinion_no": _always("no"),
        "later": _always("later"),
        "suspended": {"yes": "suspended"},
        "resumed": {"suspended": "yes"},
    }
)
"""What an event makes of the answer. `suspended` and `resumed` are about one decision, and do nothing
when the answer rests on another one. `invalidated` takes the decision it names out of the history."""

OBJECTION: Final[Mapping[DecisionKind, bool]] = MappingProxyType(
    {"objected": True, "objection_lifted": False}
)
"""Which events raise or lift an objection; the answer stays what it was."""

ALLOWING: Final[frozenset[DecisionKind]] = frozenset({"given", "objection_lifted", "opinion_yes", "resumed"})
"""Events that can only lead to more being shared: not believed before their time, and weaker at a tie."""
ABOUT_A_DECISION: Final[frozenset[DecisionKind]] = frozenset({"invalidated", "suspended", "resumed"})
"""Events that name the decision they are about."""


def after(state: AnswerState, kind: DecisionKind) -> AnswerState:
    """The answer after one event."""
    return NEXT.get(kind, {}).get(state, state)
