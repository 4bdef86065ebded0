"""Each operator alone on a realistic size: the plain torch call, Laminae, ONNX Runtime."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.measure import repeat

TITLE = "one operator at a time, 1 thread"
CONTESTANTS = ("torch", "laminae", "onnxruntime")


@dataclass(frozen=True)
class Case:
    """An operator on inputs of these shapes (a shape of ints, or an array). plain: the torch call that does the same."""

    operator: str
    inputs: tuple[Any, ...]
    plain: Callable[..., Any]
    attributes: dict[str, Any] = field(default_factory=dict)
    opset: int = 20
    constants: int = 0


def cases() -> dict[str, Case]:
    """By name; the last `constants` inputs are parameters."""
    import torch
    from torch.nn import functional as F  # noqa: N812

    ids = np.arange(128, dtype=np.int64).reshape(1, 128) * 7
    sizes = np.array([1, 64, 112, 112], np.int64)
    x, image, rows = (64, 1024), (1, 64, 56, 56), (1, 128, 768)
    return {
        "Conv 3x3": Case("Conv", (image, (64, 64, 3, 3), (64,)), lambda x, w, b: F.conv2d(x, w, b, padding=1), {"pads": [1, 1, 1, 1]}, constants=2),
        "Conv depthwise": Case("Conv", (image, (64, 1, 3, 3)), lambda x, w: F.conv2d(x, w, padding=1, groups=64), {"pads": [1] * 4, "group": 64}, constants=1),
        "ConvTranspose": Case("ConvTranspose", (image, (64, 32, 2, 2)), lambda x, w: F.conv_transpose2d(x, w, stride=2), {"strides": [2, 2]}, constants=1),
        "MaxPool": Case("MaxPool", (image,), lambda x: F.max_pool2d(x, 3, 2, 1), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4}),
        "AveragePool": Case("AveragePool", (image,), lambda x: F.avg_pool2d(x, 2), {"kernel_shape": [2, 2], "strides": [2, 2]}),
        "GlobalAveragePool": Case("GlobalAveragePool", (image,), lambda x: x.mean((2, 3), keepdim=True)),
        "BatchNormalization": Case("BatchNormalization", (image, (64,), (64,), (64,), np.ones(64, np.float32)), lambda x, s, b, m, v: F.batch_norm(x, m, v, s, b), constants=4),
        "Gemm": Case("Gemm", (x, (1000, 1024), (1000,)), F.linear, {"transB": 1}, constants=2),
        "MatMul": Case("MatMul", (rows, (768, 768)), torch.matmul, constants=1),
        "Softmax": Case("Softmax", ((1, 12, 128, 128),), lambda x: torch.softmax(x, -1)),
        "LayerNormalization": Case("LayerNormalization", (rows, (768,), (768,)), lambda x, w, b: F.layer_norm(x, (768,), w, b), constants=2),
        "RMSNormalization": Case("RMSNormalization", (rows, (768,)), lambda x, w: F.rms_norm(x, (768,), w, 1e-5), opset=23, constants=1),
        "Attention": Case("Attention", ((1, 12, 128, 64),) * 3, F.scaled_dot_product_attention, opset=23),
        "LSTM": Case("LSTM", ((32, 1, 128), (1, 512, 128), (1, 512, 128), (1, 1024)), lstm, {"hidden_size": 128}, constants=3),
        "GRU": Case("GRU", ((32, 1, 128), (1, 384, 128), (1, 384, 128), (1, 768)), gru, {"hidden_size": 128, "linear_before_reset": 1}, constants=3),
        "Resize": Case("Resize", (image, None, None, sizes), lambda x, *_: F.interpolate(x, size=(112, 112), mode="bilinear"), {"mode": "linear"}, constants=1),
        "Gather": Case("Gather", ((1000, 768), ids), lambda w, i: F.embedding(i, w)),
        "TopK": Case("TopK", ((64, 1000), np.array([5], np.int64)), lambda x, k: torch.topk(x, 5), constants=1),
        "Einsum": Case("Einsum", ((4, 12, 64, 64), (4, 12, 64, 64)), lambda a, b: torch.einsum("bhid,bhjd->bhij", a, b), {"equation": "bhid,bhjd->bhij"}),
        "ReduceMean": Case("ReduceMean", (rows, np.array([-1], np.int64)), lambda x, a: x.mean(-1, keepdim=True), constants=1),
        "Transpose": Case("Transpose", ((1, 128, 12, 64),), lambda x: x.permute(0, 2, 1, 3), {"perm": [0, 2, 1, 3]}),
        "Concat": Case("Concat", (image, image), lambda a, b: torch.cat((a, b), 1), {"axis": 1}),
        "Slice": Case("Slice", (rows, np.array([0], np.int64), np.array([64], np.int64), np.array([1], np.int64)), lambda x, *_: x[:, 0:64], constants=3),
        "Pad": Case("Pad", (image, np.array([0, 0, 1, 1] * 2, np.int64)), lambda x, _: F.pad(x, (1, 1, 1, 1)), constants=1),
        "Where": Case("Where", (np.tri(128, dtype=bool), (12, 128, 128), (1,)), torch.where),
        "Gelu": Case("Gelu", (rows,), F.gelu),
        "Erf": Case("Erf", (rows,), torch.erf),
        "Add": Case("Add", (rows, (768,)), torch.add),
        "Clip": Case("Clip", (image, np.float32(0), np.float32(6)), lambda x, *_: x.clamp(0, 6), constants=2),
        "Cast": Case("Cast", (rows,), lambda x: x.half(), {"to": 10}),
    }  # fmt: skip


def lstm(x: Any, w: Any, r: Any, b: Any) -> Any:
    """torch's fused kernel on weights already in its order."""
    import torch

    zero = torch.zeros(1, 1, 128)
    weights = [w[0], r[0], b[0, :512], b[0, 512:]]
    return torch.lstm(x, (zero, zero), weights, True, 1, 0.0, False, False, False)


