"""TreeEnsembleClassifier. https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html"""

from laminae.base import torch
from laminae.ops.classes import ML, classifier_shape, labelled, rows_of, transformed, two_scores
from laminae.ops.prepared import prepared
from laminae.ops.trees import depth, floats, named_branches, named_forest, named_weights, totals


def treeensembleclassifier_shape(X, *, classlabels_int64s=(), classlabels_strings=(), **attributes):
    return classifier_shape(X, classlabels_strings, len(classlabels_int64s or classlabels_strings))


def treeensembleclassifier_cost(
    X, *, nodes_treeids=(), nodes_nodeids=(), nodes_modes=(), nodes_truenodeids=(), nodes_falsenodeids=(), **attributes
):
    """A comparison for each row and level of each tree."""
    true, false, roots, _ = named_branches(nodes_treeids, nodes_nodeids, nodes_modes, nodes_truenodeids, nodes_falsenodeids)
    return rows_of(X) * len(roots) * depth(true, false, roots)


@prepared("TreeEnsembleClassifier", kind="tree", shape=treeensembleclassifier_shape, cost=treeensembleclassifier_cost, domain=ML)
def treeensembleclassifier(
    *, base_values=(), base_values_as_tensor=None, class_ids=(), class_nodeids=(), class_treeids=(), class_weights=(),
    class_weights_as_tensor=None, classlabels_int64s=(), classlabels_strings=(), nodes_falsenodeids=(), nodes_featureids=(),
    nodes_hitrates=(), nodes_hitrates_as_tensor=None, nodes_missing_value_tracks_true=(), nodes_modes=(), nodes_nodeids=(),
    nodes_treeids=(), nodes_truenodeids=(), nodes_values=(), nodes_values_as_tensor=None, post_transform="NONE",
):  # fmt: skip
    """Y: the label of the largest score; Z: the sum of what the leaves give to each class, and base_values, float32.

    Where the leaves of two classes all give to one, it decides: the second label is that of scores greater than ½, or than
    0 where a weight is negative; given to class 0 it is the second's score all the same, and the first's is 1 - score, or
    -score. The attributes `…_as_tensor` came with version 3.
    """
    forest, rows = named_forest(
        nodes_treeids, nodes_nodeids, nodes_featureids, nodes_modes, floats(nodes_values, nodes_values_as_tensor),
        nodes_truenodeids, nodes_falsenodeids, nodes_missing_value_tracks_true,
    )  # fmt: skip
    given = floats(class_weights, class_weights_as_tensor)
    base = floats(base_values, base_values_as_tensor)
    label = labelled(classlabels_int64s, classlabels_strings)
    classes = len(classlabels_int64s or classlabels_strings)
    positive = bool((given >= 0).all())
    least = 0.5 if positive else 0.0
    one = classes == 2 and len(set(class_ids)) == 1 and len(base) < 2
    weights = named_weights(rows, class_treeids, class_nodeids, [0] * len(class_ids) if one else class_ids, given)

    def classify(X):
        scores = totals(forest, weights, X, 1 if one else classes)
        scores = scores + scores.new_tensor(base) if len(base) else scores
        if not one:
            return label(scores.argmax(-1)), transformed(scores, post_transform).to(torch.float32)
        places = (scores > least).to(torch.int64).squeeze(-1)
        if class_ids[0] == 1:
            both = transformed(torch.cat([torch.zeros_like(scores), scores], -1), post_transform)
        else:
            both = two_scores(scores, 1 - scores if positive else -scores, post_transform)
        return label(places), both.to(torch.float32)

    return classify
