"""An archive is believed in nothing: not in its sizes, not in its names, not in what its entries are."""

from __future__ import annotations

import io
import stat
import tracemalloc
import zipfile

import pytest

from consent_service.foundation.errors import InputError
from consent_service.policy.proposing import (
    LARGEST_ARCHIVE,
    LARGEST_FILE,
    MOST_FILES,
    archive_files,
    edited,
    with_own_texts,
)
from consent_service.policy.sources import comes_with_software
from consent_service.policy.stored import files_of
from tests.policy.changing import zipped
from tests.shelter import POLICIES

GOOD = {"consent/stops.cedar": "permit;", "schema.cedarschema": "entity", "causes.toml": "a = 1"}


def refused(raw: bytes) -> list[str]:
    with pytest.raises(InputError) as raised:
        archive_files(raw)
    return [problem.code for problem in raised.value.problems]


def special(kind: int, name: str = "consent/stops.cedar") -> bytes:
    raw = io.BytesIO()
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    return raw.getvalue()


def test_the_folder_of_a_release_is_read_with_and_without_a_folder_around_it() -> None:
    whole = files_of(POLICIES)
    beside: dict[str, str | bytes] = {"README.md": "x", "LOCK": "x", "texts/SCOPES": "x"}
    assert archive_files(zipped({**whole, **beside})) == whole
    around = {f"Regels v2.0/{name}": text for name, text in (whole | beside).items()}
    assert archive_files(zipped(around)) == whole


def test_lines_end_one_way_and_folders_are_no_files() -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.mkdir("consent")
        archive.writestr("consent/stops.cedar", b"one\r\ntwo\n")
        archive.writestr("causes.toml", "x")
    assert archive_files(raw.getvalue())["consent/stops.cedar"] == "one\ntwo\n"


@pytest.mark.parametrize(
    "name",
    [
        "../consent/stops.cedar",
        "consent/../../stops.cedar",
        "/etc/stops.cedar",
        "C:/stops.cedar",
        "consent\\stops.cedar",
        "consent/stops.cedar\n",
        "consent/stops.exe",
        "consent/stops",
        "consent/.hidden.cedar",
        "Consent/Stops.cedar",
        "a/b/c/d.cedar",
        "consent/stóps.cedar",
        "consent//stops.cedar",
        "consent/" + "x" * 41 + ".cedar",
        "__MACOSX/._stops.cedar",
    ],
)
def test_a_name_that_rules_do_not_have_refuses_the_whole_archive(name: str) -> None:
    assert refused(zipped({**GOOD, name: "x"})) == ["policies.archive_names"]


@pytest.mark.parametrize("folder", ["..", ".", "../x", "-x", "a" * 101, "naïef"])
def test_an_odd_folder_around_everything_is_part_of_the_names(folder: str) -> None:
    assert refused(zipped({f"{folder}/{name}": text for name, text in GOOD.items()})) == [
        "policies.archive_names"
    ]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK])
def test_a_link_or_a_device_is_no_file(kind: int) -> None:
    assert refused(special(kind)) == ["policies.archive_special"]
    assert archive_files(special(stat.S_IFREG)) == {"consent/stops.cedar": "/etc/passwd"}


def test_what_is_encrypted_is_no_file() -> None:
    raw = bytearray(zipped(GOOD))
    central = raw.index(b"PK\x01\x02")
    raw[central + 8] |= 1
    assert refused(bytes(raw)) == ["policies.archive_special"]


def test_everything_wrong_with_names_and_kinds_is_told_at_once() -> None:
    raw = io.BytesIO()
    link = zipfile.ZipInfo("consent/link.cedar")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr(link, "x")
        archive.writestr("consent/../x.cedar", "x")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("consent/link.cedar", "y")
    assert refused(raw.getvalue()) == [
        "policies.archive_names",
        "policies.archive_twice",
        "policies.archive_special",
    ]


