"""A secret is not shown, copied, stored or sent by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable

import msgspec
import pytest

from consent_service.foundation.errors import KeyProviderUnavailableError
from consent_service.keyring.data_keys import DataKey
from consent_service.keyring.digests import digest_under
from consent_service.keyring.secret import Confined, Secret
from consent_service.keyring.type_keys import RecordTypeKey

BYTES = b"\xa7 key material \xa7"
SECRET = Secret(BYTES * 2)
DATA_KEY = DataKey(SECRET, tenant="t", owner="o", purpose="pickup", version=1)
TYPE_KEY = RecordTypeKey("pickup", DATA_KEY, SECRET)
CONFINED = [
    pytest.param(SECRET, id="secret"),
    pytest.param(DATA_KEY, id="data key"),
    pytest.param(TYPE_KEY, id="type key"),
]


class Holder(msgspec.Struct, frozen=True):
    """Any struct that carries one."""

    held: object


REFUSED: list[Callable[[object], object]] = [
    lambda one: f"{one}",
    lambda one: f"{one:>20}",
    lambda one: "{}".format(one),  # noqa: UP032
    lambda one: format(one, "x"),
    lambda one: copy.copy(one),
    lambda one: copy.deepcopy(one),
    lambda one: copy.deepcopy([one]),
    lambda one: pickle.dumps(one),
    lambda one: pickle.dumps(one, 0),
    lambda one: pickle.dumps(Holder(one)),
    lambda one: json.dumps(one),
    lambda one: json.dumps({"key": one}),
    lambda one: msgspec.json.encode(one),
    lambda one: msgspec.msgpack.encode(Holder(one)),
    lambda one: msgspec.to_builtins(Holder(one)),
    lambda one: bytes(one),  # type: ignore[call-overload]
    lambda one: b"" + one,  # type: ignore[operator]
    lambda one: one.__getstate__(),
    lambda one: vars(one),
]


@pytest.mark.parametrize("one", CONFINED)
@pytest.mark.parametrize("use", REFUSED)
def test_whatever_would_carry_it_away_refuses(one: object, use: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as refused:
        use(one)
    assert "key material" not in str(refused.value)


@pytest.mark.parametrize("one", CONFINED)
def test_what_is_shown_of_it_is_its_kind(one: Confined, caplog: pytest.LogCaptureFixture) -> None:
    expected = f"<{type(one).__name__}>"
    logging.getLogger("test").warning("a key: %s %r", one, [one])
    shown = [str(one), repr(one), "%s" % one, repr(Holder(one)), caplog.text]  # noqa: UP031
    assert all(expected in text for text in shown)
    assert not any("key material" in text or "a7" in text for text in shown)


def test_captured_locals_show_its_kind() -> None:
    def fail() -> None:
        key = SECRET  # noqa: F841  # what a dump of local variables would print
        raise RuntimeError

    try:
        fail()
    except RuntimeError as failure:
        shown = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert "key = <Secret>" in shown
    assert "key material" not in shown


def test_secrets_are_equal_by_content_and_have_no_hash() -> None:
    assert Secret(b"a") == Secret(b"a")
    assert Secret(b"a") != Secret(b"b")
    assert Secret(b"a") != Secret(b"aa")
    assert SECRET != BYTES * 2
    assert len(SECRET) == 2 * len(BYTES)
    assert Secret(BYTES).reveal() == BYTES
    with pytest.raises(TypeError):
        hash(SECRET)


def test_no_way_leads_from_a_type_key_to_the_key_it_came_from() -> None:
    """Everything reachable from it is looked at, not only its own attributes."""
    whole = Secret(bytes(range(32)))
    data_key = DataKey(whole, tenant="t", owner="o", purpose="pickup", version=1)
    type_key = RecordTypeKey("pickup", data_key, Secret(b"digest key"))
    seen: list[object] = []
    waiting: list[object] = [type_key]
    while waiting:
        one = waiting.pop()
        seen.append(one)
        for kind in type(one).__mro__:
            for name in getattr(kind, "__slots__", ()):
                waiting.append(getattr(one, name))
    revealed = [one.reveal() for one in seen if isinstance(one, Secret)]
    assert revealed == [b"digest key"]
    assert {type(one).__module__.split(".")[0] for one in seen} <= {"consent_service", "builtins"}
    assert not any(isinstance(one, bytes) and whole.reveal() in one for one in seen)


def test_a_type_key_works_for_one_request_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("consent_service.keyring.type_keys.time.monotonic", lambda: now[0])
    type_key = RecordTypeKey("pickup", DATA_KEY, SECRET)
    envelope = DATA_KEY.seal("r", 2, b"x")
    now[0] += 10
    assert type_key.open(record="r", record_version=2, envelope=envelope) == b"x"
    expected = digest_under(SECRET, information_type="pickup", records=[("r", 2, envelope)])
    assert type_key.digest([("r", 2, envelope)]) == expected
    now[0] += 0.1
    with pytest.raises(KeyProviderUnavailableError, match="one request"):
        type_key.open(record="r", record_version=2, envelope=envelope)
    with pytest.raises(KeyProviderUnavailableError, match="one request"):
        type_key.digest([])
