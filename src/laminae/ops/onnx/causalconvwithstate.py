"""CausalConvWithState. https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, same_dim, same_shape
from laminae.ops.registry import operator

ACTIVATIONS = {"none": False, "silu": True, "swish": True}
"""Whether silu follows; swish is its other name."""


def causalconvwithstate_shape(input, weight, bias=None, past_state=None, *, activation="none"):
    if activation not in ACTIVATIONS:
        raise AttributeValueError(f"activation {activation!r} is not known", {"known": ", ".join(ACTIVATIONS)})
    if input.rank != 3 or weight.rank != 3:
        raise ShapeError(
            "input and weight must have rank 3", {"input": format_shape(input.shape), "weight": format_shape(weight.shape)}
        )
    if not same_dim(input.shape[1], weight.shape[0]):
        raise ShapeError("weight must have one filter per channel", {"expected": input.shape[1], "found": weight.shape[0]})
    kernel = weight.shape[2]
    state = (*input.shape[:2], kernel - 1 if isinstance(kernel, int) else None)
    if past_state is not None and not same_shape(past_state.dims, state):
        raise ShapeError("past_state does not fit", {"expected": format_shape(state), "found": format_shape(past_state.dims)})
    return Spec(input.dtype, input.shape), Spec(input.dtype, state)


def causalconvwithstate_cost(input, weight, bias=None, past_state=None, *, activation="none"):
    return input.size * (weight.size // max(weight.shape[0], 1))


@operator(
    "CausalConvWithState",
    several=True,
    since=27,
    kind="convolution",
    shape=causalconvwithstate_shape,
    cost=causalconvwithstate_cost,
)
def causalconvwithstate(input, weight, bias=None, past_state=None, *, activation="none"):
    """Each channel of input [N, C, T] with its own filter of weight [C, 1, k], over the k latest places; same shape out.

    Before the input stands past_state [N, C, k - 1], or zeros; the last k - 1 places of both are the second output.
    """
    kernel = weight.shape[2]
    past = input.new_zeros(*input.shape[:2], kernel - 1) if past_state is None else past_state
    longer = torch.cat([past, input], 2)
    Y = torch.nn.functional.conv1d(longer, weight, bias, groups=input.shape[1])
    Y = torch.nn.functional.silu(Y) if ACTIVATIONS[activation] else Y
    return Y, longer.narrow(2, input.shape[2], kernel - 1).clone()
