"""ONNX Runtime's own operators, each against ONNX Runtime on random inputs; the shape rules against what runs give."""

import itertools

import numpy as np
import pytest

import laminae as lm
from tests.ops.runtime import RANDOM, compare, floats, integers, model, number


def test_gelus():
    x, bias = floats(2, 3, 8), floats(8)
    compare("Gelu", [x])
    compare("FastGelu", [x])
    compare("FastGelu", [x, bias])
    compare("BiasGelu", [x, bias])
    compare("QuickGelu", [x])
    compare("QuickGelu", [x], alpha=0.7)


@pytest.mark.parametrize(
    ("activation", "parameters"),
    [("Relu", None), ("Tanh", None), ("Sigmoid", None), ("LeakyRelu", [0.2]), ("Clip", [-0.3, 0.4]), ("HardSigmoid", [0.3, 0.4])],
)
def test_fused_conv(activation, parameters):
    more = {"activation_params": parameters} if parameters else {}
    X, W, B, Z = floats(2, 4, 7, 6), floats(6, 2, 3, 3), floats(6), floats(2, 6, 7, 6)
    compare("FusedConv", [X, W, B], activation=activation, group=2, strides=[2, 1], **more)
    compare("FusedConv", [X, W, B, Z], activation=activation, group=2, pads=[1, 1, 1, 1], **more)


@pytest.mark.parametrize("flags", list(itertools.product((0, 1), repeat=4)))
def test_fused_matmul(flags):
    a, b, first, second = flags
    A, B = floats(3, 2, 4, 5), floats(3, 2, 5, 6)
    A = A.transpose(2, 0, 1, 3) if first else A
    B = B.transpose(2, 0, 1, 3) if second else B
    if a:
        A = np.swapaxes(A, 0 if first else -2, -1)
    if b:
        B = np.swapaxes(B, 0 if second else -2, -1)
    A, B = np.ascontiguousarray(A), np.ascontiguousarray(B)
    compare("FusedMatMul", [A, B], transA=a, transB=b, transBatchA=first, transBatchB=second, alpha=0.5)


def test_fused_matmul_of_vectors():
    compare("FusedMatMul", [floats(4), floats(4, 3)], alpha=2.0)
    compare("FusedMatMul", [floats(3, 4), floats(5, 4)], transB=1)


def test_skip_layer_normalizations():
    x, skip, gamma, beta, bias = floats(2, 3, 8), floats(2, 3, 8), floats(8), floats(8), floats(8)
    compare("SkipLayerNormalization", [x, skip, gamma])
    compare("SkipLayerNormalization", [x, skip, gamma, beta, bias], epsilon=1e-5)
    compare("SkipLayerNormalization", [x, skip[:1], gamma, beta], outputs=("y", "", "", "sum"))
    compare("SkipLayerNormalization", [x, skip[0], gamma, beta, bias], outputs=("y", "", "", "sum"))
    compare("SkipSimplifiedLayerNormalization", [x, skip, gamma], epsilon=1e-6)
    compare("SkipSimplifiedLayerNormalization", [x, skip, gamma, bias], outputs=("y", "", "", "sum"))


def test_simplified_layer_normalization_in_the_main_domain():
    compare("SimplifiedLayerNormalization", [floats(2, 3, 8), floats(8)], domain="")
    compare("SimplifiedLayerNormalization", [floats(2, 3, 8), floats(3, 8)], domain="", axis=1, outputs=("y", "inverse"))