@pytest.mark.parametrize("raw", [b"PK", b"no archive at all", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(raw: bytes) -> None:
    assert refused(raw) == ["policies.archive_unreadable"]


def test_an_archive_without_rules_is_refused() -> None:
    assert refused(b"") == ["form.missing_file"]
    assert refused(zipped({})) == ["policies.archive_empty"]
    assert refused(zipped({"README.md": "x"})) == ["policies.archive_empty"]


def test_a_damaged_or_unknown_compression_is_refused() -> None:
    raw = bytearray(zipped({"consent/stops.cedar": "permit(principal, action, resource);" * 50}))
    raw[60] ^= 0xFF
    assert refused(bytes(raw)) == ["policies.archive_unreadable"]
    unknown = bytearray(zipped(GOOD))
    for header, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        unknown[unknown.index(header) + place] = 99
    assert refused(bytes(unknown)) == ["policies.archive_special"]


def test_a_bomb_is_not_unpacked_further_than_a_file_may_be_large() -> None:
    bomb = zipped({"consent/stops.cedar": b"0" * (LARGEST_FILE + 1)})
    assert len(bomb) < 2_000
    assert refused(bomb) == ["policies.file_too_large"]


@pytest.mark.parametrize(
    "packing, code",
    [
        (zipfile.ZIP_BZIP2, "policies.archive_special"),
        (zipfile.ZIP_LZMA, "policies.archive_special"),
        (zipfile.ZIP_DEFLATED, "policies.file_too_large"),
    ],
)
def test_no_way_of_packing_makes_a_bomb_of_a_small_archive(packing: int, code: str) -> None:
    raw = io.BytesIO()
    with (
        zipfile.ZipFile(raw, "w", packing) as archive,
        archive.open("consent/stops.cedar", "w", force_zip64=True) as file,
    ):
        for _ in range(60):
            file.write(bytes(1_000_000))
    bomb = raw.getvalue()
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        assert refused(bomb) == [code]
        assert tracemalloc.get_traced_memory()[1] < 10 * LARGEST_FILE
    finally:
        tracemalloc.stop()


def test_too_little_memory_is_an_archive_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(zipfile.ZipExtFile, "read", out_of_memory)
    assert refused(zipped(GOOD)) == ["policies.archive_unreadable"]


def test_a_size_that_lies_does_not_help_a_bomb() -> None:
    raw = bytearray(zipped({"consent/stops.cedar": b"0" * (LARGEST_FILE * 3)}))
    for header, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = raw.index(header) + place
        raw[start : start + 4] = (10).to_bytes(4, "little")
    assert refused(bytes(raw)) == ["policies.archive_unreadable"]


def test_many_files_are_not_unpacked_further_than_rules_may_be_large_together() -> None:
    many = zipped({f"consent/f{number}.cedar": b"0" * (LARGEST_FILE - 1) for number in range(7)})
    assert refused(many) == ["policies.archive_too_large"]


def test_too_many_files_and_too_large_an_archive_are_refused_unread() -> None:
    assert refused(zipped({f"consent/f{number}.cedar": "" for number in range(MOST_FILES + 1)})) == [
        "policies.archive_too_many"
    ]
    assert refused(b"PK" + b"\x00" * LARGEST_ARCHIVE) == ["policies.archive_too_large"]


def test_a_file_that_is_no_text_is_refused_by_name() -> None:
    with pytest.raises(InputError) as raised:
        archive_files(zipped({"consent/stops.cedar": b"\xff\xfe"}))
    (problem,) = raised.value.problems
    assert (problem.code, problem.params) == ("policies.file_no_text", {"file": "consent/stops.cedar"})


def test_the_catalogue_and_the_texts_come_with_the_software() -> None:
    assert [name for name in sorted(files_of(POLICIES)) if comes_with_software(name)] == [
        "information_types.toml",
        "terms.toml",
        "texts/ar.toml",
        "texts/en.toml",
        "texts/nl.toml",
        "words/en.toml",
        "words/nl.toml",
    ]
    installed = {"terms.toml": "own", "texts/nl.toml": "own", "causes.toml": "old"}
    assert with_own_texts({"causes.toml": "new"}, installed) == {
        "causes.toml": "new",
        "terms.toml": "own",
        "texts/nl.toml": "own",
    }
    foreign = {"terms.toml": "other", "texts/nl.toml": "own", "texts/fr.toml": "new", "words/nl.toml": "lies"}
    with pytest.raises(InputError) as raised:
        with_own_texts(foreign, installed)
    assert [(one.code, one.params["file"]) for one in raised.value.problems] == [
        ("policies.comes_with_software", "terms.toml"),
        ("policies.comes_with_software", "texts/fr.toml"),
        ("policies.comes_with_software", "words/nl.toml"),
    ]


def test_one_file_may_change_when_rules_may_have_it() -> None:
    assert edited({"a.toml": "1"}, "consent/new.cedar", "x\r\ny") == {
        "a.toml": "1",
        "consent/new.cedar": "x\ny",
    }
    for name, text, code in (
        ("texts/nl.toml", "x", "policies.comes_with_software"),
        ("information_types.toml", "x", "policies.comes_with_software"),
        ("../x.cedar", "x", "policies.file_name"),
        ("consent/x.py", "x", "policies.file_name"),
        ("consent/x.cedar", "é" * LARGEST_FILE, "policies.file_too_large"),
    ):
        with pytest.raises(InputError) as raised:
            edited({}, name, text)
        assert [one.code for one in raised.value.problems] == [code]
