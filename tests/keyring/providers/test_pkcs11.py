"""What is special about keys in a token: what it may hold, who is logged in, and what a fork inherits."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, MechanismFlag

from consent_service.foundation.errors import ConfigurationError, KeyProviderUnavailableError
from consent_service.keyring.providers import pkcs11_session
from consent_service.keyring.providers.pkcs11 import open_token, prepare_token
from consent_service.keyring.providers.pkcs11_session import Connection, Place, with_session
from consent_service.keyring.secret import Secret
from tests.keyring.providers.conftest import make_token
from tests.keyring.providers.places import MODULE, PIN, TokenPlace, in_another_process

KEY = Secret(b"k" * 32)


def _generate(place: Place, number: int, **template: bool) -> None:
    chosen = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
    chosen |= {Attribute[name]: value for name, value in template.items()}

    def work(connection: Connection) -> None:
        connection.session.generate_key(
            KeyType.AES, 256, label=f"{place.name}-{number}", store=True, template=chosen
        )

    with_session(place, PIN, work)


def test_the_token_makes_a_key_that_cannot_leave_it(token_place: TokenPlace) -> None:
    token_place.make()

    def work(connection: Connection) -> dict[Attribute, object]:
        [key] = connection.session.get_objects({Attribute.LABEL: f"{token_place.place.name}-1"})
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]
        wanted = ("SENSITIVE", "NEVER_EXTRACTABLE", "ALWAYS_SENSITIVE", "LOCAL", "TOKEN", "PRIVATE", "WRAP")
        return {Attribute[name]: key[Attribute[name]] for name in wanted}

    found = with_session(token_place.place, PIN, work)
    assert found.pop(Attribute.WRAP) is False
    assert set(found.values()) == {True}


@pytest.mark.parametrize(
    "template", [{"EXTRACTABLE": True}, {"SENSITIVE": False, "EXTRACTABLE": True}, {"SENSITIVE": False}]
)
def test_a_key_that_can_leave_the_token_is_refused(
    token_place: TokenPlace, template: dict[str, bool]
) -> None:
    token_place.make()
    _generate(token_place.place, 2, **template)
    with pytest.raises(ConfigurationError, match="can leave the token"):
        token_place.open()


def test_a_key_of_another_type_is_refused(token_place: TokenPlace) -> None:
    def work(connection: Connection) -> None:
        connection.session.generate_key(
            KeyType.AES,
            128,
            label=f"{token_place.place.name}-1",
            store=True,
            capabilities=MechanismFlag.ENCRYPT,
            template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )

    with_session(token_place.place, PIN, work)
    with pytest.raises(ConfigurationError, match="no AES key of 256 bits"):
        token_place.open()


def test_keys_of_other_names_in_the_token_are_left_alone(token_place: TokenPlace, softhsm: Path) -> None:
    mine = token_place.make()
    name = token_place.place.name
    other = TokenPlace(softhsm, token_place.place.token, f"{name}-1")
    other.make()
    assert mine.generations() == (1,)
    mine.create_generation(2)
    mine.destroy_generation(1)
    assert other.open().generations() == (1,)


def test_a_token_that_was_away_is_not_taken_for_an_empty_one(token_place: TokenPlace) -> None:
    """SoftHSM2 goes on showing nothing after its folder is back; nothing may be made or missed then."""
    mine = token_place.make()
    value = mine.check_value(1)
    with token_place.troubles["away"]():
        shown = with_session(token_place.place, PIN, lambda at: list(at.session.get_objects()))
        assert shown == []
    assert token_place.open().check_value(1) == value
    assert len(_labelled(token_place.place, 1)) == 1


def test_two_keys_of_one_label_are_never_chosen_between(token_place: TokenPlace) -> None:
    mine = token_place.make()
    generation, blob = mine.wrap(KEY, b"")
    _generate(token_place.place, 1)
    for use in (lambda: mine.wrap(KEY, b""), lambda: mine.unwrap(generation, blob, b"")):
        token_place.wait()
        with pytest.raises(KeyProviderUnavailableError):
            use()


def test_who_makes_a_generation_that_somebody_else_just_made_takes_it_back(
    token_place: TokenPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = token_place.make()
    looked: list[int] = []

    def overtaken(connection: Connection, number: int) -> list[object]:
        if not looked:
            looked.append(number)
            _in_session(connection, token_place.place.name, number)
            return []
        return found(connection, number)

    found: Callable[[Connection, int], list[object]] = mine._keys  # type: ignore[attr-defined]
    monkeypatch.setattr(mine, "_keys", overtaken)
    token_place.wait()
    mine.create_generation(2)
    monkeypatch.undo()
    assert len(_labelled(token_place.place, 2)) == 1


def test_a_missing_token_or_library_is_one_sentence(softhsm: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no token named elsewhere"):
        open_token(Place(MODULE, "elsewhere", "root"), PIN)
    (tmp_path / "empty.so").write_bytes(b"")
    for module in (tmp_path / "none.so", tmp_path / "empty.so"):
        with pytest.raises(ConfigurationError, match="cannot be loaded"):
            open_token(Place(module, "token", "root"), PIN)


def test_a_token_without_keys_says_how_to_make_one(token_place: TokenPlace) -> None:
    with pytest.raises(ConfigurationError, match="keys init"):
        token_place.open()


def test_a_wrong_pin_is_tried_once_and_never_again(softhsm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens lock after a few wrong ones, and a service asks several times a second."""
    make_token("locking")
    pkcs11_session._process.begin_again(MODULE)  # SoftHSM2 looks for tokens when it starts
    place = Place(MODULE, "locking", "root")
    tried: list[Secret] = []
    logging_in = Connection._token

    def counted(connection: Connection) -> pkcs11.Token:
        tried.append(connection.pin)
        return logging_in(connection)

    monkeypatch.setattr(Connection, "_token", counted)
    wrong = Secret(b"271828")
    for _ in range(5):
        with pytest.raises(ConfigurationError, match="PIN does not open"):
            open_token(place, wrong)
    assert tried == [wrong]
    assert prepare_token(place, PIN).generations() == (1,)  # another PIN is another try
    with pytest.raises(ConfigurationError, match="PIN does not open"):
        open_token(place, wrong)
    with pytest.raises(ConfigurationError, match="PIN does not open"):
        open_token(place, Secret(b"\xff\xff"))
    assert tried.count(wrong) == 1
    assert set(map(Secret.reveal, tried)) == {wrong.reveal(), PIN.reveal()}


