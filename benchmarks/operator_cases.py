"""The operators that `python -m benchmarks operators` times: sizes as in real models, and torch's own way of doing the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """An operator on inputs of these shapes (a shape of ints, or an array; None where left out).

    plain: the torch call that does the same, on the same inputs. constants: how many of the last inputs are parameters.
    outputs: how many the layer has. ready: what a torch program would make of the constants before its first run (weights
    in another order, numbers out of a tensor); `plain` is then called with what it gives in their place.
    """

    operator: str
    inputs: tuple[Any, ...]
    plain: Callable[..., Any]
    attributes: dict[str, Any] = field(default_factory=dict)
    opset: int = 20
    constants: int = 0
    outputs: int = 1
    domain: str = ""
    ready: Callable[..., tuple[Any, ...]] | None = None


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def bytes_of(*shape: int, low: int = 0, high: int = 256, dtype: Any = np.uint8) -> np.ndarray:
    return np.random.default_rng(1).integers(low, high, shape).astype(dtype)


def places(n: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, n, shape)


IMAGE, ROWS, HEADS = (1, 64, 56, 56), (1, 128, 768), (1, 12, 128, 64)
CHANNELS = ((64,), (64,), (64,), np.ones(64, np.float32))
PAIR = {"pads": [1, 1, 1, 1]}
STEP, ZERO = np.float32(0.02), np.uint8(128)


def cases() -> dict[str, Case]:
    """By name."""
    return convolutions() | products() | sequences() | normalizations() | elementwise() | reductions() | moves() | selections()


def convolutions() -> dict[str, Case]:
    from torch.nn import functional as F  # noqa: N812

    return {
        "Conv 3x3": Case("Conv", (IMAGE, (64, 64, 3, 3), (64,)), lambda x, w, b: F.conv2d(x, w, b, padding=1), PAIR, constants=2),
        "Conv 1x1": Case("Conv", (IMAGE, (64, 64, 1, 1), (64,)), F.conv2d, constants=2),
        "Conv depthwise": Case("Conv", (IMAGE, (64, 1, 3, 3)), lambda x, w: F.conv2d(x, w, padding=1, groups=64), {**PAIR, "group": 64}, constants=1),
        "Conv SAME_UPPER": Case("Conv", (IMAGE, (64, 64, 3, 3)), lambda x, w: F.conv2d(F.pad(x, (0, 1, 0, 1)), w, stride=2), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}, constants=1),
        "ConvInteger": Case("ConvInteger", (bytes_of(*IMAGE), bytes_of(64, 64, 3, 3, dtype=np.int8, low=-128, high=128), ZERO), lambda x, w: F.conv2d(x.float() - 128, w, padding=1).int(), PAIR, constants=2, ready=lambda w, zero: (w.float(),)),
        "ConvTranspose": Case("ConvTranspose", (IMAGE, (64, 32, 2, 2)), lambda x, w: F.conv_transpose2d(x, w, stride=2), {"strides": [2, 2]}, constants=1),
        "MaxPool": Case("MaxPool", (IMAGE,), lambda x: F.max_pool2d(x, 3, 2, 1), {"kernel_shape": [3, 3], "strides": [2, 2], **PAIR}),
        "AveragePool": Case("AveragePool", (IMAGE,), lambda x: F.avg_pool2d(x, 2), {"kernel_shape": [2, 2], "strides": [2, 2]}),
        "GlobalAveragePool": Case("GlobalAveragePool", (IMAGE,), lambda x: x.mean((2, 3), keepdim=True)),
        "Resize linear": Case("Resize", (IMAGE, None, None, ints(1, 64, 112, 112)), lambda x, *_: F.interpolate(x, size=(112, 112), mode="bilinear"), {"mode": "linear"}, constants=1),
        "Resize nearest": Case("Resize", (IMAGE, None, np.array([1, 1, 2, 2], np.float32)), lambda x, *_: F.interpolate(x, scale_factor=2.0, mode="nearest"), {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, constants=1),
        "Resize cubic": Case("Resize", (IMAGE, None, None, ints(1, 64, 112, 112)), lambda x, *_: F.interpolate(x, size=(112, 112), mode="bicubic"), {"mode": "cubic"}, constants=1),
        "GridSample": Case("GridSample", (IMAGE, (1, 56, 56, 2)), lambda x, g: F.grid_sample(x, g, align_corners=False), {"mode": "linear"}),
        "DepthToSpace": Case("DepthToSpace", (IMAGE,), lambda x: F.pixel_shuffle(x, 2), {"blocksize": 2, "mode": "CRD"}),
        "SpaceToDepth": Case("SpaceToDepth", (IMAGE,), lambda x: x.reshape(1, 64, 28, 2, 28, 2).permute(0, 3, 5, 1, 2, 4).reshape(1, 256, 28, 28), {"blocksize": 2}),
    }  # fmt: skip


def products() -> dict[str, Case]:
    import torch
    from torch.nn import functional as F  # noqa: N812

    eight = bytes_of(128, 768)
    quantized = (eight, STEP, ZERO, bytes_of(768, 768), STEP, ZERO, np.float32(0.5), ZERO)

    def qlinear(a: Any, a_scale: Any, a_zero: Any, b: Any, factor: Any, zero: Any) -> Any:
        return (((a.float() - 128) @ b) * factor).round().add(zero).clamp(0, 255).to(torch.uint8)

    def qlinear_ready(b: Any, b_scale: Any, b_zero: Any, y_scale: Any, y_zero: Any) -> tuple[Any, ...]:
        return b.float() - b_zero.float(), STEP.item() * b_scale / y_scale, y_zero.float()

    return {
        "Gemm": Case("Gemm", ((64, 1024), (1000, 1024), (1000,)), F.linear, {"transB": 1}, constants=2),
        "Gemm, B as it is": Case("Gemm", ((64, 1024), (1024, 1000), (1000,)), lambda a, b, c: torch.addmm(c, a, b), constants=2),
        "MatMul": Case("MatMul", (ROWS, (768, 768)), torch.matmul, constants=1),
        "MatMulInteger": Case("MatMulInteger", (eight, bytes_of(768, 768), ZERO, ZERO), lambda a, b: ((a.float() - 128) @ b).int(), constants=3, ready=lambda b, a_zero, b_zero: (b.float() - 128,)),
        "QLinearMatMul": Case("QLinearMatMul", quantized, qlinear, constants=5, ready=qlinear_ready),
        "MatMulNBits": Case("MatMulNBits", ((1, 16, 768), bytes_of(768, 24, 16), (768, 24)), F.linear, {"K": 768, "N": 768, "bits": 4, "block_size": 32}, constants=2, domain="com.microsoft", ready=unpacked),
        "Einsum": Case("Einsum", ((4, 12, 64, 64), (4, 12, 64, 64)), lambda a, b: torch.einsum("bhid,bhjd->bhij", a, b), {"equation": "bhid,bhjd->bhij"}),
    }  # fmt: skip


def unpacked(b: Any, scales: Any) -> tuple[Any, ...]:
    """The weights of MatMulNBits as floats."""
    import torch

    numbers = torch.stack([b & 15, b >> 4], -1).reshape(768, 24, 32).float() - 8
    return ((numbers * scales.unsqueeze(-1)).reshape(768, 768),)


def sequences() -> dict[str, Case]:
    import torch
    from torch.nn import functional as F  # noqa: N812

    def reordered(*order: int) -> Callable[..., tuple[Any, ...]]:
        """The weights in torch's order of gates; a state of zeros."""

        def ready(w: Any, r: Any, b: Any) -> tuple[Any, ...]:
            parts = (w[0], r[0], *b[0].chunk(2))
            return [torch.cat([part.chunk(len(order))[i] for i in order]) for part in parts], torch.zeros(1, 1, 128)

        return ready

    def lstm(x: Any, weights: Any, zero: Any) -> Any:
        return torch.lstm(x, (zero, zero), weights, True, 1, 0.0, False, False, False)[0].unsqueeze(1)

    def gru(x: Any, weights: Any, zero: Any) -> Any:
        return torch.gru(x, zero, weights, True, 1, 0.0, False, False, False)[0].unsqueeze(1)

    def rnn(x: Any, weights: Any, zero: Any) -> Any:
        return torch.rnn_tanh(x, zero, weights, True, 1, 0.0, False, False, False)[0].unsqueeze(1)

    def rotary(x: Any, cos: Any, sin: Any) -> Any:
        a, b = x.chunk(2, -1)
        cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)
        return torch.cat((a * cos - b * sin, a * sin + b * cos), -1)

    def linear_attention(q: Any, k: Any, v: Any) -> Any:
        """By steps, as the recurrence is written."""
        q, k, v = (x.unflatten(2, (8, 64)).transpose(0, 1) for x in (q / 8, k, v))
        state, rows = torch.zeros(1, 8, 64, 64), []
        for t in range(q.shape[0]):
            state = state + k[t].unsqueeze(-1) * v[t].unsqueeze(-2)
            rows.append((q[t].unsqueeze(-2) @ state).flatten(1))
        return torch.stack(rows, 1)

    x = (32, 1, 128)
    words = (1, 128, 512)
    return {
        "LSTM": Case("LSTM", (x, (1, 512, 128), (1, 512, 128), (1, 1024)), lstm, {"hidden_size": 128}, constants=3, ready=reordered(0, 2, 3, 1)),
        "GRU": Case("GRU", (x, (1, 384, 128), (1, 384, 128), (1, 768)), gru, {"hidden_size": 128, "linear_before_reset": 1}, constants=3, ready=reordered(1, 0, 2)),
        "RNN": Case("RNN", (x, (1, 128, 128), (1, 128, 128), (1, 256)), rnn, {"hidden_size": 128}, constants=3, ready=reordered(0)),
        "Attention": Case("Attention", (HEADS,) * 3, F.scaled_dot_product_attention, opset=23),
        "Attention, causal": Case("Attention", (HEADS,) * 3, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), {"is_causal": 1}, opset=23),
        "LinearAttention": Case("LinearAttention", (words,) * 3, linear_attention, {"q_num_heads": 8, "kv_num_heads": 8, "update_rule": "linear"}, opset=27),
        "RotaryEmbedding": Case("RotaryEmbedding", (HEADS, (1, 128, 32), (1, 128, 32)), rotary, opset=23, constants=2),
        "STFT": Case("STFT", ((1, 16000, 1), np.int64(160), np.hanning(400).astype(np.float32)), lambda x, w: torch.view_as_real(torch.stft(x[..., 0], 400, 160, window=w, center=False, return_complex=True)).transpose(1, 2), constants=2, ready=lambda step, w: (w,)),
        "DFT": Case("DFT", ((64, 1024, 1),), lambda x: torch.view_as_real(torch.fft.rfft(x[..., 0])), {"onesided": 1}),
    }  # fmt: skip


