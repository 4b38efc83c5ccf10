"""Sentences for the events of who is asking: factors, invitations, operators, machines. See `describe`."""

from __future__ import annotations

from typing import assert_never

from consent_service.audit.describing import Sentence, joined, say
from consent_service.audit.events import (
    ClientAdmitted,
    ClientChanged,
    ClientEnded,
    ClientRefused,
    ClientRegistered,
    ClientServed,
    ContactAttested,
    ContactAway,
    ContactLapsed,
    EnrolmentGiven,
    FactorProved,
    FactorRefused,
    HandoverRefused,
    InvitationEnded,
    OperatorAdded,
    OperatorAdmitted,
    OperatorEnded,
    PasskeyAdded,
    PasskeyRemoved,
    StaffInvited,
    SteppedUp,
    WhoEvent,
)
from consent_service.foundation.i18n import N_

_OfMachines = (
    OperatorAdded
    | OperatorEnded
    | OperatorAdmitted
    | ClientRegistered
    | ClientChanged
    | ClientEnded
    | ClientAdmitted
    | ClientServed
    | ClientRefused
)


def describe_who(event: WhoEvent) -> Sentence:
    """What was asked of somebody to prove, in one sentence."""
    if isinstance(event, _OfMachines):
        return _of_machines(event)
    match event:
        case SteppedUp(provider=provider):
            msgid = N_("Opnieuw ingelogd via {provider}.")
            return say(msgid, provider=provider)
        case FactorProved(factor=factor):
            msgid = N_("Tweede stap bij het inloggen gezet, met {factor}.")
            return say(msgid, factor=factor)
        case FactorRefused(code=code):
            msgid = N_("Tweede stap bij het inloggen geweigerd. Reden: {code}.")
            return say(msgid, code=code)
        case EnrolmentGiven():
            return say(N_("Code gegeven om een eerste toegangssleutel toe te voegen."))
        case PasskeyAdded():
            return say(N_("Toegangssleutel toegevoegd."))
        case PasskeyRemoved(code=code):
            msgid = N_("Toegangssleutel verwijderd. Reden: {code}.")
            return say(msgid, code=code)
        case HandoverRefused(code=code):
            msgid = N_("Pincode of toegangssleutel bij de tablet geweigerd. Reden: {code}.")
            return say(msgid, code=code)
        case StaffInvited():
            return say(N_("Medewerker uitgenodigd om een inlogaccount te koppelen."))
        case InvitationEnded(code=code):
            msgid = N_("Uitnodiging van een medewerker vervallen. Reden: {code}.")
            return say(msgid, code=code)
        case ContactAttested():
            return say(N_("Bevestigd dat een contactpersoon van de school dat nog is."))
        case ContactLapsed():
            return say(N_("Contactpersoon van de school niet opnieuw bevestigd: ziet niets meer."))
        case ContactAway(until=None):
            return say(N_("Een contactpersoon van de school is er weer."))
        case ContactAway(until=until):
            msgid = N_("Een contactpersoon van de school is er niet, tot en met {day}.")
            return say(msgid, day=str(until))
        case _:
            assert_never(event)


def _of_machines(event: _OfMachines) -> Sentence:
    match event:
        case OperatorAdded(operator=operator):
            msgid = N_("Beheerder {operator} toegevoegd.")
            return say(msgid, operator=operator)
        case OperatorEnded(operator=operator):
            msgid = N_("Beheerder {operator} afgemeld.")
            return say(msgid, operator=operator)
        case OperatorAdmitted(operator=operator, code="approval_off"):
            msgid = N_("Opdrachten gegeven als {operator}: er werd niet gevraagd wie het was.")
            return say(msgid, operator=operator)
        case OperatorAdmitted(operator=operator, code="emergency"):
            msgid = N_("Opdrachten gegeven als {operator}, omdat er iets stuk was.")
            return say(msgid, operator=operator)
        case OperatorAdmitted(operator=operator):
            msgid = N_("Beheerder {operator} toegelaten tot de opdrachten.")
            return say(msgid, operator=operator)
        case ClientRegistered(client=client, scopes=scopes):
            msgid = N_("Gekoppeld systeem {client} toegevoegd: {scopes}.")
            return say(msgid, client=client, scopes=joined(scopes))
        case ClientChanged(client=client, changed=changed):
            msgid = N_("Gekoppeld systeem {client} gewijzigd: {fields}.")
            return say(msgid, client=client, fields=joined(changed))
        case ClientEnded(client=client):
            msgid = N_("Gekoppeld systeem {client} losgekoppeld.")
            return say(msgid, client=client)
        case ClientAdmitted(client=client, scopes=scopes):
            msgid = N_("Gekoppeld systeem {client} toegelaten: {scopes}.")
            return say(msgid, client=client, scopes=joined(scopes))
        case ClientServed(client=client, scope=scope):
            msgid = N_("Gekoppeld systeem {client} bediend: {scope}.")
            return say(msgid, client=client, scope=scope)
        case ClientRefused(client=client, code=code):
            msgid = N_("Gekoppeld systeem {client} geweigerd. Reden: {code}.")
            return say(msgid, client=client, code=code)
        case _:
            assert_never(event)
