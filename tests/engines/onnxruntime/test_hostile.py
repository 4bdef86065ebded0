"""Models that would keep ONNX Runtime busy for ever."""

import signal
import threading
import time

import numpy as np
import onnx
import pytest

import laminae as lm
from tests.engines.onnxruntime.test_values import made

ORT = {"engine": "onnxruntime"}


def endless():
    """A Loop whose condition is always true."""
    body = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["go"], ["on"]), onnx.helper.make_node("Add", ["v", "v"], ["w"], name="sum")],
        "body",
        [
            onnx.helper.make_tensor_value_info("i", onnx.TensorProto.INT64, []),
            onnx.helper.make_tensor_value_info("go", onnx.TensorProto.BOOL, []),
            onnx.helper.make_tensor_value_info("v", onnx.TensorProto.FLOAT, [1]),
        ],
        [
            onnx.helper.make_tensor_value_info("on", onnx.TensorProto.BOOL, []),
            onnx.helper.make_tensor_value_info("w", onnx.TensorProto.FLOAT, [1]),
        ],
    )
    node = onnx.helper.make_node("Loop", ["", "c", "x"], ["y"], name="loop", body=body)
    return made([node], [("x", onnx.TensorProto.FLOAT, [1]), ("c", onnx.TensorProto.BOOL, [])], ["y"])


def doubling(levels):
    """Functions that each call the next one twice."""
    imports = [onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("f", 1)]
    functions = [
        onnx.helper.make_function(
            "f",
            f"f{i}",
            ["a"],
            ["c"],
            [onnx.helper.make_node(f"f{i + 1}", [x], [y], domain="f") for x, y in (("a", "b"), ("b", "c"))]
            if i < levels
            else [onnx.helper.make_node("Relu", ["a"], ["c"])],
            imports,
        )
        for i in range(levels + 1)
    ]
    proto = made([onnx.helper.make_node("f0", ["x"], ["y"], name="call", domain="f")], [("x", 1, [1])], ["y"])
    proto.functions.extend(functions)
    return proto


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals reach the main thread only")
def test_a_loop_that_does_not_end_is_stopped_by_ctrl_c():
    model = lm.open(endless())

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    start = time.perf_counter()
    try:
        with pytest.raises(KeyboardInterrupt):
            model(np.ones(1, np.float32), np.array(True), **ORT)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.perf_counter() - start < 20


def test_functions_that_would_become_a_million_operators_are_refused():
    with pytest.raises(lm.EngineError, match="operators"):
        lm.open(doubling(40))(np.ones(1, np.float32), **ORT)
    assert lm.open(doubling(3))(np.full(1, -1, np.float32), **ORT).tolist() == [0]
