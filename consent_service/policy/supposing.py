"""What is known of a child, with one thing supposed to be otherwise. Pure; nothing here is ever recorded.

Only `outlook` supposes, to put the same question again. Everything supposed happens just after `now`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from consent_service.consent.model import Capacity, Decision
from consent_service.consent.states import DecisionKind
from consent_service.families.model import Authority, AuthorityFact, SafetyAssessment, authority_on
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import AgreementId, DecisionId, PersonId
from consent_service.information.model import Catalogue, InformationType
from consent_service.organisations.model import Agreement
from consent_service.policy.facts import Reader
from consent_service.policy.projection import Known

SAFE: Final = SafetyAssessment("no_known_danger", False, False, None, None)
DANGER: Final = SafetyAssessment("danger", True, False, None, None)
SOMEBODY: Final = PersonId("somebody with authority")
"""Stands in for whoever decides, where it may not be known who that is or what they said."""

_LONG_AGO: Final = date(1900, 1, 1)
_JUST_AFTER: Final = timedelta(microseconds=1)


def said(
    known: Known, kinds: Iterable[InformationType], person: PersonId, kind: DecisionKind, now: datetime
) -> Known:
    """This person says this about all these types; a yes is one to the text in force, without an end."""
    at = now + _JUST_AFTER
    capacity: Capacity = "child" if person == known.relationship.child else "holder"
    rows = tuple(
        Decision(
            decision=DecisionId(f"supposed {person} {kind} {about.key}"),
            relationship=known.relationship.relationship,
            information_type=about.key,
            person=person,
            capacity=capacity,
            kind=kind,
            decided_at=at,
            recorded_at=at,
            text_version=about.text_id,
        )
        for about in kinds
    )
    return replace(known, decisions=(*known.decisions, *rows))


def staying(known: Known, reader: Reader) -> Known:
    """Who reads now is confirmed at every school term and still reads then.

    Nothing of that is the family's choice, and whoever has to confirm is asked in time: without supposing
    it, no yes would seem to last longer than a term.
    """
    kept = tuple(
        replace(one, deputy_for=None, confirmed_at=None) if one.staff == reader.id else one
        for one in known.contacts
    )
    return replace(known, contacts=kept)


def lifted(known: Known, kinds: Iterable[InformationType], now: datetime) -> Known:
    """Whoever objects to these types, at whatever school of the child, takes it back."""
    keys = {kind.key for kind in kinds}
    at = now + _JUST_AFTER

    def lifting(rows: Sequence[Decision]) -> tuple[Decision, ...]:
        return tuple(
            replace(
                row,
                decision=DecisionId(f"supposed lifted {row.decision}"),
                kind="objection_lifted",
                decided_at=at,
                recorded_at=at,
            )
            for row in rows
            if row.kind == "objected" and row.information_type in keys
        )

    return replace(
        known,
        decisions=(*known.decisions, *lifting(known.decisions)),
        objections=(*known.objections, *lifting(known.objections)),
    )


def resumed(known: Known, kinds: Iterable[InformationType], now: datetime) -> Known:
    """The texts that were in doubt were right after all."""
    keys = {kind.key for kind in kinds}
    at = now + _JUST_AFTER
    rows = tuple(
        replace(
            row,
            decision=DecisionId(f"supposed resumed {row.decision}"),
            kind="resumed",
            decided_at=at,
            recorded_at=at,
        )
        for row in known.decisions
        if row.kind == "suspended" and row.information_type in keys
    )
    return replace(known, decisions=(*known.decisions, *rows))


def established(known: Known, now: datetime) -> Known:
    """Everybody of whom it is not known has authority."""
    deciders = authority_now(known, now).deciders
    found = {fact.guardian for fact in known.authority if fact.valid_from <= local_date(now)}
    facts = tuple(_authority(known, person, now, held=True) for person in deciders if person not in found)
    return replace(known, authority=(*known.authority, *facts))


def agreed(known: Known, now: datetime) -> Known:
    """There is an agreement with the school."""
    about = known.relationship
    new = Agreement(about.tenant, AgreementId("supposed"), about.school, local_date(now), None, None)
    return replace(known, agreements=(*known.agreements, new))


def gate_opened(known: Known, catalogue: Catalogue, now: datetime) -> Known:
    """Whoever has a say lets the school know that there is help."""
    gate, child = catalogue.gate, known.relationship.child
    for person in authority_now(known, now).deciders:
        known = said(known, [gate], person, "given", now)
    heard = known.voice(catalogue.terms, local_date(now)) == "heard"
    known = said(known, [gate], child, "opinion_yes" if heard else "given", now)
    return lifted(known, [gate], now)


def gate_shut(known: Known, catalogue: Catalogue, now: datetime) -> Known:
    """Nobody lets the school know any longer that there is help."""
    for person in (*authority_now(known, now).deciders, known.relationship.child):
        known = said(known, [catalogue.gate], person, "refused", now)
    return known


def own_records(known: Known, person: PersonId) -> Known:
    """Without records about another guardian: that there are any is that one's own affair."""
    owners = {key: about & {person} for key, about in known.owners.items()}
    return replace(known, owners=owners)


def own_view(
    known: Known, catalogue: Catalogue, kinds: Sequence[InformationType], person: PersonId, now: datetime
) -> Known:
    """A world with only this person's own words about these types, and nothing else in the way.

    What others chose, and whatever was assessed about safety, is not in it.
    """
    child = known.relationship.child
    decides = person in authority_now(known, now).deciders
    guardian = SOMEBODY if person == child else person
    recorded = any(f.guardian == person and f.valid_from <= local_date(now) for f in known.authority)
    provisional = decides and not recorded
    held = decides or person == child
    keys = [kind.key for kind in kinds]
    alone = replace(
        known,
        guardians=(guardian,),
        authority=() if provisional else (_authority(known, guardian, now, held=held),),
        safety=SAFE,
        decisions=_of(known.decisions, person, keys),
        objections=_of(known.objections, person, keys),
        approved=frozenset(keys),
        owners={kind.key: frozenset({guardian}) for kind in kinds},
        markers=(),
        protected=frozenset(),
    )
    if guardian != person:
        alone = said(alone, kinds, guardian, "given", now)
    elif known.voice(catalogue.terms, local_date(now)) != "heard":
        alone = said(alone, kinds, child, "given", now)
    return alone if catalogue.gate.key in keys else gate_opened(alone, catalogue, now)


def authority_now(known: Known, now: datetime) -> Authority:
    """Who decides for the child today."""
    return authority_on(local_date(now), known.guardians, known.authority)


def _of(rows: Iterable[Decision], person: PersonId, keys: Sequence[str]) -> tuple[Decision, ...]:
    return tuple(row for row in rows if row.person == person and row.information_type in keys)


def _authority(known: Known, person: PersonId, now: datetime, *, held: bool) -> AuthorityFact:
    return AuthorityFact(
        child=known.relationship.child,
        guardian=person,
        kind="holder" if held else "none",
        source="register",
        valid_from=_LONG_AGO,
        valid_until=None,
        recorded_at=now,
    )
