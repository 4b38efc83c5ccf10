"""What a policy may know: counts and enums with time already resolved, never a name, an id or content.

Responsible for the structs a question is asked in and for their mapping to Cedar entities and
requests. Counting the answers, ages and dates into these facts is `release`'s projection; judging
them is `decision`. No id goes to Cedar: two questions with equal facts get equal answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey
from consent_service.information.model import Direction, InformationType, Level, Purpose

Action = Literal["release", "share"]
"""`release`: read what is there. `share`: write something for the other side to read."""
Basis = Literal["consent", "vital_interest"]
"""The ground in law: permission of the family, or what a life may depend on (AVG 6(1)(d), break-glass)."""
ReaderKind = Literal["school", "shelter", "guardian"]
Safety = Literal["not_assessed", "no_known_danger", "danger"]
ChildAnswer = Literal["none", "yes", "no"]
Voice = Literal["heard", "together", "alone"]
"""A child is heard (its no pauses), decides along with the holders of authority, or decides alone."""
Gate = Literal["closed", "open", "meanwhile"]
Lapse = Literal["none", "expired", "outdated", "suspended", "restricted"]
"""Why a yes that was given does not count: its day has come, its text has another purpose or recipient
now, its text is in doubt, or what it is about may be kept only (AVG 18)."""


class Reader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks: to `release` the one who reads, to `share` the one who writes.

    `role` is a school role of the catalogue, "counsellor" for the shelter or "holder" for a guardian.
    """

    kind: ReaderKind
    id: str
    role: str


class RelationshipFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One child at one school, now. `active_contact` and `assigned` are about the reader who asks.

    break_glass_persons: how many different persons decided that a life may depend on it.
    break_glass_running: they did so less than 24 hours ago, and nobody ended it.
    """

    tenant: TenantId
    relationship: RelationshipId
    active: bool
    agreement_valid: bool
    active_contact: bool
    assigned: bool
    safety: Safety
    secret_address: bool
    break_glass_persons: int = 0
    break_glass_running: bool = False


class TypeFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One information type in one direction: who decides about it and what they said.

    emergency: about the emergency part of the type only, which is decided on by itself.
    holders: persons with authority over the child (a guardian replaces the parents).
    excused: those of them who said nothing and are not contacted, under an approved safety marker.
    authority_known: each of them was established from a source; while it is not, claimed holders count.
    yes, objecting: how many of those persons have a yes in force, or an objection that is known.
    earlier_yes: how many of those persons have a yes in force on which this went on until the birthday that
        gave the child its say; 0 while the child is only heard.
    lapse: why nobody's yes counts although there was one; "none" as soon as one does.
    own_yes: the one guardian it is about (`own_guardian` types), or who reads (a guardian reader), has a
        yes in force.
    child_answer: the child's own standing answer; a yes counts from the birthday that gave it that say.
    gate: whether the gate type is open; "meanwhile": it was before a birthday, and the child did not answer.
    second_approved: another person than the writer approved this (types with `second_approver`).
    """

    key: TypeKey
    level: Level
    direction: Direction
    holders: int
    authority_known: bool
    yes: int
    objecting: int
    own_yes: bool
    child_answer: ChildAnswer
    voice: Voice
    gate: Gate
    second_approved: bool
    lapse: Lapse = "none"
    excused: int = 0
    earlier_yes: int = 0
    emergency: bool = False

    @property
    def place(self) -> str:
        """Which question this is, among those asked at once."""
        return f"{self.key}#emergency" if self.emergency else self.key


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """May this reader do this, for this purpose, with these types? Each type stands alone."""

    action: Action
    reader: Reader
    purpose: Purpose
    basis: Basis
    relationship: RelationshipFacts
    types: tuple[TypeFacts, ...]


_PRINCIPALS: dict[ReaderKind, str] = {
    "school": "SchoolReader",
    "shelter": "ShelterReader",
    "guardian": "GuardianReader",
}

Name = tuple[str, str]
"""Type and id of an entity."""


def named_by_question(question: Question) -> tuple[Name, ...]:
    """The entities that a question names apart from its types and from who asks."""
    return (
        ("Action", question.action),
        ("Role", question.reader.role),
        ("Purpose", question.purpose),
        ("Basis", question.basis),
        ("Safety", question.relationship.safety),
    )


