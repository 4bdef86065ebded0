"""What operators say they cost, beside what their runs do: sizes, memory, and torch's own count of floating-point operations."""

import collections
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import laminae
import laminae as lm
from laminae.base.arrays import is_array
from laminae.base.cost import Cost, total
from laminae.base.shapes import Spec
from laminae.ops.costs import traffic, view
from laminae.ops.registry import FOLDERS, find, module_name
from tests.ops.cases import turns
from tests.ops.test_every_operator import arrays, constants, spec, storages
from tests.shared import MODELS

UNTOLD = {
    "ImageDecoder": "the image's size stands in its bytes", "NonMaxSuppression": "who is left is compared with who comes",
    "RegexFullMatch": "the pattern may go back and forth in the text",
}  # fmt: skip
"""Operators of the suite whose cost no size tells, and why."""

OTHERWISE = {
    "DeformConv": "torch does not count the reading between elements, which is elementwise",
    "LinearAttention": "torch does not count the state's steps, which are elementwise",
}
"""Operators for which torch counts other operations than the definition has, and why."""


def registered():
    """Every operator of every file."""
    for package in FOLDERS.values():
        folder = Path(laminae.__file__).parents[1] / package.replace(".", "/")
        for path in folder.glob("[a-z]*.py"):
            yield importlib.import_module(f"{package}.{path.stem}")


def operators():
    modules = {module.__name__ for module in registered()}
    from laminae.ops.registry import _operators

    for (domain, name), known in _operators.items():
        if domain in FOLDERS and module_name(domain, name) in modules:
            yield from known


def outputs(turn, specs):
    return [None if made is None else said for said, made in zip(specs, turn.outputs, strict=True)]


def cost(turn, inputs, made):
    return turn.operator.cost_for(inputs, constants(turn), outputs(turn, made))


def of_the_run(turn):
    """By the sizes and contents of what the run read and made."""
    return cost(turn, [spec(x) for x in turn.inputs], [spec(x) for x in turn.outputs])


def before_the_run(turn, **how):
    inputs = [spec(x, **how) for x in turn.inputs]
    return cost(turn, inputs, turn.operator.infer(inputs, constants(turn), len(turn.layer.outputs)))


def test_every_operator_says_what_it_costs():
    found = list(operators())
    assert len(found) > 300
    assert [f"{o.domain}.{o.name}-{o.since}" for o in found if o.cost is None] == []


@pytest.mark.slow
def test_sizes_tell_the_cost_of_every_official_case():
    for turn in turns():
        found = of_the_run(turn).multiply_adds
        assert (found is None) == (turn.operator.name in UNTOLD), turn.case
        assert found is None or (type(found) is int and found >= 0), turn.case


@pytest.mark.slow
def test_costs_before_a_run_are_those_of_the_run():
    for turn in turns():
        run, before = of_the_run(turn), before_the_run(turn)
        assert before.multiply_adds == run.multiply_adds, turn.case
        assert before.bytes in (run.bytes, None), turn.case
        hidden = before_the_run(turn, known=False)
        assert hidden.multiply_adds in (run.multiply_adds, None), turn.case
        assert hidden.bytes in (run.bytes, None), turn.case


@pytest.mark.slow
def test_a_multiply_add_is_two_of_torchs_floating_point_operations():
    seen = collections.Counter()
    for turn in turns():
        if turn.operator.name in OTHERWISE or sum(x.numel() for x in arrays(turn.inputs)) > 10**6:
            continue
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            turn.run()
        if counter.get_total_flops():
            seen[turn.operator.name] += 1
            assert 2 * of_the_run(turn).multiply_adds == counter.get_total_flops(), turn.case
    assert seen.keys() >= {
        "Attention", "CausalConvWithState", "Conv", "ConvInteger", "ConvTranspose", "Einsum", "GRU", "Gemm", "LSTM", "MatMul",
        "MatMulInteger", "QLinearConv", "QLinearMatMul", "RNN", "Resize",
    }  # fmt: skip


@pytest.mark.slow
def test_what_moves_no_byte_gives_out_the_memory_it_was_given():
    shares = collections.defaultdict(list)
    for turn in turns():
        inputs = [x.contiguous() if torch.is_tensor(x) else x for x in turn.inputs]
        made = turn.operator.run(*inputs, **turn.attributes())
        made = made if isinstance(made, tuple) else (made,)
        if any(is_array(x) and x.numel() for x in made):
            shares[turn.operator].append(storages(made) <= storages([*inputs, *turn.attributes().values()]))
    always = {o.name for o, found in shares.items() if all(found)}
    views = {o.name for o in shares if o.cost is view}
    read_no_data = {"Shape", "Size", "SequenceLength", "OptionalHasElement", "SequenceEmpty"}
    assert views - always - read_no_data <= {"Slice", "Constant"}  # steps back are copied, a number is made a tensor
    assert always - views == {"Dropout"}  # which has a rule of its own, for the mask


