"""Ensembles of decision trees, all rows through all trees at once: each step takes every row one node down in every tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_numpy
from laminae.base.errors import AttributeValueError
from laminae.ops.casting import from_numpy

if TYPE_CHECKING:
    from torch import Tensor

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")
"""How a feature is compared with a node's value; the place is TreeEnsemble-5's number."""

HOLDS = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 1], [0, 1, 0], [1, 0, 1], [0, 0, 0]], dtype=bool)
"""Mode → whether it holds for a feature less than, equal to, greater than the value."""

CELLS = 1 << 22
"""Rows times trees gone through together, at most."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Forest:
    """Nodes of all trees in one table; a leaf's both branches lead to itself.

    feature, value, true, false, missing: of each node. holds: [nodes, 3], the comparison. members: [nodes, most], the sets
    of BRANCH_MEMBER, filled up with NaN; None where there is none. roots: of each tree. depth: steps from root to leaf.
    """

    feature: Tensor
    value: Tensor
    holds: Tensor
    missing: Tensor
    true: Tensor
    false: Tensor
    members: Tensor | None
    roots: Tensor
    depth: int

    def leaves(self, X: Tensor) -> Tensor:
        """[rows, features] → [rows, trees], the node where each row ends."""
        at = self.roots.expand(len(X), -1)
        for _ in range(self.depth):
            x, value = X.gather(1, self.feature[at]), self.value[at]
            order = (x > value).to(torch.int64) - (x < value).to(torch.int64) + 1
            goes = self.holds[at].gather(2, order.unsqueeze(2)).squeeze(2)
            if self.members is not None:
                goes = goes | (x.unsqueeze(2) == self.members[at]).any(2)
            goes = torch.where(x.isnan(), self.missing[at], goes)
            at = torch.where(goes, self.true[at], self.false[at])
        return at


def forest(
    *, feature: Any, value: Any, mode: Any, true: Any, false: Any, missing: Any, roots: Any, members: Array | None
) -> Forest:
    """A forest from arrays over nodes. Raises AttributeValueError where a branch leads nowhere or in a circle."""
    true, false, roots = (np.asarray(x, dtype=np.int64) for x in (true, false, roots))
    count = len(true)
    if any(x.size and not (x.min() >= 0 and x.max() < count) for x in (true, false, roots)):
        raise AttributeValueError("a branch of a tree leads to a node that is not there", {"nodes": count})
    return Forest(
        from_numpy(np.asarray(feature, dtype=np.int64)),
        from_numpy(np.asarray(value)),
        from_numpy(HOLDS[np.asarray(mode, dtype=np.int64)].reshape(-1, 3)),
        from_numpy(np.asarray(missing, dtype=bool)),
        from_numpy(true),
        from_numpy(false),
        None if members is None else from_numpy(members),
        from_numpy(roots),
        depth(true, false, roots),
    )


def depth(true: Array, false: Array, roots: Array) -> int:
    """Steps until every row has ended: whole levels at a time."""
    level, depth = np.unique(roots), 0
    while True:
        inner = level[(true[level] != level) | (false[level] != level)]
        if not len(inner):
            return depth
        if depth > len(true):
            raise AttributeValueError("the branches of a tree lead in a circle", {"nodes": len(true)})
        level, depth = np.unique(np.concatenate([true[inner], false[inner]])), depth + 1


def named_forest(
    treeids: Sequence[int], nodeids: Sequence[int], featureids: Sequence[int], modes: Sequence[str], values: Any,
    truenodeids: Sequence[int], falsenodeids: Sequence[int], missing: Sequence[int],
) -> tuple[Forest, dict[tuple[int, int], int]]:  # fmt: skip
    """A forest as TreeEnsembleClassifier and -Regressor describe it, and each node's row by tree and node id.

    A tree begins at its first node. Raises AttributeValueError for modes or ids that are not known.
    """
    true, false, roots, rows = named_branches(treeids, nodeids, modes, truenodeids, falsenodeids)
    mode = np.array([MODES.index(m) if m != "LEAF" else 0 for m in modes], dtype=np.int64)
    made = forest(
        feature=[0 if m == "LEAF" else f for m, f in zip(modes, featureids, strict=True)], value=values, mode=mode,
        true=true, false=false, missing=missing or np.zeros(len(mode)), roots=roots, members=None,
    )  # fmt: skip
    return made, rows


