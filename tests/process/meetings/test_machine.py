"""Whatever is tried in whatever order, the state table holds, and after a cancellation nothing is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.errors import ConflictError
from consent_service.process.meetings.states import AGREEMENT, MEETING
from consent_service.process.states import START

ACTS = sorted({step.act for step in MEETING.steps})
BEFORE_IT = {"propose", "propose_urgent", "approve", "prepare", "plan", "move", "hold"}


@given(st.lists(st.sampled_from(ACTS), max_size=40))
def test_no_act_out_of_order(acts: list[str]) -> None:
    """Held only after planned, agreed only after held, closed only after a copy was given."""
    state, done = START, list[str]()
    for act in acts:
        try:
            state = MEETING.after(state, act)
        except ConflictError:
            continue
        done.append(act)
    for later, sooner in (
        ("move", "plan"),
        ("hold", "plan"),
        ("agree", "hold"),
        ("remark", "agree"),
        ("follow_up", "agree"),
        ("give_copy", "agree"),
        ("close", "give_copy"),
    ):
        if later in done:
            assert sooner in done[: done.index(later)]
    if "propose_urgent" in done and set(done) & {"prepare", "plan", "move", "hold", "agree"}:
        assert done[1] == "approve"
    for end in ("cancel", "lapse", "close"):
        if end in done:
            assert done[-1] == end


def test_nothing_leads_on_from_an_end() -> None:
    assert MEETING.ends == {"closed", "cancelled"}
    assert AGREEMENT.ends == {"done", "not_done"}
    assert all(MEETING.acts_in(end) == () for end in MEETING.ends)


def test_what_was_held_is_never_called_off() -> None:
    for state in ("held", "agreed", "copied", "closed"):
        assert not {"cancel", "lapse", "move"} & set(MEETING.acts_in(state))
