"""A file on its way out comes back as it was, and on the disk there is nothing of it to read."""

from __future__ import annotations

import io
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring import spool
from consent_service.keyring.spool import SealedSpool


@settings(max_examples=30)
@given(parts=st.lists(st.binary(max_size=200), max_size=12))
def test_it_gives_back_what_was_written(parts: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch, SealedSpool() as made:
        patch.setattr(spool, "PIECE", 64)
        assert [made.write(part) for part in parts] == [len(part) for part in parts]
        assert b"".join(made.pieces()) == b"".join(parts)


def test_nothing_stands_on_the_disk_in_clear_and_what_is_changed_there_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = io.BytesIO()

    def the_disk() -> IO[bytes]:
        return disk

    monkeypatch.setattr(spool, "TemporaryFile", the_disk)
    secret = b"what she said" * (spool.PIECE // 10)
    made = SealedSpool()
    made.write(secret)
    stored = disk.getvalue()
    assert len(stored) > spool.PIECE
    assert b"she said" not in stored
    for damaged in (stored[:-1] + bytes([stored[-1] ^ 1]), stored[:-1]):
        disk.seek(0)
        disk.truncate()
        disk.write(damaged)
        with pytest.raises(IntegrityError):
            list(made.pieces())
    made.close()
    made.close()
    assert disk.closed
