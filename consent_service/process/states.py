"""State tables: what can happen to a thing, who does it, and what it is afterwards. Pure.

A table is read, not programmed: services ask `after`, pages ask `acts_in`, the diagrams in docs/PROCESS.md
are made from it. What the table does not name is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from consent_service.foundation.errors import ConflictError

START: Final = "[*]"
"""Where a thing comes from before it is there, as diagrams write it."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a state table: `who` may do `act` in a state, which makes it `to`.

    `who`: kinds of actor in the words of docs/PERMISSIONS.md, for the reader of the table; whether this
    person may is asked of the permission table. `when`: what else must hold, in a few words.
    """

    act: str
    frm: str
    to: str
    who: tuple[str, ...]
    when: str = ""


class StateTable:
    """The steps of one kind of thing.

    Raises:
        ValueError: an act leads from one state to two, or a state cannot be reached.
    """

    def __init__(self, name: str, steps: tuple[Step, ...]) -> None:
        self.name = name
        self.steps = steps
        self._after: Mapping[tuple[str, str], str] = {(step.frm, step.act): step.to for step in steps}
        if len(self._after) != len(steps):
            raise ValueError(f"{name}: an act leads from one state to two")
        if lost := self.states - self._reachable():
            raise ValueError(f"{name}: never reached: {', '.join(sorted(lost))}")

    @property
    def states(self) -> frozenset[str]:
        """Every state, without the start."""
        return frozenset(state for step in self.steps for state in (step.frm, step.to)) - {START}

    @property
    def ends(self) -> frozenset[str]:
        """States from which nothing leads on."""
        return self.states - {step.frm for step in self.steps}

    def acts_in(self, state: str) -> tuple[str, ...]:
        """What can be done in this state, in the order of the table."""
        return tuple(step.act for step in self.steps if step.frm == state)

    def after(self, state: str, act: str) -> str:
        """The state that this act leads to.

        Raises:
            ConflictError: the table does not name this act in this state.
        """
        found = self._after.get((state, act))
        if found is None:
            raise ConflictError(f"{self.name}: not in this state")
        return found

    def mermaid(self) -> str:
        """The table as a diagram (Mermaid, stateDiagram-v2), one line a step, in the order of the table."""
        lines = [f"    {step.frm} --> {step.to}: {_label(step)}" for step in self.steps]
        ends = [f"    {state} --> [*]" for state in sorted(self.ends)]
        return "\n".join(["stateDiagram-v2", *lines, *ends])

    def _reachable(self) -> frozenset[str]:
        found: set[str] = {START}
        while more := {step.to for step in self.steps if step.frm in found} - found:
            found |= more
        return frozenset(found)


def _label(step: Step) -> str:
    return f"{step.act} ({', '.join(step.who)})" + (f" when {step.when}" if step.when else "")