def normalizations() -> dict[str, Case]:
    import torch
    from torch.nn import functional as F  # noqa: N812

    return {
        "Softmax": Case("Softmax", ((1, 12, 128, 128),), lambda x: torch.softmax(x, -1)),
        "LogSoftmax": Case("LogSoftmax", ((64, 1000),), lambda x: torch.log_softmax(x, -1)),
        "LayerNormalization": Case("LayerNormalization", (ROWS, (768,), (768,)), lambda x, w, b: F.layer_norm(x, (768,), w, b), constants=2),
        "RMSNormalization": Case("RMSNormalization", (ROWS, (768,)), lambda x, w: F.rms_norm(x, (768,), w, 1e-5), opset=23, constants=1),
        "BatchNormalization": Case("BatchNormalization", (IMAGE, *CHANNELS), lambda x, s, b, m, v: F.batch_norm(x, m, v, s, b), constants=4),
        "InstanceNormalization": Case("InstanceNormalization", (IMAGE, (64,), (64,)), lambda x, s, b: F.instance_norm(x, None, None, s, b), constants=2),
        "GroupNormalization": Case("GroupNormalization", (IMAGE, (64,), (64,)), lambda x, s, b: F.group_norm(x, 32, s, b), {"num_groups": 32}, opset=21, constants=2),
        "LRN": Case("LRN", (IMAGE,), lambda x: F.local_response_norm(x, 5), {"size": 5}),
        "LpNormalization": Case("LpNormalization", (ROWS,), lambda x: F.normalize(x, dim=-1), {"axis": -1}, opset=22),
        "SkipLayerNormalization": Case("SkipLayerNormalization", (ROWS, ROWS, (768,), (768,)), lambda x, s, w, b: F.layer_norm(x + s, (768,), w, b), {"epsilon": 1e-5}, constants=2, domain="com.microsoft"),
    }  # fmt: skip