def test_embed_layer_normalization():
    ids, segments = integers(2, 5, high=9, dtype=np.int32), integers(2, 5, high=2, dtype=np.int32)
    word, position, segment, gamma, beta = floats(9, 8), floats(6, 8), floats(2, 8), floats(8), floats(8)
    mask = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32)
    places = integers(2, 5, high=6, dtype=np.int32)
    most = ("y", "mask", "sum")
    compare("EmbedLayerNormalization", [ids, segments, word, position, segment, gamma, beta, mask], outputs=most)
    compare("EmbedLayerNormalization", [ids, None, word, position, None, gamma, beta], outputs=("y", "mask"))
    compare("EmbedLayerNormalization", [ids, None, word, position, None, gamma, beta, None, places], outputs=("y", "mask"))


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding(interleaved):
    cos, sin = floats(10, 4), floats(10, 4)
    places = integers(2, 3, high=10, dtype=np.int64)
    compare("RotaryEmbedding", [floats(2, 3, 24), places, cos, sin], interleaved=interleaved)
    compare("RotaryEmbedding", [floats(2, 3, 24), number([2], np.int64), cos, sin], interleaved=interleaved)
    compare("RotaryEmbedding", [floats(2, 5, 3, 8), places, cos, sin], interleaved=interleaved)
    part = {"num_heads": 2, "rotary_embedding_dim": 8, "interleaved": interleaved}
    compare("RotaryEmbedding", [floats(2, 3, 24), places, cos, sin], **part)


MASKS = {
    "none": None,
    "ones and zeros": np.array([[1, 1, 1, 1], [1, 1, 0, 0]], np.int32),
    "for each query": (RANDOM.random((2, 4, 4)) > 0.4).astype(np.int32),
    "ends": np.array([4, 2], np.int32),
    "ends and beginnings": np.array([4, 3, 1, 0], np.int32),
}


@pytest.mark.parametrize("unidirectional", [0, 1])
@pytest.mark.parametrize("mask", MASKS)
def test_attention(mask, unidirectional):
    x, weights, bias = floats(2, 4, 6), floats(6, 24, scale=0.3), floats(24)
    compare("Attention", [x, weights, bias, MASKS[mask]], num_heads=2, unidirectional=unidirectional)


def test_attention_with_more():
    x, weights, bias, past = floats(2, 4, 6), floats(6, 24, scale=0.3), floats(24), floats(2, 2, 2, 3, 4)
    both, added = ("y", "present"), floats(1, 2, 4, 7)
    compare("Attention", [x, weights, bias, None, past], num_heads=2, outputs=both, unidirectional=1)
    compare("Attention", [x, weights, bias, None, None, added[..., :4]], num_heads=2, unidirectional=1)
    compare("Attention", [x, weights, bias], num_heads=2, qkv_hidden_sizes=[6, 6, 12], scale=0.3)
    mask = np.array([[1, 1, 1, 1], [1, 0, 0, 0]], np.int32)
    compare("Attention", [x, weights, bias, mask], num_heads=2, mask_filter_value=-3.0)
    compare("Attention", [x, weights, bias, mask], num_heads=2, mask_filter_value=-3.0, unidirectional=1)


def test_multi_head_attention():
    q, k, v, bias = floats(2, 4, 6), floats(2, 5, 6), floats(2, 5, 8), floats(20)
    compare("MultiHeadAttention", [q, k, v], num_heads=2)
    compare("MultiHeadAttention", [q, k, v, bias], num_heads=2, scale=0.2)
    padding = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]], np.int32)
    compare("MultiHeadAttention", [q, k, v, bias, padding], num_heads=2)
    compare("MultiHeadAttention", [q, k, v, None, number([5, 2], np.int32)], num_heads=2)
    compare("MultiHeadAttention", [q, k, v, None, None, floats(1, 2, 4, 5)], num_heads=2)
    compare("MultiHeadAttention", [q, q + 1, q - 1], num_heads=2, unidirectional=1)
    compare("MultiHeadAttention", [q, floats(2, 2, 5, 3), floats(2, 2, 5, 3)], num_heads=2)
    compare("MultiHeadAttention", [q, floats(2, 2, 5, 3), floats(2, 2, 5, 3), floats(18)], num_heads=2)


