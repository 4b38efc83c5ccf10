"""The form in which a machine client asks for a token, and what is wrong with it, pure.

RFC 6749 sections 3.2 and 4.4.2, RFC 7521 section 4.2. Sentences hold only what section 5.2 lets
`error_description` hold: printable ASCII without quotation mark and backslash, so no accents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import parse_qsl

import msgspec

from consent_service.foundation.i18n import N_
from consent_service.identity.machine_clients import TokenRequest

FORM: Final = "application/x-www-form-urlencoded"
GRANT: Final = "client_credentials"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_FORM: Final = 16 * 1024
"""Bytes."""
_MOST_FIELDS: Final = 20

ErrorCode = Literal[
    "invalid_request",
    "invalid_client",
    "unsupported_grant_type",
    "invalid_scope",
    "temporarily_unavailable",
    "server_error",
]
"""RFC 6749 sections 5.2 and 4.1.2.1."""

NOT_A_FORM: Final = N_("Stuur een formulier: application/x-www-form-urlencoded, in UTF-8, hooguit 16 kB.")
TWICE: Final = N_("Een parameter staat er twee keer in.")
NO_GRANT: Final = N_("grant_type ontbreekt.")
OTHER_GRANT: Final = N_("grant_type moet client_credentials zijn.")
NO_ASSERTION: Final = N_("client_assertion ontbreekt.")
OTHER_ASSERTION: Final = N_("client_assertion_type moet dat van een JWT zijn (RFC 7523, 2.2).")
TWO_WAYS: Final = N_("Bewijs op een manier wie u bent: alleen met client_assertion.")
OTHER_WAY: Final = N_("Alleen private_key_jwt wordt aangenomen, geen client_secret en geen Authorization.")
NOT_PROVED: Final = N_("Het bewijs is niet van een systeem dat hier bekend is, of niet (meer) geldig.")
OTHER_SCOPE: Final = N_("Dit systeem mag niet alles vragen wat in scope staat.")
TOO_OFTEN: Final = N_("Er is te vaak om een token gevraagd. Wacht een minuut.")
AWAY: Final = N_("Een deel van de dienst is niet bereikbaar. Probeer het later opnieuw.")
FAILED: Final = N_("Er ging bij ons iets mis.")
SENTENCES: Final = (
    *(NOT_A_FORM, TWICE, NO_GRANT, OTHER_GRANT, NO_ASSERTION, OTHER_ASSERTION, TWO_WAYS, OTHER_WAY),
    *(NOT_PROVED, OTHER_SCOPE, TOO_OFTEN, AWAY, FAILED),
)
"""All that an `error_description` can say."""


class FormRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form cannot be taken; every problem of it, as Dutch sentences."""

    code: ErrorCode
    problems: tuple[str, ...]


def read_token_request(content_type: str, body: bytes) -> TokenRequest | FormRefused:
    """What is asked for, or everything that is wrong with the form at once.

    Parameters nobody knows are passed over, and one without a value is as one that is not there (RFC 6749
    section 3.2). Twice the same is refused: two readers could read different ones.
    """
    pairs = _pairs(content_type, body)
    if pairs is None:
        return FormRefused("invalid_request", (NOT_A_FORM,))
    names = [name for name, _ in pairs]
    form = {name: value for name, value in pairs if value}
    problems = [TWICE] if len(set(names)) != len(names) else []
    problems += _wrong_with(form)
    grant = form.get("grant_type", GRANT)
    if not problems and grant != GRANT:
        return FormRefused("unsupported_grant_type", (OTHER_GRANT,))
    if problems:
        told = [*problems, *([OTHER_GRANT] if grant != GRANT else [])]
        return FormRefused("invalid_request", tuple(told))
    scope = form.get("scope")
    return TokenRequest(
        assertion=form["client_assertion"],
        client=form.get("client_id", ""),
        scopes=None if scope is None else frozenset(scope.split(" ")),
    )


def _wrong_with(form: Mapping[str, str]) -> list[str]:
    problems = [] if "grant_type" in form else [NO_GRANT]
    if "client_assertion" not in form:
        problems.append(OTHER_WAY if "client_secret" in form else NO_ASSERTION)
    elif "client_secret" in form:
        problems.append(TWO_WAYS)
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        problems.append(OTHER_ASSERTION)
    return problems


def _pairs(content_type: str, body: bytes) -> list[tuple[str, str]] | None:
    if content_type.partition(";")[0].strip().lower() != FORM or len(body) > LONGEST_FORM:
        return None
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return None
