"""Policies written in a test, and how they are told."""

from __future__ import annotations

import cedarpy
import msgspec

from consent_service.policy.bundle import Bundle
from consent_service.policy.lint import PolicyJson
from consent_service.policy.places import Place
from consent_service.policy.plain.explanation import PlainPolicy, plain_policy


def written(text: str) -> PolicyJson:
    """The one policy in this text."""
    read = msgspec.json.decode(cedarpy.policies_to_json_str(text))
    (policy,) = read["staticPolicies"].values()
    return msgspec.convert(policy, PolicyJson)


def told(bundle: Bundle, policy: PolicyJson, language: str = "nl") -> PlainPolicy:
    """What this policy would be told as, if it stood in the bundle."""
    place = Place("release/test.cedar", 1, "permit (principal, action, resource);")
    changed = msgspec.structs.replace(bundle, source={"test.one": policy}, places={"test.one": place})
    return plain_policy(changed, "test.one", language=language)


def lines(bundle: Bundle, condition: str, language: str = "nl") -> list[str]:
    """How one condition is told."""
    plain = told(bundle, written(f"forbid (principal, action, resource) when {{ {condition} }};"), language)
    return list(plain.lines())[1:]
