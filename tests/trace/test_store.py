"""Store rules: what is kept of which layer, beside NumPy in float64; what is kept never changes what the model gives."""

import re

import numpy as np
import onnx.parser
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import laminae as lm
from laminae.base.records import Histogram
from laminae.base.statistics import CHUNK, histogram, statistics
from laminae.trace.session import Session
from tests.graphs import graphs, inputs, seeds
from tests.trace.patches import RULES
from tests.trace.test_bodies import BRANCH, FUNCTION, LOOP, NESTED

NUMPY = {
    "mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min, "std": np.std,
    "norm": lambda x, axis: np.sqrt((np.abs(x) ** 2).sum(axis)),
}  # fmt: skip
X = np.random.default_rng(0).standard_normal((4, 5, 6)).astype(np.float32)


def kept(rule, array, first=0):
    tensor = torch.from_numpy(array.copy()) if isinstance(array, np.ndarray) else array
    found = rule.of(tensor, first)
    if isinstance(array, np.ndarray):
        assert np.array_equal(tensor.numpy(), array, equal_nan=True)
    if isinstance(found, torch.Tensor) and not rule.whole and found.numel():
        assert found.untyped_storage().data_ptr() != tensor.untyped_storage().data_ptr(), "memory of its own"
        assert found.untyped_storage().nbytes() == found.nbytes, "and no more than that"
    return found


@pytest.mark.parametrize("reduction", NUMPY)
@pytest.mark.parametrize("over", [None, 0, 1, -1, (0, 2), (0, 1, 2), [1], ()])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "int8", "uint8", "bool"])
def test_a_reduction_is_numpys_in_float64(reduction, over, dtype):
    value = (torch.from_numpy(X) * 3).to(getattr(torch, dtype))
    wide = value.double().numpy()
    axes = (1, 2) if over is None else over if isinstance(over, int) else tuple(over)
    if axes == ():
        expected = {"std": np.zeros_like(wide), "norm": np.abs(wide)}.get(reduction, wide)
    else:
        expected = NUMPY[reduction](wide, axis=axes)
    found = kept(lm.Store("L", reduce=reduction, over=over), value)
    np.testing.assert_allclose(found.double().numpy(), expected, rtol=2e-6, atol=2e-6)
    if dtype in ("float16", "bfloat16") and reduction not in ("max", "min"):
        assert found.dtype == torch.float32, "halves are added up wide, and kept so"


def test_halves_do_not_overflow_and_integers_are_not_rounded():
    big = torch.full((2, 1000), 6e4, dtype=torch.float16)
    assert kept(lm.Store("L", reduce="sum"), big).tolist() == [6e7, 6e7]
    assert kept(lm.Store("L", reduce="norm"), big).isfinite().all()
    ints = torch.tensor([[2**53, 1], [2**60, 0]])
    assert kept(lm.Store("L", reduce="sum"), ints).tolist() == [2**53 + 1, 2**60]
    assert kept(lm.Store("L", reduce="mean"), torch.tensor([[2**30, 2**30 + 1]])).tolist() == [2**30 + 0.5]


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        [0, 2],
        [-1],
        slice(1, 3),
        slice(None, None, 2),
        slice(None, None, -1),
        range(1, 3),
        np.array([1, 1]),
        slice(9, 9),
        [],
    ],
    ids=lambda case: re.sub(" at 0x[0-9a-f]+", "", repr(case)),
)
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_positions_are_numpys(axis, index):
    expected = np.take(X, np.arange(X.shape[axis])[index if not isinstance(index, list | range) else np.array(index, int)], axis)
    np.testing.assert_array_equal(kept(lm.Store("L", axis=axis, index=index), X), expected)
    if axis == 1:
        np.testing.assert_array_equal(kept(lm.Store("L", tokens=index), X), expected)


@pytest.mark.parametrize("every", [1, 2, 3, 10])
def test_every_nth_sample_is_counted_through_the_batches_of_a_dataset(every):
    rows = np.arange(23, dtype=np.float32).reshape(23, 1)
    parts, first = [], 0
    for size in (5, 1, 7, 10):
        parts.append(lm.Store("L", every=every).of(torch.from_numpy(rows[first : first + size]), first).numpy())
        first += size
    np.testing.assert_array_equal(np.concatenate(parts), rows[::every])


