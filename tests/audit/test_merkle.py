"""The tree against a naive reading of RFC 6962 section 2.1, written down literally, and published vectors."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.audit import merkle

Leaves = Sequence[bytes]
VECTORS = Path(__file__).parents[1] / "vectors" / "rfc6962_proofs.json"
DEGENERATE = {
    "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json",
    "consistency/additional/sizes-are-equal-zero-and-proof-is-empty.json",
}
"""Equal "roots" that are no hashes: published versions differ about them, and here they prove nothing."""


def split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def reference_root(leaves: Leaves) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + reference_root(leaves[:k]) + reference_root(leaves[k:])).digest()


def reference_path(m: int, leaves: Leaves) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*reference_path(m, leaves[:k]), reference_root(leaves[k:])]
    return [*reference_path(m - k, leaves[k:]), reference_root(leaves[:k])]


def reference_subproof(m: int, leaves: Leaves, whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [reference_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*reference_subproof(m, leaves[:k], whole), reference_root(leaves[k:])]
    return [*reference_subproof(m - k, leaves[k:], False), reference_root(leaves[:k])]


def numbered(count: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(count)]


def hashed(leaves: Leaves) -> list[bytes]:
    return [merkle.leaf_hash(leaf) for leaf in leaves]


def flipped(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


@given(st.lists(st.binary(max_size=8), max_size=40), st.lists(st.binary(max_size=8), max_size=40))
def test_the_compact_range_gives_the_reference_root_however_it_grew(first: Leaves, second: Leaves) -> None:
    grown = merkle.CompactRange().extend(hashed(first)).extend(hashed(second))
    assert grown.root() == reference_root([*first, *second])
    assert grown.is_sound()


@given(st.integers(1, 70), st.data())
def test_inclusion_proofs_equal_the_reference_and_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves, hashes = numbered(size), hashed(numbered(size))
    proof = merkle.inclusion_proof(index, hashes)
    assert list(proof) == reference_path(index, leaves)
    root = reference_root(leaves)
    assert merkle.verify_inclusion(hashes[index], index=index, size=size, proof=proof, root=root)


@given(st.integers(2, 70), st.data())
def test_a_changed_inclusion_proof_never_verifies(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = hashed(numbered(size))
    root, proof = merkle.root_of(hashes), list(merkle.inclusion_proof(index, hashes))
    at = data.draw(st.integers(0, len(proof) - 1))
    changed = [*proof[:at], flipped(proof[at]), *proof[at + 1 :]]
    attempts: list[tuple[bytes, int, int, list[bytes], bytes]] = [
        (hashes[index], index, size, changed, root),
        (hashes[index], index, size, proof[:-1], root),
        (hashes[index], index, size, [*proof, root], root),
        (hashes[index], index, size, proof, flipped(root)),
        (flipped(hashes[index]), index, size, proof, root),
        (hashes[index], (index + 1) % size, size, proof, root),
        (hashes[index], -1, size, proof, root),
        (hashes[index], size, size, proof, root),
    ]
    for leaf, place, length, path, head in attempts:
        assert not merkle.verify_inclusion(leaf, index=place, size=length, proof=path, root=head)


@given(st.integers(1, 70), st.data())
def test_consistency_proofs_equal_the_reference_and_verify(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    leaves = numbered(size)
    proof = merkle.consistency_proof(old, hashed(leaves))
    assert list(proof) == reference_subproof(old, leaves, True)
    old_root, root = reference_root(leaves[:old]), reference_root(leaves)
    assert merkle.verify_consistency(old=old, size=size, old_root=old_root, root=root, proof=proof)


@given(st.integers(2, 70), st.data())
def test_a_changed_consistency_proof_never_verifies(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    hashes = hashed(numbered(size))
    old_root, root = merkle.root_of(hashes[:old]), merkle.root_of(hashes)
    proof = list(merkle.consistency_proof(old, hashes))
    at = data.draw(st.integers(0, len(proof) - 1))
    changed = [*proof[:at], flipped(proof[at]), *proof[at + 1 :]]
    for path, before, after in (
        (changed, old_root, root),
        (proof[:-1], old_root, root),
        ([*proof, root], old_root, root),
        (proof, flipped(old_root), root),
        (proof, old_root, flipped(root)),
        ([], old_root, root),
    ):
        assert not merkle.verify_consistency(old=old, size=size, old_root=before, root=after, proof=path)


def test_a_log_that_did_not_grow_needs_no_proof() -> None:
    root = merkle.root_of(hashed(numbered(5)))
    same = {"old": 5, "size": 5}
    assert merkle.verify_consistency(**same, old_root=root, root=root, proof=[])
    assert not merkle.verify_consistency(**same, old_root=root, root=root, proof=[root])
    assert not merkle.verify_consistency(**same, old_root=flipped(root), root=root, proof=[])


@pytest.mark.parametrize("old, size", [(0, 3), (-1, 3), (4, 3)])
def test_an_old_size_outside_the_tree_proves_nothing(old: int, size: int) -> None:
    assert not merkle.verify_consistency(old=old, size=size, old_root=b"", root=b"", proof=[])
    with pytest.raises(ValueError, match="outside"):
        merkle.consistency_ranges(old, size)


@pytest.mark.parametrize("index, size", [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_path_to_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        merkle.inclusion_ranges(index, size)


def test_the_published_roots_of_the_small_trees_come_out() -> None:
    """Known values of RFC 6962 trees over the empty string and over 0x00."""
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert (
        merkle.leaf_hash(b"\x00").hex() == "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
    )


def test_a_range_with_too_few_hashes_is_unsound() -> None:
    assert not merkle.CompactRange(3, (b"x" * 32,)).is_sound()
    assert not merkle.CompactRange(1, (b"x" * 31,)).is_sound()
    assert not merkle.CompactRange(-1, ()).is_sound()


class InclusionVector(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One case as published."""

    leaf_idx: int
    tree_size: int
    root: bytes
    leaf_hash: bytes
    proof: tuple[bytes, ...]
    want_err: bool


