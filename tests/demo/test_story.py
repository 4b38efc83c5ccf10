"""The scripted story passes on both engines, and ends with 1 at the first difference."""

from __future__ import annotations

import pytest

from consent_service.demo.story import intake, telling
from consent_service.demo.story.outcome import DifferentError, Outcome, told
from consent_service.demo.story.stage import Stage
from consent_service.demo.story.telling import AFTERWARDS, WHILE_SERVING, Step, tell
from consent_service.foundation.i18n import translator
from consent_service.foundation.settings import Settings

STEPS = len(WHILE_SERVING) + len(AFTERWARDS)


def _told(base: Settings, *, on_postgresql: bool = False) -> tuple[int, list[str]]:
    said: list[str] = []
    code = tell(base, on_postgresql=on_postgresql, translate=translator("nl").text, say=said.append)
    return code, said


@pytest.mark.slow
@pytest.mark.xdist_group("story")
@pytest.mark.parametrize("on_postgresql", [False, True], ids=["sqlite", "postgresql"])
def test_the_whole_story_goes_as_told(base: Settings, on_postgresql: bool) -> None:
    code, said = _told(base, on_postgresql=on_postgresql)

    assert code == 0, "\n".join(said)
    assert said[-1] == f"Het hele verhaal klopt: {STEPS} stappen."
    assert sum(f"/{STEPS}  " in line for line in said) == STEPS


@pytest.mark.xdist_group("story")
def test_a_different_outcome_ends_the_story_with_one(base: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent who says yes to everything is not the parent of the story."""
    monkeypatch.setattr(telling, "WHILE_SERVING", WHILE_SERVING[:6])
    monkeypatch.setitem(intake.ANSWERS, "Iets anders", "yes")

    code, said = _told(base)

    assert code == 1
    assert any("ANDERS DAN VERTELD" in line for line in said)
    assert not any("klopt" in line for line in said)


@pytest.mark.xdist_group("story")
def test_nothing_that_was_found_out_is_swallowed(base: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def differs(_stage: Stage) -> Outcome:
        raise DifferentError("this", "that")

    async def goes(_stage: Stage) -> Outcome:
        return told("Goed.")

    monkeypatch.setattr(
        telling, "WHILE_SERVING", (Step("Eerst", goes), Step("Dan", differs), Step("Nooit", goes))
    )

    code, said = _told(base)

    assert code == 1
    assert [line.strip() for line in said[-3:]] == [
        f"2/{3 + len(AFTERWARDS)}  Dan",
        "ANDERS DAN VERTELD. Verwacht: this",
        "Gevonden: that",
    ]