def test_what_is_kept_is_taken_in_the_order_that_is_told():
    found = kept(lm.Store("L", every=2, tokens=[0, -1], reduce="mean", over=-1, dtype="bf16"), X)
    assert found.dtype == torch.bfloat16
    expected = torch.from_numpy(X[::2][:, [0, -1]]).mean(-1).bfloat16()
    assert torch.equal(found, expected)
    assert lm.Store("L", every=2, tokens=[0, -1], reduce="mean", over=-1, dtype="bf16").what == (
        "1 of 2 samples, [0, -1] of axis 1, mean over -1, as bfloat16"
    )


def test_only_floats_are_rounded():
    ids = torch.tensor([[50256, 3]])
    assert torch.equal(kept(lm.Store("L", dtype="float16"), ids), ids)
    assert kept(lm.Store("L", dtype="float16"), torch.tensor([True])).dtype == torch.bool
    assert kept(lm.Store("L", dtype=torch.float16), torch.ones(2)).dtype == torch.float16


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (1, 1)])
def test_values_of_no_rank_and_no_elements(shape):
    value = torch.ones(shape)
    for reduction in ("sum", "norm"):
        assert kept(lm.Store("L", reduce=reduction), value).shape == shape[:1]
    assert kept(lm.Store("L", reduce="stats"), value).mean == (1.0 if value.numel() else None)
    assert sum(kept(lm.Store("L", reduce="histogram"), value).counts) == value.numel()
    assert kept(lm.Store("L", every=2, dtype="bf16"), value).ndim == len(shape)
    if shape == (3, 0):
        with pytest.raises(IndexError, match="no max over axis 1 of size 0"):
            lm.Store("L", reduce="max").of(value)


def test_a_function_is_handed_a_copy_and_its_result_is_the_traces_own():
    buffer = torch.zeros(2)

    def spoil(value):
        value.fill_(7.0)
        buffer.fill_(3.0)
        return buffer

    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(2, name="a"), lm.ReLU(name="b"))
    x = np.ones((1, 3), np.float32)
    trace = model.run(x, store=[lm.Store("a", reduce=spoil), lm.Store("b", reduce=lambda v: {"sum": v.sum(), "n": 2})])
    assert torch.equal(trace.output, model(x))
    buffer.fill_(9.0)
    assert trace["a"].tolist() == [3, 3]
    assert trace["b"]["n"] == 2
    assert "spoil" in str(trace.table())


FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(arrays.arrays(np.float32, arrays.array_shapes(max_dims=3, min_side=0), elements=FLOATS))
def test_a_histogram_is_numpys(array):
    found = histogram(torch.from_numpy(array))
    finite = array[np.isfinite(array)].astype(np.float64)
    assert found.others == array.size - finite.size
    assert sum(found.counts) == finite.size
    if finite.size:
        try:
            counts, edges = np.histogram(finite, 64)
        except ValueError:  # one large number: NumPy finds no bins around it
            return
        np.testing.assert_allclose(found.edges, edges, rtol=1e-9, atol=1e-12)
        assert abs(np.cumsum(found.counts) - np.cumsum(counts)).max() <= max(2, finite.size // 10), "but for elements on an edge"


def test_a_histogram_of_more_than_one_chunk_and_of_other_dtypes():
    array = np.random.default_rng(0).standard_normal(CHUNK + 1000).astype(np.float32)
    counts, _ = np.histogram(array.astype(np.float64), 64)
    assert np.abs(np.array(histogram(torch.from_numpy(array)).counts) - counts).sum() <= 4
    for dtype in (torch.int64, torch.bool, torch.bfloat16, torch.uint8, torch.complex64):
        found = histogram(torch.tensor([0, 1, 1, 0]).to(dtype))
        assert (found.counts[0], found.counts[-1], found.edges[0], found.edges[-1]) == (2, 2, 0.0, 1.0)
    assert histogram(torch.tensor([2**40 + 1, 2**40])).edges[-1] == 2**40 + 1
    assert histogram(torch.tensor([3.0, 3.0])).edges[0] == 2.5
    for ends in ([1.0, 1.0 + 2**-52], [-1.7e308, 1.7e308], [0.0, 5e-324]):
        assert sum(histogram(torch.tensor(ends, dtype=torch.float64)).counts) <= 2
    assert histogram(torch.tensor([3e38, -3e38])).counts[0] == 1


@settings(max_examples=100)
@given(st.data(), graphs(max_layers=10), seeds)
def test_what_is_stored_never_changes_a_bit_of_the_output_and_is_what_the_rule_makes_of_the_whole(data, graph, seed):
    session, x = Session(graph), inputs(graph, seed)
    plain, full = session.call(x, {}), session.run(x, {})
    names = [layer.name for layer in graph.layers]
    store = data.draw(st.sampled_from(RULES))(names)
    record = session.run(x, {}, store)
    for found, expected in zip(record.run.outputs, plain if isinstance(plain, tuple) else (plain,), strict=True):
        assert found.numpy().tobytes() == expected.numpy().tobytes()
    rules = {step.layer.name: step.rule for step in record.run.plan.order}
    for entry in record.entries:
        if entry.inside or not entry.kept:
            continue
        for part, whole in zip(entry.values, full.by_name[entry.name].values, strict=True):
            expected = rules[entry.name].of(whole)
            assert torch.equal(part, expected) if isinstance(part, torch.Tensor) else part == expected


def named():
    x = lm.Input((1, 8, 8), name="x")
    h = lm.ReLU(name="enc/0/relu")(lm.Conv(4, 3, name="enc/0/conv")(x))
    h = lm.ReLU(name="enc/1/relu")(lm.Conv(4, 3, name="enc/1/conv")(h))
    return lm.Model(x, lm.Linear(3, name="fc")(lm.Flatten(name="flat")(h)), seed=0)


IMAGE = np.random.default_rng(1).random((2, 1, 8, 8), np.float32)


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ("fc", []), ("x", ["x"]), ("enc/0", ["enc/0/conv", "enc/0/relu"]), ("enc/0/", ["enc/0/conv", "enc/0/relu"]),
        ("enc/*/relu", ["enc/0/relu", "enc/1/relu"]), ("enc/*", ["enc/0/conv", "enc/0/relu", "enc/1/conv", "enc/1/relu"]),
        ("enc/[1]", ["enc/1/conv", "enc/1/relu"]), ("**/conv", ["enc/0/conv", "enc/1/conv"]), ("*", ["x", "flat"]),
        ("op:Conv", ["enc/0/conv", "enc/1/conv"]), (["flat", "op:Conv"], ["enc/0/conv", "enc/1/conv", "flat"]),
        (lambda layer: layer.operator == "Relu", ["enc/0/relu", "enc/1/relu"]), (lm.Store(["flat", "x"]), ["x", "flat"]),
        ([], []), (False, []), ("none", []), (lm.Store(lambda layer: layer.is_input), ["x"]),
    ],
)  # fmt: skip
def test_names_groups_globs_operators_and_functions(store, expected):
    trace = named().run(IMAGE, store=store)
    assert [e.name for e in trace if e.kept and e.name != "fc"] == expected
    assert trace["fc"].shape == (2, 3), "the outputs are always kept"


def test_of_several_rules_the_first_that_means_a_layer_holds():
    model = named()
    trace = model.run(IMAGE, store=[lm.Store("enc/0", reduce="mean"), lm.Store("**/relu", reduce="stats"), "enc"])
    full = model.run(IMAGE)
    torch.testing.assert_close(trace["enc/0/relu"], full["enc/0/relu"].mean((1, 2, 3)))
    assert trace["enc/1/relu"].max == full["enc/1/relu"].max().item()
    assert torch.equal(trace["enc/1/conv"], full["enc/1/conv"])
    assert [e.part for e in trace if e.kept] == ["mean", "mean", "", "stats", ""]


