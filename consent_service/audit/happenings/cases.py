"""Events of requests about one's own data (AVG 12-22)."""

from __future__ import annotations

from datetime import date

from consent_service.audit.happenings.happening import Code, Happening


class CaseOpened(Happening, frozen=True, tag="case.opened.v1"):
    """Somebody asks something about the own data. `standing`: what the asker is to whom it is about."""

    case: Code
    kind: Code
    capacity: Code
    channel: Code
    standing: Code
    due_on: date


class CaseMoved(Happening, frozen=True, tag="case.moved.v1"):
    """What was done about a request: `read` when its words were opened. `code`: a ground, or in which way."""

    case: Code
    act: Code
    code: Code = ""


CaseEvent = CaseOpened | CaseMoved
