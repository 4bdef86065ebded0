"""The walk that leaves weights in the file: what it hands on is the same model, and no byte of a weight is read."""

from __future__ import annotations

import mmap

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from laminae.files.onnx_reader import read
from laminae.files.skim import Malformed, Truncated, encode_varint, skim
from tests.files import small


def large(sizes: list[int]) -> onnx.ModelProto:
    """A model with weights of these sizes: initializers, a Constant, one in a body."""
    weights = [small.tensor(f"w{i}", (size,), seed=i) for i, size in enumerate(sizes)]
    body = helper.make_graph([], "body", [], [small.value("inner", None)], [small.tensor("inner", (700,), seed=99)])
    nodes = [
        small.node("Constant", [], ["k"], "const", value=small.tensor("k", (600,), seed=98)),
        small.node("If", ["c"], ["b"], "if", then_branch=body, else_branch=body),
    ]
    inputs = [small.value("c", (), onnx.TensorProto.BOOL)]
    return small.model(nodes, inputs=inputs, outputs=[small.value("k", None)], parameters=weights)


@given(st.lists(st.integers(0, 3000), max_size=6))
def test_with_what_was_cut_put_back_it_is_the_model(sizes):
    proto = large(sizes)
    data = proto.SerializeToString()
    skeleton, cuts = skim(data)
    found = onnx.ModelProto.FromString(skeleton)
    tensors = [*found.graph.initializer, found.graph.node[0].attribute[0].t]
    tensors += [a.g.initializer[0] for a in found.graph.node[1].attribute]
    for tensor in tensors:
        span = cuts.find(tensor.raw_data)
        if span is not None:
            tensor.raw_data = data[span[0] : span[0] + span[1]]
    assert found == proto
    assert len(cuts.spans) == sum(4 * size >= 1024 for size in sizes) + 3
    assert len(skeleton) < 3000 + 1100 * len(sizes)


@given(st.lists(st.integers(0, 3000), max_size=4))
def test_the_arrays_are_those_onnx_reads(sizes):
    proto = large(sizes)
    graph = read(proto.SerializeToString())
    for tensor in proto.graph.initializer:
        np.testing.assert_array_equal(graph.parameters[tensor.name].numpy(), numpy_helper.to_array(tensor))
    np.testing.assert_array_equal(graph.layers[1].attributes["value"], numpy_helper.to_array(small.tensor("k", (600,), 98)))
    body = graph.layers[2].attributes["then_branch"]
    np.testing.assert_array_equal(body.parameters["inner"].numpy(), numpy_helper.to_array(small.tensor("inner", (700,), 99)))


def test_a_weight_lies_in_the_map_and_writing_to_it_leaves_the_file(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(large([5000]).SerializeToString())
    array = read(path).parameters["w0"].array
    assert isinstance(array.base, mmap.mmap) or isinstance(array.base.base, mmap.mmap)
    array[:] = 0
    assert read(path).parameters["w0"].array.any()


def test_a_weight_becomes_a_tensor_wherever_it_lies_in_the_file(tmp_path):
    torch = pytest.importorskip("torch")
    for extra in range(4):
        proto = large([5000])
        proto.producer_name = "x" * extra
        path = tmp_path / f"{extra}.onnx"
        path.write_bytes(proto.SerializeToString())
        parameter = read(path).parameters["w0"]
        expected = torch.from_numpy(numpy_helper.to_array(proto.graph.initializer[0]).copy())
        assert torch.equal(parameter.tensor(), expected)


def test_a_token_that_a_file_holds_itself_is_data_like_any_other():
    proto = small.sound()
    proto.graph.initializer.append(small.raw("p", [6], b"s" * 16 + bytes(8)))
    assert read(proto.SerializeToString()).parameters["p"].numpy().tobytes() == b"s" * 16 + bytes(8)


def test_a_model_in_two_parts_is_merged_as_protobuf_says():
    """The graph field twice: the second is merged into the first."""
    first, second = large([5000]), large([4000])
    for field in ("node", "input", "output"):
        second.graph.ClearField(field)
    second.graph.initializer[0].name = "w9"
    whole = onnx.ModelProto(graph=second.graph)
    graph = read(first.SerializeToString() + whole.SerializePartialToString())
    assert sorted(graph.parameters) == ["w0", "w9"]
    np.testing.assert_array_equal(graph.parameters["w9"].numpy(), numpy_helper.to_array(second.graph.initializer[0]))


@given(st.integers(0, 2**63))
def test_varints_are_those_of_protobuf(number):
    data = onnx.AttributeProto(i=number if number < 2**63 else -1).SerializeToString()
    if number < 2**63:
        assert data == b"\x18" + encode_varint(number)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_skeleton_or_one_of_two_errors(data):
    try:
        skeleton, cuts = skim(data)
    except (Malformed, Truncated):
        return
    assert skeleton == data
    assert cuts.spans == []
