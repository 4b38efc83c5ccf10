"""The file of a backup: whole or refused, each byte of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.custody import backup_file
from consent_service.custody.backup_file import (
    FORMAT,
    TABLES,
    DestructionRow,
    Header,
    KeyRows,
    PersonKeyRow,
    RelationshipKeyRow,
    RootRow,
    TenantKeyRow,
    encode_rows,
    file_name,
    finish,
    found_backups,
    newest_backup,
    parse,
    read_backup,
    section,
    vouched_part,
    vouching_key,
)
from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.ids import new_id

AT = datetime(2026, 9, 1, 8, 0, 0, 123456, tzinfo=UTC)
ROWS = KeyRows(
    roots=(RootRow("_", 1, bytes(32), AT, None),),
    tenants=(TenantKeyRow("_", "audit", 1, 1, b"w" * 60, AT), TenantKeyRow("t", "data", 2, 1, b"v" * 60, AT)),
    relationships=(RelationshipKeyRow("t", "r", 1, 2, b"r" * 60, AT, None),),
    persons=(PersonKeyRow("t", "p", 1, 2, b"p" * 60, AT),),
    destructions=(DestructionRow("t", "d", "person", "q", "q", AT, None, None, None, None),),
)


def content(
    rows: KeyRows = ROWS, sealed: bytes = b"sealed" * 9, said: Mapping[str, object] | None = None
) -> bytes:
    encoded = encode_rows(rows)
    header = Header(
        backup="b",
        number=7,
        made_at=AT,
        recovery="f" * 64,
        keys=rows.keys,
        rows=section(encoded),
        sealed=section(sealed),
    )
    header = msgspec.structs.replace(header, **(said or {}))
    return finish(vouched_part(header, encoded, sealed), b"m" * 32)


WHOLE = content()


def test_what_is_written_is_what_is_read() -> None:
    backup = parse(WHOLE)
    assert backup.rows == ROWS
    assert (backup.sealed, backup.mac) == (b"sealed" * 9, b"m" * 32)
    assert backup.header.format == FORMAT
    assert backup.vouched + backup.mac == WHOLE[:-32]


blobs = st.binary(max_size=80)
texts = st.text(max_size=20)
moments = st.datetimes(timezones=st.just(UTC))
all_rows = st.builds(
    KeyRows,
    tenants=st.lists(
        st.builds(
            TenantKeyRow, texts, st.sampled_from(["data", "index", "audit"]), st.integers(1, 9),
            st.integers(1, 9), blobs, moments,
        ),
        max_size=4,
    ).map(tuple),
    relationships=st.lists(
        st.builds(
            RelationshipKeyRow, texts, texts, st.integers(1, 9), st.integers(1, 9), blobs, moments,
            st.none() | moments,
        ),
        max_size=4,
    ).map(tuple),
)  # fmt: skip


@given(all_rows, st.binary(max_size=100))
@settings(max_examples=40)
def test_any_rows_come_back_as_they_were(rows: KeyRows, sealed: bytes) -> None:
    backup = parse(content(rows, sealed))
    assert (backup.rows, backup.sealed) == (rows, sealed)


@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_a_flipped_bit_anywhere_is_refused(bit: int) -> None:
    changed = bytearray(WHOLE)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(IntegrityError, match="no key backup, or a damaged one"):
        parse(bytes(changed))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_torn_file_is_refused(length: int) -> None:
    with pytest.raises(IntegrityError):
        parse(WHOLE[:length])


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": section(b"other")},
        {"sealed": section(b"other")},
        {"number": 0},
        {"rows": backup_file.Section(-1, section(b"").sha256)},
        {"rows": backup_file.Section(10**12, section(encode_rows(ROWS)).sha256)},
    ],
    ids=["rows", "sealed", "number", "before the beginning", "beyond the end"],
)
def test_sections_that_are_not_what_the_header_says_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        parse(content(said=changed))


@pytest.mark.parametrize("line", [b"", b"{}", b'{"format":"ruggensteun-key-backup/2"}', b"\xff"])
def test_another_header_is_refused(line: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse(finish(line + b"\n", bytes(32)))


def test_rows_that_are_no_rows_are_refused() -> None:
    sealed, rows = b"", b'{"strange":1}'
    header = Header(
        backup="b", number=1, made_at=AT, recovery="", keys=0, rows=section(rows), sealed=section(sealed)
    )
    with pytest.raises(IntegrityError):
        parse(finish(vouched_part(header, rows, sealed), bytes(32)))


def test_a_foreign_a_huge_and_a_missing_file_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys"
    path.write_bytes(WHOLE)
    assert read_backup(path).rows == ROWS
    path.write_bytes(b"hello")
    with pytest.raises(IntegrityError):
        read_backup(path)
    monkeypatch.setattr(backup_file, "_MAXIMUM", 4)
    with pytest.raises(IntegrityError):
        read_backup(path)
    with pytest.raises(UnavailableError):
        read_backup(tmp_path / "nowhere")


def test_no_folder_is_no_backups_and_a_file_in_its_place_is_an_outage(tmp_path: Path) -> None:
    assert found_backups(tmp_path / "nowhere") == ()
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError):
        found_backups(tmp_path / "file")


def named(folder: Path, number: int, made_at: datetime) -> Path:
    path = folder / file_name(number, new_id(), made_at)
    path.touch()
    return path


def test_backups_stand_in_the_order_of_their_numbers_whatever_the_clock_said(tmp_path: Path) -> None:
    later = named(tmp_path, 12, AT)
    earlier = named(tmp_path, 9, AT + timedelta(days=365))
    million = named(tmp_path, 1_000_000, AT)
    assert [one.path for one in found_backups(tmp_path)] == [earlier, later, million]


def test_the_newest_is_whole_has_the_highest_number_and_is_not_from_the_future(tmp_path: Path) -> None:
    assert newest_backup(tmp_path, AT) is None
    named(tmp_path, 1, AT + timedelta(days=2))
    assert newest_backup(tmp_path, AT) is None
    right = named(tmp_path, 2, AT + timedelta(minutes=4))
    named(tmp_path, 3, AT + timedelta(minutes=6))
    left = named(tmp_path, 4, AT)
    left.rename(left.with_name(f".{left.name}.0123456789abcdef"))
    found = newest_backup(tmp_path, AT)
    assert found is not None
    assert (found.path, found.number) == (right, 2)


def test_a_row_holds_exactly_the_columns_of_its_table() -> None:
    for field in msgspec.structs.fields(KeyRows):
        (row, _) = field.type.__args__
        columns = [column.name for column in TABLES[field.name].columns]
        assert sorted(row.__struct_fields__) == sorted(columns), field.name


def test_an_owned_key_without_the_key_above_it_is_refused() -> None:
    assert set(ROWS.by_owner()) == {("t", "relationship", "r"), ("t", "person", "p")}
    with pytest.raises(IntegrityError):
        msgspec.structs.replace(ROWS, tenants=()).by_owner()


def test_the_newest_audit_key_of_the_installation_vouches() -> None:
    newer = TenantKeyRow("_", "audit", 2, 1, b"", AT)
    rows = msgspec.structs.replace(ROWS, tenants=(*ROWS.tenants, newer))
    assert vouching_key(rows) == newer
    assert vouching_key(KeyRows()) is None
