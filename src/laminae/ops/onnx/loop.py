"""Loop. https://onnx.ai/onnx/operators/onnx__Loop.html"""

import numpy as np

from laminae.base import torch
from laminae.base.arrays import is_array
from laminae.base.cost import NOTHING
from laminae.base.shapes import Spec, Unknown
from laminae.ops.costs import untold
from laminae.ops.registry import operator
from laminae.ops.rules import int_numbers
from laminae.ops.stacks import stacked


def loop_shape(M, cond, *v_initial, body, context):
    """Carried values keep their dtype (their sizes may change from pass to pass); scan outputs get a first axis."""
    start = [
        Spec("int64", ()),
        Spec("bool", ()),
        *(Spec(v.dtype, None if v.dims is None else (None,) * len(v.dims)) for v in v_initial),
    ]
    _, *made = context.shape_body(body, *start)
    carried = tuple(Spec(v.dtype) for v in made[: len(v_initial)])
    scanned = tuple(Spec(v.dtype, None if v.dims is None else (None, *v.dims)) for v in made[len(v_initial) :])
    return carried + scanned


def loop_cost(M, cond, *v_initial, body, context, **attributes):
    """The body's as often as it runs: known where M is, the condition stays true, and no carried value changes its sizes."""
    if M is None or (cond is not None and not cond.content.item()):
        return untold() if M is None else NOTHING
    carried = [Spec(v.dtype, v.dims) for v in v_initial]
    start = [Spec("int64", ()), Spec("bool", (), np.array(True)), *carried]
    going, *made = context.shape_body(body, *start)
    if not going.content.item() or [(v.dtype, v.dims) for v in made[: len(carried)]] != [(v.dtype, v.dims) for v in carried]:
        raise Unknown
    (runs,) = int_numbers(M)
    return context.cost_body(body, *start).times(max(0, runs))


@operator("Loop", kind="control", shape=loop_shape, cost=loop_cost, aliases="any")
def loop(M=None, cond=None, *v_initial, body, context):
    """Run `body` (iteration, condition, carried values) → (condition, carried values, scan outputs) again and again.

    Ends after `M` passes or when the condition is false; scan outputs are stacked along a new first axis.
    """
    trips = None if M is None else int(M)
    going = True if cond is None else bool(cond)
    carried = tuple(v_initial)
    scanned = [[] for _ in body.outputs[1 + len(carried) :]]
    device = next((v.device for v in (M, cond, *v_initial) if is_array(v)), None)
    i = 0
    while going and (trips is None or i < trips):
        outputs = context.run_body(body, torch.tensor(i, device=device), torch.tensor(True, device=device), *carried)
        going, carried, rows = bool(outputs[0]), outputs[1 : 1 + len(carried)], outputs[1 + len(carried) :]
        for stack, row in zip(scanned, rows, strict=True):
            stack.append(row)
        i += 1
    values = body.outputs[1 + len(carried) :]
    return carried + tuple(stacked(rows, value) for rows, value in zip(scanned, values, strict=True))