class ConsistencyVector(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One case as published."""

    size1: int
    size2: int
    root1: bytes
    root2: bytes
    proof: tuple[bytes, ...]
    want_err: bool


class Vectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    inclusion: dict[str, InclusionVector]
    consistency: dict[str, ConsistencyVector]


def test_every_published_case_comes_out_as_published() -> None:
    vectors = msgspec.json.decode(VECTORS.read_bytes(), type=Vectors)
    found: dict[str, bool] = {}
    for name, one in vectors.inclusion.items():
        found[name] = merkle.verify_inclusion(
            one.leaf_hash, index=one.leaf_idx, size=one.tree_size, proof=one.proof, root=one.root
        )
    for name, two in vectors.consistency.items():
        found[name] = merkle.verify_consistency(
            old=two.size1, size=two.size2, old_root=two.root1, root=two.root2, proof=two.proof
        )
    published = {name: not one.want_err for name, one in (vectors.inclusion | vectors.consistency).items()}
    assert len(published) == 196
    assert sum(published.values()) == 12
    assert {name for name, proved in found.items() if proved != published[name]} <= DEGENERATE
    assert not any(found[name] for name in DEGENERATE)


def test_a_value_that_is_no_hash_proves_nothing() -> None:
    short, whole = b"x" * 31, b"x" * 32
    assert merkle.verify_inclusion(whole, index=0, size=1, proof=(), root=whole)
    assert not merkle.verify_inclusion(short, index=0, size=1, proof=(), root=short)
    assert merkle.verify_consistency(old=3, size=3, old_root=whole, root=whole, proof=())
    assert not merkle.verify_consistency(old=3, size=3, old_root=short, root=short, proof=())
    joined = merkle.node_hash(whole, short)
    assert not merkle.verify_inclusion(whole, index=0, size=2, proof=(short,), root=joined)
    assert not merkle.verify_consistency(old=1, size=2, old_root=whole, root=joined, proof=(short,))
