"""Providers, tokens and an installation to log in to, with plain keyword factories."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from consent_service.audit.encoding import Detail
from consent_service.audit.events import By, Event
from consent_service.foundation.ids import EntryId, FamilyId, PersonId, SchoolId, StaffId, TenantId
from consent_service.identity.id_token import Expected
from consent_service.identity.letting_in import Proved
from consent_service.identity.levels import Factor
from consent_service.identity.model import (
    Counsellor,
    Fg,
    GuardianActor,
    PrivacyCoordinator,
    SchoolStaff,
    StaffActor,
)
from consent_service.identity.providers import Provider, ProviderRules
from consent_service.identity.secrets import AtProvider, ProviderSecrets

ISSUER = "https://login.example"
CLIENT = "ruggensteun"
ORIGIN = "http://127.0.0.1:8080"

TRAVERSE = TenantId("01990000-0000-7000-8000-000000000001")
ELSEWHERE = TenantId("01990000-0000-7000-8000-000000000002")
SCHOOL = SchoolId("01990000-0000-7000-8000-000000000011")
CODE = "12AB00"
"""The establishment code of that school."""
FAMILY = FamilyId("01990000-0000-7000-8000-000000000021")
MOTHER = PersonId("01990000-0000-7000-8000-000000000031")

COUNSELLOR = Counsellor(TRAVERSE, StaffId("01990000-0000-7000-8000-000000000041"))
CONTACT = SchoolStaff(TRAVERSE, StaffId("01990000-0000-7000-8000-000000000042"), SCHOOL, "contact")
COORDINATOR = PrivacyCoordinator(TRAVERSE, StaffId("01990000-0000-7000-8000-000000000043"))
FG = Fg(TRAVERSE, StaffId("01990000-0000-7000-8000-000000000044"))
GUARDIAN = GuardianActor(TRAVERSE, MOTHER, FAMILY)
CONTACT_ELSEWHERE = SchoolStaff(ELSEWHERE, StaffId("01990000-0000-7000-8000-000000000045"), SCHOOL, "contact")


def make_login(provider: Provider, subject: str, level: str) -> Proved:
    """A login of a moment ago that the provider vouched for; `subject` is the digest."""
    factor: Factor = "acr" if level in provider.rules.second_factor_acrs else ""
    return Proved(provider.id, subject, level, datetime.now(UTC), frozenset(), AtProvider(), factor)


def make_detail(event: Event) -> Detail:
    """An entry of the log that tells of this."""
    return Detail(
        v=1,
        tenant=TRAVERSE,
        entry=EntryId("e1"),
        event=event,
        by=By("system", ""),
        shown_to="officer",
        subject=None,
    )


def code_of(actor: StaffActor) -> str:
    """The code of the school somebody works at."""
    return CODE if isinstance(actor, SchoolStaff) else ""


@cache
def rsa_key(name: str = "provider", bits: int = 2048) -> RSAKey:
    """One key per name; making them is slow."""
    return RSAKey.generate_key(bits, {"kid": f"{name}-1"})


@cache
def ec_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "ec-1"})


def make_claims(now: datetime, **changed: Any) -> dict[str, Any]:
    """Claims of a good ID token; None leaves one out."""
    seconds = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "begeleider-1",
        "aud": CLIENT,
        "exp": seconds + 300,
        "iat": seconds,
        "auth_time": seconds,
        "nonce": "n" * 43,
        "acr": "substantial",
    }
    return {name: value for name, value in (claims | changed).items() if value is not None}


def make_token(
    claims: dict[str, Any], key: RSAKey | ECKey | None = None, algorithm: str = "PS256", **header: Any
) -> str:
    """A signed ID token."""
    signer = key or rsa_key()
    return jwt.encode({"alg": algorithm, "kid": signer.kid, **header}, claims, signer, algorithms=[algorithm])


def make_expected(**changed: Any) -> Expected:
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "client_id": CLIENT,
        "nonce": "n" * 43,
        "algorithms": ("PS256", "RS256", "ES256"),
    }
    return Expected(**(values | changed))


def make_provider(issuer: str = ISSUER, *, rules: ProviderRules | None = None, **changed: Any) -> Provider:
    values: dict[str, Any] = {
        "id": "traverse",
        "name": "Traverse",
        "issuer": issuer,
        "client_id": CLIENT,
        "auth_method": "private_key_jwt",
        "audience": "any",
        "rules": rules or ProviderRules(),
        "public_key": public_key(),
    }
    return Provider(**(values | changed))


def make_secrets(key: str = "client") -> ProviderSecrets:
    private = rsa_key(key).as_dict(private=True)
    return ProviderSecrets(msgspec.json.encode(private).decode(), b"p" * 32)


def public_key() -> str:
    return msgspec.json.encode(rsa_key("client").as_dict(private=False)).decode()
