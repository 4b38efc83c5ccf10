"""Events of who is asking: second factors, invitations, contacts of a term, operators and machines."""

from __future__ import annotations

from datetime import date

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import (
    FamilyId,
    RelationshipId,
    SchoolId,
    StaffId,
)


class SteppedUp(Happening, frozen=True, tag="login.stepped_up.v1"):
    """Somebody who was logged in proved again who it is, at the provider."""

    provider: Code
    level: Code = ""


class FactorProved(Happening, frozen=True, tag="factor.proved.v1"):
    """A second factor was shown: `acr` by the provider, or a `passkey`."""

    factor: Code


class FactorRefused(Happening, frozen=True, tag="factor.refused.v1"):
    """A second factor that was wrong, or a code to add one that was."""

    code: Code


class EnrolmentGiven(Happening, frozen=True, tag="factor.enrolment_given.v1"):
    """A code with which a member of staff adds a first passkey."""

    staff: StaffId


class PasskeyAdded(Happening, frozen=True, tag="passkey.added.v1"):
    """A passkey works for this login from now on."""


class PasskeyRemoved(Happening, frozen=True, tag="passkey.removed.v1"):
    """A passkey does not work any more."""

    code: Code = ""


class HandoverRefused(Happening, frozen=True, tag="handover.refused.v1"):
    """A PIN or passkey at a lent or locked tablet that was wrong."""

    code: Code
    family: FamilyId | None = None


class StaffInvited(Happening, frozen=True, tag="staff.invited.v1"):
    """Who holds the code may link a login to this member of staff, once."""

    staff: StaffId
    school: SchoolId | None = None


class InvitationEnded(Happening, frozen=True, tag="staff.invitation_ended.v1"):
    """An invitation that was not used does not work any more: revoked, declined, expired or replaced.

    `inviter`: the counsellor who invited, where somebody said not to be the one who was meant.
    """

    staff: StaffId
    code: Code
    inviter: StaffId | None = None


class ContactAttested(Happening, frozen=True, tag="contact.attested.v1"):
    """Said again for this school term that somebody is a contact of this child."""

    relationship: RelationshipId
    staff: StaffId


class ContactLapsed(Happening, frozen=True, tag="contact.lapsed.v1"):
    """Nobody said so for the new school term: this contact sees nothing until somebody does."""

    relationship: RelationshipId
    staff: StaffId


class ContactAway(Happening, frozen=True, tag="contact.away.v1"):
    """A contact of this child is away up to and with a day, so that a deputy reads; without one: is back."""

    relationship: RelationshipId
    staff: StaffId
    until: date | None = None


class OperatorAdded(Happening, frozen=True, tag="operator.added.v1"):
    """Somebody may run the installation; `operator` is a code, no name."""

    operator: Code


class OperatorEnded(Happening, frozen=True, tag="operator.ended.v1"):
    """Somebody may not run the installation any more."""

    operator: Code


class OperatorAdmitted(Happening, frozen=True, tag="operator.admitted.v1"):
    """Commands may be typed for a while; `code` says why where nobody proved who it is."""

    operator: Code
    code: Code = ""


class ClientRegistered(Happening, frozen=True, tag="client.registered.v1"):
    """A machine may ask for tokens, for these scopes."""

    client: Code
    scopes: tuple[Code, ...] = ()
    keys: tuple[Code, ...] = ()


class ClientChanged(Happening, frozen=True, tag="client.changed.v1"):
    """A machine has a key more or a key less; `keys` are thumbprints (RFC 7638)."""

    client: Code
    changed: tuple[Code, ...] = ()
    keys: tuple[Code, ...] = ()


class ClientEnded(Happening, frozen=True, tag="client.ended.v1"):
    """A machine may not ask for anything any more."""

    client: Code


class ClientAdmitted(Happening, frozen=True, tag="client.admitted.v1"):
    """A machine proved which it is and got a token for these scopes."""

    client: Code
    scopes: tuple[Code, ...] = ()


class ClientServed(Happening, frozen=True, tag="client.served.v1"):
    """A machine got what this scope is for."""

    client: Code
    scope: Code


class ClientRefused(Happening, frozen=True, tag="client.refused.v1"):
    """A machine that is known got no token."""

    client: Code
    code: Code


WhoEvent = (
    SteppedUp
    | FactorProved
    | FactorRefused
    | EnrolmentGiven
    | PasskeyAdded
    | PasskeyRemoved
    | HandoverRefused
    | StaffInvited
    | InvitationEnded
    | ContactAttested
    | ContactLapsed
    | ContactAway
    | OperatorAdded
    | OperatorEnded
    | OperatorAdmitted
    | ClientRegistered
    | ClientChanged
    | ClientEnded
    | ClientAdmitted
    | ClientServed
    | ClientRefused
)
