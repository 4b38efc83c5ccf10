"""Reading policies and schema with Cedar, and on which line of which file it could not.

Cedar names no line, so the line is found by asking about ever longer beginnings of the text: as long as only
the end is missing, the fault comes later. What is read here went through `lint` before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

import cedarpy
import msgspec

from consent_service.policy.lint import PolicyJson
from consent_service.policy.places import Place, policy_places
from consent_service.policy.reasons import PolicyProblem
from consent_service.policy.sources import SCHEMA_FILE, Source

_ENDS_EARLY: Final = "unexpected end of input"
_UNPARSED: Final = "error parsing schema"
_UNRESOLVED: Final = re.compile(r"(?:resolve type: |containing `)(\w+)")


class Written(msgspec.Struct, frozen=True):
    """One policy: what it says to Cedar, and where it stands."""

    policy: PolicyJson
    folder: str
    place: Place

    @property
    def id(self) -> str:
        return self.policy.annotation("id")

    @property
    def where(self) -> str:
        """File, line and id, as a problem names them."""
        return f"{self.place} {self.id or '(no @id)'}"


class PolicySetJson(msgspec.Struct, frozen=True, rename="camel"):
    """Cedar's JSON form of a policy set."""

    static_policies: dict[str, PolicyJson]
    templates: dict[str, object] = {}
    template_links: tuple[object, ...] = ()


def read_policies(
    source: Source, schema: cedarpy.Schema, *, problems: list[PolicyProblem]
) -> tuple[Written, ...]:
    """The policies of one file in their order, adding to `problems` what Cedar has against them."""
    try:
        read = msgspec.json.decode(cedarpy.policies_to_json_str(source.text), type=PolicySetJson)
    except ValueError as error:
        problems.append(PolicyProblem(f"{source.where}:{_policy_line(source.text)}", "malformed", str(error)))
        return ()
    if read.templates:
        problems.append(PolicyProblem(source.where, "template", "?principal, ?resource"))
        return ()
    places = [place for _, place in policy_places(source.where, source.text)]
    written = tuple(
        Written(read.static_policies[f"policy{number}"], source.folder, place)
        for number, place in enumerate(places)
    )
    problems += _invalid(source, schema, written)
    return written


def read_schema_text(text: str) -> cedarpy.Schema | PolicyProblem:
    """The schema, or what is wrong with it and on which line."""
    try:
        return cedarpy.Schema.from_str(text)
    except ValueError as error:
        return PolicyProblem(f"{SCHEMA_FILE}:{_schema_line(text, str(error))}", "malformed", str(error))


def _invalid(source: Source, schema: cedarpy.Schema, written: tuple[Written, ...]) -> Iterator[PolicyProblem]:
    """What the strict validator says, without the name Cedar itself gave to the policy."""
    for finding in cedarpy.validate_policies(source.text, schema).errors:
        number = int(finding.policy_id.removeprefix("policy"))
        said = finding.error.removeprefix(f"for policy `{finding.policy_id}`, ")
        yield PolicyProblem(written[number].where, "invalid", said)


def _policy_line(text: str) -> int:
    """The line of the first policy that is wrong, and within it the first after which nothing can help."""
    for _, place in policy_places("", text):
        if _policy_error(place.text):
            wrong = (
                number
                for number, beginning in enumerate(_beginnings(place.text))
                if _policy_error(beginning) not in ("", _ENDS_EARLY)
            )
            return place.line + next(wrong, 0)
    return len(text.rstrip().splitlines())  # what follows the last policy ends too early


def _schema_line(text: str, error: str) -> int:
    """As above; a type that is not there is named in the message, so its line is the first that names it."""
    named = _UNRESOLVED.search(error)
    lines = text.splitlines() or [""]
    if named is not None:
        return next(number for number, line in enumerate(lines, 1) if re.search(rf"\b{named[1]}\b", line))
    wrong = (
        number
        for number, beginning in enumerate(_beginnings(text), 1)
        if (said := _schema_error(beginning)).startswith(_UNPARSED) and not said.endswith(_ENDS_EARLY)
    )
    return next(wrong, len(lines))


def _beginnings(text: str) -> Iterator[str]:
    """The text up to and with its first line, its second, and so on."""
    return accumulate(text.splitlines(keepends=True))


def _policy_error(text: str) -> str:
    try:
        cedarpy.policies_to_json_str(text)
    except ValueError as error:
        return str(error)
    return ""


def _schema_error(text: str) -> str:
    try:
        cedarpy.Schema.from_str(text)
    except ValueError as error:
        return str(error)
    return ""
