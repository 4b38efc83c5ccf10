from __future__ import annotations

import pytest

from consent_service.audit.events import By
from consent_service.identity.model import (
    Actor,
    ChildActor,
    LoginRefused,
    Operator,
    RefusalCode,
    RefusalSentence,
    System,
    by,
    tenant_of,
)
from tests.identity import factories as f

CHILD = ChildActor(f.TRAVERSE, f.MOTHER, f.FAMILY)


@pytest.mark.parametrize(
    "actor,named",
    [
        (f.GUARDIAN, By(kind="guardian", id=f.MOTHER)),
        (CHILD, By(kind="child", id=f.MOTHER)),
        (f.COUNSELLOR, By(kind="counsellor", id=f.COUNSELLOR.staff)),
        (f.CONTACT, By(kind="school_staff", id=f.CONTACT.staff)),
        (f.COORDINATOR, By(kind="privacy_coordinator", id=f.COORDINATOR.staff)),
        (f.FG, By(kind="fg", id=f.FG.staff)),
        (Operator("cli"), By(kind="operator", id="cli")),
        (System(), By(kind="system", id="")),
    ],
)
def test_the_log_names_every_actor_by_kind_and_id(actor: Actor, named: By) -> None:
    assert by(actor) == named


def test_only_operator_and_system_stand_outside_every_shelter() -> None:
    assert tenant_of(Operator("cli")) is None
    assert tenant_of(System()) is None
    for actor in (f.GUARDIAN, CHILD, f.COUNSELLOR, f.CONTACT, f.COORDINATOR, f.FG):
        assert tenant_of(actor) == f.TRAVERSE


@pytest.mark.parametrize(
    "code,sentence",
    [
        ("signature_invalid", "identity.login_again"),
        ("nonce_foreign", "identity.login_again"),
        ("cancelled", "identity.login_cancelled"),
        ("provider_unavailable", "identity.login_away"),
        ("level_too_low", "identity.login_level"),
        ("not_linked", "identity.login_not_linked"),
    ],
)
def test_a_refused_login_says_what_to_do_and_not_which_check_failed(
    code: RefusalCode, sentence: RefusalSentence
) -> None:
    assert LoginRefused(code).sentence == sentence
