"""Sentences for the events of families: who they are, their safety, and their schools. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, joined, say
from consent_service.audit.events import (
    AuthorityRecorded,
    ChildRegistered,
    ConflictDeclared,
    ContactListed,
    ContactRemoved,
    FamilyEvent,
    FamilyRegistered,
    FamilySearched,
    GuardianRegistered,
    GuardianSafetyAssessed,
    IdentityChanged,
    IdentityViewed,
    MarkerDecided,
    MarkerEnded,
    MarkerRequested,
    PupilDisowned,
    RecallAcknowledged,
    RecallIssued,
    RelationshipEnded,
    RelationshipStarted,
    RelationshipSucceeded,
    SafetyAssessed,
    SchoolSucceeded,
    SubstituteAccess,
)
from consent_service.foundation.i18n import N_

_Safety = SafetyAssessed | GuardianSafetyAssessed | MarkerRequested | MarkerDecided | MarkerEnded
_AtSchool = (
    RelationshipStarted
    | RelationshipEnded
    | ContactListed
    | ContactRemoved
    | RecallIssued
    | RecallAcknowledged
    | PupilDisowned
    | ConflictDeclared
    | SchoolSucceeded
    | RelationshipSucceeded
)


def describe_family(event: FamilyEvent) -> Sentence:
    """What happened in a family, or was done about it, in one sentence."""
    if isinstance(event, _Safety):
        return _safety(event)
    if isinstance(event, _AtSchool):
        return _at_school(event)
    match event:
        case FamilyRegistered():
            return say(N_("Gezin ingeschreven."))
        case ChildRegistered():
            return say(N_("Kind ingeschreven."))
        case GuardianRegistered():
            return say(N_("Ouder of voogd ingeschreven."))
        case AuthorityRecorded(kind=kind, source=source):
            return say(N_("Gezag vastgelegd: {kind}. Gezien: {source}."), kind=kind, source=source)
        case IdentityChanged(fields=fields):
            return say(N_("Persoonsgegevens gewijzigd: {fields}."), fields=joined(fields))
        case IdentityViewed(purpose=purpose):
            return say(N_("Persoonsgegevens bekeken. Doel: {purpose}."), purpose=purpose)
        case FamilySearched(results=results):
            return say(N_("Naar een gezin gezocht; gevonden: {count}."), count=results)
        case SubstituteAccess(reason=reason):
            return say(N_("Als vervanger het gezin geopend. Reden: {reason}."), reason=reason)
        case _:
            assert_never(event)


def _safety(event: _Safety) -> Sentence:
    match event:
        case SafetyAssessed(state=state):
            return say(N_("Veiligheid beoordeeld: {state}."), state=state)
        case GuardianSafetyAssessed(state=state):
            return say(N_("Veiligheid van een ouder beoordeeld: {state}."), state=state)
        case MarkerRequested():
            return say(N_("Gevraagd om een ouder niet te benaderen, om de veiligheid."))
        case MarkerDecided(approved=True):
            return say(N_("Goedgekeurd: een ouder wordt niet benaderd, om de veiligheid."))
        case MarkerDecided():
            return say(N_("Niet goedgekeurd om een ouder niet te benaderen."))
        case MarkerEnded():
            return say(N_("Een ouder niet benaderen geldt niet meer."))
        case _:
            assert_never(event)


def _at_school(event: _AtSchool) -> Sentence:
    match event:
        case RelationshipStarted():
            return say(N_("School van het kind vastgelegd."))
        case RelationshipEnded(reason=reason):
            return say(N_("Samenwerking met de school beëindigd. Reden: {reason}."), reason=reason)
        case ContactListed(role=role):
            return say(N_("Iemand op de lijst van de school gezet, als {role}."), role=role)
        case ContactRemoved(reason=reason):
            return say(
                N_("Contactpersoon van de school van de lijst gehaald. Reden: {reason}."), reason=reason
            )
        case RecallIssued(information_type=kind, records=count):
            msgid = N_("Aan de school gevraagd om iets weg te halen: {information_type}; stukken: {count}.")
            return say(msgid, information_type=kind, count=count)
        case RecallAcknowledged(answer=answer):
            return say(N_("De school antwoordde op het verzoek: {answer}."), answer=answer)
        case PupilDisowned():
            return say(N_("De school meldt: dit is geen leerling van ons. Alles is dicht."))
        case ConflictDeclared():
            return say(N_("Een contactpersoon kent het gezin zelf; de vervanger neemt het over."))
        case SchoolSucceeded():
            return say(N_("Een school gaat verder als een andere school."))
        case RelationshipSucceeded():
            return say(N_("De samenwerking gaat verder met de opvolgende school."))
        case _:
            assert_never(event)
