"""docs/PERMISSIONS.md says what the tables say."""

from __future__ import annotations

import pytest

from consent_service.identity import permissions
from consent_service.identity.model import Operator
from consent_service.identity.permissions import PERMISSIONS, Action, anywhere
from tests import permissions_page
from tests.permissions_page import PAGE, page


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text() == page(), "do: .venv/bin/python -m tests.permissions_page"


def test_another_grant_makes_another_page(monkeypatch: pytest.MonkeyPatch) -> None:
    before = page()
    changed = {**PERMISSIONS, Action.GIVE_CONSENT: {Operator: anywhere}}
    monkeypatch.setattr(permissions_page, "PERMISSIONS", changed)
    assert page() != before
    assert set(permissions.PERMISSIONS) <= {Action(name.split("`")[1]) for name in _actions(before)}


def _actions(text: str) -> list[str]:
    table = text.split("## Addresses")[0]
    return [line for line in table.splitlines() if line.startswith("| `") and "`Guardian" not in line]
