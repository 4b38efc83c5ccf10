"""The forms of the own page, as typed values."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, cast

import msgspec

from consent_service.consent.page_access import RevokeReason
from consent_service.consent.service import Key
from consent_service.foundation.ids import RelationshipId, TypeKey, is_id
from consent_service.identity.page_factors import DIGITS, Channel, FactorKind
from consent_service.web.forms import FormReader
from consent_service.web.vocabulary import REVOKE_REASONS

CODE_TOKEN: Final = "code_token"  # noqa: S105 - the name of a field
CHALLENGE: Final = "challenge"
DIGITS_FIELD: Final = "digits"
KEYS: Final = "keys"
_LONGEST_TOKEN: Final = 64
AccessWish = Literal["tablet", "print", "revoke", "factor"]
_WISHES: Final[tuple[AccessWish, ...]] = ("tablet", "print", "revoke", "factor")


class ChosenFactor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was chosen, with what belongs to it."""

    kind: FactorKind
    pin: str = ""
    again: str = ""
    address: str = ""
    only_mine: bool = False
    old_pin: str = ""

    def __repr__(self) -> str:
        return f"ChosenFactor(kind={self.kind!r})"


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the counsellor wants for whom, and why."""

    person: str
    wish: AccessWish
    reason: RevokeReason


def read_digits(form: FormReader) -> str:
    """Six digits; whatever else was typed is wrong in the same way."""
    entered = "".join(form.text(DIGITS_FIELD, max_length=40).split())
    fits = entered.isascii() and entered.isdigit() and len(entered) == DIGITS
    if entered and not fits:
        form.refuse(DIGITS_FIELD, "page.pin_form")
    return entered


def read_challenge(form: FormReader) -> str:
    """What this browser was given with the first step."""
    return form.posted.first(CHALLENGE)[:_LONGEST_TOKEN]


def read_keys(form: FormReader, types: Collection[TypeKey]) -> tuple[Key, ...]:
    """Which answers it is about; everything when `all` was pressed."""
    if form.ticked("all"):
        return ()
    keys = tuple(
        (RelationshipId(relationship), TypeKey(kind))
        for value in form.posted.several(KEYS)
        for pair in value.split(",")
        for relationship, _, kind in [pair.partition(":")]
    )
    if not keys or any(not is_id(relationship) or kind not in types for relationship, kind in keys):
        form.refuse(KEYS, "form.choose")
    return keys


def value_of(key: Key) -> str:
    """The value that names one answer in a form."""
    return f"{key[0]}:{key[1]}"


def read_factor(form: FormReader, channels: Collection[Channel]) -> ChosenFactor:
    """A PIN, or an address for messages; nothing is chosen beforehand."""
    kind = cast(FactorKind, form.choice("factor", ("pin", *channels)))
    if form.problems:
        return ChosenFactor("pin")
    old = form.text("old_pin", max_length=40, required=False)
    if kind == "pin":
        pin, again = form.text("pin", max_length=40), form.text("pin_again", max_length=40)
        return ChosenFactor("pin", pin, again, old_pin=old)
    address = form.text("address", max_length=254)
    return ChosenFactor(kind, address=address, only_mine=form.ticked("only_mine"), old_pin=old)


def read_access(form: FormReader, people: Collection[str]) -> Access:
    """Whose access, why, and what then; a PIN is chosen anew without a reason."""
    wish = cast(AccessWish, form.choice("wish", _WISHES))
    person = form.choice("person", people)
    reason = form.choice("reason", tuple(REVOKE_REASONS), required=wish != "factor")
    return Access(person, wish, cast(RevokeReason, reason or "factor_forgotten"))
