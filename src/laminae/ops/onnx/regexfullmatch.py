"""RegexFullMatch. https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html"""

import numpy as np

from laminae.ops.casting import from_numpy
from laminae.ops.costs import untold
from laminae.ops.regex import compiled
from laminae.ops.registry import operator
from laminae.ops.rules import as_bool


@operator("RegexFullMatch", since=20, kind="text", shape=as_bool, cost=untold)
def regexfullmatch(X, *, pattern=""):
    """Whether the whole of each text matches the pattern, in RE2's syntax; bool. Time grows with the text, never faster."""
    matches = compiled(pattern)
    return from_numpy(np.array([matches(text) for text in X.numpy().reshape(-1)], dtype=bool).reshape(X.shape))