def elementwise() -> dict[str, Case]:
    import torch
    from torch.nn import functional as F  # noqa: N812

    pairs = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div}
    alone = {
        "Relu": torch.relu, "Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Exp": torch.exp, "Erf": torch.erf,
        "Gelu": F.gelu, "Softplus": F.softplus, "HardSwish": F.hardswish, "HardSigmoid": F.hardsigmoid, "Neg": torch.neg,
    }  # fmt: skip
    more: dict[str, dict[str, Any]] = {"HardSigmoid": {"alpha": 1 / 6}}
    return (
        {name: Case(name, (ROWS, (768,)), call) for name, call in pairs.items()}
        | {name: Case(name, (ROWS,), call, more.get(name, {})) for name, call in alone.items()}
        | {
            "Sqrt": Case("Sqrt", (np.full(ROWS, 0.5, np.float32),), torch.sqrt),
            "LeakyRelu": Case("LeakyRelu", (ROWS,), F.leaky_relu),
            "Elu": Case("Elu", (ROWS,), F.elu),
            "PRelu": Case("PRelu", (IMAGE, (64, 1, 1)), lambda x, w: F.prelu(x, w), constants=1, ready=lambda w: (w.flatten(),)),
            "Pow": Case("Pow", (ROWS, np.float32(2)), lambda x: x.pow(2), constants=1, ready=lambda e: ()),
            "Clip": Case("Clip", (IMAGE, np.float32(0), np.float32(6)), lambda x: x.clamp(0, 6), constants=2, ready=lambda *_: ()),
            "Max": Case("Max", (ROWS, (768,)), torch.maximum),
            "Equal": Case("Equal", (places(9, 1, 128), np.int64(0)), torch.eq, constants=1),
            "Greater": Case("Greater", (ROWS, (768,)), torch.gt),
            "Not": Case("Not", (np.tri(128, dtype=bool),), torch.logical_not),
            "Where": Case("Where", (np.tri(128, dtype=bool), (12, 128, 128), (1,)), torch.where),
            "Cast": Case("Cast", (ROWS,), lambda x: x.to(torch.float16), {"to": 10}),
            "QuantizeLinear": Case("QuantizeLinear", (ROWS, STEP, ZERO), lambda x, s, z: ((x / s).round() + z).clamp(0, 255).to(torch.uint8), constants=2, ready=lambda s, z: (s, z.float())),
            "DequantizeLinear": Case("DequantizeLinear", (bytes_of(*ROWS), STEP, ZERO), lambda x, s, z: (x.float() - z) * s, constants=2, ready=lambda s, z: (s, z.float())),
"DequantizeLinear per axis": Case("DequantizeLinear", (bytes_of(768, 768), (768,)), lambda x, s: x.float() * s, constants=1),
            "DynamicQuantizeLinear": Case("DynamicQuantizeLinear", (ROWS,), dynamic, outputs=3),
        }
    )  # fmt: skip


