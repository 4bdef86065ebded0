"""Every kind of patch, on every part and dtype, beside NumPy; what does not go together is refused, never cast in silence."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import laminae as lm
from laminae.base.host import HostArray
from laminae.graph import Graph, Layer, Value
from laminae.trace.patch_apply import apply

SHAPE = (3, 4, 6)
INDEX = (0, -1, 2, [0], [2, 0], [-1, 1], slice(1, 3), slice(None, None, 2), slice(None, None, -1), slice(5, 1), [], np.array([1, 2]),
         range(0, 3, 2), torch.tensor([0, 1]), np.int64(1))  # fmt: skip


def value(shape=SHAPE, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def put(patch, array, **more):
    """What a patch makes of an array, which it leaves as it was."""
    tensor = torch.from_numpy(array.copy())
    made = apply(patch, tensor, **more)
    assert np.array_equal(tensor.numpy(), array, equal_nan=True), "what was there is left alone"
    assert made.dtype == tensor.dtype
    return made.numpy()


def place(axis, index):
    where = [slice(None)] * 3
    where[axis] = index.numpy() if isinstance(index, torch.Tensor) else list(index) if isinstance(index, range) else index
    return tuple(where)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("index", INDEX, ids=repr)
def test_a_part_is_changed_as_numpy_changes_it(axis, index):
    array, where = value(), {"axis": axis, "index": index}
    try:
        part = array[place(axis, index)]
    except IndexError:
        with pytest.raises(lm.PatchError, match="does not fit"):
            put(lm.patch.zero("L", **where), array)
        return
    new = value(part.shape, 1)
    for patch, expected in (
        (lm.patch.zero("L", **where), np.zeros_like(part)),
        (lm.patch.replace("L", 2.5, **where), np.full_like(part, 2.5)),
        (lm.patch.replace("L", new, **where), new),
        (lm.patch.add("L", 0.5, **where), part + np.float32(0.5)),
        (lm.patch.add("L", new, **where), part + new),
        (lm.patch.scale("L", -2, **where), part * -2),
        (lm.patch.scale("L", new, **where), part * new),
        (lm.patch.function("L", lambda t: t * 2 + 1, **where), part * 2 + 1),
    ):
        whole = array.copy()
        whole[place(axis, index)] = expected
        np.testing.assert_array_equal(put(patch, array), whole, err_msg=repr(patch))


def test_a_whole_value_is_changed_as_numpy_changes_it():
    array, row = value(), value((6,), 1)
    for patch, expected in (
        (lm.patch.zero("L"), np.zeros_like(array)),
        (lm.patch.replace("L", 2), np.full_like(array, 2)),
        (lm.patch.add("L", row), array + row),
        (lm.patch.scale("L", row), array * row),
        (lm.patch.function("L", lambda t: t[:1]), array[:1]),
        (lm.patch.function("L", lambda t: t.numpy() + 1), array + 1),
        (lm.patch.function("L", lambda t: 3), np.full_like(array, 3)),
        (lm.patch.replace("L", value((2, 2))), value((2, 2))),
        (lm.patch.swap("L", 0, 2), array[[2, 1, 0]]),
        (lm.patch.swap("L", [0, 1], [3, -2], over=1), array[:, [3, 2, 1, 0]]),
        (lm.patch.swap("L", slice(0, 2), slice(4, 6), over=-1), array[..., [4, 5, 2, 3, 0, 1]]),
    ):
        np.testing.assert_array_equal(put(patch, array), expected, err_msg=repr(patch))


@pytest.mark.parametrize("over", [0, 1, -1, (0, 1), (0, -1), (0, 1, 2)])
def test_a_mean_stands_in_each_place(over):
    array = value()
    expected = np.broadcast_to(array.astype(np.float64).mean(over, keepdims=True), SHAPE)
    np.testing.assert_allclose(put(lm.patch.mean("L", over), array), expected, atol=1e-6)


@pytest.mark.parametrize("index", [2, [0, 2], slice(0, 3)])
def test_the_axes_of_a_mean_and_a_swap_are_those_of_the_output_where_a_part_is_meant(index):
    array = value()
    expected, part = array.copy(), array[:, [2] if index == 2 else index]
    expected[:, [2] if index == 2 else index] = np.broadcast_to(part.mean((0, 2), keepdims=True), part.shape)
    np.testing.assert_allclose(put(lm.patch.mean("L", over=(0, 2), axis=1, index=index), array), expected, atol=1e-6)
    expected = array.copy()
    expected[:, [2] if index == 2 else index] = part[..., [5, 1, 2, 3, 4, 0]]
    np.testing.assert_array_equal(put(lm.patch.swap("L", 0, -1, over=2, axis=1, index=index), array), expected)


@pytest.mark.parametrize("rows", [1, 2, "dependent", "zero"])
def test_what_lies_along_directions_is_taken_out_or_alone_kept(rows):
    array = value()
    base = np.random.default_rng(1).standard_normal((2 if rows == 2 else 1, 6)) * 7
    given = {"dependent": np.concatenate([base, -2 * base]), "zero": np.zeros((1, 6))}.get(rows, base)
    solved = np.linalg.lstsq(given.T, array.reshape(-1, 6).T.astype(np.float64), rcond=None)[0]
    along = (given.T @ solved).T.reshape(SHAPE)
    np.testing.assert_allclose(put(lm.patch.project("L", given), array), array - along, atol=1e-6)
    np.testing.assert_allclose(put(lm.patch.project("L", given, keep=True), array), along, atol=1e-6)
    without = put(lm.patch.project("L", given), array)
    assert np.abs(without @ base[0] / np.linalg.norm(base)).max() < 1e-5 or rows == "zero"


def test_projecting_is_exact_enough_for_halves_and_lies_in_the_last_axis_of_a_part():
    array = value()
    half = apply(lm.patch.project("L", np.ones(6)), torch.from_numpy(array).bfloat16())
    assert half.dtype == torch.bfloat16
    assert half.float().sum(-1).abs().max() < 0.05
    made = put(lm.patch.project("L", np.ones(6), axis=1, index=2), array)
    assert np.abs(made[:, 2].sum(-1)).max() < 1e-5
    np.testing.assert_array_equal(made[:, [0, 1, 3]], array[:, [0, 1, 3]])


@pytest.mark.parametrize("heads", [[0], [1, -1], 2, slice(0, 2), []])
def test_heads_side_by_side_are_those_numpy_takes_apart(heads):
    array = value((3, 4, 8))
    apart = array.copy().reshape(3, 4, 4, 2)
    chosen = [heads] if isinstance(heads, int) else heads
    for patch, change in (
        (lm.patch.zero("L", heads=heads), lambda part: part * 0),
        (lm.patch.scale("L", 3.0, heads=heads), lambda part: part * 3),
        (
            lm.patch.mean("L", over=(0, 1), heads=heads),
            lambda part: np.broadcast_to(part.mean((0, 1), keepdims=True), part.shape),
        ),
        (lm.patch.mean("L", over=-1, heads=heads), lambda part: np.broadcast_to(part.mean(-1, keepdims=True), part.shape)),
        (lm.patch.swap("L", 0, 2, over=0, heads=heads), lambda part: part[[2, 1, 0]]),
        (lm.patch.swap("L", 0, 3, over=1, heads=heads), lambda part: part[:, [3, 1, 2, 0]]),
    ):
        expected = apart.copy()
        expected[:, :, chosen] = change(apart[:, :, chosen])
        np.testing.assert_allclose(put(patch, array, split=(-1, 4)), expected.reshape(3, 4, 8), atol=1e-6, err_msg=repr(patch))


def test_heads_with_an_axis_of_their_own():
    array = value((2, 4, 3, 5))
    expected = array.copy()
    expected[:, [1, 3]] = 0
    np.testing.assert_array_equal(put(lm.patch.zero("L", heads=[1, 3]), array, split=(1, 4)), expected)
    expected = array.copy()
    expected[:, [2]] = array[:, [2]][:, :, [2, 1, 0]]
    np.testing.assert_array_equal(put(lm.patch.swap("L", 0, 2, over=2, heads=[2]), array, split=(1, 4)), expected)


DTYPES = ("bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64")
KIND = {"bool": 0, "float16": 2, "bfloat16": 2, "float32": 2, "float64": 2, "complex64": 3}


@pytest.mark.parametrize("layer", DTYPES)
@pytest.mark.parametrize("given", DTYPES)
def test_a_value_takes_the_layers_dtype_where_that_holds_its_kind_and_is_refused_where_not(layer, given):
    there = torch.ones(3, 4).to(getattr(torch, layer))
    new = torch.ones(3, 4).to(getattr(torch, given))
    fits = KIND.get(given, 1) <= KIND.get(layer, 1)
    for patch in (lm.patch.replace("L", new), lm.patch.replace("L", new[0], axis=0, index=1), lm.patch.scale("L", new)):
        if fits:
            made = apply(patch, there)
            assert (made.dtype, made.shape) == (there.dtype, there.shape)
            assert torch.equal(made, there)
        else:
            with pytest.raises(lm.PatchError, match="gives "):
                apply(patch, there)


@pytest.mark.parametrize(
    ("layer", "number"),
    [("float16", 1e6), ("float16", np.array([1e6])), ("float32", 1e300), ("int8", 300), ("uint8", -1), ("int32", 2**40),
     ("int64", 0.5), ("bool", 2), ("int64", 2**70), ("uint8", np.array([256]))],
)  # fmt: skip
def test_numbers_that_do_not_fit_are_refused_never_cut(layer, number):
    there = torch.ones(2).to(getattr(torch, layer))
    for patch in (lm.patch.replace("L", number) if np.ndim(number) == 0 else lm.patch.replace("L", [number[0]] * 2),
                  lm.patch.replace("L", number, axis=0, index=[1])):  # fmt: skip
        with pytest.raises(lm.PatchError) as error:
            apply(patch, there)
        assert layer in str(error.value)


def test_infinities_and_nan_are_put_as_they_are():
    there = torch.ones(2, dtype=torch.float16)
    assert apply(lm.patch.replace("L", float("inf")), there).tolist() == [float("inf")] * 2
    assert apply(lm.patch.replace("L", np.array([-np.inf, np.nan])), there)[0] == -float("inf")


def test_lists_are_as_wide_as_pythons_numbers():
    there = torch.zeros(1, dtype=torch.float64)
    assert apply(lm.patch.replace("L", [0.1]), there).item() == 0.1
    assert apply(lm.patch.replace("L", 0.1), there).item() == 0.1
    assert apply(lm.patch.replace("L", [2**60 + 1]), torch.zeros(1, dtype=torch.int64)).item() == 2**60 + 1


def test_whole_numbers_have_no_mean_and_no_fractions():
    ints = torch.tensor([[1, 2], [4, 5]])
    for patch in (lm.patch.mean("L"), lm.patch.scale("L", 0.5), lm.patch.project("L", [1.0, 1.0])):
        with pytest.raises(lm.PatchError):
            apply(patch, ints)
    assert apply(lm.patch.scale("L", 3), ints).tolist() == [[3, 6], [12, 15]]
    assert apply(lm.patch.swap("L", 0, 1), ints).tolist() == [[4, 5], [1, 2]]
    with pytest.raises(lm.PatchError):
        apply(lm.patch.add("L", 1), torch.tensor([True]))


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,)])
def test_values_of_no_rank_and_no_elements(shape):
    there = torch.ones(shape)
    for patch in (lm.patch.zero("L"), lm.patch.add("L", 1.0), lm.patch.replace("L", 2.0), lm.patch.function("L", torch.neg)):
        assert apply(patch, there).shape == shape
    if shape:
        assert apply(lm.patch.mean("L"), there).shape == shape
        assert apply(lm.patch.zero("L", axis=-1, index=slice(0, 9)), there).shape == shape
    else:
        for patch in (lm.patch.zero("L", axis=0, index=0), lm.patch.mean("L"), lm.patch.project("L", [1.0])):
            with pytest.raises(lm.PatchError):
                apply(patch, there)


def test_texts_and_elements_smaller_than_a_byte():
    import ml_dtypes

    texts = HostArray(np.array([["a", "b"], ["c", "d"]], dtype=object))
    assert apply(lm.patch.replace("L", "x", axis=1, index=0), texts).tolist() == [["x", "b"], ["x", "d"]]
    assert apply(lm.patch.replace("L", ["x", "y"]), texts).tolist() == ["x", "y"]
    assert apply(lm.patch.swap("L", 0, 1, over=1), texts).tolist() == [["b", "a"], ["d", "c"]]
    assert apply(lm.patch.function("L", lambda t: HostArray(t.array + "!")), texts).tolist()[0] == ["a!", "b!"]
    small = HostArray(np.array([1, -2, 3], dtype=ml_dtypes.int4))
    assert apply(lm.patch.zero("L", axis=0, index=[1]), small).tolist() == [1, 0, 3]
    for patch, there in ((lm.patch.zero("L"), texts), (lm.patch.add("L", 1), texts), (lm.patch.scale("L", 2), small),
                         (lm.patch.replace("L", 1.0), texts), (lm.patch.replace("L", np.ones(3)), small),
                         (lm.patch.replace("L", "x"), torch.ones(2))):  # fmt: skip
        with pytest.raises(lm.PatchError):
            apply(patch, there)


def test_sequences_are_replaced_by_sequences_and_changed_by_functions():
    there = [torch.ones(2), torch.zeros(3)]
    assert [t.shape for t in apply(lm.patch.replace("L", [np.ones((1, 2), np.float32)]), there)] == [(1, 2)]
    assert len(apply(lm.patch.function("L", lambda parts: parts[:1]), there)) == 1
    for patch in (lm.patch.zero("L"), lm.patch.replace("L", np.ones(2)), lm.patch.function("L", lambda parts: parts[0])):
        with pytest.raises(lm.PatchError):
            apply(patch, there)
    with pytest.raises(lm.PatchError, match="a sequence of 2"):
        apply(lm.patch.replace("L", [np.ones(2), np.ones(3)]), torch.ones(2))


@pytest.mark.parametrize(
    "make",
    [
        lambda: lm.patch.replace("L", None), lambda: lm.patch.replace("L", object()), lambda: lm.patch.replace("L", [[1], [1, 2]]),
        lambda: lm.patch.replace("L", torch.empty(2, device="meta")), lambda: lm.patch.replace("", 1), lambda: lm.patch.zero(3),
        lambda: lm.patch.zero("L", axis=1), lambda: lm.patch.zero("L", index=1), lambda: lm.patch.zero("L", heads=[1], axis=0, index=0),
        lambda: lm.patch.zero("L", of=3), lambda: lm.patch.zero("L", heads=[0], of=0), lambda: lm.patch.zero("L", axis=0, index=1.5),
        lambda: lm.patch.zero("L", axis=0, index=[True, False]), lambda: lm.patch.zero("L", axis=True, index=0),
        lambda: lm.patch.zero("L", channel=1), lambda: lm.patch.function("L", 3), lambda: lm.patch.project("L", [1, 2]),
        lambda: lm.patch.project("L", [float("nan")]), lambda: lm.patch.project("L", 1.0), lambda: lm.patch.mean("L", over="x"),
        lambda: lm.patch.mean("L", over=()), lambda: lm.patch.add("L", [torch.ones(2), torch.ones(2)]), lambda: lm.patch.patches(3),
        lambda: lm.patch.patches([3]), lambda: lm.patch.replace("L", torch.eye(2).to_sparse()), lambda: lm.patch.swap("L", "a", 0),
        lambda: lm.patch.Patch("L", "explode"),
    ],
)  # fmt: skip
def test_what_says_nothing_is_refused_when_it_is_made(make):
    with pytest.raises(lm.UsageError):
        make()


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (lm.patch.zero("fc", axis=2, index=0), ["layer 'fc'", "Gemm (opset 23)", "[3, 6] float32", "no axis 2 in rank 2"]),
        (lm.patch.add("fc", np.ones(5)), ["layer 'fc'", "[3, 6] float32", "[5]"]),
        (lm.patch.replace("fc", np.ones((2, 2)), axis=1, index=[0, 1]), ["[2, 2] is put in place of [3, 2]"]),
        (lm.patch.zero("fc", heads=[0]), ["how many heads", "of=12"]),
        (lm.patch.zero("fc", heads=[0], of=4), ["does not divide into 4 heads"]),
        (lm.patch.zero("fc", heads=[7], of=3), ["no position 7"]),
        (lm.patch.zero("fc", output=1), ["has no output 1", "Gemm"]),
        (lm.patch.swap("fc", 0, [1, 2]), ["1 positions cannot change places with 2"]),
        (lm.patch.swap("fc", [0, 1], [1, 2]), ["a position cannot change places twice"]),
        (lm.patch.project("fc", np.ones(5)), ["the directions have size 5"]),
        (lm.patch.scale("fc.weight", np.ones(5)), ["parameter 'fc.weight'"]),
        (lm.patch.replace("fc.weight", np.ones((2, 2))), ["parameter 'fc.weight'", "expected", "[6, 4]", "[2, 2]"]),
        (lm.patch.scale("fc.weight", 1j), ["parameter 'fc.weight'", "complex64"]),
    ],
    ids=repr,
)  # fmt: skip
def test_an_error_of_a_run_names_the_layer_its_operator_the_shapes_and_the_way_out(patch, words):
    model = lm.Model.chain(lm.Input(4, name="x"), lm.Linear(6, name="fc"), lm.ReLU(name="r"))
    x = np.ones((3, 4), np.float32)
    for run in (lambda: model.run(x, patch=patch), lambda: model.run(x).resume(patch)):
        with pytest.raises(lm.PatchError) as error:
            run()
        for word in words:
            assert word in str(error.value)


def test_a_name_that_means_nothing_is_refused_with_the_nearest():
    model = lm.Model.chain(lm.Input(4, name="x"), lm.Linear(6, name="encoder"), lm.ReLU(name="r"))
    for name in ("encodr", "nothing/*", "op:Conv", "encoder.wieght"):
        with pytest.raises(lm.UnknownNameError):
            model.run(np.ones((1, 4), np.float32), patch=lm.patch.zero(name))


def grouped():
    """Two groups of two layers, then a Split of two outputs."""
    graph = Graph("grouped", opsets={"": 23})
    x = graph.add_input("x", "float32", ("batch", 4))
    value_ = x
    for block in range(2):
        for operator in ("Relu", "Neg"):
            made = Value(f"v{block}{operator}")
            graph.append(Layer(f"{operator}{block}", operator, (value_,), (made,), opset=23, group=f"block/{block}"))
            value_ = made
    a, b = Value("a"), Value("b")
    graph.append(Layer("split", "Split", (value_,), (a, b), {"axis": 1, "num_outputs": 2}, opset=23))
    out = Value("y")
    graph.append(Layer("y", "Add", (a, b), (out,), opset=23))
    graph.outputs = (out,)
    graph.changed()
    return lm.Model(graph=graph)


def test_groups_globs_operators_value_names_and_outputs_mean_what_they_say():
    model, x = grouped(), np.ones((2, 4), np.float32)
    patched = {
        name: [e.name for e in model.run(x, patch=lm.patch.scale(name, 3.0)) if e.state == "patched"]
        for name in ("Relu0", "block/0/Relu0", "block/1", "block", "block/*", "op:Relu", "Neg*", "b", "x", "block/*/Neg1", "**")
    }
    assert patched["Relu0"] == patched["block/0/Relu0"] == ["Relu0"]
    assert patched["block/1"] == patched["block"] == ["Neg1"]
    assert patched["block/*"] == ["Neg0", "Neg1"], "a glob on groups means the last layer of each"
    assert patched["op:Relu"] == ["Relu0", "Relu1"]
    assert (patched["Neg*"], patched["x"], patched["block/*/Neg1"]) == (["Neg0", "Neg1"], ["x"], ["Neg1"])
    assert len(patched["**"]) == 7
    first = model.run(x, patch=lm.patch.replace("split", 5.0))["split"]
    second = model.run(x, patch=lm.patch.replace("split", 5.0, output=1))["split"]
    assert first[0].unique().tolist() == [5]
    assert torch.equal(first[1], model.run(x)["split"][1])
    assert second[1].unique().tolist() == [5]
    by_value = model.run(x, patch=lm.patch.replace("b", 5.0))["split"]
    assert torch.equal(by_value[1], second[1])
    assert torch.equal(by_value[0], model.run(x)["split"][0])
    assert torch.equal(model.run(x, patch=lm.patch.replace("split", 5.0, output=-1))["split"][1], second[1])


def test_several_patches_of_one_layer_are_done_in_their_order():
    model = lm.Model.chain(lm.Input(4, name="x"), lm.ReLU(name="r"))
    x = np.ones((1, 4), np.float32)
    assert model.run(x, patch=[lm.patch.add("r", 1.0), lm.patch.scale("r", 3.0)]).output[0, 0] == 6
    assert model.run(x, patch=[lm.patch.scale("r", 3.0), lm.patch.add("r", 1.0)]).output[0, 0] == 4
    assert model.run(x, patch=[{"r": 7.0}, lm.patch.scale("r", 3.0)]).output[0, 0] == 21
    assert model.run(x, patch=[lm.patch.zero("x"), {"r": lambda t: t + 1}]).output[0, 0] == 1


def test_a_parameter_is_another_in_one_run_only_for_all_who_share_it():
    linear = torch.nn.Linear(4, 4, bias=False)

    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = linear, torch.nn.Linear(4, 4, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(torch.relu(self.a(x)))

    module, x = Tied().eval(), torch.randn(2, 4)
    model = lm.open(module, example=(x,))
    plain = model(x)
    for name in [n for n in ("a.weight", "b.weight") if n in model.parameters]:
        made = model.run(x, patch=lm.patch.scale(name, 2.0)).output
        with torch.no_grad():
            doubled = torch.relu(x @ (2 * linear.weight).T) @ (2 * linear.weight).T
        torch.testing.assert_close(made, doubled)
        torch.testing.assert_close(model.run(x).resume(lm.patch.scale(name, 2.0)).output, doubled)
    assert torch.equal(model(x), plain), "the parameter itself stays as it is"


def test_a_patched_parameter_is_also_another_for_operators_that_had_made_weights_ready():
    model = lm.Model.chain(lm.Input((5, 3), name="x"), lm.LSTM(4, name="lstm"), seed=0)
    x = value((2, 5, 3))
    name = next(name for name in model.parameters if "lstm" in name)
    trace = model.run(x)
    changed = model.parameters[name].numpy() * 2
    patched = model.run(x, patch=lm.patch.scale(name, 2.0)).output
    assert torch.equal(trace.resume(lm.patch.scale(name, 2.0)).output, patched)
    assert torch.equal(model(x), trace.output)
    model.parameters[name].assign(changed)
    torch.testing.assert_close(model(x), patched)


@given(st.data())
def test_patches_that_were_printed_alike_are_alike(data):
    """A patch is a value: equal where everything is, hashed alike."""
    number = data.draw(st.one_of(st.integers(-5, 5), st.floats(allow_nan=True), st.booleans()))
    index = data.draw(st.sampled_from([0, (1, 2), slice(0, 2)]))
    a, b = (lm.patch.replace("L", number, axis=0, index=index) for _ in range(2))
    assert a == b
    assert hash(a) == hash(b)
    assert a != lm.patch.replace("L", number, axis=1, index=index)
    assert lm.patch.replace("L", 1) != lm.patch.replace("L", 1.0)
    assert lm.patch.add("L", np.ones(2)) == lm.patch.add("L", np.ones(2))
    assert lm.patch.add("L", np.ones(2)) != lm.patch.add("L", np.ones(2, np.float32))


def test_patches_print_as_they_are_written():
    assert repr(
        [
            lm.patch.zero("h/3/attn", heads=[2]), lm.patch.add("relu", np.ones(768, np.float32), axis=1, index=-1),
            lm.patch.scale("fc.weight", 0.5), lm.patch.swap("x", 0, [1], over=1), lm.patch.mean("r", (0, 1)), lm.patch.mean("r"),
            lm.patch.project("r", np.ones((2, 8)), keep=True), lm.patch.replace("r", [1.0, 2.0], axis=0, index=slice(0, 4)),
            lm.patch.function("r", torch.tanh, output=1),
        ]
    ) == (
        "[patch.zero('h/3/attn', heads=[2]), patch.add('relu', [768] float32, axis=1, index=-1), patch.scale('fc.weight', 0.5), "
        "patch.swap('x', 0, (1,), over=1), patch.mean('r', over=(0, 1)), patch.mean('r', over=0), "
        "patch.project('r', [2, 8] float64, keep=True), patch.replace('r', [1.0, 2.0], axis=0, index=slice(0, 4)), "
        "patch.function('r', tanh, output=1)]"
    )  # fmt: skip