def test_multi_head_attention_gives_out_keys_and_values():
    q, k, v, past = floats(2, 4, 6), floats(2, 4, 6), floats(2, 4, 6), floats(2, 2, 3, 3)
    three = ("y", "key", "value")
    compare("MultiHeadAttention", [q, k, v, floats(18)], num_heads=2, outputs=three)
    compare("MultiHeadAttention", [q, k, v, None, None, None, past, past + 1], num_heads=2, outputs=three)
    compare("MultiHeadAttention", [q, k, v, None, None, None, past, past + 1], num_heads=2, outputs=three, unidirectional=1)
    compare("MultiHeadAttention", [q, k, v], num_heads=2, outputs=(*three, "scores"))


def group_query(q, k, v, past, ends, *more):
    return [q, k, v, past, None if past is None else past + 1, number(ends, np.int32), number(max(ends) + 1, np.int32), *more]


OPTIONS = [{}, {"softcap": 2.0}, {"smooth_softmax": 1}, {"local_window_size": 2}, {"scale": 0.2}, {"causal": 0}]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("rotary", [0, 1])
def test_group_query_attention(rotary, options):
    turns = [floats(16, 8), floats(16, 8)] if rotary else [None, None]
    three = {"num_heads": 4, "kv_num_heads": 2, "do_rotary": rotary, "outputs": ("y", "key", "value"), **options}
    q, k, v = floats(2, 5, 64), floats(2, 5, 32), floats(2, 5, 32)
    compare("GroupQueryAttention", group_query(q, k, v, None, [4, 4], *turns), **three)
    past = floats(2, 2, 6, 16)
    one = group_query(q[:, :1], k[:, :1], v[:, :1], past, [6, 3], *turns)
    compare("GroupQueryAttention", one, known=lambda x: x if x.ndim == 3 else x[1, :, :4], **three)
    some = group_query(q[:1, :2], k[:1, :2], v[:1, :2], past[:1], [7], *turns)
    compare("GroupQueryAttention", some, **three)


def where_seen(x):
    """Scores of the places that a query looks at; anything else as it is."""
    return np.where(np.tril(np.ones((5, 5), bool)), x, 0) if x.shape[-2:] == (5, 5) else x


def test_group_query_attention_with_more():
    three = {"num_heads": 4, "kv_num_heads": 2, "outputs": ("y", "key", "value")}
    q, k, v = floats(2, 5, 64), floats(2, 5, 32), floats(2, 5, 32)
    packed = np.concatenate([q, k, v], -1)
    cos, sin = floats(16, 8), floats(16, 8)
    compare("GroupQueryAttention", group_query(packed, None, None, None, [4, 4], cos, sin), do_rotary=1, **three)
    compare("GroupQueryAttention", group_query(q, k, v, None, [4, 4], cos, sin), do_rotary=1, rotary_interleaved=1, **three)
    compare("GroupQueryAttention", group_query(q, k, v, None, [4, 4], None, None, None, floats(1, 4, 5, 5)), **three)
    sink = [None] * 4 + [floats(4)]
    compare("GroupQueryAttention", group_query(q, k, v, None, [4, 4], *sink), **three)
    for kind in (1, 2):
        scores = {**three, "outputs": ("y", "key", "value", "scores"), "qk_output": kind}
        compare("GroupQueryAttention", group_query(q, k, v, None, [4, 4]), known=where_seen, **scores)
    past = floats(1, 2, 6, 16)
    chunk = [None] * 9 + [number([2], np.int32)]
    padded = group_query(q[:1], k[:1], v[:1], np.pad(past, ((0, 0), (0, 0), (0, 8), (0, 0))), [7], *chunk)
    compare("GroupQueryAttention", padded, known=lambda x: x[:, :2] if x.ndim == 3 else x[:, :, :8], **three)


def scaled(zero_point=120):
    return number(0.02 + 0.05 * RANDOM.random()), number(zero_point, np.uint8)


