"""The files of proposed rules: from an archive somebody uploads, from one changed file, from a folder.

Pure. What the files say is checked in another process (`checking`), what they would change is `replay`.
An archive is looked at before anything of it is believed: sizes are counted while reading, names may only
be those that rules have, and nothing is ever written under a name from an archive.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from consent_service.foundation.errors import InputError, Problem
from consent_service.policy.sources import SCHEMA_FILE, comes_with_software
from consent_service.policy.stored import LARGEST

LARGEST_ARCHIVE: Final = 1_000_000
LARGEST_FILE: Final = 400_000
MOST_FILES: Final = 300

_NAME: Final = re.compile(r"(?:[a-z][a-z0-9_]{0,39}/){0,2}[a-z][a-z0-9_]{0,39}\.(?:cedar|cedarschema|toml)")
_FOLDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}/")
_LEFT_OUT: Final = ("README.md", "LOCK", "texts/SCOPES")
"""What stands in the folder of a release and is no rule; an archive of that folder may hold it."""
_ENCRYPTED: Final = 0x1
_BOUNDED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of these Python unpacks no more than it is asked for; of others (bzip2, LZMA) whatever a block holds."""
_BROKEN: Final = (
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
"""What Python's reader says of an archive that is damaged, encrypted or made in a way it does not know."""


def archive_files(raw: bytes) -> dict[str, str]:
    """The files in a .zip, by name.

    The folder around all of them, when there is one, does not count.

    Raises:
        InputError: it is no archive, too large, or holds something that is no file of rules; all at once.
    """
    if not raw:
        raise InputError([Problem("archive", "form.missing_file")])
    if len(raw) > LARGEST_ARCHIVE:
        raise InputError([Problem("archive", "policies.archive_too_large")])
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _read(archive)
    except _BROKEN as failure:
        raise InputError([Problem("archive", "policies.archive_unreadable")]) from failure


def edited(files: Mapping[str, str], name: str, text: str) -> dict[str, str]:
    """The files with one of them changed, or one more.

    Raises:
        InputError: no file of rules may be called so, it comes with the software, or it is too large.
    """
    if comes_with_software(name):
        raise InputError([Problem("file", "policies.comes_with_software", {"file": name})])
    if not _NAME.fullmatch(name):
        raise InputError([Problem("file", "policies.file_name")])
    if len(text.encode()) > LARGEST_FILE:
        raise InputError([Problem("text", "policies.file_too_large", {"file": name})])
    return {**files, name: text.replace("\r\n", "\n")}


def with_own_texts(files: Mapping[str, str], installed: Mapping[str, str]) -> dict[str, str]:
    """The files with the catalogue and texts of this release.

    Raises:
        InputError: they bring others of their own.
    """
    foreign = [
        name for name, text in files.items() if comes_with_software(name) and installed.get(name) != text
    ]
    if foreign:
        raise InputError(
            [Problem("archive", "policies.comes_with_software", {"file": name}) for name in sorted(foreign)]
        )
    return dict(files) | {name: text for name, text in installed.items() if comes_with_software(name)}


def _read(archive: zipfile.ZipFile) -> dict[str, str]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(archive.infolist()) > MOST_FILES:
        raise InputError([Problem("archive", "policies.archive_too_many", {"most": str(MOST_FILES)})])
    around = _around([entry.filename for entry in entries])
    named = [(entry, entry.filename.removeprefix(around)) for entry in entries]
    wanted = [(entry, name) for entry, name in named if name not in _LEFT_OUT]
    if problems := list(_name_problems(wanted)):
        raise InputError(problems)
    files: dict[str, str] = {}
    total = 0
    for entry, name in wanted:
        files[name] = _text(archive, entry, name)
        total += len(files[name])
        if total > LARGEST:
            raise InputError([Problem("archive", "policies.archive_too_large")])
    return files


def _around(names: list[str]) -> str:
    """The one folder everything stands in, the schema at its top."""
    folder = names[0].partition("/")[0] + "/" if names else ""
    whole = f"{folder}{SCHEMA_FILE}" in names and all(name.startswith(folder) for name in names)
    return folder if whole and _FOLDER.fullmatch(folder) else ""


def _name_problems(wanted: list[tuple[zipfile.ZipInfo, str]]) -> Iterator[Problem]:
    """Odd names are counted, not repeated: a name may be made to deceive whoever reads it."""
    if not wanted:
        yield Problem("archive", "policies.archive_empty")
    odd = sum(not _NAME.fullmatch(name) for _, name in wanted)
    if odd:
        yield Problem("archive", "policies.archive_names", {"count": str(odd)})
    if len({name for _, name in wanted}) != len(wanted):
        yield Problem("archive", "policies.archive_twice")
    if any(_is_special(entry) for entry, _ in wanted):
        yield Problem("archive", "policies.archive_special")


def _is_special(entry: zipfile.ZipInfo) -> bool:
    """A link, a device, something encrypted or packed in another way: whatever is not just a file."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    odd = kind not in (0, stat.S_IFREG) or entry.compress_type not in _BOUNDED
    return odd or bool(entry.flag_bits & _ENCRYPTED)


def _text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> str:
    """No more is unpacked than a file may be large, whatever size the archive says it has.

    True of the ways of packing that `_is_special` lets through, and of no others.
    """
    with archive.open(entry) as packed:
        raw = packed.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise InputError([Problem("archive", "policies.file_too_large", {"file": name})])
    try:
        return raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as failure:
        raise InputError([Problem("archive", "policies.file_no_text", {"file": name})]) from failure
