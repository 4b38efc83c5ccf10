"""Every event has a sentence, in every language of the interface, with every placeholder filled."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from consent_service.audit.describe import describe
from consent_service.audit.events import (
    BreachLetterMoved,
    BundleActivated,
    CompetenceJudged,
    ContactAway,
    Event,
    KeysRestored,
    LogExported,
    LogPruned,
    MarkerDecided,
    NoticeAddressEntered,
    OperatorAdmitted,
    PolicyApproved,
    PolicyProposed,
    PolicyReplayed,
    PolicyWithdrawn,
    RelationshipEnded,
    ReleaseRefused,
    RestrictionMoved,
    SampleJudged,
)
from consent_service.audit.happenings.keys import Attempt, KeyEpochEnded
from consent_service.foundation.i18n import SUPPORTED, Counted, translator
from consent_service.foundation.ids import (
    EntryId,
    FamilyId,
    PersonId,
    RecordId,
    RelationshipId,
    StaffId,
    TypeKey,
)

ALL: tuple[type[Any], ...] = get_args(Event)
OUTCOMES: tuple[Attempt, ...] = ("refused", "opened")
BY_TYPE: dict[object, object] = {
    int: 3,
    bool: True,
    date: date(2026, 9, 1),
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
    msgid = sentence.msgid
    for form in (msgid.one, msgid.many) if isinstance(msgid, Counted) else (msgid,):
        placeholders = {name for _, name, _, _ in string.Formatter().parse(form) if name}
        assert placeholders == set(sentence.params)
    told = translator(language).text(sentence.msgid, **sentence.params)
    assert told.endswith(".")
    assert "{" not in told
    assert language == "nl" or told != translator("nl").text(sentence.msgid, **sentence.params)


@pytest.mark.parametrize("kind", ALL, ids=lambda struct: struct.__name__)
def test_every_choice_within_an_event_reads_as_a_sentence(kind: type[Any]) -> None:
    example, hints = an_example(kind), get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        for value in every_value(hints[field.name]):
            sentence = describe(msgspec.structs.replace(example, **{field.name: value}))
            told = translator("en").text(sentence.msgid, **sentence.params)
            assert told.endswith("."), (field.name, value)
            assert told != translator("nl").text(sentence.msgid, **sentence.params), (field.name, value)


def every_value(annotation: object) -> tuple[object, ...]:
    """All choices there are; of what is no choice none."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if annotation is bool:
        return (True, False)
    if get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        return tuple(value for one in get_args(annotation) for value in every_value(one)) + (
            (None,) if type(None) in get_args(annotation) else ()
        )
    return ()


def test_no_two_kinds_of_event_read_the_same() -> None:
    told = [describe(an_example(kind)).msgid for kind in ALL]
    assert len(set(told)) == len(told)


def test_an_empty_code_reads_as_a_dash() -> None:
    refused = describe(an_example(ReleaseRefused))
    assert refused.params == {"refused": "code (code)", "purpose": "code"}
    assert describe(RelationshipEnded(RelationshipId("r"))).params == {"reason": "-"}


def test_what_went_otherwise_reads_otherwise() -> None:
    family, person = FamilyId("f"), PersonId("p")
    told: dict[Event, str] = {
        MarkerDecided("m", family, person, approved=True): "Goedgekeurd: een ouder",
        MarkerDecided("m", family, person, approved=False): "Niet goedgekeurd om een ouder",
        CompetenceJudged(person, competent=True): "Beoordeeld: het kind kan dit zelf afwegen.",
        CompetenceJudged(person, competent=False, reason="r"): "niet zelf afwegen. Reden: r.",
        KeysRestored("b", 4, 1): "Teruggezette sleutels: 4; vernietigd gebleven: 1.",
        KeysRestored("b", 4, 1, revived=1): "Boven 1 vernietigde sleutel leeft weer",
        KeysRestored("b", 4, 1, revived=2): "Boven 2 vernietigde sleutels leeft weer",
        LogExported("bundle", 1, recipient="court"): "als bundle-court: 1 regel.",
        LogExported("find", 2): "als find: 2 regels.",
        BreachLetterMoved("b", "l", "prepare"): "Brief over een datalek: prepare.",
        BreachLetterMoved("b", "l", "withhold", "safety"): "Brief over een datalek: withhold (safety).",
        RestrictionMoved("r", "set", "objection"): "alleen bewaard worden (objection).",
        RestrictionMoved("r", "set", "objection", information_type=TypeKey("t")): "t mag alleen bewaard",
        RestrictionMoved("r", "lift"): "Beperking van gegevens over een kind: lift.",
        SampleJudged(RecordId("s"), StaffId("o"), EntryId("e"), "in_order"): "beoordeeld: in_order.",
        SampleJudged(RecordId("s"), StaffId("o"), EntryId("e"), "wrong", "too_much"): "too_much",
        NoticeAddressEntered(StaffId("s"), "removed"): "van een medewerker verwijderd.",
        NoticeAddressEntered(StaffId("s"), "new"): "van een medewerker ingevoerd.",
        LogPruned(1, 256): "Regels voor nr. 257 worden niet langer bewaard.",
    }
    for event, words in told.items():
        sentence = describe(event)
        assert words in translator("nl").text(sentence.msgid, **sentence.params)


def test_an_epoch_whose_old_root_still_opens_does_not_read_as_if_it_were_destroyed() -> None:
    told = [str(describe(KeyEpochEnded(3, 1, 2, 9, "backup", attempt)).msgid) for attempt in OUTCOMES]
    assert ["vernietigd" in sentence for sentence in told] == [True, False]


def test_an_entry_on_rules_names_them_and_how_many_stood_behind_them() -> None:
    new, old = "ab12" * 16, "cd34" * 16
    events: tuple[tuple[Event, str], ...] = (
        (PolicyProposed("p", new, old, "edit"), "ab12ab12ab12, in plaats van cd34cd34cd34."),
        (
            PolicyReplayed(new, 7, to_allow=2),
            "7 eerdere beslissingen opnieuw beoordeeld met regels ab12ab12ab12",
        ),
        (PolicyApproved("p", new, ("k", "l")), "ab12ab12ab12 goedgekeurd; apart goedgekeurd: 2."),
        (PolicyWithdrawn("p", new), "ab12ab12ab12 ingetrokken."),
        (BundleActivated(new, ("one", "other")), "ab12ab12ab12 in gebruik genomen; goedgekeurd door: 2."),
        (BundleActivated(new), "ab12ab12ab12 in gebruik genomen; goedgekeurd door: 0."),
    )
    for event, told in events:
        sentence = describe(event)
        assert told in translator("nl").text(sentence.msgid, **sentence.params)


@pytest.mark.parametrize(
    "event,words",
    [
        (ContactAway(RelationshipId("r1"), StaffId("s1"), None), "er weer"),
        (ContactAway(RelationshipId("r1"), StaffId("s1"), date(2026, 12, 1)), "tot en met"),
        (OperatorAdmitted("ops-1", "approval_off"), "niet gevraagd"),
        (OperatorAdmitted("ops-1", "emergency"), "iets stuk"),
        (OperatorAdmitted("ops-1"), "toegelaten"),
    ],
)
def test_what_happened_in_another_way_has_words_of_its_own(event: Event, words: str) -> None:
    sentence = describe(event)
    assert isinstance(sentence.msgid, str)
    assert words in sentence.msgid
