"""A bundle as a file: a ZIP of stored members without gaps, and its table of contents `bundle.json`.

Only the one form that is written is taken, so that no two programs can see different things in it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from consent_service.audit.standalone.formats import (
    Key,
    Refused,
    instant_milliseconds,
    read_json,
    read_key,
)

WIDTH = 256
"""Entries in a full bundle of entries, hashes in a full tile (C2SP tlog-tiles)."""
FIRST = b"README.nl.txt"
"""The member with which every bundle begins."""
MEMBER_LIMIT = 2 << 20
LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
WIDE_END, WIDE_PLACE = struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
WIDE_BEGIN = struct.Struct("<2HQ")
"""The parts of a ZIP file; the wide ones (ZIP64) are there from 65,536 members or 2 GiB on."""
MEMBER_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
ENTRY_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Member:
    """One file in the archive: where its header begins, how long it is, and its checksum."""

    name: str
    begin: int
    size: int
    checksum: int


class Archive:
    """The members of a bundle by name; each is read when it is needed."""

    def __init__(self, path: Path) -> None:
        try:
            self._file: IO[bytes] = path.open("rb")
            self._length = path.stat().st_size
        except OSError:
            raise Refused("unreadable", str(path)) from None
        try:
            is_ours = self._begins_as_ours()
            self._members = self._directory()
        except (struct.error, ValueError, OSError):
            self._file.close()
            raise Refused("zip_malformed" if is_ours else "not_a_bundle") from None
        if not is_ours and "bundle.json" not in self._members:
            self._file.close()
            raise Refused("not_a_bundle")

    @property
    def names(self) -> set[str]:
        """The names of all members."""
        return set(self._members)

    def read(self, name: str) -> bytes:
        """The bytes of one member.

        Raises:
            Refused: there is no such member, or it is damaged.
        """
        member = self._members.get(name)
        if member is None:
            raise Refused("file_missing", name)
        raw = self._part(member.begin, LOCAL.size + len(name) + member.size)
        content = raw[LOCAL.size + len(name) :]
        if len(content) != member.size or zlib.crc32(content) != member.checksum:
            raise Refused("zip_malformed", name)
        mark, _, flags, method, _, _, *said = LOCAL.unpack_from(raw)
        fits = said == [member.checksum, member.size, member.size, len(name), 0]
        if (mark, flags, method) != (b"PK\x03\x04", 0, 0) or not fits:
            raise Refused("zip_malformed", name)
        if raw[LOCAL.size : LOCAL.size + len(name)] != name.encode():
            raise Refused("zip_malformed", name)
        return content

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _part(self, begin: int, length: int) -> bytes:
        self._file.seek(begin)
        return self._file.read(length)

    def _begins_as_ours(self) -> bool:
        """Whether the first member is ours: else it is another file, or a bundle that was packed again."""
        raw = self._part(0, LOCAL.size + len(FIRST))
        plain = raw[:4] == b"PK\x03\x04" and raw[6:10] == bytes(4)  # no flags, not compressed
        return plain and raw[26:] == struct.pack("<2H", len(FIRST), 0) + FIRST

    def _directory(self) -> dict[str, Member]:
        """Every member, once it is clear that the file holds nothing else; ValueError when it does."""
        count, size, begin = self._end()
        raw, at, following = self._part(begin, size), 0, 0
        members: dict[str, Member] = {}
        for _ in range(count):
            member, at = read_member(raw, at)
            if member.begin != following or member.name in members:
                raise ValueError("a gap, or a name twice")
            members[member.name] = member
            following += LOCAL.size + len(member.name) + member.size
        if following != begin or at != size:
            raise ValueError("something else in between")
        return members

    def _end(self) -> tuple[int, int, int]:
        """Number of members, size and begin of the directory; the last bytes of the file say so."""
        mark, *said = END.unpack(self._part(max(0, self._length - END.size), END.size))
        wide = self._length - END.size - WIDE_PLACE.size - WIDE_END.size
        place = WIDE_PLACE.pack(b"PK\x06\x07", 0, max(0, wide), 1)
        is_wide = wide >= 0 and self._part(wide + WIDE_END.size, WIDE_PLACE.size) == place
        *_, count, size, begin = WIDE_END.unpack(self._part(wide, WIDE_END.size)) if is_wide else said[2:6]
        told = [0, 0, *(min(count, 0xFFFF),) * 2, min(size, 0xFFFFFFFF), min(begin, 0xFFFFFFFF), 0]
        end = begin + size + (WIDE_END.size + WIDE_PLACE.size if is_wide else 0) + END.size
        if (mark, said) != (b"PK\x05\x06", told) or end != self._length:
            raise ValueError("not the end of a bundle")
        return count, size, begin


def read_member(raw: bytes, at: int) -> tuple[Member, int]:
    """One line of the directory and where the next begins; ValueError when it is not as we write it."""
    mark, _, _, flags, method, _, _, checksum, packed, size, *rest = CENTRAL.unpack_from(raw, at)
    name_length, extra_length, comment, disk, _, _, begin = rest
    name_end = at + CENTRAL.size + name_length
    name, end = raw[at + CENTRAL.size : name_end].decode("ascii"), name_end + extra_length
    extra = raw[name_end:end]
    if begin == 0xFFFFFFFF:
        begin = WIDE_BEGIN.unpack(extra)[2]
        extra = b"" if extra == WIDE_BEGIN.pack(1, 8, begin) else extra
    plain = (mark, flags, method, comment, disk, extra) == (b"PK\x01\x02", 0, 0, 0, 0, b"")
    if not plain or packed != size or size > MEMBER_LIMIT or not MEMBER_NAME.fullmatch(name):
        raise ValueError("not a stored member")
    return Member(name, begin, size, checksum), end


@dataclass(frozen=True)
class LogKey:
    """A key of a log and when it began, as the service says."""

    number: int
    began: str
    key: Key


@dataclass(frozen=True)
class Log:
    """One log in the bundle; of the entries below `minimum` only the hashes are left."""

    number: int
    origin: str
    size: int
    minimum: int
    keys: tuple[LogKey, ...]

    @property
    def folder(self) -> str:
        """Where its files stand: a static log as C2SP tlog-tiles describes it."""
        return f"logs/{self.number}/"

    def is_kept(self, tile: int) -> bool:
        """Whether the entries of a level-0 tile are in the bundle."""
        return min((tile + 1) * WIDTH, self.size) > self.minimum

    def tile_names(self) -> Iterator[str]:
        """The names of every file with hashes or entries."""
        level, count = 0, self.size
        while count:
            for index in range((count + WIDTH - 1) // WIDTH):
                width = min(WIDTH, count - index * WIDTH)
                yield f"{self.folder}tile/{level}/{tile_path(index, width)}"
                if level == 0 and self.is_kept(index):
                    yield f"{self.folder}tile/entries/{tile_path(index, width)}"
            level, count = level + 1, count // WIDTH


@dataclass(frozen=True)
class Contents:
    """What `bundle.json` says; `person` is whose content was opened, or empty."""

    made: str
    person: str
    hidden: bool
    logs: tuple[Log, ...]
    witnesses: tuple[Key, ...]


def tile_path(index: int, width: int) -> str:
    """The place of a tile: 1234067 becomes x001/x234/067 (C2SP tlog-tiles)."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups) + ("" if width == WIDTH else f".p/{width}")