def named_branches(
    treeids: Sequence[int], nodeids: Sequence[int], modes: Sequence[str], truenodeids: Sequence[int], falsenodeids: Sequence[int]
) -> tuple[Array, Array, Array, dict[tuple[int, int], int]]:
    """Where each node leads to if true and if false, the first node of each tree, and each node's row by tree and node id."""
    rows = {key: i for i, key in enumerate(zip(treeids, nodeids, strict=True))}
    unknown = next((mode for mode in modes if mode not in (*MODES[:-1], "LEAF")), None)
    if unknown is not None:
        raise AttributeValueError(
            f"a tree has a mode that is not known: {unknown!r}", {"known": ", ".join((*MODES[:-1], "LEAF"))}
        )
    try:
        true, false = (
            [i if m == "LEAF" else rows[tree, to] for i, (tree, m, to) in enumerate(zip(treeids, modes, ids, strict=True))]
            for ids in (truenodeids, falsenodeids)
        )
    except (KeyError, ValueError) as error:
        raise AttributeValueError(f"a tree has a node that is not known: {error}") from None
    roots: dict[int, int] = {}
    for i, tree in enumerate(treeids):
        roots.setdefault(tree, i)
    return *(np.asarray(x, dtype=np.int64) for x in (true, false, list(roots.values()))), rows  # type: ignore[return-value]


@dataclass(frozen=True)
class Weights:
    """What leaves give: leaf `node` adds `weight` to `target`; a leaf may stand here several times.

    start, count: of each node, its entries among target and weight, which are sorted by node.
    """

    start: Tensor
    count: Tensor
    target: Tensor
    weight: Tensor
    most: int

    def of(self, leaves: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[rows, trees] → targets, weights and whether they are there, [rows, trees · most]."""
        k = torch.arange(self.most, device=leaves.device)
        there = k < self.count[leaves].unsqueeze(2)
        at = torch.where(there, self.start[leaves].unsqueeze(2) + k, 0).flatten(1)
        return self.target[at], self.weight[at], there.flatten(1)


def leaf_weights(nodes: Any, targets: Any, weights: Array, count: int) -> Weights:
    """The table of what leaves give. nodes: the row of each entry's leaf; count: of nodes in the forest."""
    nodes = np.asarray(nodes, dtype=np.int64)
    order = np.argsort(nodes, kind="stable")
    counts = np.bincount(nodes, minlength=count)
    start = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    target, weight = np.asarray(targets, dtype=np.int64)[order], weights[order]
    if not len(target):
        target, weight = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.float32)
    most = int(counts.max(initial=0))
    return Weights(from_numpy(start), from_numpy(counts), from_numpy(target), from_numpy(weight), most)


def named_weights(
    rows: dict[tuple[int, int], int], treeids: Sequence[int], nodeids: Sequence[int], targets: Sequence[int], weights: Array
) -> Weights:
    """The same, the leaves given by tree and node id. Raises AttributeValueError for one that is not there."""
    try:
        nodes = [rows[key] for key in zip(treeids, nodeids, strict=True)]
    except KeyError as error:
        raise AttributeValueError(f"no tree and node {error}") from None
    return leaf_weights(nodes, targets, weights, len(rows))


def floats(values: Sequence[float], as_tensor: Any) -> Array:
    """An attribute that is a list of float32, or a tensor of its own dtype."""
    return np.array(values, dtype=np.float32) if as_tensor is None else as_numpy(as_tensor).reshape(-1)


REDUCTIONS = {"SUM": "sum", "AVERAGE": "sum", "MIN": "amin", "MAX": "amax"}


def totals(forest: Forest, weights: Weights, X: Tensor, targets: int, function: str = "SUM") -> Tensor:
    """[rows, features] → [rows, targets]: what the leaves give to each target put together by `function`, 0 where none does."""
    if function not in REDUCTIONS:
        raise AttributeValueError(f"no aggregate_function {function!r}", {"known": ", ".join(REDUCTIONS)})
    parts = X.split(max(1, CELLS // max(1, len(forest.roots) * max(1, weights.most))))
    return torch.cat([_totals(forest, weights, rows, targets, function) for rows in parts])


def _totals(forest: Forest, weights: Weights, X: Tensor, targets: int, function: str) -> Tensor:
    target, weight, there = weights.of(forest.leaves(X))
    target = torch.where(there, target, targets)  # those that are not there go to a column of their own
    total = weight.new_zeros(len(X), targets + 1)
    total = total.scatter_reduce(1, target, weight, REDUCTIONS[function], include_self=False)[:, :targets]
    return total / len(forest.roots) if function == "AVERAGE" else total
