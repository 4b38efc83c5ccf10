"""The part about people: authority, schools, answers, conversations, the own page, requests."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, select

from consent_service.consent.evidence import open_evidence
from consent_service.consent.tables import consent_ledger, sittings, withdrawal_codes
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import INSTALLATION, RelationshipId, TypeKey
from consent_service.identity.tables import page_devices, page_factors
from consent_service.organisations.looking import school_in
from consent_service.process.emergencies.sealed_text import open_text
from consent_service.process.notices.tables import notices
from consent_service.rights.access.document import (
    AuthorityLine,
    CompetenceLine,
    ConversationLine,
    DecisionLine,
    PageLine,
    PlaceLine,
    RequestLine,
    SafetyLine,
)
from consent_service.rights.access.making import Making
from consent_service.rights.access.redacting import redacted
from consent_service.rights.cases.rows import case_of
from consent_service.rights.cases.tables import rights_cases


def authority(making: Making) -> tuple[AuthorityLine, ...]:
    """The requester's own authority over the children of the file; no other guardian's."""
    return tuple(
        AuthorityLine(
            child=making.person(one.child),
            kind=one.kind,
            source=one.source,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
            seen_on=one.seen_on,
            recorded_at=one.recorded_at,
        )
        for one in making.scope.whole.authority
        if one.guardian == making.own and one.child in making.scope.children
    )


def competence(making: Making) -> tuple[CompetenceLine, ...]:
    """Every judgement about the children of the file."""
    return tuple(
        CompetenceLine(child=making.person(one.child), competent=one.competent, recorded_at=one.recorded_at)
        for one in making.scope.whole.competence
        if one.child in making.scope.children
    )


def safety(making: Making) -> tuple[SafetyLine, ...]:
    """What was assessed of the family and of the requester, for whom it may be known to."""
    if not making.scope.protected or not making.scope.with_requester:
        return ()
    return tuple(
        SafetyLine(
            person="" if one.guardian is None else making.person(one.guardian),
            level=one.level,
            secret_address=one.secret_address,
            review_on=one.review_on,
        )
        for one in making.scope.whole.assessments
        if one.guardian in (None, making.own)
    )


async def places(making: Making) -> tuple[PlaceLine, ...]:
    """Each child at each school; where they are is left out for who is answered by a person."""
    found = []
    for one in making.scope.places:
        school = await school_in(making.conn, making.tenant, one.school)
        named = "" if school is None else school.name
        address = "" if school is None else f"{school.street}, {school.town}"
        hidden = making.scope.by_hand
        found.append(
            PlaceLine(
                place=making.place(one.relationship),
                child=making.person(one.child),
                school=redacted("school", "safety") if hidden else named,
                address=redacted("address", "safety") if hidden else address,
                started_at=one.started_at,
                ended_at=one.ended_at,
            )
        )
    return tuple(found)


async def decisions(making: Making) -> tuple[DecisionLine, ...]:
    """What the requester answered about the children of the file: nobody else's answers."""
    c = consent_ledger.c
    query = (
        select(consent_ledger)
        .where(c.tenant == making.tenant, c.person == making.own, c.relationship.in_(making.places))
        .order_by(c.recorded_at, c.decision)
    )
    return tuple(
        DecisionLine(
            place=making.place(RelationshipId(row.relationship)),
            type=row.information_type,
            label=making.label(TypeKey(row.information_type)),
            decision=row.kind,
            capacity=row.capacity,
            method=row.method,
            language=row.language,
            text_version=row.text_version,
            text_hash=row.text_hash,
            decided_at=row.decided_at,
            valid_until=row.valid_until,
        )
        for row in await making.conn.execute(query)
    )


async def conversations(making: Making) -> tuple[ConversationLine, ...]:
    """Each conversation with the requester, with what was signed."""
    c = sittings.c
    query = select(sittings).where(c.tenant == making.tenant, c.guardian == making.own)
    rows = (await making.conn.execute(query.order_by(c.started_at, c.sitting))).all()
    key = (await making.ring.person_keys(making.conn, making.tenant, [making.own])).get(making.own)
    found = []
    for row in rows:
        kind, name, drawn = "", "", ""
        if row.outcome == "signed" and row.sealed_evidence is not None and key is not None:
            signature = open_evidence(making.ring, key, row.sitting, row.sealed_evidence).signature
            kind, name, drawn = signature.kind, signature.written_name, signature.drawing
        found.append(
            ConversationLine(
                started_at=row.started_at,
                finished_at=row.finished_at,
                language=row.language,
                interpreter=row.interpreter,
                read_aloud=row.read_aloud,
                outcome=row.outcome,
                signature=kind,
                signed_name=name,
                signed_drawing=drawn,
            )
        )
    return tuple(found)


async def own_page(making: Making) -> tuple[PageLine, ...]:
    """What is kept for the own page: codes (not what they are), the second factor, devices, messages."""
    codes, factors, devices = withdrawal_codes.c, page_factors.c, page_devices.c
    found = [
        PageLine(what="code", kind="paper", at=row.created_at, ended_at=row.revoked_at)
        for row in await _rows(
            making,
            withdrawal_codes,
            INSTALLATION,
            codes.guardian == making.own,
            codes.shelter == making.tenant,
        )
    ]
    for tenant in (making.tenant, INSTALLATION):
        found += [
            PageLine(what="second_factor", kind=row.kind, at=row.set_at, ended_at=row.revoked_at)
            for row in await _rows(making, page_factors, tenant, factors.person == making.own)
        ]
        found += [
            PageLine(what="device", kind="known", at=row.last_used_at, ended_at=None)
            for row in await _rows(making, page_devices, tenant, devices.person == making.own)
        ]
    found += [
        PageLine(what="message", kind=row.kind, at=row.created_at, ended_at=row.read_at)
        for row in await _rows(making, notices, making.tenant, notices.c.to_person == making.own)
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.what, one.kind)))


async def requests(making: Making) -> tuple[RequestLine, ...]:
    """What the requester asked about the own data, with the own words.

    As the own page tells it: of a neutral answer no ground, and before its day not even that there is one.
    """
    today = local_date(making.now)
    found = await _rows(making, rights_cases, making.tenant, rights_cases.c.requester == making.own)
    lines = []
    for row in sorted(found, key=lambda row: (row.opened_at, row.case)):
        one = case_of(row)
        told = one.answer_from is None or one.answer_from <= today
        lines.append(
            RequestLine(
                kind=one.kind,
                received_on=one.received_on,
                state=one.state if told else "identified",
                outcome=(one.outcome or "") if told else "",
                ground="" if one.neutral else one.ground or "",
                words=await _words(making, row.case, row.sealed),
                ended_at=one.ended_at,
            )
        )
    return tuple(lines)


async def _words(making: Making, case: str, sealed: bytes | None) -> str:
    key = (await making.ring.person_keys(making.conn, making.tenant, [making.own])).get(making.own)
    if sealed is None or key is None:
        return ""
    return open_text(making.ring, key, case, sealed).get("words", "")


async def _rows(making: Making, table: Table, tenant: str, *where: ColumnElement[bool]) -> list:  # type: ignore[type-arg]
    return list(await making.conn.execute(select(table).where(table.c.tenant == tenant, *where)))