def dynamic(x: Any) -> Any:
    """Quantized by the range of what is there."""
    import torch

    low, high = torch.aminmax(x)
    low, high = low.clamp(max=0), high.clamp(min=0)
    scale = (high - low) / 255
    zero = (-low / scale).round().clamp(0, 255)
    return ((x / scale).round() + zero).clamp(0, 255).to(torch.uint8), scale, zero.to(torch.uint8)


def reductions() -> dict[str, Case]:
    import torch

    last = ints(-1)
    given: dict[str, Any] = {"constants": 1, "ready": lambda axes: ()}
    return {
        "ReduceMean": Case("ReduceMean", (ROWS, last), lambda x: x.mean(-1, keepdim=True), **given),
        "ReduceSum": Case("ReduceSum", (ROWS, last), lambda x: x.sum(-1, keepdim=True), **given),
        "ReduceMax": Case("ReduceMax", (ROWS, last), lambda x: x.amax(-1, keepdim=True), **given),
        "ReduceL2": Case("ReduceL2", (ROWS, last), lambda x: torch.linalg.vector_norm(x, 2, -1, keepdim=True), **given),
        "ReduceLogSumExp": Case("ReduceLogSumExp", (ROWS, last), lambda x: torch.logsumexp(x, -1, keepdim=True), **given),
        "ArgMax": Case("ArgMax", ((64, 1000),), lambda x: x.argmax(-1, keepdim=True), {"axis": -1}),
        "CumSum": Case("CumSum", (ROWS, np.int64(1)), lambda x: x.cumsum(1), constants=1, ready=lambda axis: ()),
        "TopK": Case("TopK", ((64, 1000), ints(5)), lambda x: torch.topk(x, 5), constants=1, outputs=2, ready=lambda k: ()),
    }  # fmt: skip


