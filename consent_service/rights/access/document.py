"""What stands in a file, as structs: the published JSON schema is made of these. Pure.

People, places and children have a short name of this file only (`p1`, `s1`): no id of the service leaves.
What is left out stands where it would have stood, with the ground.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import msgspec

SCHEMA: Final = "https://ruggensteun.example/schemas/access-export-1.schema.json"
"""Names the schema; nothing has to be fetched there: it lies in the ZIP and in docs/schemas."""
SCHEMA_FILE: Final = "access-export-1.schema.json"
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
RedactionGround = Literal[
    "third_party", "staff_name", "other_guardian", "sibling", "reporter", "safety", "investigation"
]
ARTICLES: Final[dict[RedactionGround, str]] = {
    "third_party": "AVG 15(4), UAVG 41(1)(i)",
    "staff_name": "AVG 15(4), UAVG 41(1)(i)",
    "other_guardian": "AVG 15(4), UAVG 41(1)(i)",
    "sibling": "AVG 15(4), UAVG 5",
    "reporter": "AVG 15(4), UAVG 41(1)(i)",
    "safety": "AVG 23(1)(i), UAVG 41(1)(i)",
    "investigation": "AVG 23(1)(d), UAVG 41(1)(d)",
}
"""Why something is left out, and where the law says that it may be."""


class Redacted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Left out here: what kind of thing, and on which ground."""

    redacted: str
    ground: RedactionGround
    article: str


Said = str | Redacted
"""Words, or that they are left out."""


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody the file is about."""

    person: str
    role: Literal["requester", "child"]
    given_names: str
    family_name: str
    birth_date: date | None
    phone: str
    email: str


class AuthorityLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was recorded of the requester's own authority over a child."""

    child: str
    kind: str
    source: str
    valid_from: date
    valid_until: date | None
    seen_on: date | None
    recorded_at: Moment


class CompetenceLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whether somebody judged that a child can weigh this itself."""

    child: str
    competent: bool
    recorded_at: Moment


class SafetyLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was assessed about the safety of the family (empty `person`) or of the requester."""

    person: str
    level: str
    secret_address: bool
    review_on: date | None


class PlaceLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A child at a school, from when until when."""

    place: str
    child: str
    school: Said
    address: Said
    started_at: Moment
    ended_at: Moment | None


class DecisionLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An answer of the requester, with the exact text it was an answer to."""

    place: str
    type: str
    label: str
    decision: str
    capacity: str
    method: str
    language: str
    text_version: str
    text_hash: str
    decided_at: Moment
    valid_until: Moment | None


class ConversationLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A conversation in which the requester was asked, and how it was signed."""

    started_at: Moment
    finished_at: Moment | None
    language: str
    interpreter: str
    read_aloud: bool
    outcome: str
    signature: str
    signed_name: str
    signed_drawing: str = ""
    """Strokes as they were drawn: x and y in turn, in a frame of 1200 by 400."""


class FieldLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One field of something that was shared."""

    field: str
    label: str
    value: Said


class RecordLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something shared about a child, in either direction. `sent`: whether it may be read already."""

    place: str
    type: str
    label: str
    direction: Literal["shelter_to_school", "school_to_shelter"]
    written_at: Moment
    written_by: Redacted
    expires_at: Moment | None
    fields: tuple[FieldLine, ...]


class AgreementLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One agreement of a meeting."""

    words: Said
    owner: str
    due_on: date
    state: str


class RemarkLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The requester's own remark on a meeting."""

    words: str
    for_school: bool
    at: Moment


class MeetingLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A meeting of parent, school and shelter about a child."""

    place: str
    state: str
    starts_at: Moment | None
    agenda: Said
    agreements: tuple[AgreementLine, ...]
    remarks: tuple[RemarkLine, ...]


class StepLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One step of the meldcode, as it was written down."""

    step: str
    at: Moment
    what: Said
    why: Said


class MeldcodeLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A walk of the meldcode about a child, as far as it is open."""

    child: str
    opened_at: Moment
    steps: tuple[StepLine, ...]


class EventLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that was done about a child at a school; `details` are codes."""

    place: str
    what: Literal["care_signal", "phone_call", "recall", "emergency"]
    at: Moment
    types: tuple[str, ...]
    state: str
    words: Said


class RequestLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request of the requester about the own data."""

    kind: str
    received_on: date
    state: str
    outcome: str
    ground: str
    words: str
    ended_at: Moment | None


class PageLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept for the requester's own page: codes, the second factor, devices, messages."""

    what: Literal["code", "second_factor", "device", "message"]
    kind: str
    at: Moment
    ended_at: Moment | None


class LookLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody was given something: which organisation, in which role, when, why, which types."""

    at: Moment
    person: str
    organisation: Said
    role: str
    purpose: str
    types: tuple[str, ...]
    emergency: bool


class RedactionLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that is left out: where, what, on which ground."""

    place: str
    redacted: str
    ground: RedactionGround
    article: str


class TypeLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A category of data: for what, on which basis, who gets it, how long it is kept (AVG 15(1))."""

    type: str
    label: str
    level: str
    purposes: tuple[str, ...]
    legal_basis: str
    secrecy_release: str
    recipients: str
    kept: str


class LawPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What AVG 15(1) and (2) say must be told."""

    controller: str
    phone: str
    types: tuple[TypeLine, ...]
    source: str
    rights: tuple[str, ...]
    complaint: str
    automated: str
    transfers: str


class AccessFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything the service holds about the people in the scope of one request."""

    schema: Literal["https://ruggensteun.example/schemas/access-export-1.schema.json"] = (
        "https://ruggensteun.example/schemas/access-export-1.schema.json"
    )
    version: Literal[1] = 1
    request: Literal["access", "portability"]
    about: Literal["oneself", "child", "everybody"]
    received_on: date
    made_at: Moment
    law: LawPart
    people: tuple[Person, ...]
    authority: tuple[AuthorityLine, ...] = ()
    competence: tuple[CompetenceLine, ...] = ()
    safety: tuple[SafetyLine, ...] = ()
    places: tuple[PlaceLine, ...] = ()
    decisions: tuple[DecisionLine, ...] = ()
    conversations: tuple[ConversationLine, ...] = ()
    records: tuple[RecordLine, ...] = ()
    meetings: tuple[MeetingLine, ...] = ()
    meldcode: tuple[MeldcodeLine, ...] = ()
    events: tuple[EventLine, ...] = ()
    looks: tuple[LookLine, ...] = ()
    own_page: tuple[PageLine, ...] = ()
    requests: tuple[RequestLine, ...] = ()
    redactions: tuple[RedactionLine, ...] = ()


def to_json(file: AccessFile) -> bytes:
    """The machine-readable file: keys in one order, two spaces, a line at the end."""
    return msgspec.json.format(msgspec.json.encode(file, order="sorted"), indent=2) + b"\n"


def json_schema() -> bytes:
    """The schema as it is published (JSON Schema 2020-12)."""
    (made,), parts = msgspec.json.schema_components([AccessFile], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Access export, version 1",
        **made,
        "$defs": parts,
    }
    return msgspec.json.format(msgspec.json.encode(_complete(schema), order="sorted"), indent=2) + b"\n"


def _complete(node: Any) -> Any:
    """Every field is always written, so each one is required; a default says nothing then."""
    if isinstance(node, list):
        return [_complete(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _complete(value) for name, value in node.items() if name not in ("default",)}
    if isinstance(kept.get("properties"), dict):
        kept["required"] = sorted(kept["properties"])
    return kept
