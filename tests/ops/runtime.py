"""One operator run by Laminae and by ONNX Runtime on the same random inputs; and its shape rule beside what was made."""

import itertools

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import laminae as lm
from laminae.base.arrays import as_numpy
from laminae.base.dtypes import dtype_name
from laminae.base.shapes import Spec, same_shape
from laminae.ops.registry import find

RANDOM = np.random.default_rng(0)


def floats(*shape, scale=1.0):
    return (RANDOM.standard_normal(shape) * scale).astype(np.float32)


def integers(*shape, low=0, high=256, dtype=np.uint8):
    return RANDOM.integers(low, high, shape).astype(dtype)


def number(value, dtype=np.float32):
    return np.array(value, dtype)


def model(operator, inputs, outputs, attributes, domain, opset=21):
    """One node; `outputs` are names, "" where one is left out."""
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(inputs)]
    given = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
        for name, x in zip(names, inputs, strict=True)
        if x is not None
    ]
    node = helper.make_node(operator, names, outputs, domain=domain, **attributes)
    # no type is said: ONNX Runtime finds it
    made = [onnx.ValueInfoProto(name=name) for name in outputs if name and name != "scores"]
    made += [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)] if "scores" in outputs else []
    graph = helper.make_graph([node], operator, given, made)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def compare(operator, inputs, *, outputs=("y",), domain="com.microsoft", opset=21, atol=1e-5, known=None, **attributes):
    """Laminae's outputs beside those of ONNX Runtime; `known` cuts both to what is specified."""
    proto = model(operator, inputs, outputs, attributes, domain, opset)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    arrays = {f"x{i}": x for i, x in enumerate(inputs) if x is not None}
    expected = dict(zip([name for name in outputs if name], session.run(None, arrays), strict=True))
    trace = lm.open(proto).run(*arrays.values())
    for name, wanted in expected.items():
        found = as_numpy(trace.values[name])
        assert found.dtype == wanted.dtype
        assert found.shape == wanted.shape
        cut = known or (lambda x: x)
        np.testing.assert_allclose(cut(found).astype(np.float64), cut(wanted).astype(np.float64), rtol=1e-4, atol=atol)
    version = find(domain, operator, 1 if domain else opset)
    check_rule(version, inputs, attributes, expected, outputs)
    check_memory(version, inputs, attributes, len(outputs))
    check_cost(version, inputs, attributes, outputs)


def check_cost(operator, inputs, attributes, outputs):
    """Where torch counts what the run does, it is two floating-point operations for each multiply-add.

    Attention is run in its parts, which torch counts; reading between elements (DeformConv) it does not count.
    """
    given = [None if x is None else torch.from_numpy(x.copy()) for x in inputs]
    asked = {"n_outputs": len(outputs)} if "n_outputs" in operator.asks else {}
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        operator.run(*given, **attributes, **asked)
    specs = [None if x is None else Spec(dtype_name(x), x.shape, x if x.size < 1024 else None) for x in inputs]
    found = operator.cost_for(specs, attributes, operator.infer(specs, attributes, len(outputs))).multiply_adds
    counted = counter.get_total_flops()
    assert not counted or counted == 2 * found or operator.name == "DeformConv", (operator.name, counted / 2, found)


def check_memory(operator, inputs, attributes, n_outputs):
    """No input is changed, and none shares its memory with an output unless the operator says so."""
    given = [None if x is None else torch.from_numpy(x.copy()) for x in inputs]
    asked = {"n_outputs": n_outputs} if "n_outputs" in operator.asks else {}
    made = operator.run(*given, **attributes, **asked)
    owned = {x.untyped_storage().data_ptr() for x in given if x is not None and x.numel()}
    shared = [
        x for x in (made if isinstance(made, tuple) else (made,)) if x is not None and x.untyped_storage().data_ptr() in owned
    ]
    assert operator.aliases or not shared
    for x, before in zip(given, inputs, strict=True):
        assert x is None or np.array_equal(x.numpy(), before)


def check_rule(operator, inputs, attributes, expected, outputs):
    """What the shape rule says is what was made, whether it knows all, the shapes, or names only."""
    count = itertools.count()
    for specs in (
        [None if x is None else Spec(dtype_name(x), x.shape, x if x.size < 1024 else None) for x in inputs],
        [None if x is None else Spec(dtype_name(x), x.shape) for x in inputs],
        [None if x is None else Spec(dtype_name(x), tuple(f"n{next(count)}" for _ in x.shape)) for x in inputs],
        [None if x is None else Spec(dtype_name(x), (None,) * x.ndim) for x in inputs],
        [None if x is None else Spec(dtype_name(x)) for x in inputs],
    ):
        said = operator.infer(specs, attributes, len(outputs))
        for name, spec in zip(outputs, said, strict=True):
            if name:
                assert same_shape(spec.dims, expected[name].shape), (name, spec.dims, expected[name].shape)
                assert spec.dtype in (None, dtype_name(expected[name]))
        if specs[0].value is not None:
            assert said[0].dims is not None
            made = [None if not name else Spec(dtype_name(expected[name]), expected[name].shape) for name in outputs]
            cost = operator.cost_for(specs, attributes, made)
            assert all(n is None or n >= 0 for n in (cost.multiply_adds, cost.bytes))
            assert cost == operator.cost_for(
                specs,
                attributes,
                [
                    said if name else None
                    for said, name in zip(operator.infer(specs, attributes, len(outputs)), outputs, strict=True)
                ],
            )
