"""TreeEnsemble. https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html"""

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import AttributeValueError
from laminae.base.shapes import Spec
from laminae.ops import trees
from laminae.ops.classes import ML, TRANSFORMS, rows_of, transformed
from laminae.ops.prepared import prepared

FUNCTIONS = ("AVERAGE", "SUM", "MIN", "MAX")
MEMBER = trees.MODES.index("BRANCH_MEMBER")


def treeensemble_shape(X, *, leaf_targetids, n_targets=None, **attributes):
    return Spec(X.dtype, (X.shape[0], n_targets or max(leaf_targetids) + 1))


def treeensemble_cost(
    X, *, leaf_targetids, nodes_falseleafs, nodes_falsenodeids, nodes_trueleafs, nodes_truenodeids, tree_roots, **attributes
):
    """A comparison for each row and level of each tree."""
    inner = len(nodes_truenodeids)
    ways = ((nodes_truenodeids, nodes_trueleafs), (nodes_falsenodeids, nodes_falseleafs))
    true, false = (branches(ids, leafs, inner, len(leaf_targetids)) for ids, leafs in ways)
    return rows_of(X) * len(tree_roots) * trees.depth(true, false, np.asarray(tree_roots))


def branches(ids, leafs, inner, leaves):
    """Where each node leads; the leaves stand behind the inner nodes, and lead to themselves."""
    return np.concatenate([np.asarray(ids) + inner * np.asarray(leafs), np.arange(inner, inner + leaves)]).astype(np.int64)


@prepared("TreeEnsemble", since=5, kind="tree", shape=treeensemble_shape, cost=treeensemble_cost, domain=ML)
def treeensemble(
    *, aggregate_function=1, leaf_targetids, leaf_weights, membership_values=None, n_targets=None, nodes_falseleafs,
    nodes_falsenodeids, nodes_featureids, nodes_hitrates=None, nodes_missing_value_tracks_true=(), nodes_modes, nodes_splits,
    nodes_trueleafs, nodes_truenodeids, post_transform=0, tree_roots,
):  # fmt: skip
    """What the leaves that a row reaches give to each target, put together: [rows, features] → [rows, n_targets], X's dtype."""
    inner, leaves, modes = len(nodes_featureids), len(leaf_targetids), as_numpy(nodes_modes).reshape(-1)
    own = np.arange(inner, inner + leaves)
    ways = ((nodes_truenodeids, nodes_trueleafs), (nodes_falsenodeids, nodes_falseleafs))
    true, false = (branches(ids, leafs, inner, leaves) for ids, leafs in ways)
    missing = nodes_missing_value_tracks_true or [0] * inner
    forest = trees.forest(
        feature=_padded(nodes_featureids, leaves), value=_padded(as_numpy(nodes_splits).reshape(-1), leaves),
        mode=_padded(modes, leaves), true=true, false=false, missing=_padded(missing, leaves),
        roots=tree_roots, members=_members(membership_values, modes, leaves),
    )  # fmt: skip
    weights = trees.leaf_weights(own, leaf_targetids, as_numpy(leaf_weights).reshape(-1), inner + leaves)
    targets = n_targets or max(leaf_targetids) + 1

    def regress(X):
        Y = trees.totals(forest, weights, X, targets, FUNCTIONS[aggregate_function])
        return transformed(Y, TRANSFORMS[post_transform]).to(X.dtype)

    return regress


def _padded(values, count):
    return np.concatenate([np.asarray(values), np.zeros(count, dtype=np.asarray(values).dtype)])


def _members(values, modes, leaves):
    """The set of each node, filled up with NaN: [nodes, largest]; the sets stand one after the other, each ended by NaN."""
    at = np.flatnonzero(modes == MEMBER)
    if not len(at):
        return None
    flat = np.zeros(0) if values is None else as_numpy(values).reshape(-1)
    ends = np.flatnonzero(np.isnan(flat))
    if len(ends) == len(at) - 1:
        ends = np.append(ends, len(flat))
    if len(ends) != len(at):
        raise AttributeValueError("as many sets as nodes that ask for one", {"nodes": len(at), "sets": len(ends)})
    sets = np.split(flat, ends)[: len(at)]
    sets = [members[~np.isnan(members)] for members in sets]
    table = np.full((len(modes) + leaves, max(map(len, sets), default=0)), np.nan, dtype=flat.dtype)
    for node, members in zip(at, sets, strict=True):
        table[node, : len(members)] = members
    return table