def test_the_table_the_records_and_the_values_say_what_was_kept_of_what():
    model = named()
    trace = model.run(
        IMAGE,
        store=[lm.Store("enc/0/relu", reduce="mean", over=(2, 3)), lm.Store("flat", axis=1, index=[0, 5], dtype="bfloat16")],
    )
    record = next(r for r in trace.records(statistics=True) if r.name == "enc/0/relu")
    (out,) = record.outputs
    assert (out.shape, out.dtype, out.bytes, out.kept) == ((2, 4, 6, 6), "float32", 1152, "mean over 2, 3")
    assert trace["enc/0/relu"].shape == trace.values[next(iter(record.outputs)).value].shape == (2, 4)
    assert out.statistics.mean == pytest.approx(trace["enc/0/relu"].double().mean().item())
    text = str(trace.table())
    assert "[2, 4, 6, 6]" in text
    assert "kept: mean over 2, 3" in text
    assert "kept: [0, 5] of axis 1, as bfloat16" in text
    assert "kept: mean over 2, 3" in repr(trace.layers[2])
    assert "x " not in str(model.run(IMAGE, store=lm.Store("x", reduce="mean")).compare(model(IMAGE))).splitlines()[2]
    flat = next(r for r in trace.records() if r.name == "flat")
    assert (flat.outputs[0].shape, flat.outputs[0].dtype) == ((2, 64), "float32")


