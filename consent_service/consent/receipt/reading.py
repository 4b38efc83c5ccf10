"""Gathers one signed sitting from the ledger, the sealed evidence and the identities it names.

Only of the person who signed: another guardian's name, answer or address is never read into it (S44).
Whether somebody may ask for it is `consent.receipts`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import read_note
from consent_service.audit.reading import newest_checkpoint
from consent_service.consent.capacity import capacity_of
from consent_service.consent.codes import code_hash, normalised_code
from consent_service.consent.evidence import open_evidence
from consent_service.consent.model import Answer, Decision, fold
from consent_service.consent.reading import decision_from, read_decisions
from consent_service.consent.receipt.model import (
    ChildChoices,
    Controller,
    Head,
    ReceiptAnswer,
    Recipient,
    SignedChoices,
    SittingSummary,
    answer_now,
)
from consent_service.consent.states import DecisionKind
from consent_service.consent.tables import consent_ledger, sittings, withdrawal_codes
from consent_service.families.model import Ages, Child, Relationship, is_competent, voice_on
from consent_service.families.reading import (
    read_children,
    read_competence,
    read_guardians,
    read_relationships,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import INSTALLATION, FamilyId, PersonId, SchoolId, StaffId, TenantId
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.organisations.looking import school_in, tenant_in

_ANSWER_OF: dict[DecisionKind, Answer] = {
    "given": "yes",
    "refused": "no",
    "later": "later",
    "opinion_yes": "yes",
    "opinion_no": "no",
}
_MAY_DECIDE = frozenset({"holder", "voogd", "court_order", "child"})


class SittingRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed sitting: whose, when, in which language, and the evidence, still sealed."""

    tenant: TenantId
    sitting: str
    family: FamilyId
    person: PersonId
    language: str
    signed_at: datetime
    sealed_evidence: bytes


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a receipt says besides the sitting itself: the rules in force and the address of the service."""

    catalogue: Catalogue
    ages: Ages
    public_origin: str
    withdraw_path: str


async def read_signed_sitting(conn: AsyncConnection, tenant: TenantId, sitting: str) -> SittingRow:
    """The sitting.

    Raises:
        NotFoundError: no such sitting in this shelter, or it was not signed.
    """
    query = select(sittings).where(sittings.c.tenant == tenant, sittings.c.sitting == sitting)
    row = (await conn.execute(query)).first()
    if row is None or row.outcome != "signed" or row.sealed_evidence is None:
        raise NotFoundError("receipt")
    return _sitting_from(row)


async def read_signed_sittings(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, family: FamilyId
) -> tuple[SittingSummary, ...]:
    """Every signed sitting of a family, newest first; without those of somebody who was erased."""
    query = (
        select(sittings)
        .where(sittings.c.tenant == tenant, sittings.c.family == family)
        .where(sittings.c.outcome == "signed", sittings.c.sealed_evidence.is_not(None))
        .order_by(sittings.c.finished_at.desc(), sittings.c.sitting)
    )
    names = await _names(conn, ring, tenant, family)
    found = [_sitting_from(row) for row in await conn.execute(query)]
    return tuple(
        SittingSummary(one.sitting, one.person, names[one.person], one.signed_at, one.language)
        for one in found
        if one.person in names
    )


async def is_code_of(conn: AsyncConnection, row: SittingRow, entered: str) -> bool:
    """Whether this is a code of the person who signed, and still works."""
    code = normalised_code(entered)
    query = select(withdrawal_codes.c.guardian).where(
        withdrawal_codes.c.tenant == INSTALLATION,
        withdrawal_codes.c.code_hash == code_hash(code or ""),
        withdrawal_codes.c.shelter == row.tenant,
        withdrawal_codes.c.revoked_at.is_(None),
    )
    return code is not None and (await conn.execute(query)).scalar_one_or_none() == row.person


async def read_choices(
    conn: AsyncConnection, ring: KeyRing, row: SittingRow, place: Place, *, now: datetime
) -> SignedChoices:
    """What was signed, and where it stands now, about the children this person still decides on.

    Raises:
        NotFoundError: about none of them any more: authority was lost, or they decide alone (S6, S9).
        KeyDestroyedError: the person was erased.
    """
    names = await _names(conn, ring, row.tenant, row.family)
    rows = await _signed_rows(conn, row)
    kids = await _shown_children(conn, ring, row, place.ages, now=now)
    about = [
        one
        for one in await read_relationships(conn, row.tenant, family=row.family)
        if one.child in kids and any(signed.relationship == one.relationship for signed in rows)
    ]
    if not about or row.person not in names:
        raise NotFoundError("receipt")
    key = await ring.person_key(conn, row.tenant, row.person)
    evidence = open_evidence(ring, key, row.sitting, row.sealed_evidence)
    return SignedChoices(
        sitting=row.sitting,
        person=row.person,
        name=names[row.person],
        controller=await _controller(conn, row.tenant, place),
        signed_at=row.signed_at,
        made_at=now,
        language=row.language,
        method=rows[0].method,
        evidence=rows[0].evidence or evidence.signature.kind,
        signed_name=evidence.signature.written_name,
        signed_drawing=evidence.signature.drawing,
        interpreter=rows[0].interpreter or evidence.interpreter,
        witness=None if rows[0].witness is None else StaffId(rows[0].witness),
        statement=evidence.statement,
        children=await _children(conn, row, place, (about, kids, rows), now=now),
        withdraw_address=place.public_origin + place.withdraw_path,
        head=await _head(conn, row.tenant),
    )


# --- parts -------------------------------------------------------------------------------------------


async def _children(
    conn: AsyncConnection,
    row: SittingRow,
    place: Place,
    found: tuple[Sequence[Relationship], Mapping[PersonId, Child], Sequence[Row[Any]]],
    *,
    now: datetime,
) -> tuple[ChildChoices, ...]:
    about, kids, rows = found
    own = await _own_decisions(conn, row, about)
    schools = {one.school: await _recipient(conn, row.tenant, one.school) for one in about}
    return tuple(
        _about_child(one, kids[one.child], schools[one.school], rows, own, place.catalogue, now)
        for one in about
    )


def _sitting_from(row: Row[Any]) -> SittingRow:
    return SittingRow(
        TenantId(row.tenant),
        row.sitting,
        FamilyId(row.family),
        PersonId(row.guardian),
        row.language,
        row.finished_at,
        row.sealed_evidence,
    )


async def _signed_rows(conn: AsyncConnection, row: SittingRow) -> Sequence[Row[Any]]:
    """The ledger's rows of the sitting, in the order in which they were written."""
    query = (
        select(consent_ledger)
        .where(consent_ledger.c.tenant == row.tenant, consent_ledger.c.sitting == row.sitting)
        .where(consent_ledger.c.person == row.person)
        .order_by(consent_ledger.c.recorded_at, consent_ledger.c.decision)
    )
    rows = (await conn.execute(query)).all()
    return [one for one in rows if one.kind in _ANSWER_OF]


