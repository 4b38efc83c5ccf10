"""Plain questions in which everything is in order, and changes to them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey
from consent_service.policy.facts import Question, Reader, RelationshipFacts, TypeFacts

POLICIES: Final = Path(__file__).resolve().parents[2] / "policies"
NOW: Final = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def type_facts(key: str = "support_advice", **changes: Any) -> TypeFacts:
    facts = TypeFacts(
        key=TypeKey(key),
        level="O",
        direction="s2c",
        holders=2,
        authority_known=True,
        yes=1,
        objecting=0,
        own_yes=False,
        child_answer="none",
        voice="heard",
        gate="open",
        second_approved=False,
    )
    return msgspec.structs.replace(facts, **changes)


def relationship_facts(**changes: Any) -> RelationshipFacts:
    facts = RelationshipFacts(
        tenant=TenantId("tenant"),
        relationship=RelationshipId("relationship"),
        active=True,
        agreement_valid=True,
        active_contact=True,
        assigned=True,
        safety="no_known_danger",
        secret_address=False,
    )
    return msgspec.structs.replace(facts, **changes)


def question(*types: TypeFacts, **changes: Any) -> Question:
    """A school contact asks about support; by default about support_advice, which a parent said yes to."""
    asked = Question(
        action="release",
        reader=Reader(kind="school", id="reader", role="contact"),
        purpose="support",
        basis="consent",
        relationship=relationship_facts(),
        types=types or (type_facts(),),
    )
    return msgspec.structs.replace(asked, **changes)