def test_a_rule_for_an_output_layer_keeps_that_of_it_and_the_output_stays_whole():
    model = named()
    trace = model.run(IMAGE, store=lm.Store("fc", reduce="mean"))
    assert trace["fc"].shape == trace.values["fc"].shape == (2,)
    assert torch.equal(trace.output, model(IMAGE))
    assert torch.equal(trace.outputs["fc"], model(IMAGE))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lm.Store("flat", axis=2, index=0), ["layer 'flat'", "Flatten", "[2, 64] float32", "no axis 2", "store=["]),
        (lm.Store("flat", axis=1, index=[0, 64]), ["layer 'flat'", "no position 64", "64"]),
        (lm.Store("x", tokens=3), ["layer 'x'", "Input", "no position 3"]),
        (lm.Store("flat", reduce="mean", over=5), ["layer 'flat'", "no axis 5"]),
        (lm.Store("flat", reduce=lambda value: value.nothing), ["layer 'flat'", "AttributeError"]),
        (lm.Store("flat", device="cuda:99"), ["layer 'flat'"]),
    ],
    ids=lambda case: re.sub(" at 0x[0-9a-f]+", "", repr(case)),
)  # fmt: skip
def test_a_rule_that_does_not_fit_is_an_error_that_names_the_layer(rule, words):
    model = named()
    with pytest.raises(lm.UsageError, match="cannot be kept as") as error:
        model.run(IMAGE, store=rule)
    for word in words:
        assert word in str(error.value)
    assert model.run(IMAGE).output.shape == (2, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: lm.Store(3), lambda: lm.Store([]), lambda: lm.Store(["a", 3]), lambda: lm.Store("a", every=0), lambda: lm.Store("a", every=True),
        lambda: lm.Store("a", axis=1), lambda: lm.Store("a", index=1), lambda: lm.Store("a", reduce="median"), lambda: lm.Store("a", reduce=3),
        lambda: lm.Store("a", dtype="int8"), lambda: lm.Store("a", dtype="float99"), lambda: lm.Store("a", over=1), lambda: lm.Store("a", tokens=1, axis=2, index=0),
        lambda: lm.Store("a", reduce="stats", over=1), lambda: lm.Store("a", axis=1, index="x"), lambda: lm.Store("a", axis=1, index=1.5),
        lambda: lm.Store("a", reduce="mean", over="x"), lambda: named().run(IMAGE, store=3), lambda: named().run(IMAGE, store=["a", 3]),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(make):
    with pytest.raises(lm.UsageError):
        make()


@pytest.mark.parametrize("store", ["nothing", "nothing/*", "op:Nothing", ["flat", "nothing"], lm.Store("nothing", reduce="mean")])
def test_a_rule_that_means_no_layer_is_refused(store):
    with pytest.raises(lm.UnknownNameError, match=r"(?i)nothing"):
        named().run(IMAGE, store=store)


def test_rules_are_equal_hashed_and_printed_by_what_they_say():
    a, b = (lm.Store(["a", "b"], tokens=[0, 1], reduce="mean", over=-1) for _ in range(2))
    assert a == b
    assert hash(a) == hash(b)
    assert repr(a) == "Store(('a', 'b'), axis=1, index=(0, 1), reduce='mean', over=(-1,))"
    assert repr(lm.Store("h/*", every=4)) == "Store('h/*', every=4)"
    assert lm.Store("a", tokens=-1) == lm.Store("a", axis=1, index=-1)
    assert hash(lm.Store("a", axis=0, index=slice(0, 2))) == hash(lm.Store("a", axis=0, index=slice(0, 2)))


def opened(text):
    return lm.open(onnx.parser.parse_model(text))


def test_rules_reach_into_bodies_turn_by_turn():
    trace = opened(LOOP).run([1.0, 2.0], 3, store=[lm.Store("total/body/row", reduce="sum", over=0), "total/body/s2"])
    assert [trace[f"total/body/row{n}"].item() for n in ("", "#2", "#3")] == [5, 20, 45]
    assert trace["total/body/s2#3"].tolist() == [3, 6]
    assert not any(e.kept for e in trace if e.name.startswith("total/body/c"))
    trace = opened(BRANCH).run([1.0, -2.0], True, store=lm.Store("op:Relu", dtype="bf16"))
    assert trace["y/then/a"].dtype == torch.bfloat16
    trace = opened(NESTED).run([1.0, 2.0], 2, store="**/r2")
    assert [e.name for e in trace if e.kept and e.inside] == [
        "total/body/s2/body/r2",
        *(f"total/body/s2/body/r2#{i}" for i in (2, 3, 4)),
    ]
    trace = opened(FUNCTION).run([1.0, 2.0], store="y/body/w")
    assert trace["y/body/w"].tolist() == [6, 12]
    assert not any(e.kept for e in trace if e.name == "a/body/w")
    with pytest.raises(lm.UsageError, match="'total/body/c2'"):
        opened(LOOP).run([1.0, 2.0], 3, store=lm.Store("total/body/c2", axis=1, index=0))


def test_sequences_and_texts_are_kept_whole():
    text = """
    <ir_version: 8, opset_import: ["": 18]>
    m (float[4] x) => (float[2] y) { s = SplitToSequence<keepdims = 1>(x, two)  i = Constant<value = int64 {0}>()  y = SequenceAt(s, i) }
    """.replace("s = Split", "two = Constant<value = int64 {2}>()  s = Split")
    trace = opened(text).run([1.0, 2.0, 3.0, 4.0], store=lm.Store("all", reduce="sum", dtype="bf16"))
    assert [part.tolist() for part in trace["s"]] == [[1, 2], [3, 4]]
    assert trace.output.tolist() == [1, 2]


def test_statistics_of_a_rule_are_those_of_the_whole():
    trace = named().run(IMAGE, store=lm.Store("all", reduce="stats"))
    full = named().run(IMAGE)
    for entry in trace:
        assert entry.output == statistics(full[entry.name])
        assert entry.statistics == (entry.output,)
    assert isinstance(named().run(IMAGE, store=lm.Store("flat", reduce="histogram"))["flat"], Histogram)


def test_a_function_that_fails_names_the_layer_and_a_dict_is_no_policy():
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(4, name="a"), seed=0)
    x = np.ones((2, 3), np.float32)
    with pytest.raises(lm.UsageError, match=r"function <lambda> failed at layer 'x'") as caught:
        model.run(x, store=lambda layer: 1 / 0)
    assert "ZeroDivisionError" in str(caught.value)
    with pytest.raises(lm.UsageError, match="not a store policy"):
        model.run(x, store={"a": "mean"})
    for engine in (None, 3, ["torch"]):
        with pytest.raises(lm.UsageError, match="there is no engine"):
            model.run(x, engine=engine)
