"""Events of logins and sessions, of staff, at the lent tablet and on the own page."""

from __future__ import annotations

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
)


class LoginSucceeded(Happening, frozen=True, tag="login.succeeded.v1"):
    provider: Code
    level: Code = ""


class LoginRefused(Happening, frozen=True, tag="login.refused.v1"):
    provider: Code
    code: Code


class Logout(Happening, frozen=True, tag="logout.v1"):
    pass


class SessionEnded(Happening, frozen=True, tag="session.ended.v1"):
    code: Code


class HandoverStarted(Happening, frozen=True, tag="handover.started.v1"):
    family: FamilyId
    guardian: PersonId | None = None


class HandoverEnded(Happening, frozen=True, tag="handover.ended.v1"):
    family: FamilyId
    code: Code = ""


class PageAccessGiven(Happening, frozen=True, tag="page.access_given.v1"):
    """A code and a second factor for the own page; `factor` is pin, mail or sms."""

    person: PersonId
    factor: Code


class PageAccessRevoked(Happening, frozen=True, tag="page.access_revoked.v1"):
    """The code does not work any more: lost, stolen or seen by somebody else."""

    person: PersonId
    reason: Code = ""


class PageOpened(Happening, frozen=True, tag="page.opened.v1"):
    """Somebody logged in to the own page."""

    person: PersonId


class PageRefused(Happening, frozen=True, tag="page.refused.v1"):
    """A code that exists, and a second factor that was wrong; `many_tries` by strangers, with the family."""

    person: PersonId
    code: Code
    family: FamilyId | None = None


class LogoutRefused(Happening, frozen=True, tag="logout.refused.v1"):
    """A login provider's own signed logout token that was not taken: used before, or of another kind."""

    provider: Code
    code: Code


SessionEvent = (
    LoginSucceeded
    | LoginRefused
    | Logout
    | SessionEnded
    | HandoverStarted
    | HandoverEnded
    | PageAccessGiven
    | PageAccessRevoked
    | PageOpened
    | PageRefused
    | LogoutRefused
)
