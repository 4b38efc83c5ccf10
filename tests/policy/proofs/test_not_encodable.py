"""What the encoder does not know makes a proof fail; it is never guessed."""

from __future__ import annotations

import msgspec
import pytest

from consent_service.policy.lint import PolicyJson
from consent_service.policy.proofs.encoding import MAX_DEPTH
from consent_service.policy.proofs.terms import NotProvableError
from tests.policy.proofs.encoded import Judges, condition, parsed


def with_body(body: object) -> PolicyJson:
    """A policy as some other release of Cedar might write it."""
    return msgspec.structs.replace(condition("true"), conditions=({"kind": "when", "body": body},))


@pytest.mark.parametrize(
    "text",
    [
        '"contact" like "c*"',
        'ip("192.0.2.1").isIpv4()',
        'decimal("1.0").lessThan(decimal("2.0"))',
        'resource.hasTag("x")',
        'resource.getTag("x") == 1',
        'Requested::"pickup".yes == 1',
        'Requested::"pickup" has yes',
        'action in Action::"anything"',
        " && ".join(["context.preview"] * MAX_DEPTH),
    ],
)
def test_what_cedar_can_say_and_we_do_not_follow(judges: Judges, text: str) -> None:
    with pytest.raises(NotProvableError):
        judges.encoder.policy(condition(text))


@pytest.mark.parametrize(
    "body",
    [
        {"Var": "somebody"},
        {"Var": "principal", "more": 1},
        {"Value": 1.5},
        {"Value": None},
        {"Value": {"__entity": {"type": "Role"}}},
        {"Value": {"__entity": {"type": "Role", "id": "contact", "more": 1}}},
        {"Value": {"__extn": {"fn": "ip", "arg": "192.0.2.1"}}},
        {"!": {"arg": {"Value": True}, "more": 1}},
        {"==": {"left": {"Value": 1}}},
        {"has": {"left": {"Var": "context"}, "attr": "yes", "more": 1}},
        {".": {"left": {"Var": "context"}}},
        {"is": {"left": {"Var": "principal"}, "entity_type": "Role", "more": 1}},
        {"if-then-else": {"if": {"Value": True}, "then": {"Value": True}}},
        {"&&": "true"},
        {"Slot": "?principal"},
        {"unheard-of": {"left": {"Value": 1}, "right": {"Value": 1}}},
        {},
        {"Value": 1, "Var": "principal"},
        "true",
        None,
    ],
)
def test_forms_that_nobody_wrote_yet(judges: Judges, body: object) -> None:
    with pytest.raises(NotProvableError):
        judges.encoder.policy(with_body(body))


@pytest.mark.parametrize("kind", ["if", None])
def test_a_condition_of_another_kind(judges: Judges, kind: str | None) -> None:
    strange = {"kind": kind, "body": {"Value": True}}
    with pytest.raises(NotProvableError):
        judges.encoder.policy(msgspec.structs.replace(condition("true"), conditions=(strange,)))
    with pytest.raises(NotProvableError):
        judges.encoder.policy(msgspec.structs.replace(condition("true"), conditions=("true",)))


@pytest.mark.parametrize(
    "scope",
    [
        {"op": "like"},
        {"op": "All", "more": 1},
        {"op": "==", "slot": "?principal"},
        {"op": "==", "entity": "somebody"},
        {"op": "in", "entity": {"type": "Role", "id": "contact"}, "more": 1},
        {"op": "is", "entity_type": "SchoolReader", "in": {"slot": "?principal"}},
        {},
        "All",
    ],
)
def test_scopes_of_another_form(judges: Judges, scope: object) -> None:
    with pytest.raises(NotProvableError):
        judges.encoder.policy(msgspec.structs.replace(condition("true"), principal=scope))


def test_a_template_is_no_policy(judges: Judges) -> None:
    """Cedar keeps templates apart, so none can be taken for a policy."""
    assert parsed("permit (principal == ?principal, action, resource);") == {}


def test_as_deep_as_a_reviewed_policy_may_be_is_not_too_deep(judges: Judges) -> None:
    long = condition(" && ".join(["context.preview", "context.assigned"] * 50))
    assert judges.encoder.policy(long).error == judges.situation.terms.false