def gru(x: Any, w: Any, r: Any, b: Any) -> Any:
    import torch

    weights = [w[0], r[0], b[0, :384], b[0, 384:]]
    return torch.gru(x, torch.zeros(1, 1, 128), weights, True, 1, 0.0, False, False, False)


def arrays(case: Case) -> list[np.ndarray | None]:
    rng = np.random.default_rng(0)
    return [
        x if x is None or isinstance(x, np.ndarray | np.generic) else rng.standard_normal(x).astype(np.float32) * 0.1
        for x in case.inputs
    ]


def proto(case: Case) -> Any:
    """The model of this one operator."""
    import onnx

    values = arrays(case)
    names = ["" if v is None else f"i{k}" for k, v in enumerate(values)]
    first = len(values) - case.constants
    outputs = ["y", "z"] if case.operator == "TopK" else ["y"]
    node = onnx.helper.make_node(case.operator, names, outputs, **case.attributes)
    inputs = [
        onnx.helper.make_tensor_value_info(n, onnx.helper.np_dtype_to_tensor_dtype(np.asarray(v).dtype), np.shape(v))
        for n, v in zip(names[:first], values[:first], strict=True)
        if n
    ]
    weights = [onnx.numpy_helper.from_array(np.asarray(v), n) for n, v in zip(names[first:], values[first:], strict=True) if n]
    outs = [onnx.helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = onnx.helper.make_graph([node], "one", inputs, outs, weights)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", case.opset)], ir_version=10)


def time(case: Case, contestant: str) -> float:
    import torch

    values = arrays(case)
    given = [v for v in values[: len(values) - case.constants] if v is not None]
    if contestant == "torch":
        tensors = [None if v is None else torch.from_numpy(np.asarray(v)) for v in values]

        def plain() -> Any:
            with torch.no_grad():
                return case.plain(*tensors)

        return repeat(plain, seconds=0.25)
    if contestant == "laminae":
        import laminae as lm

        model, tensors = lm.open(proto(case)), [torch.from_numpy(np.asarray(v)) for v in given]
        return repeat(lambda: model(*tensors), seconds=0.25)
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = ort.InferenceSession(proto(case).SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = dict(zip([i.name for i in session.get_inputs()], given, strict=True))
    return repeat(lambda: session.run(None, feeds), seconds=0.25)


def main(contestant: str) -> None:
    import torch

    torch.set_num_threads(1)
    print(json.dumps({name: time(case, contestant) for name, case in cases().items()}))


if __name__ == "__main__":
    main(sys.argv[1])
