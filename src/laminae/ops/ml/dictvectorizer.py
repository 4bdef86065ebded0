"""DictVectorizer. https://onnx.ai/onnx/operators/onnx_aionnxml_DictVectorizer.html"""

import numpy as np

from laminae.base.errors import AttributeValueError
from laminae.base.host import HostArray
from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.maps import values_of
from laminae.ops.registry import operator


def dictvectorizer_shape(X, *, int64_vocabulary=(), string_vocabulary=()):
    return Spec(None, (1, len(int64_vocabulary or string_vocabulary)))


@operator("DictVectorizer", kind="selection", shape=dictvectorizer_shape, domain=ML)
def dictvectorizer(X, *, int64_vocabulary=(), string_vocabulary=()):
    """The values of a map in the order of the vocabulary, 0 or an empty text for keys that it lacks: [1, vocabulary]."""
    vocabulary = int64_vocabulary or string_vocabulary
    strange = X.keys() - set(vocabulary)
    if strange:
        raise AttributeValueError("keys that are not in the vocabulary", {"keys": sorted(strange)[:10]})
    return values_of(X, vocabulary)
