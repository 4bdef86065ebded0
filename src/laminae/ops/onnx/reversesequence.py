"""ReverseSequence. https://onnx.ai/onnx/operators/onnx__ReverseSequence.html"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, same_dim
from laminae.ops.costs import free
from laminae.ops.registry import operator


def reversesequence_shape(input, sequence_lens, *, batch_axis=1, time_axis=0):
    if input.dims is not None and sequence_lens.dims is not None:
        check(input.shape, sequence_lens.shape, batch_axis, time_axis)
    return Spec(input.dtype, input.dims)


def check(shape, lengths, batch_axis, time_axis):
    """Raises an error unless there is a length for each batch entry, and batch and time are the first two axes."""
    if {batch_axis, time_axis} != {0, 1}:
        found = f"batch_axis {batch_axis}, time_axis {time_axis}"
        raise AttributeValueError(
            "the batch and the time are not the first two axes", {"expected": "0 and 1, or 1 and 0", "found": found}
        )
    if len(shape) < 2 or len(lengths) != 1 or not same_dim(lengths[0], shape[batch_axis]):
        shapes = {"input": format_shape(shape), "batch_axis": batch_axis, "sequence_lens": format_shape(lengths)}
        raise ShapeError("sequence_lens must have one element per batch entry", shapes)


@operator("ReverseSequence", since=10, kind="movement", shape=reversesequence_shape, cost=free)
def reversesequence(input, sequence_lens, *, batch_axis=1, time_axis=0):
    """The first sequence_lens[b] elements of each batch entry b in reverse along `time_axis`, the rest as they are."""
    check(input.shape, sequence_lens.shape, batch_axis, time_axis)
    times = torch.arange(input.shape[time_axis], device=input.device)
    entries = torch.arange(input.shape[batch_axis], device=input.device)
    lengths = sequence_lens.unsqueeze(1)
    places = torch.where(times < lengths, lengths - 1 - times, times)
    return input[places.t(), entries] if time_axis == 0 else input[entries[:, None], places]
