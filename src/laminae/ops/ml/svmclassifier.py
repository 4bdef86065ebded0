"""SVMClassifier. https://onnx.ai/onnx/operators/onnx_aionnxml_SVMClassifier.html"""

from laminae.base import torch
from laminae.ops.classes import ML, classifier_shape, labelled, rows_of, transformed
from laminae.ops.prepared import prepared
from laminae.ops.support_vectors import decisions, kernel, probabilities, votes


def svmclassifier_shape(X, *, classlabels_ints=(), classlabels_strings=(), prob_a=(), vectors_per_class=(), **attributes):
    classes = max(1, len(classlabels_ints or classlabels_strings))
    scores = classes if prob_a or not vectors_per_class or classes == 2 else classes * (classes - 1) // 2
    return classifier_shape(X, classlabels_strings, scores)


def svmclassifier_cost(X, *, coefficients=(), support_vectors=(), **attributes):
    """The kernel of each row with each support vector, and the products with all coefficients."""
    return rows_of(X) * (len(support_vectors) + len(coefficients))


@prepared("SVMClassifier", kind="kernel", shape=svmclassifier_shape, cost=svmclassifier_cost, domain=ML)
def svmclassifier(
    *, classlabels_ints=(), classlabels_strings=(), coefficients=(), kernel_params=(), kernel_type="LINEAR",
    post_transform="NONE", prob_a=(), prob_b=(), rho=(0.0,), support_vectors=(), vectors_per_class=(),
):  # fmt: skip
    """Y: the label of the class that wins most pairs; Z, float32: a probability for each class where there are prob_a and prob_b.

    Else Z has the score of each pair of classes (of two classes, that score's negative before it), or, without support
    vectors, the score of each class.
    """
    label = labelled(classlabels_ints, classlabels_strings)
    classes = max(1, len(classlabels_ints or classlabels_strings))
    c, r, a, b = (torch.tensor(x, dtype=torch.float32) for x in (coefficients, rho, prob_a, prob_b))
    if not sum(vectors_per_class):

        def linear(X):
            scores = X.to(c.dtype) @ c.reshape(classes, -1).T + r[0]
            return label(scores.argmax(-1)), transformed(scores, post_transform)

        return linear
    vectors = torch.tensor(support_vectors).reshape(sum(vectors_per_class), -1)

    def classify(X):
        K = kernel(X.to(c.dtype), vectors, kernel_type, kernel_params)
        pairs = decisions(K, c.reshape(-1, len(vectors)), vectors_per_class, r)
        winners = votes(pairs, classes).argmax(-1)
        if prob_a:
            return label(winners), transformed(probabilities(pairs, a, b, classes), post_transform)
        scores = torch.cat([-pairs, pairs], -1) if classes == 2 else pairs
        return label(winners), transformed(scores, post_transform)

    return classify
