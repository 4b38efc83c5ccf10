"""No code of a reason stands in the sentence of an entry: each that can be written has words."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import get_args

from consent_service.audit.events import (
    Event,
    LoginRefused,
    PageAccessRevoked,
    PageRefused,
    RecordShareRefused,
)
from consent_service.consent.page_access import RevokeReason
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey
from consent_service.foundation.settings import shipped_policies
from consent_service.identity import oidc
from consent_service.information.texts import load_texts
from consent_service.web.officer.reason_words import LOGIN_REFUSALS, PAGE_REASONS, REFUSALS
from consent_service.web.officer.wording import LogWords


def _logins() -> Iterator[str]:
    """The codes of every `LoginRefused("...")` in the package of logins."""
    for path in Path(oidc.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("LoginRefused") and node.args:
                first = node.args[0]
                values = (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,)
                for one in values:
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield one.value


def test_every_reason_has_words() -> None:
    causes = tomllib.loads((shipped_policies() / "causes.toml").read_text())["causes"]
    assert REFUSALS.keys() == {one["code"] for one in causes}
    assert set(_logins()) <= LOGIN_REFUSALS.keys()
    assert len(set(_logins())) > 10
    assert set(get_args(RevokeReason)) <= PAGE_REASONS.keys()


def test_no_code_stands_in_the_sentence_of_a_refusal() -> None:
    person, relationship, kind = PersonId("p"), RelationshipId("r"), TypeKey("pickup")
    told: tuple[tuple[Mapping[str, str], Callable[[str], Event]], ...] = (
        (REFUSALS, lambda code: RecordShareRefused(relationship, kind, "s2c", code)),
        (LOGIN_REFUSALS, lambda code: LoginRefused("school", code)),
        (PAGE_REASONS, lambda code: PageRefused(person, code, None)),
        (PAGE_REASONS, lambda code: PageAccessRevoked(person, code)),
    )
    words = LogWords(load_texts(shipped_policies()).of("nl"))
    for codes, make in told:
        for code in codes:
            assert words.event(make(code)).rpartition(": ")[2].rstrip(".") not in {code, ""}, code
