"""The picture of the state machine in docs/CONSENT.md, drawn from the table in `states`.

`python -m consent_service.consent.diagram` draws it anew; a test fails when document and table differ.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Final, get_args

from consent_service.consent.states import NEXT, OBJECTION, AnswerState, DecisionKind
from consent_service.foundation.errors import ConfigurationError

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "CONSENT.md"
BEGIN: Final = "<!-- drawn by: python -m consent_service.consent.diagram -->"
END: Final = "<!-- end of what is drawn -->"

Table = Mapping[DecisionKind, Mapping[AnswerState, AnswerState]]


def drawing(table: Table = NEXT, objection: Mapping[DecisionKind, bool] = OBJECTION) -> str:
    """The answer as a Mermaid state diagram, and the objection that stands beside it."""
    lines = ["```mermaid", "stateDiagram-v2", "    state answer {", "        [*] --> none"]
    lines += [f"        {arrow}" for arrow in _arrows(table)]
    lines += ["    }", "    state objection {", "        [*] --> not_raised"]
    for kind, raised in objection.items():
        where = ("not_raised", "raised") if raised else ("raised", "not_raised")
        lines.append(f"        {where[0]} --> {where[1]}: {kind}")
    return "\n".join([*lines, "    }", "```", "", *_rows(table)])


def document_with(text: str, drawn: str) -> str:
    """The document with the drawing between its two marks.

    Raises:
        ConfigurationError: the marks are not there, once each and in order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise ConfigurationError("the document has no place for the drawing")
    return f"{before}{BEGIN}\n\n{drawn}\n\n{END}{after}"


def _arrows(table: Table) -> list[str]:
    """One arrow per pair of states, named by every event that leads from one to the other."""
    moves = [
        (states.index(before), states.index(after), kind)
        for states in (get_args(AnswerState),)
        for kind, nexts in table.items()
        for before, after in nexts.items()
        if before != after
    ]
    moves.sort(key=lambda move: move[:2])
    return [
        f"{get_args(AnswerState)[before]} --> {get_args(AnswerState)[after]}: "
        + ", ".join(kind for _, _, kind in group)
        for (before, after), group in groupby(moves, key=lambda move: move[:2])
    ]


def _rows(table: Table) -> list[str]:
    """The same as a table: what each event makes of each answer; empty where it stays as it is."""
    states: tuple[AnswerState, ...] = get_args(AnswerState)
    rows = [f"| event | {' | '.join(states)} |", "|---" * (len(states) + 1) + "|"]
    for kind in get_args(DecisionKind):
        nexts = table.get(kind, {})
        cells = (after if (after := nexts.get(state)) and after != state else "" for state in states)
        rows.append(f"| {kind} | {' | '.join(cells)} |")
    return rows


def main(path: Path = DOCUMENT) -> None:
    """Draw it in the document."""
    path.write_text(document_with(path.read_text(encoding="utf-8"), drawing()), encoding="utf-8")
    sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
