"""Every event has a sentence, in every language of the interface, with every placeholder filled."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from consent_service.audit.describe import describe
from consent_service.audit.events import Event, RelationshipEnded, ReleaseRefused
from consent_service.audit.happenings.keys import Attempt, KeyEpochEnded
from consent_service.foundation.i18n import SUPPORTED, translator
from consent_service.foundation.ids import RelationshipId

ALL: tuple[type[Any], ...] = get_args(Event)
OUTCOMES: tuple[Attempt, ...] = ("refused", "opened")
BY_TYPE: dict[object, object] = {
    int: 3,
    bool: True,
    date: "2026-09-01",
    datetime: datetime(2026, 9, 1, tzinfo=UTC),
}


def an_example(kind: type[Any]) -> Event:
    values = {field.name: a_value(get_type_hints(kind)[field.name]) for field in msgspec.structs.fields(kind)}
    example: Event = kind(**values)
    return example


def a_value(annotation: object) -> object:
    origin = get_origin(annotation)
    if origin is Literal:
        return get_args(annotation)[0]
    if origin is tuple:
        return (a_value(get_args(annotation)[0]),)
    if origin is Union or type(annotation).__name__ == "UnionType":
        return a_value(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return an_example(annotation)
    return BY_TYPE.get(annotation, "code")


@pytest.mark.parametrize("language", SUPPORTED)
@pytest.mark.parametrize("kind", ALL, ids=lambda struct: struct.__name__)
def test_every_event_reads_as_a_sentence_in_every_language(kind: type[Any], language: str) -> None:
    sentence = describe(an_example(kind))
    placeholders = {name for _, name, _, _ in string.Formatter().parse(sentence.msgid) if name}
    assert placeholders == set(sentence.params)
    told = translator(language).text(sentence.msgid, **sentence.params)
    assert told.endswith(".")
    assert "{" not in told
    assert language == "nl" or told != translator("nl").text(sentence.msgid, **sentence.params)


def test_no_two_kinds_of_event_read_the_same() -> None:
    told = [describe(an_example(kind)).msgid for kind in ALL]
    assert len(set(told)) == len(told)


def test_an_empty_code_reads_as_a_dash() -> None:
    refused = describe(an_example(ReleaseRefused))
    assert refused.params == {"refused": "code (code)", "purpose": "code"}
    assert describe(RelationshipEnded(RelationshipId("r"))).params == {"reason": "-"}


def test_an_epoch_whose_old_root_still_opens_does_not_read_as_if_it_were_destroyed() -> None:
    told = [describe(KeyEpochEnded(3, 1, 2, 9, "backup", attempt)).msgid for attempt in OUTCOMES]
    assert ["vernietigd" in sentence for sentence in told] == [True, False]
