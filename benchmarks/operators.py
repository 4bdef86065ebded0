"""Each operator alone on a realistic size: the plain torch call, the layer's step in a plan, the model's call, ONNX Runtime."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Sequence
from time import thread_time
from typing import Any

import numpy as np

from benchmarks.operator_cases import Case, cases

TITLE = "one operator at a time, 1 thread, µs of its CPU time"
CONTESTANTS = ("torch and laminae", "onnxruntime")
LIMIT = 1.1
"""How many times the plain torch call a layer's step may take."""
ROUNDS, SECONDS = 31, 0.01
"""Each contestant is timed so many times, in turns, for about so long."""


def arrays(case: Case) -> list[np.ndarray | None]:
    rng = np.random.default_rng(0)
    return [
        rng.standard_normal(x).astype(np.float32) * np.float32(0.1)
        if isinstance(x, tuple)
        else None
        if x is None
        else np.asarray(x)
        for x in case.inputs
    ]


def proto(case: Case) -> Any:
    """The model of this one operator."""
    import onnx

    values = arrays(case)
    names = ["" if v is None else f"i{k}" for k, v in enumerate(values)]
    first = len(values) - case.constants
    outputs = [f"y{k}" for k in range(case.outputs)]
    node = onnx.helper.make_node(case.operator, names, outputs, domain=case.domain, **case.attributes)
    inputs = [
        onnx.helper.make_tensor_value_info(n, onnx.helper.np_dtype_to_tensor_dtype(np.asarray(v).dtype), np.shape(v))
        for n, v in zip(names[:first], values[:first], strict=True)
        if n
    ]
    weights = [onnx.numpy_helper.from_array(np.asarray(v), n) for n, v in zip(names[first:], values[first:], strict=True) if n]
    outs = [onnx.helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = onnx.helper.make_graph([node], "one", inputs, outs, weights)
    opsets = [onnx.helper.make_opsetid("", case.opset)] + [onnx.helper.make_opsetid(d, 1) for d in [case.domain] if d]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)


Turns = Callable[[int], None]
"""What makes so many calls."""


def calls(work: Callable[..., Any], given: Sequence[Any]) -> Turns:
    """Each result is let go of at once."""

    def turns(times: int) -> None:
        for _ in range(times):
            work(*given)

    return turns


def steps(model: Any, inputs: Sequence[Any], outputs: int) -> Turns:
    """The step of a model's one layer as its plan runs it: reads its slots, computes, writes. Then the output is let go of."""
    from laminae.engines.torch.program import Run
    from laminae.plan.policy import ALL

    engine = model._session.engine
    program = engine.program(model.graph, ALL, engine.home)
    (act,) = program.acts
    slots = program.slots(Run(program), inputs)

    def turns(times: int) -> None:
        for _ in range(times):
            act(slots)
            slots[-1] = None

    def turns_of_several(times: int) -> None:
        nothing = [None] * outputs
        for _ in range(times):
            act(slots)
            slots[-outputs:] = nothing

    return turns if outputs == 1 else turns_of_several


def same(found: Any, expected: Any) -> bool:
    """Whether two contestants did the same work; integers may be one apart, where rounding decides."""
    import torch

    if isinstance(expected, tuple | list):
        return all(map(same, found, expected))
    apart = 1e-4 if expected.is_floating_point() else 1
    close: bool = torch.allclose(found.double(), expected.double(), rtol=1e-3, atol=apart, equal_nan=True)
    return found.shape == expected.shape and close


def batch(turns: Turns, times: int) -> float:
    """Seconds for one call."""
    start = thread_time()
    turns(times)
    return (thread_time() - start) / times


def in_turns(contestants: dict[str, Turns]) -> dict[str, float]:
    """The median time of one call of each, in ms; the contestants take turns."""
    for turns in contestants.values():
        batch(turns, 3)
    times = {name: max(1, int(SECONDS / batch(turns, 5))) for name, turns in contestants.items()}
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, turns in contestants.items():
            found[name].append(batch(turns, times[name]) * 1e3)
    return {name: statistics.median(each) for name, each in found.items()}


def by_torch(case: Case) -> dict[str, float]:
    """The plain call, the layer's step, the model's call: one library computes all three, so they share a process."""
    import torch

    import laminae as lm

    tensors = [None if v is None else torch.from_numpy(np.array(v)) for v in arrays(case)]
    first = len(tensors) - case.constants
    inputs = [x for x in tensors[:first] if x is not None]
    plainly = tensors if case.ready is None else [*tensors[:first], *case.ready(*tensors[first:])]
    model = lm.open(proto(case))
    with torch.no_grad():
        found, expected = model(*inputs), case.plain(*plainly)
        assert same(found, expected), f"{case.operator}: {found} is not {expected}"
        return in_turns(
            {
                "torch": calls(case.plain, plainly),
                "step": steps(model, inputs, case.outputs),
                "model": calls(model, inputs),
            }
        )


def by_onnx_runtime(case: Case) -> dict[str, float]:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    try:
        session = ort.InferenceSession(proto(case).SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:  # it has no such operator, or not in that version
        return {}
    given = [v for v in arrays(case)[: len(case.inputs) - case.constants] if v is not None]
    feeds = dict(zip([i.name for i in session.get_inputs()], given, strict=True))
    return in_turns({"onnxruntime": calls(session.run, [None, feeds])})


def main(contestant: str, *names: str) -> None:
    import torch

    torch.set_num_threads(1)
    by = by_onnx_runtime if contestant == "onnxruntime" else by_torch
    chosen = {name: case for name, case in cases().items() if not names or case.operator in names or name in names}
    print(json.dumps({f"{name}/{who}": ms for name, case in chosen.items() for who, ms in by(case).items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
