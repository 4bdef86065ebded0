"""TreeEnsembleRegressor. https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.classes import ML, rows_of, transformed
from laminae.ops.prepared import prepared
from laminae.ops.trees import depth, floats, named_branches, named_forest, named_weights, totals


def treeensembleregressor_shape(X, *, n_targets=None, target_ids=(), **attributes):
    return Spec("float32", (X.shape[0] if X.rank == 2 else None, n_targets or max(target_ids) + 1))


def treeensembleregressor_cost(
    X, *, nodes_treeids=(), nodes_nodeids=(), nodes_modes=(), nodes_truenodeids=(), nodes_falsenodeids=(), **attributes
):
    """A comparison for each row and level of each tree."""
    true, false, roots, _ = named_branches(nodes_treeids, nodes_nodeids, nodes_modes, nodes_truenodeids, nodes_falsenodeids)
    return rows_of(X) * len(roots) * depth(true, false, roots)


@prepared("TreeEnsembleRegressor", kind="tree", shape=treeensembleregressor_shape, cost=treeensembleregressor_cost, domain=ML)
def treeensembleregressor(
    *, aggregate_function="SUM", base_values=(), base_values_as_tensor=None, n_targets=None, nodes_falsenodeids=(),
    nodes_featureids=(), nodes_hitrates=(), nodes_hitrates_as_tensor=None, nodes_missing_value_tracks_true=(), nodes_modes=(),
    nodes_nodeids=(), nodes_treeids=(), nodes_truenodeids=(), nodes_values=(), nodes_values_as_tensor=None,
    post_transform="NONE", target_ids=(), target_nodeids=(), target_treeids=(), target_weights=(),
    target_weights_as_tensor=None,
):  # fmt: skip
    """What the leaves that a row reaches give to each target, put together, and base_values: [rows, n_targets], float32.

    The attributes `…_as_tensor` came with version 3; in version 5 the operator gave way to TreeEnsemble.
    """
    forest, rows = named_forest(
        nodes_treeids, nodes_nodeids, nodes_featureids, nodes_modes, floats(nodes_values, nodes_values_as_tensor),
        nodes_truenodeids, nodes_falsenodeids, nodes_missing_value_tracks_true,
    )  # fmt: skip
    given = floats(target_weights, target_weights_as_tensor)
    weights = named_weights(rows, target_treeids, target_nodeids, target_ids, given)
    targets = n_targets or max(target_ids) + 1
    base = floats(base_values, base_values_as_tensor)

    def regress(X):
        Y = totals(forest, weights, X, targets, aggregate_function)
        Y = Y + Y.new_tensor(base) if len(base) else Y
        return transformed(Y, post_transform).to(torch.float32)

    return regress
