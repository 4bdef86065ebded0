"""Strings and elements smaller than a byte: what only moves elements moves them as it moves numbers; casts and texts."""

import itertools

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import helper

import laminae as lm
from laminae.base.arrays import as_numpy, as_value
from laminae.base.dtypes import numpy_dtype
from laminae.base.errors import DTypeError
from laminae.base.host import HostArray
from laminae.ops.registry import find
from tests.ops.cases import turns

MOVERS = (
    "CenterCropPad", "Compress", "Concat", "ConcatFromSequence", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements",
    "GatherND", "Identity", "Reshape", "ReverseSequence", "Scatter", "SequenceAt", "SequenceInsert", "Slice", "SpaceToDepth", "Split",
    "SplitToSequence", "Squeeze", "Tile", "Transpose", "Trilu", "Unsqueeze", "Where",
)  # fmt: skip


def run(name, *inputs, opset=28, domain="", **attributes):
    return find(domain, name, opset).run(*inputs, **attributes)


def floats_as_strings(x):
    """The float tensors of an input as texts of their elements; the rest as it is."""
    if isinstance(x, list):
        return [floats_as_strings(part) for part in x]
    if torch.is_tensor(x) and x.is_floating_point():
        return HostArray(np.array([repr(e) for e in x.reshape(-1).tolist()], dtype=object).reshape(x.shape))
    return x


@pytest.mark.slow
def test_what_moves_numbers_moves_strings_alike():
    seen = set()
    for turn in turns():
        if turn.operator.name not in MOVERS or not any(isinstance(floats_as_strings(x), HostArray) for x in turn.inputs):
            continue
        if turn.attributes().get("reduction", "none") != "none" or turn.operator.name in ("CenterCropPad", "Trilu"):
            continue  # these calculate, or fill with 0, which is no string
        seen.add(turn.operator.name)
        made = turn.operator.run(*map(floats_as_strings, turn.inputs), **turn.attributes())
        for found, numbers in zip(made if isinstance(made, tuple) else (made,), turn.run(), strict=True):
            for a, b in zip(*((x if isinstance(x, list) else [x]) for x in (found, numbers)), strict=True):
                assert a.numpy().tolist() == floats_as_strings(b).numpy().tolist(), turn.case
    assert len(seen) >= 18


def test_what_pads_strings_pads_with_empty_ones_or_what_is_given():
    x, pads = as_value(np.array(["a", "b"], dtype=object)), torch.tensor([1, 2])
    assert run("Pad", x, pads).tolist() == ["", "a", "b", "", ""]
    assert run("Pad", x, pads, as_value(np.array("c", dtype=object))).tolist() == ["c", "a", "b", "c", "c"]
    assert run("CenterCropPad", x, torch.tensor([4])).tolist() == ["", "a", "b", ""]


def test_unique_strings_and_one_hot_strings():
    x = as_value(np.array(["b", "a", "b", "c"], dtype=object))
    Y, first, inverse, counts = run("Unique", x)
    assert (Y.tolist(), first.tolist(), inverse.tolist(), counts.tolist()) == (
        ["a", "b", "c"],
        [1, 0, 3],
        [1, 0, 1, 2],
        [1, 2, 1],
    )
    assert run("Unique", x, sorted=0)[0].tolist() == ["b", "a", "c"]
    off_on = as_value(np.array(["off", "on"], dtype=object))
    assert run("OneHot", torch.tensor([1, 0]), torch.tensor(2), off_on).tolist() == [["off", "on"], ["on", "off"]]


def test_what_adds_up_refuses_strings():
    x = as_value(np.array(["a", "b"], dtype=object))
    with pytest.raises(DTypeError):
        run("ScatterND", x, torch.tensor([[0]]), x[:1], reduction="add")