async def _own_decisions(
    conn: AsyncConnection, row: SittingRow, about: Iterable[Relationship]
) -> tuple[Decision, ...]:
    decisions = await read_decisions(conn, row.tenant, [one.relationship for one in about])
    return tuple(one for one in decisions if one.person == row.person)


async def _names(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, family: FamilyId
) -> Mapping[PersonId, str]:
    """Who may have signed in this family; a receipt takes one name out of it."""
    adults = await read_guardians(conn, ring, tenant, family=family)
    kids = await read_children(conn, ring, tenant, family=family)
    names = {one.guardian: one.identity.full_name for one in adults}
    return names | {one.child: one.identity.full_name for one in kids}


async def _shown_children(
    conn: AsyncConnection, ring: KeyRing, row: SittingRow, ages: Ages, *, now: datetime
) -> Mapping[PersonId, Child]:
    """Oneself, for a child; else the children on whom one decides today."""
    kids = await read_children(conn, ring, row.tenant, family=row.family)
    if any(kid.child == row.person for kid in kids):
        return {kid.child: kid for kid in kids if kid.child == row.person}
    judged = await read_competence(conn, row.tenant, children=[kid.child for kid in kids])
    shown = {}
    for kid in kids:
        competent = is_competent(one for one in judged if one.child == kid.child)
        born = kid.identity.birth_date
        alone = born is None or voice_on(born, local_date(now), ages, competent=competent) == "alone"
        capacity = await capacity_of(
            conn, row.tenant, family=row.family, guardian=row.person, child=kid.child, now=now
        )
        if not alone and capacity in _MAY_DECIDE:
            shown[kid.child] = kid
    return shown


def _about_child(
    relationship: Relationship,
    child: Child,
    school: Recipient,
    rows: Iterable[Row[Any]],
    own: Iterable[Decision],
    catalogue: Catalogue,
    now: datetime,
) -> ChildChoices:
    """In the order of the catalogue; a type that was taken out of it has no words any more."""
    signed = {one.information_type: one for one in rows if one.relationship == relationship.relationship}
    mine = [one for one in own if one.relationship == relationship.relationship]
    answers = tuple(
        _answer(signed[key], [one for one in mine if one.information_type == key], kind.text_id, now)
        for key, kind in catalogue.types.items()
        if key in signed
    )
    return ChildChoices(
        relationship=relationship.relationship,
        child=child.child,
        name=child.identity.full_name,
        school=school,
        capacity=next(iter(signed.values())).capacity,
        answers=answers,
    )


def _answer(row: Row[Any], history: Sequence[Decision], text: str, now: datetime) -> ReceiptAnswer:
    signed = decision_from(row)
    standing = fold(history, now=now, text=text).get(signed.person)
    newest = max(history, key=lambda one: one.recorded_at, default=None)
    return ReceiptAnswer(
        decision=signed.decision,
        information_type=signed.information_type,
        answer=_ANSWER_OF[signed.kind],
        now=answer_now(standing, newest),
        decided_at=signed.decided_at,
        valid_until=signed.valid_until,
        text_version=signed.text_version,
        text_hash=row.text_hash,
        screen_hash=row.screen_hash,
    )


async def _controller(conn: AsyncConnection, tenant: TenantId, place: Place) -> Controller:
    found = await tenant_in(conn, tenant)
    return Controller(tenant, found.name, found.phone, place.public_origin)


async def _recipient(conn: AsyncConnection, tenant: TenantId, school: SchoolId) -> Recipient:
    found = await school_in(conn, tenant, school)
    if found is None:
        raise NotFoundError("school")
    return Recipient(school, found.name, f"{found.street}, {found.town}", found.phone)


async def _head(conn: AsyncConnection, tenant: TenantId) -> Head | None:
    """Where the log stands: its newest signed head."""
    note = await newest_checkpoint(conn, tenant)
    if note is None:
        return None
    head = read_note(note).checkpoint
    return Head(head.size, base64.b64encode(head.root).decode())
