"""What every kind of key provider must hold to: one set of tests over a file, a token and a server."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)
from consent_service.keyring.primitives import new_key
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.secret import Secret
from tests.keyring.providers.places import Ways

AAD = b"tenant|data|1"
KEY = Secret(b"the key that must not be seen...")


@pytest.fixture
def provider(place: Ways) -> KeyProvider:
    return place.make()


def test_what_is_wrapped_is_unwrapped_by_whoever_opens_the_same_place(
    place: Ways, provider: KeyProvider
) -> None:
    for key, aad in ((KEY, AAD), (KEY, b""), (new_key(), b"\x00\xff" * 300)):
        generation, blob = provider.wrap(key, aad)
        assert generation == 1
        assert provider.unwrap(generation, blob, aad) == key
        assert place.open().unwrap(generation, blob, aad) == key
    assert provider.wrap(KEY, AAD) != provider.wrap(KEY, AAD)


def test_a_blob_opens_for_its_own_aad_and_unharmed_only(provider: KeyProvider) -> None:
    generation, blob = provider.wrap(KEY, AAD)
    harmed = [blob[:length] for length in (0, 3, 4, 11, 12, 13, 28, len(blob) - 1)]
    harmed += [blob + b"\0", bytes(len(blob)), blob[::-1]]
    harmed += [_flipped(blob, bit) for bit in range(len(blob) * 8)]
    for each in harmed:
        with pytest.raises(IntegrityError):
            provider.unwrap(generation, each, AAD)
    for aad in (b"", AAD[:-1], AAD + b"\0", b"tenant|data|2"):
        with pytest.raises(IntegrityError):
            provider.unwrap(generation, blob, aad)
    assert provider.unwrap(generation, blob, AAD) == KEY


def test_a_blob_of_another_generation_does_not_open(provider: KeyProvider) -> None:
    _, old = provider.wrap(KEY, AAD)
    provider.create_generation(2)
    generation, new = provider.wrap(KEY, AAD)
    assert generation == 2
    for number, blob in ((2, old), (1, new)):
        with pytest.raises(IntegrityError):
            provider.unwrap(number, blob, AAD)


def test_a_destroyed_generation_opens_nothing_any_more_and_never_comes_back(
    place: Ways, provider: KeyProvider
) -> None:
    _, blob = provider.wrap(KEY, AAD)
    provider.create_generation(2)
    provider.destroy_generation(1)
    for each in (provider, place.open()):
        for number in (1, 0, 7):
            with pytest.raises(KeyDestroyedError):
                each.unwrap(number, blob, AAD)
            with pytest.raises(KeyDestroyedError):
                each.check_value(number)
        with pytest.raises(ConfigurationError):
            each.create_generation(1)
        assert each.generations() == (2,)


def test_making_and_destroying_twice_is_the_same_as_once(provider: KeyProvider) -> None:
    for _ in range(2):
        provider.create_generation(2)
        assert provider.generations() == (1, 2)
    value = provider.check_value(2)
    provider.create_generation(2)
    assert provider.check_value(2) == value
    for _ in range(2):
        provider.destroy_generation(1)
        assert provider.generations() == (2,)
    provider.destroy_generation(9)
    assert provider.current_generation() == 2


def test_the_current_generation_is_not_destroyed_and_numbers_only_rise(provider: KeyProvider) -> None:
    with pytest.raises(ConfigurationError):
        provider.destroy_generation(1)
    provider.create_generation(5)
    for number in (-1, 0, 2, 4):
        with pytest.raises(ConfigurationError):
            provider.create_generation(number)
    with pytest.raises(ConfigurationError):
        provider.destroy_generation(5)
    assert provider.generations() == (1, 5)


def test_generations_of_another_process_are_seen_without_a_restart(
    place: Ways, provider: KeyProvider
) -> None:
    old = provider.wrap(KEY, AAD)
    place.elsewhere("create_generation", 2)
    assert provider.generations() == (1, 2)
    assert provider.current_generation() == 2
    assert provider.wrap(KEY, AAD)[0] == 2
    assert provider.unwrap(*old, AAD) == KEY
    place.elsewhere("destroy_generation", 1)
    with pytest.raises(KeyDestroyedError):
        provider.unwrap(*old, AAD)
    assert provider.generations() == (2,)


def test_a_check_value_tells_one_generation_from_every_other(place: Ways, provider: KeyProvider) -> None:
    provider.create_generation(2)
    values = [provider.check_value(1), provider.check_value(2)]
    assert [len(value) for value in values] == [32, 32]
    assert values[0] != values[1]
    assert [place.open().check_value(number) for number in (1, 2)] == values


def test_a_place_that_has_keys_is_not_made_again(place: Ways, provider: KeyProvider) -> None:
    value = provider.check_value(1)
    with pytest.raises(ConfigurationError, match="exist"):
        place.make()
    assert place.open().check_value(1) == value


def test_a_wrong_secret_opens_nothing_and_is_one_sentence(place: Ways, provider: KeyProvider) -> None:
    right, place.secret = place.secret, Secret(b"some other secret")
    with pytest.raises(ConfigurationError) as refused:
        place.open()
    assert "\n" not in str(refused.value)
    place.secret = right
    assert place.open().generations() == provider.generations()


def test_a_provider_in_trouble_is_unavailable_until_it_is_back(place: Ways, provider: KeyProvider) -> None:
    generation, blob = provider.wrap(KEY, AAD)
    for name, trouble in place.troubles.items():
        uses: tuple[Callable[[], object], ...] = (
            provider.check,
            provider.generations,
            provider.current_generation,
            lambda: provider.check_value(1),
            lambda: provider.create_generation(2),
            lambda: provider.destroy_generation(2),
            lambda: provider.wrap(KEY, AAD),
            lambda: provider.unwrap(generation, blob, AAD),
        )
        for use in uses:
            with trouble():
                place.wait()
                with pytest.raises(KeyProviderUnavailableError):
                    use()
                with pytest.raises(KeyProviderUnavailableError):
                    provider.check()
            place.wait()
            assert _eventually(lambda: provider.unwrap(generation, blob, AAD), place) == KEY, name
        assert provider.generations() == (1,), name
        provider.check()


def test_the_demo_marks_its_file_and_nothing_else_can_be_marked(provider: KeyProvider) -> None:
    assert provider.development == (provider.kind == "file")


def test_nothing_secret_is_in_an_error_or_in_what_a_crash_report_would_capture(
    place: Ways, provider: KeyProvider
) -> None:
    generation, blob = provider.wrap(KEY, AAD)
    failures = [
        _failure(lambda: provider.unwrap(generation, _flipped(blob, 7), AAD)),
        _failure(lambda: provider.unwrap(generation, blob, b"")),
        _failure(lambda: provider.unwrap(3, blob, AAD)),
        _failure(place.make),
    ]
    for trouble in place.troubles.values():
        for use in (
            lambda: provider.wrap(KEY, AAD),
            lambda: provider.unwrap(generation, blob, AAD),
            lambda: provider.create_generation(2),
            place.open,
        ):
            with trouble():
                place.wait()
                failures.append(_failure(use))
            place.wait()
            _eventually(provider.generations, place)
    for failure in failures:
        shown = list(_shown(failure))
        for form in _forms(KEY) | _forms(place.secret):
            assert not [where for where, text in shown if form in text], type(failure)


def test_the_search_for_secrets_finds_one_that_was_left_lying() -> None:
    namespace: dict[str, Callable[[bytes], None]] = {}
    source = (
        "import base64\ndef careless(key):\n    kept = base64.b64encode(key)\n    raise ValueError(len(kept))"
    )
    exec(compile(source, "elsewhere.py", "exec"), namespace)  # noqa: S102 - a frame outside the tests
    shown = list(_shown(_failure(lambda: namespace["careless"](KEY.reveal()))))
    assert all(any(form in text for _, text in shown) for form in _forms(KEY) if form != KEY.reveal().hex())


def _failure(use: Callable[[], object]) -> Exception:
    try:
        use()
    except Exception as failure:  # noqa: BLE001 - whatever it is, it is looked through
        return failure
    raise AssertionError("nothing went wrong")


def _shown(failure: BaseException) -> Iterator[tuple[str, str]]:
    """Every text a crash reporter would send along, each with where it stands; our own frames left out."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [failure]
    while waiting:
        error = waiting.pop()
        if error is None or error in seen:
            continue
        seen.append(error)
        yield "message", f"{error!s} {error!r} {error.args!r} {vars(error)!r}"
        traceback = error.__traceback__
        while traceback is not None:
            yield from _locals(traceback.tb_frame)
            traceback = traceback.tb_next
        waiting += [error.__cause__, error.__context__]


def _locals(frame: FrameType) -> Iterator[tuple[str, str]]:
    if "/tests/" in frame.f_code.co_filename:
        return
    for name, value in frame.f_locals.items():
        yield f"{frame.f_code.co_qualname}.{name}", f"{value!r}"


def _forms(secret: Secret) -> set[str]:
    data = secret.reveal()
    return {data.decode(), data.hex(), base64.b64encode(data).decode()}


def _eventually(use: Callable[[], object], place: Ways, tries: int = 20) -> object:
    """An answer that came too late may still be on its way; each wait moves the provider's clock on."""
    for _ in range(tries):
        try:
            return use()
        except KeyProviderUnavailableError:
            place.wait()
    return use()


def _flipped(blob: bytes, bit: int) -> bytes:
    harmed = bytearray(blob)
    harmed[bit // 8] ^= 1 << bit % 8
    return bytes(harmed)
