"""Einsum. https://onnx.ai/onnx/operators/onnx__Einsum.html"""

import numpy as np

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast_shapes
from laminae.ops.unsigned import in_numpy


def sizes_of(equation, inputs):
    """The output's labels and the size of every label; the axes under an ellipsis are labelled by their place from the right."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(inputs):
        raise ShapeError(f"the equation {equation!r} has {len(terms)} terms for {len(inputs)} inputs")
    sizes, hidden = {}, 0
    for term, x in zip(terms, inputs, strict=True):
        before, dots, after = term.partition("...")
        extra = x.rank - len(before) - len(after)
        if extra < 0 or (extra and not dots):
            raise ShapeError(f"the term {term!r} does not fit its input", {"equation": equation, "input": format_shape(x.shape)})
        hidden = max(hidden, extra)
        for label, size in zip([*before, *range(extra, 0, -1), *after], x.shape, strict=True):
            sizes[label] = broadcast_shapes((sizes.get(label, 1),), (size,))[0]
    if not arrow:
        right = "..." + "".join(sorted(c for c in set(left) - set(",.") if left.count(c) == 1))
    before, dots, after = right.partition("...")
    return [*before, *(range(hidden, 0, -1) if dots else ()), *after], sizes


def einsum_shape(*Inputs, equation):
    labels, sizes = sizes_of(equation, Inputs)
    if not sizes.keys() >= set(labels):
        raise ShapeError(f"the output of {equation!r} has a label that no input has")
    return Spec(Inputs[0].dtype, tuple(sizes[label] for label in labels))


def einsum_cost(*Inputs, equation):
    return int(np.prod(known(sizes_of(equation, Inputs)[1].values()), dtype=object)) * max(1, len(Inputs) - 1)


@operator("Einsum", since=12, kind="linear", shape=einsum_shape, cost=einsum_cost, aliases=True)
def einsum(*Inputs, equation):
    """Einstein's summation: products of the inputs' elements, summed over the labels that the output does not have."""
    dtype = Inputs[0].dtype
    if dtype == torch.uint64:
        return in_numpy(lambda *arrays: np.einsum(equation, *arrays), *Inputs)
    if dtype.is_floating_point or dtype.is_complex:
        return torch.einsum(equation, *Inputs)
    return torch.einsum(equation, *(x.long() for x in Inputs)).to(dtype)  # torch sums integers as int64, and products must fit
