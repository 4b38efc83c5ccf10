"""Why a request is not answered with what it asked for: what `problems` makes a page of."""

from __future__ import annotations

from consent_service.foundation.errors import ConsentServiceError


class LoginNeededError(ConsentServiceError):
    """Nobody is logged in, or the session ended; `parent` says which page tells so.

    `own_page`: the parent was on the own page. `pin_exhausted`: it ended because the PIN was wrong too
    often, which is said instead.
    """

    code = "login_needed"

    def __init__(self, *, parent: bool = False, own_page: bool = False, pin_exhausted: bool = False) -> None:
        self.parent = parent
        self.own_page = own_page
        self.pin_exhausted = pin_exhausted
        super().__init__("a login is needed")


class HandedOverError(ConsentServiceError):
    """A counsellor's page was asked for while the tablet is with a parent."""

    code = "handed_over"


class LockedError(ConsentServiceError):
    """A page was asked for of a screen that locked itself; it opens with the counsellor's PIN."""

    code = "locked"


class ForgedFormError(ConsentServiceError):
    """A form that this session did not make, or that another site sent."""

    code = "forged_form"


class SecondFactorNeededError(ConsentServiceError):
    """An officer's page was asked for in a session that showed no second factor."""

    code = "second_factor_needed"


class StepUpNeededError(ConsentServiceError):
    """An act that weighs much was asked for, and who is there proved too long ago who it is."""

    code = "step_up_needed"


class FetchedAheadError(ConsentServiceError):
    """A page that somebody did not ask for yet, and that would show or log something."""

    code = "fetched_ahead"


class TooManyTriesError(ConsentServiceError):
    """Somebody at this address tries too often; it passes by itself."""

    code = "too_many_tries"