def test_a_pin_that_is_no_text_opens_nothing(softhsm: Path) -> None:
    make_token("binary")
    with pytest.raises(ConfigurationError, match="PIN does not open"):
        open_token(Place(MODULE, "binary", "root"), Secret(b"\xff\xff"))


def test_two_tokens_of_one_name_are_not_chosen_between(softhsm: Path) -> None:
    for _ in range(2):
        make_token("twins")
    pkcs11_session._process.begin_again(MODULE)
    with pytest.raises(ConfigurationError, match="more than one token"):
        open_token(Place(MODULE, "twins", "root"), PIN)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the library's own, at clean-up
def test_a_lost_session_is_opened_again(token_place: TokenPlace) -> None:
    mine = token_place.make()
    generation, blob = mine.wrap(KEY, b"")
    with_session(token_place.place, PIN, lambda connection: connection.session.close())
    assert mine.unwrap(generation, blob, b"") == KEY


def test_a_child_of_a_fork_opens_a_session_of_its_own_and_the_parent_keeps_its_own(
    token_place: TokenPlace,
) -> None:
    mine = token_place.make()
    generation, blob = mine.wrap(KEY, b"")
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        good = mine.unwrap(generation, blob, b"") == KEY and mine.generations() == (1,)
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert mine.unwrap(generation, blob, b"") == KEY


def test_a_child_never_uses_what_it_inherited(
    token_place: TokenPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs in the child of a fork, run here: coverage does not see a child that ends at once."""
    mine = token_place.make()
    generation, blob = mine.wrap(KEY, b"")
    inherited = list(pkcs11_session._process.connections.values())
    monkeypatch.setattr(pkcs11_session, "_process", pkcs11_session._process)
    pkcs11_session._begin_in_child()
    assert pkcs11_session._process.connections == {}
    assert mine.unwrap(generation, blob, b"") == KEY
    assert not set(inherited) & set(pkcs11_session._process.connections.values())
    assert [each._session for each in inherited] == [None] * len(inherited)


def test_a_child_forked_in_the_middle_of_a_question_leaves_the_token_alone(
    token_place: TokenPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library's locks are held for ever in such a child, so it must not call into the library."""
    mine = token_place.make()
    monkeypatch.setattr(pkcs11_session, "LIMIT", 0.05)
    process = pkcs11_session._process
    with process.lock:
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            try:
                with_session(token_place.place, PIN, lambda connection: connection.session)
            except KeyProviderUnavailableError:
                os._exit(0)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        pkcs11_session._wait_for_question()
        refused = process.child().lock
        assert not refused.acquire(blocking=False)
        pkcs11_session._go_on_in_parent()
    assert mine.generations() == (1,)


@pytest.mark.parametrize("verb", ["destroy", "find"])
def test_a_token_that_contradicts_itself_is_unavailable(
    token_place: TokenPlace, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    mine = token_place.make()
    mine.create_generation(2)
    found: Callable[[Connection, int], list[object]] = mine._keys  # type: ignore[attr-defined]
    kept = {"destroy": lambda _connection, _number: [Undying()], "find": lambda _connection, _number: []}
    monkeypatch.setattr(mine, "_keys", kept[verb])
    with pytest.raises(KeyProviderUnavailableError):
        mine.destroy_generation(1) if verb == "destroy" else mine.check_value(1)
    monkeypatch.setattr(mine, "_keys", found)
    token_place.wait()
    assert mine.generations() == (1, 2)


class Undying:
    """A key that a token says it destroyed."""

    def destroy(self) -> None:
        return


def test_a_busy_token_is_unavailable_instead_of_waited_for(
    token_place: TokenPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pkcs11_session, "LIMIT", 0.05)
    with pkcs11_session._process.lock, pytest.raises(KeyProviderUnavailableError, match="busy"):
        with_session(token_place.place, PIN, lambda connection: connection.session)


def test_importing_the_service_loads_no_library_for_tokens_or_servers() -> None:
    in_another_process(
        "import sys, consent_service.cli.entrance",
        "assert not {'pkcs11', 'hvac', 'requests'} & set(sys.modules), 'loaded'",
    )


def _labelled(place: Place, number: int) -> list[object]:
    return with_session(
        place, PIN, lambda at: list(at.session.get_objects({Attribute.LABEL: f"{place.name}-{number}"}))
    )


def _in_session(connection: Connection, name: str, number: int) -> None:
    connection.session.generate_key(
        KeyType.AES,
        256,
        label=f"{name}-{number}",
        store=True,
        template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
    )
