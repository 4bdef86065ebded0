"""LinearClassifier. https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html"""

from laminae.base import torch
from laminae.ops.classes import ML, classifier_shape, labelled, rows_of, transformed, two_scores
from laminae.ops.prepared import prepared


def linearclassifier_shape(X, *, classlabels_ints=(), classlabels_strings=(), intercepts=(), **attributes):
    two = len(classlabels_ints or classlabels_strings) == 2
    classes = None if not intercepts else 2 if len(intercepts) == 1 and two else len(intercepts)
    return classifier_shape(X, classlabels_strings, classes)


def linearclassifier_cost(X, *, coefficients, **attributes):
    """The products with all coefficients, for each row."""
    return rows_of(X) * len(coefficients)


@prepared("LinearClassifier", kind="linear", shape=linearclassifier_shape, cost=linearclassifier_cost, domain=ML)
def linearclassifier(
    *, classlabels_ints=(), classlabels_strings=(), coefficients, intercepts=(), multi_class=0, post_transform="NONE"
):
    """Y: the label of the largest of the scores X Wᵀ + b; Z: the scores after `post_transform`, [rows, classes], float32.

    One score for two labels is that of the second, which wins where it is greater than 0; the first's is 1 - score.
    """
    label = labelled(classlabels_ints, classlabels_strings)
    labels = len(classlabels_ints or classlabels_strings)
    b = torch.tensor(intercepts) if intercepts else None
    W = torch.tensor(coefficients)

    def classify(X):
        X = X.to(W.dtype)
        scores = torch.nn.functional.linear(X, W.reshape(-1, X.shape[-1]), b)
        if scores.shape[-1] == 1:
            places = (scores > 0).to(torch.int64).squeeze(-1)
            both = two_scores(scores, 1 - scores, post_transform) if labels == 2 else transformed(scores, post_transform)
            return label(places), both
        return label(scores.argmax(-1)), transformed(scores, post_transform)

    return classify
