"""While somebody waits no policy and no schema is parsed: only handles that were made when they were loaded.

Asserted, not timed. Cedar takes text wherever it takes a handle, so nothing else would show.
"""

from __future__ import annotations

from typing import Any, Final

import cedarpy
import pytest
from msgspec.structs import replace

from consent_service.consent.service import Target
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import Refusal, judge
from consent_service.release.model import Refused, Released
from tests.policy.questions import question, type_facts
from tests.scenarios.stories import ask, share, told_family
from tests.shelter import World

PARSING: Final = (
    "PolicySet",
    "Schema",
    "format_policies",
    "is_authorized_partial",
    "policies_from_json_str",
    "policies_to_json_str",
    "policies_to_pst",
    "validate_policies",
)
"""Everything of cedarpy that reads policies or a schema; `Entities` is watched where it adds facts."""


class Watch:
    """What cedarpy was asked to do: how often it judged, and whatever it was given to parse."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.judged = 0
        self.parsed: list[str] = []
        self._handles = (cedarpy.PolicySet, cedarpy.Schema, type(None))
        self._watch_judging(monkeypatch, "is_authorized")
        self._watch_judging(monkeypatch, "is_authorized_batch")
        self._watch_facts(monkeypatch)
        for name in PARSING:
            monkeypatch.setattr(cedarpy, name, self._parser(name))
        monkeypatch.setattr(cedarpy.Entities, "from_json_str", self._parser("Entities.from_json_str"))

    def _watch_judging(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        original = getattr(cedarpy, name)

        def watched(asked: Any, policies: Any, entities: Any, schema: Any = None, **more: Any) -> Any:
            self.judged += 1
            self._look(name, policies, schema)
            if not isinstance(entities, cedarpy.Entities):
                self.parsed.append(f"{name}: {type(entities).__name__}")
            return original(asked, policies, entities, schema, **more)

        monkeypatch.setattr(cedarpy, name, watched)

    def _watch_facts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        original = cedarpy.Entities.with_added_json_str

        def watched(base: cedarpy.Entities, facts: str, schema: Any = None) -> cedarpy.Entities:
            self._look("with_added_json_str", schema)
            return original(base, facts, schema)

        monkeypatch.setattr(cedarpy.Entities, "with_added_json_str", watched)

    def _look(self, where: str, *given: object) -> None:
        self.parsed += [
            f"{where}: {type(one).__name__}" for one in given if not isinstance(one, self._handles)
        ]

    def _parser(self, name: str) -> object:
        watch = self

        class Parser:
            def __getattr__(self, inner: str) -> object:
                watch.parsed.append(f"{name}.{inner}")
                raise AssertionError(name)

            def __call__(self, *_: object, **__: object) -> object:
                watch.parsed.append(name)
                raise AssertionError(name)

        return Parser()


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


async def test_a_release_a_list_a_preview_and_a_share_parse_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)
    release, watch = world.services.release, Watch(monkeypatch)
    assert isinstance(await ask(world, told.relationship), Released)
    assert len(await release.children_of_contact(world.contact, [told.relationship])) == 1
    for actor in (told.mother, world.counsellor):
        assert await release.preview(actor, told.relationship, language="nl")
    await share(world, told.relationship)
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    await world.services.consent.object(told.mother, target, method="page")
    assert isinstance(await ask(world, told.relationship), Refused)
    assert watch.parsed == []
    assert watch.judged > 10


def test_why_not_parses_nothing_either(bundle: Bundle, watch: Watch) -> None:
    answers = judge(bundle, question(type_facts(yes=0), type_facts("care_signal")), preview=True)
    assert [getattr(answer, "error", False) for answer in answers] == [False, False]
    assert (watch.judged, watch.parsed) == (2, [])


@pytest.mark.parametrize("handle", ["policies", "companions", "schema"])
def test_a_text_in_the_place_of_a_handle_is_noticed(bundle: Bundle, watch: Watch, handle: str) -> None:
    planted = replace(bundle, **{handle: str(getattr(bundle, handle))})
    judge(planted, question(type_facts(yes=0)), preview=False)
    assert any(found.endswith(": str") for found in watch.parsed)


@pytest.mark.parametrize(
    "parse",
    [
        lambda: cedarpy.PolicySet.from_str(""),
        lambda: cedarpy.Schema.from_str(""),
        lambda: cedarpy.validate_policies("", ""),
        lambda: cedarpy.Entities.from_json_str("[]"),
    ],
)
def test_parsing_somewhere_is_noticed(watch: Watch, parse: Any) -> None:
    with pytest.raises(AssertionError):
        parse()
    assert len(watch.parsed) == 1


def test_everything_of_the_engine_is_watched() -> None:
    """A later release of cedarpy may bring another way to parse."""
    known = {*PARSING, "is_authorized", "is_authorized_batch", "echo"}
    functions = {name for name, one in vars(cedarpy).items() if getattr(one, "__module__", "") == "cedarpy"}
    assert {name for name in functions if name.islower() and callable(getattr(cedarpy, name))} <= known


def test_what_fails_there_is_a_no(bundle: Bundle, watch: Watch) -> None:
    (answer,) = judge(replace(bundle, policies=None), question(), preview=False)
    assert isinstance(answer, Refusal)
    assert answer.error
