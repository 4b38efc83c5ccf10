"""What is known beforehand of the federations people log in through: names of claims, levels; pure.

A preset is where an operator begins; each of its rules can be set otherwise (`provider add --rules`).
Which of these names were checked against what, and which could not be, stands in `docs/LOGIN.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from consent_service.foundation.errors import InputError, Problem
from consent_service.identity.providers import ProviderRules

PresetName = Literal["generic", "entree", "surfconext", "digid"]


_SURF: Final = "http://surfconext.nl/assurance/loa"
_SAML: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:"

PRESETS: Final[Mapping[PresetName, ProviderRules]] = {
    "generic": ProviderRules(),
    "entree": ProviderRules(
        algorithms=("RS256",),
        organisation_claims=("nlEduPersonHomeOrganizationBranchId", "nlEduPersonHomeOrganizationId"),
        claims_request="userinfo",
    ),
    "surfconext": ProviderRules(
        algorithms=("RS256",),
        organisation_claims=("schac_home_organization",),
        claims_request="userinfo",
        acr_order=(f"{_SURF}1", f"{_SURF}1.5", f"{_SURF}2", f"{_SURF}3"),
        second_factor_acrs=(f"{_SURF}1.5", f"{_SURF}2", f"{_SURF}3"),
    ),
    "digid": ProviderRules(
        algorithms=("PS256", "RS256", "ES256"),
        acr_order=(
            f"{_SAML}PasswordProtectedTransport",
            f"{_SAML}MobileTwoFactorContract",
            f"{_SAML}Smartcard",
            f"{_SAML}SmartcardPKI",
        ),
        minimum_acr=f"{_SAML}MobileTwoFactorContract",
        second_factor_acrs=(
            f"{_SAML}MobileTwoFactorContract",
            f"{_SAML}Smartcard",
            f"{_SAML}SmartcardPKI",
        ),
        refused_claims=("represents", "legalSubjectID", "acting_nin"),
        refuse_citizen_numbers=True,
    ),
}
"""`digid`: somebody who acts for another (DigiD Machtigen) is refused, and so is a BSN as subject."""


def rules_with(base: ProviderRules, told: Mapping[str, object]) -> ProviderRules:
    """These rules, with what an operator sets otherwise.

    Raises:
        InputError: with every name that is no rule and every value of another form, at once.
    """
    kinds = {field.name: field.type for field in msgspec.structs.fields(ProviderRules)}
    problems: list[Problem] = []
    values: dict[str, object] = {}
    for name, value in told.items():
        if name not in kinds:
            problems.append(Problem(name, "identity.rule_unknown", {"known": ", ".join(sorted(kinds))}))
            continue
        try:
            values[name] = msgspec.convert(value, kinds[name], strict=True)
        except msgspec.ValidationError:
            problems.append(Problem(name, "identity.rule_form"))
    if problems:
        raise InputError(problems)
    return msgspec.structs.replace(base, **values)
