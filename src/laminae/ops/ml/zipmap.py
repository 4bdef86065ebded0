"""ZipMap. https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html"""

from laminae.base.errors import ShapeError
from laminae.base.shapes import format_shape
from laminae.ops.classes import ML
from laminae.ops.costs import free
from laminae.ops.registry import operator


@operator("ZipMap", kind="sequence", cost=free, domain=ML)
def zipmap(X, *, classlabels_int64s=(), classlabels_strings=()):
    """Each row as a map from the labels to its elements: [rows, labels] → a list of dicts. A vector is one row."""
    if X.ndim not in (1, 2):
        raise ShapeError("ZipMap takes rows, or one row", {"found": format_shape(X.shape)})
    labels = classlabels_int64s or classlabels_strings
    rows = (X.unsqueeze(0) if X.ndim == 1 else X).tolist()
    if X.shape[-1] != len(labels):
        raise ShapeError("as many columns as labels", {"expected": len(labels), "found": X.shape[-1]})
    return [dict(zip(labels, row, strict=True)) for row in rows]
