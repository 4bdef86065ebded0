"""ReverseSequence. https://onnx.ai/onnx/operators/onnx__ReverseSequence.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("ReverseSequence", since=10, kind="movement", shape=same_shape)
def reversesequence(input, sequence_lens, *, batch_axis=1, time_axis=0):
    """The first sequence_lens[b] elements of each batch entry b in reverse along `time_axis`, the rest as they are."""
    times = torch.arange(input.shape[time_axis], device=input.device)
    entries = torch.arange(input.shape[batch_axis], device=input.device)
    lengths = sequence_lens.unsqueeze(1)
    places = torch.where(times < lengths, lengths - 1 - times, times)
    return input[places.t(), entries] if time_axis % input.ndim == 0 else input[entries[:, None], places]