def test_quantized_elementwise():
    A, B = integers(2, 3, 4), integers(3, 1)
    for operator in ("QLinearAdd", "QLinearMul"):
        compare(operator, [A, *scaled(), B, *scaled(100), *scaled()], atol=1)
    for operator, more in (("QLinearLeakyRelu", {"alpha": 0.1}), ("QLinearSigmoid", {})):
        compare(operator, [A, *scaled(), number(0.01), number(3, np.uint8)], atol=1, **more)
        signed = [A.view(np.int8), number(0.03), number(-3, np.int8), number(0.01), number(4, np.int8)]
        compare(operator, signed, atol=1, **more)


def test_quantized_concat_and_pool():
    compare("QLinearConcat", [*scaled(), integers(2, 3), *scaled(), integers(2, 5), *scaled(7)], axis=1, atol=1)
    X = integers(2, 3, 4, 5)
    compare("QLinearGlobalAveragePool", [X, *scaled(), *scaled()], atol=1)
    compare("QLinearGlobalAveragePool", [X, *scaled(), *scaled()], channels_last=1, atol=1)


def test_quantize_and_dequantize():
    x = floats(3, 4, scale=2)
    compare("QuantizeLinear", [x, number(0.05), number(100, np.uint8)])
    compare("QuantizeLinear", [x, np.abs(floats(4)) + 0.01, integers(4, dtype=np.int8, high=10)], axis=1)
    compare("QuantizeLinear", [x, number(0.001), number(100, np.uint16)])
    compare("DequantizeLinear", [integers(3, 4), number(0.05), number(100, np.uint8)])
    compare("DequantizeLinear", [integers(3, 4), floats(3), integers(3)], axis=0)


def test_dynamic_quantize_matmul():
    A, B, bias = floats(2, 3, 16), integers(16, 5), floats(5)
    compare("DynamicQuantizeMatMul", [A, B, number(0.02), number(120, np.uint8), bias], atol=1e-3)
    compare("DynamicQuantizeMatMul", [A, B, number([0.02]), None, None], atol=1e-3)
    compare("DynamicQuantizeMatMul", [A, B, np.abs(floats(5)), integers(5), None], atol=1e-3)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("zero_points", ["none", "packed", "floats"])
def test_matmul_of_few_bits(bits, zero_points):
    K, N, block = 40, 6, 16
    blocks = -(-K // block)
    B, scales = integers(N, blocks, block * bits // 8), floats(N, blocks)
    packed = integers(N, -(-blocks * bits // 8))
    points = {"none": None, "packed": packed, "floats": floats(N, blocks, scale=2)}[zero_points]
    if bits == 8 and zero_points == "floats":
        pytest.skip("ONNX Runtime has no kernel for this")
    inputs = [floats(2, 3, K), B, scales, points, None, floats(N)]
    compare("MatMulNBits", inputs, K=K, N=N, bits=bits, block_size=block, atol=1e-3)


def test_what_is_for_other_devices_is_refused():
    proto = model("Attention", [floats(1, 2, 6), floats(6, 18)], ["y"], {"num_heads": 2, "do_rotary": 1}, "com.microsoft")
    with pytest.raises(lm.LaminaeError, match="do_rotary"):
        lm.open(proto).run(floats(1, 2, 6), floats(6, 18))


def test_group_query_attention_of_rows_of_different_lengths():
    q, k, v = floats(2, 5, 64), floats(2, 5, 32), floats(2, 5, 32)
    three = {"num_heads": 4, "kv_num_heads": 2, "outputs": ("y", "key", "value")}
    for turns in ([], [floats(16, 8), floats(16, 8)]):
        inputs = group_query(q, k, v, None, [4, 2], *turns)
        compare("GroupQueryAttention", inputs, known=lambda x: x[0], do_rotary=bool(turns), **three)
        compare(
            "GroupQueryAttention",
            inputs,
            known=lambda x: x[1:, :3] if x.ndim == 3 else x[1:, :, :3],
            do_rotary=bool(turns),
            **three,
        )