def read_contents(raw: bytes) -> Contents:
    """The table of contents.

    Raises:
        Refused: it is malformed, or a key in it is.
    """
    said = read_json(raw, "manifest_malformed", "bundle.json")
    require_shape(said, v=int, made=str, person=str, hidden=bool, logs=list, witnesses=list)
    fits = said["v"] == 1 and instant_milliseconds(said["made"]) is not None and said["logs"]
    if not fits or not (said["person"] == "" or ENTRY_ID.fullmatch(said["person"])):
        raise Refused("manifest_malformed", "bundle.json")
    logs = tuple(map(read_log, said["logs"]))
    if any(before.number >= after.number for before, after in zip(logs, logs[1:])):  # noqa: B905, RUF007
        raise Refused("manifest_malformed", "bundle.json")
    if not all(isinstance(one, str) for one in said["witnesses"]):
        raise Refused("manifest_malformed", "bundle.json")
    witnesses = tuple(read_key(one, 4) for one in said["witnesses"])
    for number, log in enumerate(logs, start=1):
        if log.number != number:
            raise Refused("log_missing", f"logs/{number}/")
    return Contents(said["made"], said["person"], said["hidden"], logs, witnesses)


def read_log(said: Any) -> Log:
    """One log of the table of contents, with all its keys."""
    require_shape(said, log=int, origin=str, size=int, minimum=int, keys=list)
    keys = []
    for one in said["keys"]:
        require_shape(one, number=int, began=str, key=str)
        keys.append(LogKey(one["number"], one["began"], read_key(one["key"], 1)))
    numbered = [one.number for one in keys] == list(range(1, len(keys) + 1)) and len(keys) > 0
    named = all(one.key.name == said["origin"] for one in keys)
    dated = all(instant_milliseconds(one.began) is not None for one in keys)
    placed = said["log"] >= 1 and 0 <= said["minimum"] <= said["size"]
    if not (numbered and named and dated and placed):
        raise Refused("manifest_malformed", "bundle.json")
    return Log(said["log"], said["origin"], said["size"], said["minimum"], tuple(keys))


def require_shape(said: Any, **shape: type) -> None:
    """An object with exactly these keys, each of its type; a boolean is no number."""
    if not isinstance(said, dict) or said.keys() != shape.keys():
        raise Refused("manifest_malformed", "bundle.json")
    if any(type(said[name]) is not kind for name, kind in shape.items()):
        raise Refused("manifest_malformed", "bundle.json")
