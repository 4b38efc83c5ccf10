"""Where everybody's work begins."""

from __future__ import annotations

from consent_service.foundation.ids import StaffId
from consent_service.identity.model import Actor, Fg, Operator
from consent_service.web.shared.homes import home_of
from tests.identity import factories as f


def test_everybody_begins_at_the_own_work_and_who_has_no_page_at_the_login() -> None:
    homes: dict[Actor, str] = {
        f.GUARDIAN: "/intake",
        f.COUNSELLOR: f"/opvang/{f.TRAVERSE}",
        f.CONTACT: f"/school/{f.TRAVERSE}",
        f.COORDINATOR: f"/toezicht/{f.TRAVERSE}/bureau",
        Fg(f.TRAVERSE, StaffId("x")): f"/toezicht/{f.TRAVERSE}/bureau",
        Operator("cli"): "/inloggen",
    }
    assert {actor: home_of(actor) for actor in homes} == homes
