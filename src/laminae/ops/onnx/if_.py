"""If. https://onnx.ai/onnx/operators/onnx__If.html"""

from laminae.base.shapes import Spec
from laminae.ops.registry import operator


def if_shape(cond, *, then_branch, else_branch, context):
    """What both branches agree on."""
    pairs = zip(context.shape_body(then_branch), context.shape_body(else_branch), strict=False)
    return tuple(_agreed(a, b) for a, b in pairs)


def _agreed(a, b):
    dtype = a.dtype if a.dtype == b.dtype else None
    if a.dims is None or b.dims is None or len(a.dims) != len(b.dims):
        return Spec(dtype)
    return Spec(dtype, tuple(x if x == y else None for x, y in zip(a.dims, b.dims, strict=True)))


def if_cost(cond, *, then_branch, else_branch, context):
    """That of the branch which is taken, or what both agree on."""
    if cond.value is None:
        return context.cost_body(then_branch).or_else(context.cost_body(else_branch))
    return context.cost_body(then_branch if cond.value.item() else else_branch)


@operator("If", kind="control", shape=if_shape, cost=if_cost, aliases="any")
def if_(cond, *, then_branch, else_branch, context):
    """The outputs of `then_branch` where `cond` (one element) is true, else of `else_branch`; both read outer values."""
    return context.run_body(then_branch if bool(cond) else else_branch)
