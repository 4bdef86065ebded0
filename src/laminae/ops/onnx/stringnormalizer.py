"""StringNormalizer. https://onnx.ai/onnx/operators/onnx__StringNormalizer.html"""

import numpy as np

from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.host import HostArray
from laminae.base.shapes import Spec, format_shape
from laminae.ops.costs import free
from laminae.ops.registry import operator

CASES = {"NONE": str, "LOWER": str.lower, "UPPER": str.upper}


def stringnormalizer_shape(X, *, case_change_action="NONE", is_case_sensitive=0, locale="", stopwords=()):
    _check(X.shape)
    length = X.shape[-1]
    return Spec("string", (*X.shape[:-1], length if not stopwords and isinstance(length, int) and length > 0 else None))


def _check(shape):
    if len(shape) not in (1, 2) or (len(shape) == 2 and isinstance(shape[0], int) and shape[0] != 1):
        raise ShapeError("StringNormalizer takes one row of texts", {"expected": "[C] or [1, C]", "found": format_shape(shape)})


@operator("StringNormalizer", since=10, kind="text", shape=stringnormalizer_shape, cost=free)
def stringnormalizer(X, *, case_change_action="NONE", is_case_sensitive=0, locale="", stopwords=()):
    """The texts that are no stop word, in lower or upper case where asked for; [C] or [1, C], one empty text if none is left.

    Cases are Unicode's, whatever the `locale`.
    """
    _check(X.shape)
    same = str if is_case_sensitive else str.lower
    stops = {same(word) for word in stopwords}
    if case_change_action not in CASES:
        raise AttributeValueError(f"no case_change_action {case_change_action!r}", {"known": ", ".join(CASES)})
    change = CASES[case_change_action]
    left = [change(text) for text in X.numpy().reshape(-1) if same(text) not in stops] or [""]
    return HostArray(np.array(left, dtype=object).reshape(*X.shape[:-1], -1))