def named_by_type(facts: TypeFacts) -> tuple[Name, ...]:
    """The entities that the facts about a type name."""
    return (
        ("InformationType", facts.key),
        ("Level", facts.level),
        ("Direction", facts.direction),
        ("ChildAnswer", facts.child_answer),
        ("Voice", facts.voice),
        ("Lapse", facts.lapse),
        ("Gate", facts.gate),
    )


def catalogue_entities(types: Mapping[TypeKey, InformationType]) -> str:
    """The catalogue as Cedar entities (JSON), parsed once per bundle: no policy repeats a list of types."""
    return _json([_catalogue_entity(types[key]) for key in sorted(types)])


def question_entities(question: Question, about: Iterable[TypeFacts]) -> str:
    """What a question adds to the catalogue's entities (JSON): who asks, and the facts of these types."""
    reader = {
        "uid": _uid(_PRINCIPALS[question.reader.kind], "reader"),
        "attrs": {"role": _ref("Role", question.reader.role)},
        "parents": [],
    }
    return _json([reader, *(_requested_entity(facts) for facts in about)])


def requests(question: Question, about: Iterable[TypeFacts], *, preview: bool) -> list[dict[str, object]]:
    """One Cedar request for each of these types of the question."""
    context = _json(_context(question, preview=preview))
    return [
        {
            "principal": _uid(_PRINCIPALS[question.reader.kind], "reader"),
            "action": _uid("Action", question.action),
            "resource": _uid("Requested", facts.place),
            "context": context,
        }
        for facts in about
    ]


def _context(question: Question, *, preview: bool) -> dict[str, object]:
    about = question.relationship
    return {
        "purpose": _ref("Purpose", question.purpose),
        "basis": _ref("Basis", question.basis),
        "preview": preview,
        "relationship_active": about.active,
        "agreement_valid": about.agreement_valid,
        "active_contact": about.active_contact,
        "assigned": about.assigned,
        "safety": _ref("Safety", about.safety),
        "secret_address": about.secret_address,
        "asked": len({facts.key for facts in question.types}),
        "break_glass_persons": about.break_glass_persons,
        "break_glass_running": about.break_glass_running,
    }


def _requested_entity(facts: TypeFacts) -> dict[str, object]:
    attributes: dict[str, object] = {
        "type": _ref("InformationType", facts.key),
        "level": _ref("Level", facts.level),
        "direction": _ref("Direction", facts.direction),
        "emergency": facts.emergency,
        "holders": facts.holders,
        "excused": facts.excused,
        "authority_known": facts.authority_known,
        "yes": facts.yes,
        "objecting": facts.objecting,
        "own_yes": facts.own_yes,
        "child_answer": _ref("ChildAnswer", facts.child_answer),
        "voice": _ref("Voice", facts.voice),
        "earlier_yes": facts.earlier_yes,
        "lapse": _ref("Lapse", facts.lapse),
        "gate": _ref("Gate", facts.gate),
        "second_approved": facts.second_approved,
    }
    return {"uid": _uid("Requested", facts.place), "attrs": attributes, "parents": []}


def _catalogue_entity(information: InformationType) -> dict[str, object]:
    attributes: dict[str, object] = {
        "directions": [_ref("Direction", direction) for direction in information.directions],
        "purposes": [_ref("Purpose", purpose) for purpose in information.purposes],
        "readers": [_ref("Role", role) for role in information.readers],
        "writers": [_ref("Role", role) for role in information.writers],
        "decided_by": _ref("DecidedBy", information.decided_by),
        "is_gate": information.gate,
        "exempt_from_gate": information.exempt_from_gate,
        "locating": information.locating,
        "secret_address_denies": "secret_address_denies" in information.rules,
        "second_approver": information.second_approver,
        "continues_at_birthday": "continues_at_birthday" in information.rules,
    }
    return {"uid": _uid("InformationType", information.key), "attrs": attributes, "parents": []}


def _uid(kind: str, identifier: str) -> dict[str, str]:
    return {"type": kind, "id": identifier}


def _ref(kind: str, identifier: str) -> dict[str, dict[str, str]]:
    return {"__entity": _uid(kind, identifier)}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
