"""The checks themselves, over one bundle: entries, tiles, heads, keys, opened content, proofs, tags.

Nothing is taken from the bundle that can be computed. The first thing that does not hold ends it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from consent_service.audit.standalone.archive import WIDTH, Archive, Contents, Log, read_contents, tile_path
from consent_service.audit.standalone.formats import (
    HASH_SIZE,
    Head,
    Key,
    Refused,
    Tree,
    instant_milliseconds,
    leaf_hash,
    read_head,
    root_from_path,
    signing_times,
    url_text,
)
from consent_service.audit.standalone.ids import Ids
from consent_service.audit.standalone.members import (
    HEX_HASH,
    VIEW_KEY,
    Leaf,
    Opened,
    Proof,
    number_in,
    number_of_signer,
    opened_entries,
    read_leaf,
    read_opened,
    read_proof,
    read_text_hash,
    released_by,
    require_names,
    sizes_in,
    split_leaves,
)

BACKDATED = 24 * 3600 * 1000
"""How many milliseconds an entry may be older than one before it: clocks differ, acts take a while."""
DIGESTS = (hashlib.sha256, hashlib.sha384, hashlib.sha512)
"""With which a time stamp may name what it is of."""


@dataclass(frozen=True)
class Known:
    """What whoever checks knows from elsewhere; whatever is given here must hold."""

    heads: tuple[Head, ...] = ()
    receipts: tuple[tuple[int, bytes], ...] = ()
    log_keys: tuple[Key, ...] = ()
    witnesses: tuple[Key, ...] = ()
    view_key: bytes | None = None


@dataclass(frozen=True)
class Entry:
    """An entry that was opened, found or named, and where it stands; `event` is empty while it is sealed."""

    log: int
    index: int
    id: str
    time: str
    type: str
    leaf: bytes
    event: str = ""


@dataclass
class LogReport:
    """What was proved of one log."""

    log: Log
    root: bytes = b""
    checked: int = 0
    cosigned: dict[Key, tuple[int, int]] = field(default_factory=dict)
    """By witness: the largest head it cosigned, and when (seconds since 1970)."""
    stamped: tuple[int, ...] = ()
    """The sizes of the heads that carry a time stamp."""
    reason: str = ""
    """Why it began, where it is not the first: the code in its first entry."""
    lost: int = 0
    """How many entries of this log are gone since it was put back from a copy."""
    follower: int = 0
    """The number of the log that goes on from this one; 0 where this is the newest."""


@dataclass
class Findings:
    """What was proved in all."""

    contents: Contents
    logs: list[LogReport] = field(default_factory=list)
    opened: list[Entry] = field(default_factory=list)
    found: list[Entry] = field(default_factory=list)
    """Those that carry the tag of the view key, in the order of the log."""
    released: list[Entry] = field(default_factory=list)
    """Those that an entry with that tag releases to its holder."""
    looks: list[Entry] = field(default_factory=list)
    """Of those that were opened: to whom something was given about somebody whose bundle this is not."""
    has_closed: bool = False
    """Whether content is here that was not for the person it is about."""


Progress = Callable[[int, int], None]
Wanted = dict[int, list[tuple[bytes, str, str]]]
"""By size: the root a log must have, else the code and the place to name."""


def check_bundle(archive: Archive, known: Known, progress: Progress | None = None) -> Findings:
    """Everything that can be checked.

    1. the table of contents, and that exactly the files are there that it asks for
    2. each log: its heads are signed, its entries give every hash, tile and root
    3. the logs and keys follow from each other, and nothing was pruned in silence
    4. proofs, cosignatures and time stamps
    5. what the person who checks knows: kept heads, receipts, keys, witnesses, a view key

    Raises:
        Refused: naming the first thing that does not hold.
    """
    contents = read_contents(archive.read("bundle.json"))  # 1
    require_names(archive, contents)
    details = {entry: read_opened(archive, entry) for entry in opened_entries(archive)}
    require_one_tenant(details)
    checker = Checker(archive, contents, details, known)
    try:
        for log in contents.logs:  # 2
            checker.check_log(log, progress)
        checker.ids.finish()
    finally:
        checker.ids.close()
    checker.place_apart()  # 3
    checker.check_history()
    checker.check_proofs()  # 4
    checker.check_witnesses()
    checker.check_known()  # 5
    return checker.findings()


class Checker:
    """Goes through one bundle; what it met is kept for what is checked later."""

    def __init__(
        self, archive: Archive, contents: Contents, details: dict[str, Opened], known: Known
    ) -> None:
        self.archive, self.contents, self.details, self.known = archive, contents, details, known
        self.reports: dict[int, LogReport] = {}
        self.heads: dict[int, list[Head]] = {}
        self.places: dict[str, Entry] = {}
        self.tagged: list[Entry] = []
        self.ids = Ids()
        self.receipts: set[tuple[int, bytes]] = set()
        self.latest = 0
        self.named = {one for opened in details.values() for one in released_by(opened)}
        self.own_key = None
        if VIEW_KEY in archive.names:
            self.own_key = read_text_hash(archive.read(VIEW_KEY), "view_key_malformed", VIEW_KEY)
        self.view_key = known.view_key or self.own_key

    def check_log(self, log: Log, progress: Progress | None) -> None:
        """Every entry, tile, head and root of one log."""
        self.reports[log.number] = report = LogReport(log)
        self.latest = 0
        self.heads[log.number] = list(self._read_heads(log))
        wanted = self._wanted_roots(log)
        tree, level_0 = Tree(), Tiles(self.archive, log)
        self._compare(tree, wanted)
        for tile in range((log.size + WIDTH - 1) // WIDTH):
            hashes = level_0.hashes(0, tile)
            if log.is_kept(tile):
                report.checked += self._check_entries(log, tile, hashes)
            for one in hashes:
                tree.add(one)
                if tree.size in wanted:
                    self._compare(tree, wanted)
            level_0.close(tile, hashes)
            if progress is not None:
                progress(tree.size, log.size)
        level_0.finish()
        report.root = tree.root()

    def place_apart(self) -> None:
        """What is kept of pruned entries because later heads rest on it has its leaf in its proof only."""
        for entry, opened in self.details.items():
            if entry in self.places:
                continue
            name = f"proofs/{entry}.tlog-proof"
            proof = read_proof(self.archive.read(name), name)
            for log in self.contents.logs:
                if proof.index < log.minimum and proof.note == self.archive.read(f"{log.folder}checkpoint"):
                    self._place_apart(log, entry, proof, opened)

    def check_history(self) -> None:
        """Every later log says why it began, every later key was announced, every pruning too."""
        for before, log in zip(self.contents.logs, self.contents.logs[1:]):  # noqa: B905
            self._check_reopening(before, log)
        for log in self.contents.logs:
            signers = [number_of_signer(head, log) for head in sorted(self.heads[log.number], key=size_of)]
            if signers != sorted(signers):
                raise Refused("key_retired", log.folder)
            for key in log.keys[1:]:
                self._check_announcement(log, key.number, key.key.public.hex())
            pruned = [
                number_in(opened.event, "minimum")
                for opened in self.details.values()
                if opened.kind == "log.pruned.v1" and number_in(opened.event, "log") == log.number
            ]
            if log.minimum > max(pruned, default=0):
                raise Refused("pruning_unannounced", log.folder)

    def check_proofs(self) -> None:
        """Each opened entry has a proof in a file of its own (C2SP tlog-proof); each time stamp its head."""
        for entry in self.details:
            if entry not in self.places:
                raise Refused("detail_without_entry", entry)
            self._check_proof(self.places[entry])
        for log in self.contents.logs:
            stamped = sizes_in(self.archive, f"{log.folder}timestamps/", ".tsr")
            for size in stamped:
                head = self.archive.read(f"{log.folder}checkpoints/{size}")
                token = self.archive.read(f"{log.folder}timestamps/{size}.tsr")
                if not any(digest(head).digest() in token for digest in DIGESTS):
                    raise Refused("timestamp_differs", f"{log.folder}timestamps/{size}.tsr")
            self.reports[log.number].stamped = tuple(stamped)

    def check_witnesses(self) -> None:
        """Every cosignature of a known witness fits; who was named must have cosigned something."""
        witnesses = {key.text: key for key in (*self.contents.witnesses, *self.known.witnesses)}
        for log in self.contents.logs:
            for head in self.heads[log.number]:
                for key in witnesses.values():
                    times = signing_times(head, key)
                    if times is None:
                        raise Refused("cosignature_invalid", f"{key.name} {head.size}")
                    if times:
                        known = self.reports[log.number].cosigned
                        known[key] = max(known.get(key, (0, 0)), (head.size, max(times)))
        for key in self.known.witnesses:
            if not any(key in report.cosigned for report in self.reports.values()):
                raise Refused("witness_missing", key.name)

    def check_known(self) -> None:
        """Keys and receipts from elsewhere; kept heads were compared with the entries already."""
        for key in self.known.log_keys:
            if not any(one.key == key for log in self.contents.logs for one in log.keys):
                raise Refused("key_unknown", key.name)
        for receipt in self.known.receipts:
            if receipt not in self.receipts:
                raise Refused("receipt_differs", str(receipt[0]))
        for head in self.known.heads:
            if head.origin not in {log.origin for log in self.contents.logs}:
                raise Refused("pin_foreign", head.origin)

    def findings(self) -> Findings:
        """What there is to tell, once everything held."""
        places = sorted(self.places.values(), key=lambda one: (one.log, one.index))
        found = Findings(self.contents, list(self.reports.values()), found=self.tagged)
        found.opened = [one for one in places if one.id in self.details]
        released = {
            one for entry in self.tagged if entry.id in self.details
            for one in released_by(self.details[entry.id])
        }  # fmt: skip
        if not any(log.minimum for log in self.contents.logs):  # else it may be among what is kept no more
            for one in sorted(released - self.places.keys()):
                raise Refused("released_missing", one)
        found.released = [one for one in places if one.id in released]
        found.looks = [one for one in found.opened if self._is_of_another(one.id)]
        found.has_closed = self.contents.hidden or self._has_closed()
        return found

    def _has_closed(self) -> bool:
        """Whether somebody's entry is open that is neither shown nor released to whose bundle this is."""
        hers = {one for one, opened in self.details.items()
                if opened.said["shown_to"] == self.contents.person}  # fmt: skip
        hers |= {one for entry in sorted(hers) for one in released_by(self.details[entry])}
        return any(
            opened.said.get("subject") and one not in hers and not self._is_of_another(one)
            for one, opened in self.details.items()
        )

    def _is_of_another(self, entry: str) -> bool:
        """Whether it tells whom something was given about somebody else than the bundle is for."""
        opened, person = self.details[entry], self.contents.person
        return person != "" and opened.is_look and opened.said["shown_to"] != person

    def _read_heads(self, log: Log) -> Iterator[Head]:
        """The newest head and every other one that is here: of this log, and signed by one of its keys."""
        names = [(f"{log.folder}checkpoint", log.size)]
        for kind in ("checkpoints", "cosigned"):
            folder = f"{log.folder}{kind}/"
            names += [(f"{folder}{size}", size) for size in sizes_in(self.archive, folder, "")]
        for name, size in names:
            head = read_head(self.archive.read(name), name)
            if (head.origin, head.size) != (log.origin, size) or size > log.size:
                raise Refused("head_differs", name)
            if not number_of_signer(head, log):
                raise Refused("head_unsigned", name)
            yield head

    def _wanted_roots(self, log: Log) -> Wanted:
        wanted: Wanted = {}
        for head in self.heads[log.number]:
            wanted.setdefault(head.size, []).append((head.root, "root_differs", f"{log.folder}{head.size}"))
        for head in self.known.heads:
            if head.origin != log.origin:
                continue
            if head.signatures and not number_of_signer(head, log):
                raise Refused("pin_unsigned", str(head.size))
            if head.size > log.size:
                raise Refused("pin_beyond", str(head.size))
            wanted.setdefault(head.size, []).append((head.root, "pin_differs", str(head.size)))
        for size, _ in self.known.receipts:
            wanted.setdefault(size, [])
        for opened in self.details.values():
            if opened.kind != "log.reopened.v1" or number_in(opened.event, "log") not in self._after(log):
                continue
            size, root = number_in(opened.event, "previous_size"), opened.event.get("previous_root")
            unknown = root == "" and size > log.size  # only a witness spoke of that size
            if size < 0 or not isinstance(root, str) or not (HEX_HASH.fullmatch(root) or unknown):
                raise Refused("detail_malformed", log.folder)
            if size < log.size:
                raise Refused("previous_differs", log.folder)
            wanted.setdefault(size, []).append((bytes.fromhex(root), "previous_differs", log.folder))
            self.reports[log.number].lost = size - log.size
        return wanted

    def _after(self, log: Log) -> list[int]:
        """The number of the log that follows this one, if there is one."""
        return [one.number for one in self.contents.logs if one.number > log.number][:1]

    def _compare(self, tree: Tree, wanted: Wanted) -> None:
        root = tree.root()
        for expected, code, where in wanted.get(tree.size, ()):
            if expected != root:
                raise Refused(code, where)
        self.receipts.update(one for one in self.known.receipts if one == (tree.size, root))

    def _check_entries(self, log: Log, tile: int, hashes: list[bytes]) -> int:
        name = f"{log.folder}tile/entries/{tile_path(tile, len(hashes))}"
        leaves = split_leaves(self.archive.read(name), len(hashes), name)
        for index, (leaf, hashed) in enumerate(zip(leaves, hashes), start=tile * WIDTH):  # noqa: B905
            if leaf_hash(leaf) != hashed:
                raise Refused("leaf_differs", f"{log.folder}{index}")
            self._check_leaf(log, index, leaf)
        return len(leaves)

    def _check_leaf(self, log: Log, index: int, raw: bytes) -> None:
        """One entry: its form, its time, its content if that is here, and whose tag it carries."""
        where = f"{log.folder}{index}"
        leaf = read_leaf(raw, where)
        written = instant_milliseconds(leaf.time) or 0
        if written < self.latest - BACKDATED:
            raise Refused("leaf_backdated", where)
        self.latest = max(self.latest, written)
        self.ids.add(leaf.id, log.number, index)
        opened = self.details.get(leaf.id)
        if opened is not None and not is_content_of(opened, leaf):
            raise Refused("detail_differs", where)
        kind = opened.kind if opened is not None else ""
        entry = Entry(log.number, index, leaf.id, leaf.time, leaf.type, raw, kind)
        if opened is not None or entry.id in self.named:
            self.places[entry.id] = entry
        if self._is_tagged(entry, leaf.tag, opened):
            self.tagged.append(entry)

    def _place_apart(self, log: Log, entry: str, proof: Proof, opened: Opened) -> None:
        where = f"{log.folder}{proof.index}"
        leaf = read_leaf(proof.leaf, where)
        if leaf.id != entry or not is_content_of(opened, leaf):
            raise Refused("detail_differs", where)
        self.places[entry] = Entry(
            log.number, proof.index, entry, leaf.time, leaf.type, proof.leaf, opened.kind
        )

    def _is_tagged(self, entry: Entry, tag: str, opened: Opened | None) -> bool:
        """Whether the holder of the view key finds the entry; its content must say so too, or must not."""
        if self.own_key is not None and opened is not None and self.contents.person:
            own = tag_under(self.own_key, entry.id) == tag
            if own != (opened.said["shown_to"] == self.contents.person):
                raise Refused("tag_differs", entry.id)
        return self.view_key is not None and tag_under(self.view_key, entry.id) == tag

    def _check_reopening(self, before: Log, log: Log) -> None:
        for place in self.places.values():
            if (place.log, place.index, place.event) == (log.number, 0, "log.reopened.v1"):
                said = self.details[place.id].event
                if number_in(said, "log") == log.number and self._after(before) == [log.number]:
                    self.reports[log.number].reason = str(said.get("reason"))
                    self.reports[before.number].follower = log.number
                    return
        raise Refused("log_unannounced", log.folder)

    def _check_announcement(self, log: Log, key_number: int, public: str) -> None:
        """The log names the key, in an entry that a head of the key just before it covers.

        So from any key of the log that somebody knows, the later ones follow one by one.
        """
        for entry, opened in self.details.items():
            event, place = opened.event, self.places.get(entry)
            said = (opened.kind, number_in(event, "log"), number_in(event, "number"), event.get("public"))
            if place is None or said != ("log.key_rotated.v1", log.number, key_number, public):
                continue
            before = log.keys[key_number - 2].key
            if any(
                head.size > place.index and signing_times(head, before) for head in self.heads[log.number]
            ):
                return
        raise Refused("key_unannounced", f"{log.folder}{key_number}")

    def _check_proof(self, entry: Entry) -> None:
        name = f"proofs/{entry.id}.tlog-proof"
        log = next(one for one in self.contents.logs if one.number == entry.log)
        proof, root = read_proof(self.archive.read(name), name), self.reports[log.number].root
        said = (proof.index, proof.leaf, proof.note)
        if said != (entry.index, entry.leaf, self.archive.read(f"{log.folder}checkpoint")):
            raise Refused("proof_differs", name)
        if root_from_path(leaf_hash(entry.leaf), entry.index, log.size, list(proof.path)) != root:
            raise Refused("proof_differs", name)


