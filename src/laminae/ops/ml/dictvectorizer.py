"""DictVectorizer. https://onnx.ai/onnx/operators/onnx_aionnxml_DictVectorizer.html"""

from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.costs import free
from laminae.ops.maps import dtype_of, empty, row_of
from laminae.ops.registry import operator


def dictvectorizer_shape(X, *, int64_vocabulary=(), string_vocabulary=()):
    return Spec(None, (1, len(int64_vocabulary or string_vocabulary)))


@operator("DictVectorizer", kind="selection", shape=dictvectorizer_shape, cost=free, domain=ML)
def dictvectorizer(X, *, int64_vocabulary=(), string_vocabulary=()):
    """The values of a map in the order of the vocabulary, 0 or an empty text for keys that it lacks: [1, vocabulary].

    Keys that the vocabulary lacks have no effect.
    """
    dtype = dtype_of(list(X.values()))
    return row_of([X.get(key, empty(dtype)) for key in int64_vocabulary or string_vocabulary], dtype)