def test_bytes_are_those_of_all_that_is_read_and_made():
    assert traffic(Spec("float32", (2, 3)), None, Spec("int4", (3,))) == 26
    assert traffic(Spec("float32", ("n",))) is traffic(Spec("string", (2,))) is traffic(Spec()) is None
    x, index = Spec("float32", (1000, 8)), Spec("int64", (2,))
    assert find("", "Gather", 13).cost_for([x, index], {}, [Spec("float32", (2, 8))]) == Cost(0, 16 + 2 * 64)
    assert find("", "Reshape", 13).cost_for([x, index], {}, [Spec("float32", (8000,))]) == Cost(0, 0)
    assert find("", "Relu", 13).cost_for([x], {}, [x]) == Cost(8000, 64000)


def test_costs_add_up_and_one_that_is_not_known_leaves_the_total_open():
    assert total([Cost(1, 2), Cost(3, 4)]) == Cost(4, 6)
    assert total([Cost(1, 2), Cost(None, 4)]) == Cost(None, 6)
    assert Cost(2, None).times(3) == Cost(6, None)
    assert Cost(2, 3).or_else(Cost(2, 4)) == Cost(2, None)


LOOPS = {
    "a count and a condition that stays": ("(float[4] x) => (float[4] y) { n = Constant<value_int=5>() \n t = Constant<value=bool[1]{1}>() \n y = Loop(n, t, x) <body = g (int64 i, bool c, float[4] a) => (bool d, float[4] b) { d = Identity(c) \n b = Add(a, a) }> }", Cost(20, 5 * 48)),
    "a condition of its own": ("(float[4] x) => (float[4] y) { n = Constant<value_int=5>() \n t = Constant<value=bool[1]{1}>() \n y = Loop(n, t, x) <body = g (int64 i, bool c, float[4] a) => (bool d, float[4] b) { s = ReduceSum<keepdims=0>(a) \n d = Less(s, s) \n b = Add(a, a) }> }", Cost()),
    "a count that is computed": ("(float[4] x, int64 n) => (float[4] y) { y = Loop(n, , x) <body = g (int64 i, bool c, float[4] a) => (bool d, float[4] b) { d = Identity(c) \n b = Add(a, a) }> }", Cost()),
    "a value that grows": ("(float[n] x) => (float[m] y) { n = Constant<value_int=5>() \n y = Loop(n, , x) <body = g (int64 i, bool c, float[n] a) => (bool d, float[m] b) { d = Identity(c) \n b = Concat<axis=0>(a, a) }> }", Cost()),
    "branches that agree": ("(bool c, float[4] x) => (float[4] y) { y = If(c) <then_branch = g () => (float[4] a) { a = Add(x, x) }, else_branch = h () => (float[4] b) { b = Sub(x, x) }> }", Cost(4, 48)),
    "branches that differ": ("(bool c, float[4] x) => (float[4] y) { y = If(c) <then_branch = g () => (float[4] a) { a = Add(x, x) }, else_branch = h () => (float[4] b) { b = Identity(x) }> }", Cost()),
    "rows": ("(float[4] s, float[3,4] x) => (float[4] y, float[3,4] z) { y, z = Scan<num_scan_inputs=1, body = g (float[4] a, float[4] r) => (float[4] b, float[4] o) { b = Add(a, r) \n o = Mul(r, r) }>(s, x) }", Cost(24, 3 * 2 * 48)),
}  # fmt: skip


@pytest.mark.parametrize("what", LOOPS)
def test_layers_with_bodies_cost_what_their_bodies_do(what, tmp_path):
    import onnx

    text, expected = LOOPS[what]
    onnx.save(onnx.parser.parse_model('<ir_version: 8, opset_import: ["" : 17]> agraph ' + text), tmp_path / "m.onnx")
    assert lm.open(tmp_path / "m.onnx").records()[-1].cost == expected


def test_a_function_costs_what_its_layers_do(tmp_path):
    import onnx

    onnx.save(
        onnx.parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17, "own" : 1]> agraph (float[2,3] x) => (float[2,3] y) { y = own.twice(x) }'
            '<domain: "own", opset_import: ["" : 17]> twice (a) => (c) { b = Add(a, a) \n c = Tanh(b) }'
        ),
        tmp_path / "m.onnx",
    )
    assert lm.open(tmp_path / "m.onnx").records()[-1].cost == Cost(12, 3 * 24 + 2 * 24)


KNOWN = {
    # by hand: 28·28·8·25 + 14·14·16·8·25 + 256·10 in products, and the elementwise layers
    "mnist": (None, 786_560, 813_962),
    # its authors give 90 to 109 million for the larger RFB-320: https://github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB
    "ultraface-slim-320": (None, 81_410_560, 87_230_200),
    "magika-fast-v2_1": ({"bytes": (1, 1024)}, 182_102_528, 183_993_859),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_whole_models_cost_what_torch_counts(name):
    path = MODELS / f"{name}.onnx"
    if not path.exists():
        pytest.skip("the model is not here")
    shapes, products, everything = KNOWN[name]
    model = lm.open(path)
    records = model.records(shapes)
    assert total(r.cost for r in records if r.kind in ("convolution", "linear")).multiply_adds == products
    assert total(r.cost for r in records).multiply_adds == everything
    x = np.load(MODELS / f"{name}.input.npy")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    assert counter.get_total_flops() == 2 * products * (1 if shapes is None else len(x))
