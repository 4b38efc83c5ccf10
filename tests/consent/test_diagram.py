"""The picture of the state machine is the table, and is seen to be when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.consent.diagram import BEGIN, DOCUMENT, END, document_with, drawing, main
from consent_service.consent.states import NEXT, AnswerState, DecisionKind
from consent_service.foundation.errors import ConfigurationError


def test_the_document_shows_the_table_as_it_is() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == document_with(text, drawing()), "draw it: python -m consent_service.consent.diagram"


@pytest.mark.parametrize(
    "kind, nexts",
    [
        ("withdrawn", {"yes": "later"}),
        ("resumed", {"suspended": "yes", "no": "yes"}),
        ("later", {}),
    ],
)
def test_another_table_is_another_drawing(kind: DecisionKind, nexts: dict[AnswerState, AnswerState]) -> None:
    assert drawing({**NEXT, kind: nexts}) != drawing()


def test_another_objection_is_another_drawing() -> None:
    assert drawing(objection={"objected": True}) != drawing()


def test_every_event_that_changes_an_answer_stands_at_an_arrow() -> None:
    arrows = [line.strip() for line in drawing().splitlines() if "-->" in line]
    assert "yes --> no: refused, withdrawn, opinion_no" in arrows
    assert "suspended --> yes: given, opinion_yes, resumed" in arrows
    assert "not_raised --> raised: objected" in arrows
    assert len(arrows) == len(set(arrows))


def test_it_is_drawn_in_its_place_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "CONSENT.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    main(path)
    written = path.read_text(encoding="utf-8")
    assert written.startswith(f"before\n{BEGIN}\n\n```mermaid\n")
    assert written.endswith(f"{END}\nafter\n")
    assert "old" not in written
    main(path)
    assert path.read_text(encoding="utf-8") == written


@pytest.mark.parametrize("text", ["", BEGIN, f"{END} {BEGIN}", f"{BEGIN} {END} {BEGIN} {END}"])
def test_a_document_without_its_place_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        document_with(text, drawing())