class Tiles:
    """Compares every stored tile of a log with what the tiles below it give."""

    def __init__(self, archive: Archive, log: Log) -> None:
        self._archive, self._log = archive, log
        self._above: list[list[bytes]] = []

    def hashes(self, level: int, tile: int) -> list[bytes]:
        """The hashes of one stored tile."""
        count = self._log.size // WIDTH**level
        width = min(WIDTH, count - tile * WIDTH)
        name = f"{self._log.folder}tile/{level}/{tile_path(tile, width)}"
        raw = self._archive.read(name)
        if len(raw) != width * HASH_SIZE:
            raise Refused("tile_differs", name)
        return [raw[at : at + HASH_SIZE] for at in range(0, len(raw), HASH_SIZE)]

    def close(self, tile: int, hashes: list[bytes], level: int = 0) -> None:
        """After a tile: when it is full, its root is one hash of a tile one level up."""
        if len(hashes) < WIDTH:
            return
        if level == len(self._above):
            self._above.append([])
        tree = Tree()
        for one in hashes:
            tree.add(one)
        above = self._above[level]
        above.append(tree.root())
        if len(above) == WIDTH:
            self._above[level] = []
            self._compare(level + 1, tile // WIDTH, above)
            self.close(tile // WIDTH, above, level + 1)

    def finish(self) -> None:
        """Compare the unfinished tiles of every level above the first."""
        for level, hashes in enumerate(self._above, start=1):
            if hashes:
                self._compare(level, self._log.size // WIDTH ** (level + 1), hashes)

    def _compare(self, level: int, tile: int, hashes: list[bytes]) -> None:
        if self.hashes(level, tile) != hashes:
            raise Refused("tile_differs", f"{self._log.folder}tile/{level}/{tile}")


def size_of(head: Head) -> int:
    """How many entries a head is over."""
    return head.size


def require_one_tenant(details: dict[str, Opened]) -> None:
    """Content of two organisations never stands in one bundle."""
    tenants = {opened.said["tenant"] for opened in details.values()}
    if len(tenants) > 1:
        raise Refused("detail_malformed", "details/")


def is_content_of(opened: Opened, leaf: Leaf) -> bool:
    """Whether the leaf commits to it, and tells its own kind or none; none where it is about somebody."""
    commitment = url_text(hmac.digest(opened.salt, opened.raw, "sha256"))
    shown = "" if opened.said.get("subject") else opened.kind
    return commitment == leaf.commitment and leaf.type in ("", shown)


def tag_under(view_key: bytes, entry: str) -> str:
    """The tag by which the holder of this view key finds the entry."""
    return url_text(hmac.digest(view_key, entry.encode(), "sha256"))
