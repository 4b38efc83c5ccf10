"""What a provider's claims say of a person: by what staff are linked, for which organisation; pure.

Which names the claims have is configured per provider (`ProviderRules`, `identity.presets`). That the claims
are the provider's is proved before (`identity.id_token`, `identity.oidc`); what follows from an organisation
is decided where staff are linked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from consent_service.identity.establishment import schools_in
from consent_service.identity.model import LoginRefused
from consent_service.identity.providers import ProviderRules

_ESTABLISHMENT = re.compile(r"[0-9]{2}[A-Z]{2}([0-9]{2})?")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_MOST_ORGANISATIONS = 50
_CITIZEN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)

Claims = Mapping[str, object]


class Identified(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who the provider says is there. `subject`, `sub` and `sid` are personal: digest and drop them.

    `organisations` are establishment codes (BRIN of four, or six with the location) in capitals, and domain
    names in small letters. `sub` and `sid` are the provider's own, by which it ends a login again.
    """

    subject: str
    acr: str
    authenticated_at: datetime
    organisations: frozenset[str] = frozenset()
    sub: str = ""
    sid: str = ""

    def __repr__(self) -> str:
        return "Identified(...)"


def is_incomplete(claims: Claims, rules: ProviderRules) -> bool:
    """Whether a claim that matters is not in the ID token, so that the user info must be asked for."""
    if rules.subject_claim not in claims:
        return True
    return bool(rules.organisation_claims) and not any(name in claims for name in rules.organisation_claims)


def completed(signed: Claims, more: Claims) -> Claims:
    """The claims of the ID token, with those of user info that it does not have.

    An e-mail address and whether it was verified come from one of the two: neither vouches for the other's
    address, unless both name the same one. The session is the ID token's.
    """
    left_out = {"sid"}
    if "email" in signed and signed["email"] != more.get("email"):
        left_out.add("email_verified")
    kept = {name: value for name, value in more.items() if name not in left_out}
    own = dict(signed)
    if "email" in more and "email" not in signed:
        own.pop("email_verified", None)
    return {**kept, **own}


def identified(
    claims: Claims, rules: ProviderRules, *, acr: str, authenticated_at: datetime
) -> Identified | LoginRefused:
    """The person behind claims that were proved.

    1. nobody acts for somebody else here, 2. the claim by which staff are linked, 3. never a citizen
    service number, 4. for which organisations.
    """
    if any(name in claims for name in rules.refused_claims):  # 1
        return LoginRefused("represents_somebody")
    subject = _linking_subject(claims, rules.subject_claim)  # 2
    if not subject:
        return LoginRefused("subject_missing")
    if rules.refuse_citizen_numbers and is_citizen_number(subject):  # 3
        return LoginRefused("citizen_number")
    return Identified(
        subject=subject,
        acr=acr,
        authenticated_at=authenticated_at,
        organisations=_organisations(claims, rules.organisation_claims),  # 4
        sub=_word(claims, "sub"),
        sid=_word(claims, "sid"),
    )


def levels_from(rules: ProviderRules) -> tuple[str, ...]:
    """The levels at which everybody logs in, from the lowest that is taken; none: any."""
    return rules.acr_order[rules.acr_order.index(rules.minimum_acr) :] if rules.minimum_acr else ()


def claims_parameter(rules: ProviderRules, levels: tuple[str, ...] = ()) -> str | None:
    """The `claims` request parameter (OpenID Connect Core 1.0 section 5.5) as JSON; None when not asked.

    `levels`: at one of which this login must be; otherwise those at which everybody logs in.
    """
    if rules.claims_request == "off":
        return None
    wanted: dict[str, object] = dict.fromkeys(rules.organisation_claims)
    if rules.subject_claim != "sub":
        wanted[rules.subject_claim] = {"essential": True}
    if rules.subject_claim == "email":
        wanted["email_verified"] = None
    asked: dict[str, dict[str, object]] = {rules.claims_request: wanted}
    if levels := levels or levels_from(rules):
        token = asked.setdefault("id_token", {})
        token["acr"] = {"essential": True, "values": list(levels)}
    named = {place: names for place, names in asked.items() if names}
    return msgspec.json.encode(named).decode() if named else None


def comparable_subject(claim: str, value: str) -> str:
    """A subject as it is linked: an e-mail address without regard to capitals, anything else exactly."""
    return value.strip().lower() if claim == "email" else value


def told_schools(rules: ProviderRules, organisations: Collection[str]) -> frozenset[str]:
    """The BRINs and establishment codes of a login.

    They come from the claims the provider's rules name. Where the rules name none, the provider is the
    school's own and the rules say of which (`ProviderRules.establishments`); where they say nothing, no
    school is told and nobody of a school gets in.
    """
    return schools_in(organisations if rules.organisation_claims else rules.establishments)


def tells_schools(rules: ProviderRules) -> bool:
    """Whether a login at this provider can say of any school that somebody works there."""
    return bool(rules.organisation_claims or rules.establishments)


def organisation_code(value: str) -> str:
    """An establishment code or a domain name as it is compared; empty for anything else."""
    code = re.sub(r"[\s-]", "", value).upper()
    if _ESTABLISHMENT.fullmatch(code):
        return code
    domain = value.strip().lower()
    return domain if _DOMAIN.fullmatch(domain) else ""


def is_citizen_number(value: str) -> bool:
    """Whether this can be a BSN, also with a sector code before it (UAVG 46: not ours to process)."""
    digits = value.rpartition(":")[2].strip()
    if re.fullmatch(r"[0-9]{8,9}", digits) is None:
        return False
    return sum(int(d) * w for d, w in zip(digits.zfill(9), _CITIZEN_WEIGHTS, strict=True)) % 11 == 0


def _linking_subject(claims: Claims, name: str) -> str:
    value = _word(claims, name)
    if name == "email" and claims.get("email_verified") is not True:
        return ""
    return comparable_subject(name, value)


def _word(claims: Claims, name: str) -> str:
    """A text of at most 255 characters; federations send lists of one as well."""
    value = claims.get(name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) and len(value) <= 255 else ""


def _organisations(claims: Claims, names: tuple[str, ...]) -> frozenset[str]:
    told: list[object] = []
    for name in names:
        value = claims.get(name)
        told += value[:_MOST_ORGANISATIONS] if isinstance(value, list) else [value]
    codes = (organisation_code(one) for one in told if isinstance(one, str) and len(one) <= 255)
    return frozenset(code for code in codes if code)
