"""The Merkle tree of RFC 6962 section 2.1: hashes, roots, proofs and their verification. Pure.

Storing hashes is `tiles` and `sequencer`; signing a root is `checkpoint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a log without entries (RFC 6962 section 2.1)."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one entry; 0x00 keeps it apart from an inner node (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node; 0x01 keeps it apart from an entry (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All a growing tree must remember: one hash per set bit of `size`, largest subtree first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def extend(self, leaf_hashes: Iterable[bytes]) -> CompactRange:
        """The range after these leaf hashes have been added at the right."""
        size, stack = self.size, list(self.hashes)
        for node in leaf_hashes:
            size += 1
            completed = size  # one subtree is completed per trailing zero bit of the new size
            while not completed & 1:
                node = node_hash(stack.pop(), node)
                completed >>= 1
            stack.append(node)
        return CompactRange(size, tuple(stack))

    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        *rest, root = self.hashes
        for left in reversed(rest):
            root = node_hash(left, root)
        return root

    def is_sound(self) -> bool:
        """Whether the number and length of the hashes fit the size."""
        fits = self.size >= 0 and len(self.hashes) == self.size.bit_count()
        return fits and _are_hashes(*self.hashes)


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes (RFC 6962 section 2.1)."""
    return CompactRange().extend(leaf_hashes).root()


def inclusion_ranges(index: int, size: int) -> tuple[tuple[int, int], ...]:
    """The subtrees `[begin, end)` whose roots prove leaf `index`, nearest first (RFC 6962 2.1.1).

    Raises:
        ValueError: there is no leaf `index` in a tree of `size`.
    """
    if not 0 <= index < size:
        raise ValueError("the index lies outside the tree")
    begin, end = 0, size
    ranges: list[tuple[int, int]] = []
    while end - begin > 1:
        middle = begin + _largest_power_below(end - begin)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return tuple(reversed(ranges))


def consistency_ranges(old: int, size: int) -> tuple[tuple[int, int], ...]:
    """The subtrees whose roots prove that a tree of `size` extends one of `old` (RFC 6962 2.1.2).

    Raises:
        ValueError: `old` is not in 1..`size`.
    """
    if not 0 < old <= size:
        raise ValueError("the old size lies outside the tree")
    begin, end = 0, size
    ranges: list[tuple[int, int]] = []
    while old < end:
        middle = begin + _largest_power_below(end - begin)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    if begin > 0:  # the old tree's own root is known to who asks, unless it is a part of it
        ranges.append((begin, end))
    return tuple(reversed(ranges))


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> tuple[bytes, ...]:
    """The audit path of leaf `index` (RFC 6962 section 2.1.1)."""
    ranges = inclusion_ranges(index, len(leaf_hashes))
    return tuple(root_of(leaf_hashes[begin:end]) for begin, end in ranges)


def consistency_proof(old: int, leaf_hashes: Sequence[bytes]) -> tuple[bytes, ...]:
    """The proof that this tree extends its first `old` leaves (RFC 6962 section 2.1.2)."""
    ranges = consistency_ranges(old, len(leaf_hashes))
    return tuple(root_of(leaf_hashes[begin:end]) for begin, end in ranges)


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the leaf hash `leaf` at `index` under `root` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    node, last, running = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            running = node_hash(sibling, running)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and running == root


def verify_consistency(*, old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that `root` extends `old_root` (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= size or not _are_hashes(old_root, root, *proof):
        return False
    if old == size:
        return not proof and old_root == root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_running = running = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_running = node_hash(sibling, old_running)
            running = node_hash(sibling, running)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old_running == old_root and running == root


def _largest_power_below(count: int) -> int:
    """The largest power of two smaller than `count`, which must be at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