@pytest.mark.parametrize("dtype", ["int4", "uint4", "int2", "uint2", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"])
def test_small_dtypes_hold_their_numbers_through_casts(dtype):
    bits = 6 if "6" in dtype else 4 if "4" in dtype else 2
    every = as_value(np.arange(2**bits, dtype=np.uint8).view(numpy_dtype(dtype)) if "float" in dtype else small(dtype))
    code = {"int4": 22, "uint4": 21, "int2": 26, "uint2": 25, "float4_e2m1fn": 23, "float6_e2m3fn": 27, "float6_e3m2fn": 28}[
        dtype
    ]
    for wide in (1, 10, 11, 16):  # float32, float16, float64, bfloat16
        numbers = run("Cast", every, to=wide)
        assert torch.is_tensor(numbers)
        assert as_numpy(run("Cast", numbers, to=code)).astype(np.float32).tolist() == every.numpy().astype(np.float32).tolist()


def small(dtype):
    low, high = {"int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1), "uint2": (0, 3)}[dtype]
    return np.arange(low, high + 1).astype(numpy_dtype(dtype))


def test_whole_numbers_too_large_for_a_small_dtype_keep_their_lowest_bits():
    x = torch.tensor([200, -9, 17], dtype=torch.int16)
    assert run("Cast", x, to=22).numpy().astype(int).tolist() == [-8, 7, 1]
    assert run("Cast", x, to=21).numpy().astype(int).tolist() == [8, 7, 1]


def test_strings_are_read_as_numbers():
    x = as_value(np.array(["3.14", "1e-5", "1E8", "+INF", "inf", "-Inf", "NaN"], dtype=object))
    assert str(run("Cast", x, to=1).tolist()) == str(np.float32([3.14, 1e-5, 1e8, np.inf, np.inf, -np.inf, np.nan]).tolist())
    whole = as_value(np.array(["-9223372036854775808", "100.5", "7"], dtype=object))
    assert run("Cast", whole, to=7).tolist() == [-(2**63), 100, 7]
    with pytest.raises(DTypeError, match="'Hello World!' is not a number"):
        run("Cast", as_value(np.array(["Hello World!"], dtype=object)), to=1)


def test_numbers_are_written_so_that_they_read_back():
    x = torch.tensor([0.1, 1e-7, 314.15926, -2.5e20, float("inf"), float("nan")])
    texts = run("Cast", x, to=8)
    assert texts.tolist()[:3] == ["0.1", "0.0000001", "314.15927"]
    assert texts.tolist()[4:] == ["INF", "NaN"]
    torch.testing.assert_close(run("Cast", texts, to=1), x, rtol=0, atol=0, equal_nan=True)
    assert run("Cast", torch.tensor([3, -4]), to=8).tolist() == ["3", "-4"]


def test_constants_hold_strings():
    assert run("Constant", value_string="a").tolist() == "a"
    assert run("Constant", value_strings=["a", "bc"]).tolist() == ["a", "bc"]


def in_onnxruntime(operator, x, outputs, opset=20, **attributes):
    given = helper.make_tensor_value_info("x", helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
    node = helper.make_node(operator, ["x"], outputs, **attributes)
    graph = helper.make_graph([node], "g", [given], [onnx.ValueInfoProto(name=name) for name in outputs])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    made = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})
    found = lm.open(proto)(x)
    return made, [as_numpy(y) for y in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("shape", [(7,), (1, 7)])
@pytest.mark.parametrize("case", ["NONE", "LOWER", "UPPER"])
@pytest.mark.parametrize("sensitive", [0, 1])
def test_string_normalizer(shape, case, sensitive):
    texts = np.array(["Monday", "monday", "Tuesday", "", "MONDAY", "a b", "x"], dtype=object).reshape(shape)
    for stopwords in (["monday", "a"], [str(t) for t in texts.ravel()]):
        attributes = {"case_change_action": case, "is_case_sensitive": sensitive, "stopwords": stopwords}
        (expected,), (found,) = in_onnxruntime("StringNormalizer", texts, ["y"], **attributes, locale="C")
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(("delimiter", "most"), itertools.product(["", " ", ",", "ab"], [-1, 1, 2]))
def test_string_split(delimiter, most):
    texts = np.array([["a b  c", " a,b", ",,"], ["", "xabyabz", "  "]], dtype=object)
    more = {} if most < 0 else {"maxsplit": most}
    expected = [text.split(delimiter or None, most) for text in texts.ravel()]
    Y, Z = run("StringSplit", as_value(texts), delimiter=delimiter, **more)
    assert Z.tolist() == np.reshape([len(parts) for parts in expected], (2, 3)).tolist()
    longest = max(map(len, expected))
    assert Y.numpy().reshape(6, -1).tolist() == [parts + [""] * (longest - len(parts)) for parts in expected]


@pytest.mark.parametrize("mode", ["TF", "IDF", "TFIDF"])
@pytest.mark.parametrize("lengths", [(1, 1), (1, 3), (2, 2), (2, 3)])
@pytest.mark.parametrize("skips", [0, 1, 5])
@pytest.mark.parametrize("texts", [False, True])
def test_tfidf(mode, lengths, skips, texts):
    random = np.random.default_rng(3)
    pool = [0, 1, 2, 0, 1, 1, 1, 2, 0, 0, 1, 2, 2, 2, 2]
    attributes = {
        "mode": mode, "min_gram_length": lengths[0], "max_gram_length": lengths[1], "max_skip_count": skips,
        "ngram_counts": [0, 3, 9], "ngram_indexes": [0, 6, 2, 3, 4, 5, 1, 7], "weights": [0.5, 2.0, 3.0, 1.0, 4.0, 5.0, 0.25, 8.0],
    }  # fmt: skip
    attributes |= {"pool_strings": [f"w{i}" for i in pool]} if texts else {"pool_int64s": pool}
    x = random.integers(0, 4, (3, 9))
    x = np.array([f"w{i}" for i in x.ravel()], dtype=object).reshape(x.shape) if texts else x
    for rows in (x, x[0]):
        (expected,), (found,) = in_onnxruntime("TfIdfVectorizer", rows, ["y"], **attributes)
        np.testing.assert_allclose(found, expected)


def test_sequences_are_never_changed():
    a, b, c = (torch.full((2,), float(i)) for i in range(3))
    whole = run("SequenceConstruct", a, b)
    longer = run("SequenceInsert", whole, c, torch.tensor(-1))
    shorter = run("SequenceErase", longer, torch.tensor(0))
    assert [x[0].item() for x in longer] == [0, 2, 1]
    assert [x[0].item() for x in shorter] == [2, 1]
    assert len(whole) == 2
    assert run("SequenceAt", longer, torch.tensor(-2)) is c
    assert run("SequenceLength", longer).item() == 3
    assert run("SequenceEmpty") == []
    for name in ("SequenceAt", "SequenceErase"):
        with pytest.raises(lm.LaminaeError, match="has no position 3"):
            run(name, longer, torch.tensor(3))
    with pytest.raises(lm.LaminaeError, match="no element"):
        run("OptionalGetElement", run("Optional"))


def test_what_is_no_image_is_an_empty_one():
    assert run("ImageDecoder", torch.arange(9, dtype=torch.uint8)).shape == (0, 0, 3)