def moves() -> dict[str, Case]:
    import torch
    from torch.nn import functional as F  # noqa: N812

    def known(count: int) -> dict[str, Any]:
        """Constants that a torch program has in its text."""
        return {"constants": count, "ready": lambda *_: ()}

    return {
        "Transpose": Case("Transpose", ((1, 128, 12, 64),), lambda x: x.permute(0, 2, 1, 3), {"perm": [0, 2, 1, 3]}),
        "Reshape": Case("Reshape", (ROWS, ints(1, 128, 12, 64)), lambda x: x.reshape(1, 128, 12, 64), **known(1)),
        "Reshape, batch kept": Case("Reshape", (ROWS, ints(0, -1, 12, 64)), lambda x: x.reshape(x.shape[0], -1, 12, 64), **known(1)),
        "Unsqueeze": Case("Unsqueeze", (ROWS, ints(1)), lambda x: x.unsqueeze(1), **known(1)),
        "Squeeze": Case("Squeeze", (ROWS, ints(0)), lambda x: x.squeeze(0), **known(1)),
        "Flatten": Case("Flatten", (IMAGE,), lambda x: x.flatten(1)),
        "Expand": Case("Expand", ((1, 1, 128, 128), ints(1, 12, 128, 128)), lambda x: x.expand(1, 12, 128, 128), **known(1)),
        "Slice": Case("Slice", (ROWS, ints(0), ints(64), ints(1)), lambda x: x[:, 0:64], **known(3)),
        "Split": Case("Split", ((1, 128, 2304), ints(768, 768, 768)), lambda x: x.split((768, 768, 768), -1), {"axis": -1}, outputs=3, **known(1)),
        "Concat": Case("Concat", (IMAGE, IMAGE), lambda a, b: torch.cat((a, b), 1), {"axis": 1}),
        "Tile": Case("Tile", (ROWS, ints(1, 2, 1)), lambda x: x.repeat(1, 2, 1), **known(1)),
        "Pad": Case("Pad", (IMAGE, ints(0, 0, 1, 1, 0, 0, 1, 1)), lambda x: F.pad(x, (1, 1, 1, 1)), **known(1)),
        "Pad reflect": Case("Pad", (IMAGE, ints(0, 0, 1, 1, 0, 0, 1, 1)), lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"), {"mode": "reflect"}, **known(1)),
        "Trilu": Case("Trilu", ((128, 128),), torch.triu),
        "Shape": Case("Shape", (ROWS,), lambda x: torch.tensor(x.shape)),
    }  # fmt: skip


def selections() -> dict[str, Case]:
    import torch
    from torch.nn import functional as F  # noqa: N812

    words, rows = (1000, 768), (128, 768)

    def scattered(x: Any, i: Any, u: Any) -> Any:
        return x.index_put((i[..., 0],), u)

    return {
        "Gather rows": Case("Gather", (words, places(1000, 1, 128)), lambda w, i: F.embedding(i, w)),
        "Gather columns": Case("Gather", (ROWS, places(768, 64)), lambda x, i: x.index_select(2, i), {"axis": 2}),
        "GatherND": Case("GatherND", (words, places(1000, 128, 1)), lambda x, i: x[i[..., 0]]),
        "GatherElements": Case("GatherElements", (rows, places(768, 128, 64)), lambda x, i: x.gather(1, i), {"axis": 1}),
        "ScatterND": Case("ScatterND", (words, np.arange(128).reshape(128, 1), rows), scattered),
        "ScatterElements": Case("ScatterElements", (rows, places(768, 128, 64), (128, 64)), lambda x, i, u: x.scatter(1, i, u), {"axis": 1}),
        "OneHot": Case("OneHot", (places(100, 1, 128), np.int64(100), np.array([0, 1], np.float32)), lambda i: F.one_hot(i, 100).float(), constants=2, ready=lambda *_: ()),
        "Unique": Case("Unique", (places(500, 1000),), torch.unique),
        "NonZero": Case("NonZero", (np.tri(128, dtype=np.float32),), lambda x: x.nonzero().t()),
        "NonMaxSuppression": Case("NonMaxSuppression", (boxes(), (1, 1, 500), ints(100), np.array([0.5], np.float32)), suppressed, constants=2, ready=lambda *_: ()),
    }  # fmt: skip


def boxes() -> np.ndarray:
    """500 boxes in clusters, of which most are suppressed."""
    rng = np.random.default_rng(3)
    corners = np.repeat(rng.random((100, 2)) * 10, 5, 0) + rng.random((500, 2)) * 0.1
    return np.concatenate([corners, corners + 1], -1)[None].astype(np.float32)


def suppressed(boxes: Any, scores: Any) -> Any:
    """The best of what is left, again and again."""
    import torch

    order = scores[0, 0].argsort(descending=True)
    kept = []
    while len(order) and len(kept) < 100:
        best, order = order[0], order[1:]
        kept.append(best)
        box, others = boxes[0, best], boxes[0, order]
        sides = (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2])).clamp(min=0)
        shared = sides.prod(-1)
        union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(-1) - shared
        order = order[shared <= 0.5 * union]
    found = torch.stack(kept)
    return torch.stack([torch.zeros_like(found), torch.zeros_like(found), found], 1)
