"""State tables refuse what they do not name, and draw themselves."""

from __future__ import annotations

import pytest

from consent_service.foundation.errors import ConflictError
from consent_service.process.states import START, StateTable, Step

_OPEN = Step("open", START, "open", ("counsellor",))
_CLOSE = Step("close", "open", "closed", ("counsellor", "system"), when="nobody waits")
TABLE = StateTable("box", (_OPEN, _CLOSE))


def test_an_act_leads_where_the_table_says() -> None:
    assert TABLE.after(START, "open") == "open"
    assert TABLE.after("open", "close") == "closed"
    assert TABLE.acts_in("open") == ("close",)
    assert TABLE.states == {"open", "closed"}
    assert TABLE.ends == {"closed"}


@pytest.mark.parametrize("state, act", [("closed", "close"), ("open", "open"), ("nowhere", "close")])
def test_what_the_table_does_not_name_is_refused(state: str, act: str) -> None:
    with pytest.raises(ConflictError):
        TABLE.after(state, act)


def test_an_act_with_two_outcomes_is_no_table() -> None:
    with pytest.raises(ValueError, match="from one state to two"):
        StateTable("box", (_OPEN, Step("open", START, "ajar", ("system",))))


def test_a_state_that_nothing_leads_to_is_no_table() -> None:
    with pytest.raises(ValueError, match="never reached: lost"):
        StateTable("box", (_OPEN, Step("find", "lost", "open", ("system",))))


def test_a_table_draws_itself() -> None:
    assert TABLE.mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> open: open (counsellor)",
        "    open --> closed: close (counsellor, system) when nobody waits",
        "    closed --> [*]",
    ]
