"""Scan. https://onnx.ai/onnx/operators/onnx__Scan.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, known
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_numbers
from laminae.ops.stacks import stacked


def _split(values, num_scan_inputs):
    return values[: len(values) - num_scan_inputs], values[len(values) - num_scan_inputs :]


def _padded(given, count):
    return list(given) if given else [0] * count


def scan_shape(
    *initial_state_and_scan_inputs,
    body,
    num_scan_inputs,
    scan_input_axes=None,
    scan_input_directions=None,
    scan_output_axes=None,
    scan_output_directions=None,
    context,
):
    states, scans = _split(initial_state_and_scan_inputs, num_scan_inputs)
    axes = [axis_of(a, x.rank) for a, x in zip(_padded(scan_input_axes, num_scan_inputs), scans, strict=True)]
    rows = [Spec(x.dtype, x.shape[:a] + x.shape[a + 1 :]) for a, x in zip(axes, scans, strict=True)]
    length = scans[0].shape[axes[0]]
    made = context.shape_body(body, *states, *rows)
    outs = made[len(states) :]
    out_axes = _padded(scan_output_axes, len(outs))
    stacked = []
    for a, out in zip(out_axes, outs, strict=True):
        at = axis_of(a, out.rank + 1)
        stacked.append(Spec(out.dtype, (*out.shape[:at], length, *out.shape[at:])))
    return tuple(Spec(s.dtype, s.dims) for s in made[: len(states)]) + tuple(stacked)


def scan_cost(*initial_state_and_scan_inputs, body, num_scan_inputs, scan_input_axes=None, context, **attributes):
    """The body's, for each row of the scan inputs."""
    states, scans = _split(initial_state_and_scan_inputs, num_scan_inputs)
    axes = [axis_of(a, x.rank) for a, x in zip(_padded(scan_input_axes, num_scan_inputs), scans, strict=True)]
    rows = [Spec(x.dtype, x.shape[:a] + x.shape[a + 1 :]) for a, x in zip(axes, scans, strict=True)]
    (length,) = known([scans[0].shape[axes[0]]])
    return context.cost_body(body, *(Spec(s.dtype, s.dims) for s in states), *rows).times(length)


def scan_8_cost(sequence_lens=None, *initial_state_and_scan_inputs, body, num_scan_inputs, context, **attributes):
    """The body's, for each row of each sample."""
    states, scans = _split(initial_state_and_scan_inputs, num_scan_inputs)
    samples, longest = known(scans[0].shape[:2])
    rows = samples * longest if sequence_lens is None else sum(int_numbers(sequence_lens))
    one = [Spec(x.dtype, x.shape[1:]) for x in states] + [Spec(x.dtype, x.shape[2:]) for x in scans]
    return context.cost_body(body, *one).times(rows)


@operator("Scan", since=9, kind="control", shape=scan_shape, cost=scan_cost, aliases="any")
def scan(
    *initial_state_and_scan_inputs,
    body,
    num_scan_inputs,
    scan_input_axes=None,
    scan_input_directions=None,
    scan_output_axes=None,
    scan_output_directions=None,
    context,
):
    """Run `body` (states, rows) → (states, rows) along an axis of the scan inputs; its rows are stacked along an axis."""
    states, scans = _split(initial_state_and_scan_inputs, num_scan_inputs)
    axes = [axis_of(a, x.ndim) for a, x in zip(_padded(scan_input_axes, num_scan_inputs), scans, strict=True)]
    lengths = {x.shape[a] for a, x in zip(axes, scans, strict=True)}
    if len(lengths) != 1:
        raise ShapeError("scan inputs of unequal length", {"lengths": ", ".join(map(str, sorted(lengths)))})
    (length,) = lengths
    back = _padded(scan_input_directions, num_scan_inputs)
    stacks = [[] for _ in body.outputs[len(states) :]]
    for i in range(length):
        rows = [x.select(a, length - 1 - i if d else i) for x, a, d in zip(scans, axes, back, strict=True)]
        made = context.run_body(body, *states, *rows)
        states = made[: len(states)]
        for stack, row in zip(stacks, made[len(states) :], strict=True):
            stack.append(row)
    outs = _padded(scan_output_axes, len(stacks)), _padded(scan_output_directions, len(stacks))
    return tuple(states) + tuple(_stacked(*item) for item in zip(stacks, *outs, body.outputs[len(states) :], strict=True))


def _stacked(rows, axis, backwards, value):
    return stacked(rows[::-1] if backwards else rows, value, axis)


@operator("Scan", since=8, kind="control", cost=scan_8_cost, aliases="any")
def scan_8(sequence_lens=None, *initial_state_and_scan_inputs, body, num_scan_inputs, directions=None, context):
    """In opset 8 every input has a batch axis before all others, and each sample is scanned on its own.

    `sequence_lens`, one for each sample, says how many rows of it there are; the rows of its scan outputs behind are 0.
    """
    states, scans = _split(initial_state_and_scan_inputs, num_scan_inputs)
    samples, longest = scans[0].shape[:2]
    lengths = [longest] * samples if sequence_lens is None else sequence_lens.tolist()
    results = [
        scan(
            *(x[b] for x in states),
            *(x[b, :n] for x in scans),
            body=body,
            num_scan_inputs=num_scan_inputs,
            scan_input_directions=directions,
            context=context,
        )
        for b, n in enumerate(lengths)
    ]
    whole = [out[: len(states)] + tuple(_filled(x, longest) for x in out[len(states) :]) for out in results]
    return tuple(torch.stack(outs) for outs in zip(*whole, strict=True))


def _filled(x, length):
    """x with rows of 0 behind, up to that length."""
    return x if len(x) == length else torch.cat([x, x.new_zeros(length - len(x), *x.shape[1:])])
