"""The sealed ledger: reference roots of RFC 6962, proofs that hold, and forgeries that do not."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ledger import NO_LEAF, Frontier, Tree, data_leaf, digest, extends, includes, leaf_hash

# The eight inputs and their roots that the Certificate Transparency implementations agree on.
INPUTS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [data_leaf(data) for data in INPUTS]
FIRST_OF_EIGHT = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_every_certificate_log_computes(size: int) -> None:
    assert Frontier().extend(LEAVES[:size]).root().hex() == ROOTS[size]
    assert Tree(LEAVES).root(size).hex() == ROOTS[size]


def test_the_first_leafs_proof_is_the_published_one() -> None:
    assert tuple(node.hex() for node in Tree(LEAVES).inclusion(0)) == FIRST_OF_EIGHT


def test_a_leaf_covers_its_place_its_stream_and_the_fact_before_it() -> None:
    by_hand = (
        b"\x00tc1\n" + NO_LEAF + (7).to_bytes(8, "big") + b"\x00\x06need-1" + (1).to_bytes(8, "big")
        + b"\x00\x0bneed.posted" + (2).to_bytes(4, "big") + b"{}"
    )  # fmt: skip
    leaf = leaf_hash(NO_LEAF, 7, "need-1", 1, "need.posted", b"{}")
    assert leaf == hashlib.sha256(by_hand).digest()
    others = {
        leaf_hash(leaf, 7, "need-1", 1, "need.posted", b"{}"),
        leaf_hash(NO_LEAF, 8, "need-1", 1, "need.posted", b"{}"),
        leaf_hash(NO_LEAF, 7, "need-2", 1, "need.posted", b"{}"),
        leaf_hash(NO_LEAF, 7, "need-1", 2, "need.posted", b"{}"),
        leaf_hash(NO_LEAF, 7, "need-1", 1, "need.closed", b"{}"),
        leaf_hash(NO_LEAF, 7, "need-1", 1, "need.posted", b"[]"),
        leaf_hash(NO_LEAF, 7, "need-1", 1, "need.posted", b"{}", digest("sm3")),
    }
    assert len(others) == 7
    assert leaf not in others


def test_a_frontier_put_away_and_taken_up_again_goes_on_to_the_same_root() -> None:
    for cut in range(9):
        kept = Frontier().extend(LEAVES[:cut])
        again = Frontier.from_bytes(cut, kept.to_bytes())
        assert again.extend(LEAVES[cut:]).root().hex() == ROOTS[8]
    with pytest.raises(ValueError, match="has 2 hashes"):
        Frontier.from_bytes(3, bytes(32))


def test_the_tree_can_be_sealed_with_the_national_hash_sm3() -> None:
    hash = digest("sm3")
    assert hash(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905 A.1
    leaves = [data_leaf(data, hash) for data in INPUTS]
    tree = Tree(leaves, "sm3")
    assert tree.root() == Frontier(algorithm="sm3").extend(leaves).root() != Tree(LEAVES).root()
    assert includes(leaves[5], 5, 8, tree.inclusion(5), tree.root(), algorithm="sm3")


def test_an_unknown_hash_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="md5"):
        digest("md5")


TREE = Tree(data_leaf(bytes([n])) for n in range(70))
SIZES = st.integers(1, 70)


@given(size=SIZES, data=st.data())
@settings(deadline=None)
def test_every_fact_can_be_proved_to_be_in_every_later_ledger(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaf, proof, root = data_leaf(bytes([index])), TREE.inclusion(index, size), TREE.root(size)
    assert includes(leaf, index, size, proof, root)
    for broken in _forgeries(proof):
        assert not includes(leaf, index, size, broken, root)
    assert not includes(data_leaf(b"another"), index, size, proof, root)
    assert not includes(leaf, (index + 1) % size, size, proof, root) or size == 1
    assert not includes(leaf, index, size, proof, TREE.root(size - 1))
    assert not includes(leaf, size, size, proof, root)
    assert not includes(leaf, -1, size, proof, root)


@given(new=SIZES, data=st.data())
@settings(deadline=None)
def test_every_ledger_can_be_proved_to_begin_with_the_older_one(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    proof, before, after = TREE.consistency(old, new), TREE.root(old), TREE.root(new)
    assert extends(old, before, new, after, proof)
    for broken in _forgeries(proof):
        assert not extends(old, before, new, after, broken)
    assert not extends(old, bytes(32), new, after, proof)
    assert not extends(old, before, new, bytes(32), proof) or old == 0
    assert not extends(new + 1, before, new, after, proof)


def test_a_rewritten_past_has_no_proof() -> None:
    rewritten = Tree(data_leaf(b"rewritten" if n == 3 else bytes([n])) for n in range(70))
    for old in range(4, 70):
        assert not extends(old, TREE.root(old), 70, rewritten.root(), rewritten.consistency(old))
        assert not extends(old, TREE.root(old), 70, rewritten.root(), TREE.consistency(old))


def test_no_proof_is_made_for_leaves_that_are_not_there() -> None:
    for ask in (lambda: TREE.root(71), lambda: TREE.inclusion(5, 5), lambda: TREE.consistency(6, 5)):
        with pytest.raises(ValueError, match="no such leaf"):
            ask()


def _forgeries(proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    flipped = [(*proof[:n], bytes([node[0] ^ 1]) + node[1:], *proof[n + 1 :]) for n, node in enumerate(proof)]
    return [*flipped, (*proof, bytes(32)), *([proof[:-1]] if proof else []), (*proof, b"short")]
