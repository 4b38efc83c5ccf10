"""Nonces never repeat across processes, however a process came about."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest

from consent_service.keyring.data_keys import DataKey
from consent_service.keyring.primitives import new_nonce
from consent_service.keyring.secret import Secret

COUNT = 2000
KEY = DataKey(Secret(bytes(range(32))), tenant="t", owner="o", purpose="pickup", version=1)


def _draw() -> list[bytes]:
    """Nonces of envelopes and bare ones, which wrapped keys get."""
    return [KEY.seal("r", 1, b"")[6:18] for _ in range(COUNT)] + [new_nonce() for _ in range(COUNT)]


def _send(draw: Callable[[], list[bytes]], end: Connection) -> None:
    end.send(draw())
    end.close()


def _drawn_in_children(methods: list[str], draw: Callable[[], list[bytes]]) -> list[bytes]:
    running = []
    for method in methods:
        context = multiprocessing.get_context(method)
        mine, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_send, args=(draw, theirs))  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        running.append((process, mine))
    found: list[bytes] = []
    for process, mine in running:
        found += mine.recv()
        process.join()
    return found


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12 on forking with threads
def test_forked_and_spawned_workers_never_draw_the_same_nonce() -> None:
    """Two children forked from one moment share all that the parent's memory holds, random state too."""
    before = _draw()
    nonces = before + _drawn_in_children(["fork", "fork", "spawn"], _draw) + _draw()
    assert len(nonces) == 5 * 2 * COUNT
    assert len(set(nonces)) == len(nonces)
    assert {len(nonce) for nonce in nonces} == {12}


def _draw_from_a_pool() -> list[bytes]:
    """What must not be: bytes drawn beforehand, handed out one by one."""
    return [_POOL.pop() for _ in range(COUNT)]


_POOL = [new_nonce() for _ in range(4 * COUNT)]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_pool_of_nonces_would_be_caught() -> None:
    nonces = _drawn_in_children(["fork", "fork"], _draw_from_a_pool)
    assert len(set(nonces)) < len(nonces)
