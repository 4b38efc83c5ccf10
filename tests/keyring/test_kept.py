"""Kept values: bounded in number and in time, whoever asks at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from consent_service.keyring.kept import Kept


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [1000.0]
    monkeypatch.setattr("consent_service.keyring.kept.time.monotonic", lambda: moment[0])
    return moment


def test_what_was_put_is_there_until_its_time_is_over(now: list[float]) -> None:
    kept: Kept[str, int] = Kept(entries=5, seconds=60)
    kept.put("a", 1, since=1000.0)
    kept.put("b", 2, since=970.0)  # its time began earlier
    for moment, a, b in (
        (1000.0, True, True),
        (1029.9, True, True),
        (1030.0, True, False),
        (1060.0, False, False),
    ):
        now[0] = moment
        assert (kept.get("a") is not None, kept.get("b") is not None) == (a, b), moment
    assert len(kept) == 0


def test_the_least_recently_used_makes_place(now: list[float]) -> None:
    kept: Kept[str, int] = Kept(entries=2, seconds=60)
    kept.put("a", 1, since=now[0])
    kept.put("b", 2, since=now[0])
    assert kept.get("a") is not None
    kept.put("c", 3, since=now[0])
    assert [kept.get(name) is not None for name in "abc"] == [True, False, True]
    kept.put("a", 4, since=now[0])
    assert len(kept) == 2
    found = kept.get("a")
    assert found is not None
    assert (found.value, found.since) == (4, now[0])


def test_many_threads_at_once_harm_nothing() -> None:
    kept: Kept[int, int] = Kept(entries=7, seconds=60)

    def use(seed: int) -> None:
        for step in range(2000):
            name = (seed * 31 + step * 7) % 20
            found = kept.get(name)
            assert found is None or found.value == name
            kept.put(name, name, since=1e12)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    assert len(kept) == 7
