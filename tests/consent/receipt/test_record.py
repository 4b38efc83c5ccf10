"""The receipt for machines has every mandatory field of ISO/IEC TS 27560, and names nobody."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from consent_service.consent.model import Capacity, EvidenceKind, Interpreter, Method
from consent_service.consent.receipt.model import AnswerNow
from consent_service.consent.receipt.record import (
    MANDATORY,
    SCHEMA,
    ConsentReceipt,
    missing_fields,
    receipt_record,
    write_record,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.information.receipt_text import LISTS
from tests.consent.receipt.examples import (
    CATALOGUE,
    MADE_AT,
    TEXTS,
    answered,
    child_choices,
    choices,
    first_intake,
)

NL = TEXTS.of("nl")


def written(*children: Any, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(write_record(choices(*children, **changes), CATALOGUE, NL))
    return document


def spots(document: Any, path: list[str]) -> Iterator[tuple[Any, str]]:
    """Every object that holds the last name of a path, with that name."""
    name, several = path[0].removesuffix("[]"), path[0].endswith("[]")
    if len(path) == 1:
        yield document, name
        return
    inner = document[name]
    for one in inner if several else [inner]:
        yield from spots(one, path[1:])


def without(document: Any, path: str, *, empty: bool) -> Any:
    """A copy in which the last mandatory field of this path is gone, or there and empty."""
    changed = copy.deepcopy(document)
    holder, name = list(spots(changed, path.split(".")))[-1]
    if empty:
        holder[name] = type(holder[name])() if isinstance(holder[name], str | list | dict) else None
    else:
        del holder[name]
    return changed


@pytest.mark.parametrize("empty", [False, True], ids=["removed", "empty"])
@pytest.mark.parametrize("path", MANDATORY)
def test_each_mandatory_field_is_missed(path: str, empty: bool) -> None:
    document = written()
    assert path in missing_fields(without(document, path, empty=empty))


def test_every_record_of_every_answer_is_complete() -> None:
    document = written(child_choices(*first_intake()), child_choices(answered("child_health", "yes")))
    assert missing_fields(document) == ()
    assert len(document["records"]) == 6
    assert document["schema_version"] == document["records"][0]["schema_version"] == SCHEMA


@pytest.mark.parametrize("nothing", [None, "", [], {}, {"records": []}, {"records": "x"}, 7])
def test_what_is_no_receipt_misses_everything_about_a_record(nothing: object) -> None:
    missing = missing_fields(nothing)
    assert [path for path in MANDATORY if path.startswith("records")] == [
        path for path in missing if path.startswith("records")
    ]


def test_an_incomplete_record_is_not_given() -> None:
    nameless = choices(child_choices(*first_intake(), school=""))
    with pytest.raises(IntegrityError, match="party_name"):
        write_record(nameless, CATALOGUE, NL)


def test_a_receipt_is_read_back_as_it_was_written() -> None:
    written_down = write_record(choices(), CATALOGUE, NL)
    assert msgspec.json.decode(written_down, type=ConsentReceipt) == receipt_record(choices(), CATALOGUE, NL)


def test_consent_is_named_as_basis_only_where_it_is_the_basis() -> None:
    document = written(child_choices(answered("support_advice", "yes"), answered("child_health", "yes")))
    advice, health = (record["pii_processing"]["purposes"][0] for record in document["records"])
    assert (advice["lawful_basis"], advice["permission"]) == ("public_task", "beside_another_basis")
    assert (health["lawful_basis"], health["permission"]) == ("explicit_consent", "is_the_basis")
    types = [record["consent_events"][0]["event_type"] for record in document["records"]]
    assert types == ["permission", "explicit_consent"]
    special = [record["pii_information"][0]["special_pii_category"] for record in (advice, health)]
    assert special == [False, True]


@pytest.mark.parametrize(
    "answer, now, states",
    [
        ("yes", "yes", ["given"]),
        ("no", "no", ["refused"]),
        ("later", "later", ["later"]),
        ("yes", "withdrawn", ["given", "withdrawn"]),
        ("yes", "expired", ["given", "expired"]),
        ("yes", "none", ["given", "invalidated"]),
        ("no", "yes", ["refused", "given"]),
    ],
)
def test_the_events_say_what_was_signed_and_what_became_of_it(
    answer: Any, now: AnswerNow, states: list[str]
) -> None:
    (record,) = written(child_choices(answered("support_advice", answer, now=now)))["records"]
    events = record["consent_events"]
    assert [event["event_state"] for event in events] == states
    signed, *since = events
    assert (signed["validity_duration"] == "P0D") == (answer != "yes")
    assert all(event["event_time"] == MADE_AT.isoformat().replace("+00:00", "Z") for event in since)


def test_what_is_about_the_guardian_has_the_guardian_as_principal() -> None:
    document = written(
        child_choices(answered("support_advice", "yes"), answered("parent_circumstances", "yes"))
    )
    principals = [record["pii_principal_id"] for record in document["records"]]
    assert principals == ["child-1", "person-1"]
    assert {record["consent_events"][0]["entity_id"] for record in document["records"]} == {"person-1"}


def test_s44_a_record_holds_no_name_of_any_person() -> None:
    raw = write_record(choices(), CATALOGUE, NL).decode()
    for name in ("Samira", "Noor", "Voorbeeld"):
        assert name not in raw
    assert "Opvang Zuid" in raw
    assert "De Linde" in raw


def test_every_code_the_ledger_knows_has_its_words() -> None:
    known = {
        "answers": AnswerNow,
        "methods": Method,
        "evidence": EvidenceKind,
        "interpreters": Interpreter,
        "capacities": Capacity,
    }
    assert {name: set(get_args(codes)) for name, codes in known.items()} == {
        name: set(codes) for name, codes in LISTS.items()
    }
