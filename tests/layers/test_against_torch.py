"""Each layer computes what the torch.nn module of that name computes with the same weights, in Laminae and in ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import laminae.layers as lm
from laminae.base.shapes import known
from laminae.layers.build import build, chain
from tests.layers.running import assert_close, give, run, run_onnxruntime

BATCH = 3

ELEMENTWISE = {
    "ReLU": (lm.ReLU(), nn.ReLU()),
    "LeakyReLU": (lm.LeakyReLU(), nn.LeakyReLU()),
    "LeakyReLU-slope": (lm.LeakyReLU(0.3), nn.LeakyReLU(0.3)),
    "GELU": (lm.GELU(), nn.GELU()),
    "GELU-tanh": (lm.GELU("tanh"), nn.GELU("tanh")),
    "SiLU": (lm.SiLU(), nn.SiLU()),
    "Sigmoid": (lm.Sigmoid(), nn.Sigmoid()),
    "Tanh": (lm.Tanh(), nn.Tanh()),
    "Softplus": (lm.Softplus(), nn.Softplus()),
    "ELU": (lm.ELU(0.7), nn.ELU(0.7)),
    "HardSwish": (lm.HardSwish(), nn.Hardswish()),
    "Mish": (lm.Mish(), nn.Mish()),
    "Softmax": (lm.Softmax(), nn.Softmax(-1)),
    "Softmax-axis": (lm.Softmax(1), nn.Softmax(1)),
    "Dropout": (lm.Dropout(0.3), nn.Dropout(0.3)),
    "Flatten": (lm.Flatten(), nn.Flatten()),
}

CASES: dict[str, tuple[Any, nn.Module, tuple[int, ...]]] = {
    **{name: (layer, module, (4, 5)) for name, (layer, module) in ELEMENTWISE.items()},
    "Linear": (lm.Linear(4), nn.Linear(3, 4), (3,)),
    "Linear-no-bias": (lm.Linear(4, bias=False), nn.Linear(3, 4, bias=False), (3,)),
    "Linear-rank-3": (lm.Linear(4), nn.Linear(3, 4), (5, 3)),
    "Linear-rank-4-no-bias": (lm.Linear(4, bias=False), nn.Linear(3, 4, bias=False), (2, 5, 3)),
    "Conv-1": (lm.Conv(4, 3), nn.Conv1d(2, 4, 3), (2, 9)),
    "Conv-2": (lm.Conv(4, 3), nn.Conv2d(2, 4, 3), (2, 9, 8)),
    "Conv-3": (lm.Conv(4, 2), nn.Conv3d(2, 4, 2), (2, 4, 5, 6)),
    "Conv-all": (
        lm.Conv(6, (3, 2), (2, 1), (1, 2), (1, 2), 2, False),
        nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), 2, False),
        (4, 9, 8),
    ),
    "Conv-same": (lm.Conv(4, 3, padding="same"), nn.Conv2d(2, 4, 3, padding="same"), (2, 6, 7)),
    "Conv-same-even": (
        lm.Conv(4, (4, 2), padding="same", dilation=(1, 3)),
        nn.Conv2d(2, 4, (4, 2), padding="same", dilation=(1, 3)),
        (2, 6, 7),
    ),
    "ConvTranspose-1": (lm.ConvTranspose(4, 3, 2), nn.ConvTranspose1d(2, 4, 3, 2), (2, 5)),
    "ConvTranspose-2": (lm.ConvTranspose(4, 3), nn.ConvTranspose2d(2, 4, 3), (2, 5, 4)),
    "ConvTranspose-all": (
        lm.ConvTranspose(6, (3, 2), (2, 3), (1, 0), (1, 2), 2, True, (1, 2)),
        nn.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, True, (1, 2)),
        (4, 5, 4),
    ),
    "MaxPool-1": (lm.MaxPool(2), nn.MaxPool1d(2), (2, 7)),
    "MaxPool-2": (lm.MaxPool((3, 2), 2, (1, 0), (2, 1)), nn.MaxPool2d((3, 2), 2, (1, 0), (2, 1)), (2, 9, 8)),
    "MaxPool-ceil": (lm.MaxPool(3, 2, 1, ceil_mode=True), nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 8, 7)),
    "MaxPool-3": (lm.MaxPool(2), nn.MaxPool3d(2), (2, 4, 5, 6)),
    "AvgPool-1": (lm.AvgPool(2, 1), nn.AvgPool1d(2, 1), (2, 7)),
    "AvgPool-2": (lm.AvgPool(3, 2, 1), nn.AvgPool2d(3, 2, 1), (2, 9, 8)),
    "AvgPool-not-pad": (
        lm.AvgPool(3, 2, 1, count_include_pad=False),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        (2, 9, 8),
    ),
    "AvgPool-ceil": (lm.AvgPool(3, 2, 1, True), nn.AvgPool2d(3, 2, 1, True), (2, 8, 7)),
    "AvgPool-3": (lm.AvgPool(2), nn.AvgPool3d(2), (2, 4, 5, 6)),
    "GlobalAvgPool": (lm.GlobalAvgPool(), nn.AdaptiveAvgPool2d(1), (2, 5, 6)),
    "GlobalAvgPool-1": (lm.GlobalAvgPool(), nn.AdaptiveAvgPool1d(1), (2, 5)),
    "BatchNorm-2": (lm.BatchNorm(), nn.BatchNorm1d(4), (4,)),
    "BatchNorm-4": (lm.BatchNorm(eps=1e-3), nn.BatchNorm2d(4, eps=1e-3), (4, 5, 6)),
    "LayerNorm": (lm.LayerNorm(), nn.LayerNorm(6), (5, 6)),
    "LayerNorm-axis": (lm.LayerNorm(1), nn.LayerNorm((5, 6)), (5, 6)),
    "LayerNorm-shape": (lm.LayerNorm((5, 6), eps=1e-3), nn.LayerNorm((5, 6), eps=1e-3), (5, 6)),
    "RMSNorm": (lm.RMSNorm(), nn.RMSNorm(6), (5, 6)),
    "RMSNorm-shape": (lm.RMSNorm((5, 6), 1e-3), nn.RMSNorm((5, 6), 1e-3), (5, 6)),
    "GroupNorm": (lm.GroupNorm(2), nn.GroupNorm(2, 4), (4, 5, 6)),
    "InstanceNorm": (lm.InstanceNorm(), nn.InstanceNorm2d(4, affine=True), (4, 5, 6)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_layer_computes_what_the_torch_module_computes(name: str) -> None:
    layer, module, shape = CASES[name]
    shake(module)
    graph = chain(lm.Input(shape), layer)
    give(graph, {f"{graph.layers[1].path.split('/')[0]}.{key}": value for key, value in state(module).items()})
    x = samples(shape)
    expected = module.eval()(torch.from_numpy(x))
    assert_close(run(graph, x)[0], expected)
    assert_close(run_onnxruntime(graph, x)[0], expected)
    assert known(graph.outputs[0].shape[1:]) == tuple(expected.shape[1:])


def test_reshape_gives_the_elements_of_a_sample_another_shape() -> None:
    x = samples((4, 6))
    graph = chain(lm.Input((4, 6)), lm.Reshape((3, -1, 2)))
    assert_close(run(graph, x)[0], x.reshape(BATCH, 3, 4, 2))
    assert graph.outputs[0].shape == ("batch", 3, 4, 2)


def test_embedding_looks_up_rows() -> None:
    module = nn.Embedding(7, 4)
    graph = chain(lm.Input("sequence", dtype="int64"), lm.Embedding(7, 4, weight=module.weight))
    ids = np.array([[0, 6, 3], [1, 1, 2]])
    assert_close(run(graph, ids)[0], module(torch.from_numpy(ids)))
    assert graph.outputs[0].shape == ("batch", "sequence", 4)


def test_positions_add_a_row_for_each_place_and_mean_takes_an_axis_away() -> None:
    x = samples((5, 4))
    graph = chain(lm.Input((5, 4)), lm.Positions(name="p"), lm.Mean(1))
    expected = (torch.from_numpy(x) + torch.from_numpy(graph.parameters["p.weight"].numpy())).mean(1)
    assert_close(run(graph, x)[0], expected)
    assert_close(run_onnxruntime(graph, x)[0], expected)
    assert graph.outputs[0].shape == ("batch", 4)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("with_state", [False, True])
def test_recurrent_layers_compute_what_torch_computes(kind: str, layers: int, bidirectional: bool, with_state: bool) -> None:
    module = getattr(nn, kind)(5, 4, layers, batch_first=True, bidirectional=bidirectional)
    directions = 2 if bidirectional else 1
    x, inputs = lm.Input(("sequence", 5)), []
    if with_state:
        inputs = [lm.Input((layers * directions, "batch", 4), batch=None, name=n) for n in "hc"[: 2 if kind == "LSTM" else 1]]
    outs = getattr(lm, kind)(4, layers, bidirectional, name="r")(x, *inputs)
    graph = build([x, *inputs], list(outs))
    give(graph, recurrent_state(module, kind, layers, directions))
    given = samples((6, 5))
    states = [samples((BATCH, 4), layers * directions, seed) for seed in range(len(inputs))]
    tensors = tuple(map(torch.from_numpy, states))
    begin = () if not inputs else (tensors,) if kind == "LSTM" else tensors
    output, end = module(torch.from_numpy(given), *begin)
    expected = [output, *end] if kind == "LSTM" else [output, end]
    found = run(graph, given, *states)
    for ours, theirs, right in zip(found, run_onnxruntime(graph, given, *states), expected, strict=True):
        assert_close(ours, right)
        assert_close(theirs, right)
    assert [v.name for v in graph.outputs] == ["r", "r.h", "r.c"][: len(found)]
    assert graph.outputs[0].shape == ("batch", "sequence", 4 * directions)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_self_attention_computes_what_torch_computes(causal: bool, bias: bool) -> None:
    module = nn.MultiheadAttention(8, 2, bias=bias, batch_first=True)
    shake(module)
    graph = chain(lm.Input(("sequence", 8)), lm.MultiHeadAttention(2, causal, bias, name="mha"))
    give(graph, attention_state(module))
    x = samples((5, 8))
    mask = nn.Transformer.generate_square_subsequent_mask(5) if causal else None
    q = torch.from_numpy(x)
    expected = module(q, q, q, attn_mask=mask)[0]
    assert_close(run(graph, x)[0], expected)
    assert_close(run_onnxruntime(graph, x)[0], expected)
    softmax = graph.index.by_name["mha/softmax"]
    assert softmax.outputs[0] is not None
    assert softmax.outputs[0].shape == ("batch", 2, "sequence", "sequence")


def test_cross_attention_computes_what_torch_computes() -> None:
    module = nn.MultiheadAttention(8, 4, batch_first=True, kdim=6, vdim=5)
    shake(module)
    q, k, v = lm.Input(("sequence", 8)), lm.Input(("other", 6)), lm.Input(("other", 5))
    graph = build([q, k, v], lm.MultiHeadAttention(4, name="mha")(q, k, v))
    give(graph, attention_state(module))
    xs = samples((5, 8)), samples((7, 6)), samples((7, 5))
    assert_close(run(graph, *xs)[0], module(*map(torch.from_numpy, xs))[0])


def test_a_shared_layer_computes_with_the_same_weights_twice() -> None:
    module = nn.Linear(4, 4)
    layer = lm.Linear(4, weight=module.weight, bias=module.bias)
    graph = chain(lm.Input(4), layer, lm.ReLU(), layer)
    x = samples((4,))
    assert_close(run(graph, x)[0], module(torch.relu(module(torch.from_numpy(x)))))


def test_joining_layers() -> None:
    a, b, c = (lm.Input((2, 3), name=n) for n in "abc")
    added, multiplied = lm.Add()(a, b, c), lm.Multiply()(a, b, c)
    graph = build([a, b, c], [added, multiplied, lm.Concat()(a, b, c), lm.Concat(-1)(a, b)])
    xs = [samples((2, 3), seed=i) for i in range(3)]
    found = run(graph, *xs)
    expected = [xs[0] + xs[1] + xs[2], xs[0] * xs[1] * xs[2], np.concatenate(xs, 1), np.concatenate(xs[:2], -1)]
    for out, right in zip(found, expected, strict=True):
        assert_close(out, right)


def samples(shape: tuple[int, ...], batch: int = BATCH, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=(batch, *shape)).astype("float32")


def shake(module: nn.Module) -> None:
    """Numbers in every parameter and statistic, so that none is a 1 or a 0 that hides a mistake."""
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) + 0.2)


def state(module: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value for key, value in module.state_dict().items() if value.is_floating_point()}


def recurrent_state(module: Any, kind: str, layers: int, directions: int) -> dict[str, Any]:
    """torch's gates i, f, g, o → i, o, f, g for an LSTM; r, z, n → z, r, n for a GRU."""
    order = [0, 3, 1, 2] if kind == "LSTM" else [1, 0, 2]

    def gates(name: str) -> torch.Tensor:
        parts = getattr(module, name).chunk(len(order))
        return torch.cat([parts[i] for i in order])

    found = {}
    for i in range(layers):
        ends = [f"_l{i}" + "_reverse" * d for d in range(directions)]
        suffix = f"_l{i}" if i else ""
        found[f"r.W{suffix}"] = torch.stack([gates("weight_ih" + end) for end in ends])
        found[f"r.R{suffix}"] = torch.stack([gates("weight_hh" + end) for end in ends])
        found[f"r.B{suffix}"] = torch.stack([torch.cat([gates("bias_ih" + end), gates("bias_hh" + end)]) for end in ends])
    return found


def attention_state(module: Any) -> dict[str, Any]:
    joined = module.in_proj_weight
    weights = joined.chunk(3) if joined is not None else (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    found = {f"mha.{name}.weight": weight for name, weight in zip(("query", "key", "value"), weights, strict=True)}
    found["mha.output.weight"] = module.out_proj.weight
    if module.in_proj_bias is not None:
        biases = module.in_proj_bias.chunk(3)
        found |= {f"mha.{name}.bias": bias for name, bias in zip(("query", "key", "value"), biases, strict=True)}
        found["mha.output.bias"] = module.out_proj.bias
    return found
