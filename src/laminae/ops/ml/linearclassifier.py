"""LinearClassifier. https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html"""

from laminae.base import torch
from laminae.ops.classes import ML, classifier_shape, labelled, transformed
from laminae.ops.prepared import prepared


def linearclassifier_shape(X, *, classlabels_ints=(), classlabels_strings=(), intercepts=(), **attributes):
    return classifier_shape(X, classlabels_strings, None)
