"""The input layer takes what it declares and nothing else, and says what to write instead."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import laminae as lm


def model(dtype="float32", shape=3):
    return lm.Model.chain(lm.Input(shape, dtype, name="x"), lm.Reshape((-1,), name="y"))


def two():
    a, b = lm.Input(2, name="a"), lm.Input(2, name="b")
    return lm.Model([a, b], lm.Add(name="sum")(a, b))


@pytest.mark.parametrize(
    "x",
    [
        [[1, 2, 3]],
        [[1.0, 2.0, 3.0]],
        ((1, 2, 3),),
        np.ones((1, 3), np.float32),
        torch.ones(1, 3),
        np.ones((1, 3), np.float32)[:, ::-1],
        torch.ones(3, 1).t(),
        np.ones((0, 3), np.float32),
    ],
)
def test_lists_arrays_and_tensors_are_taken(x):
    assert model()(x).shape[1] == 3


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.ones((1, 3)), ["float64", "float32", "x.astype('float32')"]),
        (torch.ones(1, 3, dtype=torch.float64), ["float64", "x.to(torch.float32)"]),
        (np.ones((1, 3), np.int64), ["int64", "float32"]),
        (np.ones(3, np.float32), ["rank", "[batch, 3]", "[3]"]),
        (np.ones((1, 4), np.float32), ["[batch, 3]", "[1, 4]", "axis 1"]),
        ([[1, 2], [1, 2, 3]], ["unequal lengths"]),
        ([["a", "b", "c"]], ["list", "numbers"]),
        ([[1 + 2j, 0, 0]], ["complex"]),
        (None, ["cannot take"]),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_write(x, said):
    with pytest.raises(lm.InputError, match="'x'") as error:
        model()(x)
    for part in said:
        assert part in str(error.value)


def test_a_list_that_would_lose_something_is_refused():
    ids = model("int64")
    assert ids([[1, 2, 3]]).dtype == torch.int64
    with pytest.raises(lm.InputError, match="another dtype"):
        ids([[1.5, 2, 3]])
    with pytest.raises(lm.InputError, match="do not fit"):
        model("uint8")([[1, 2, 300]])


def test_named_sizes_agree_between_inputs():
    with pytest.raises(lm.InputError, match="disagrees about 'batch'") as error:
        two()(np.ones((2, 2), np.float32), np.ones((3, 2), np.float32))
    assert "batch = 2, as in input 'a'" in str(error.value)


def test_inputs_by_place_by_name_and_as_a_dict():
    one, ten = [[1.0, 1.0]], [[10.0, 10.0]]
    for found in (two()(one, ten), two()(a=one, b=ten), two()({"b": ten, "a": one}), two()(one, b=ten)):
        assert found.tolist() == [[11.0, 11.0]]


@pytest.mark.parametrize(
    ("args", "named", "said"),
    [
        ((), {}, "takes 2 inputs, it was given 0"),
        (([[1.0, 1.0]],), {}, "takes 2 inputs, it was given 1"),
        ((1, 2, 3), {}, "given 3"),
        (([[1.0, 1.0]],), {"c": 1}, "'c' is not an input"),
        (([[1.0, 1.0]],), {"a": 1}, "'a' is given twice"),
    ],
)
def test_wrong_names_and_numbers_are_refused_with_what_the_model_takes(args, named, said):
    with pytest.raises(lm.InputError, match=said) as error:
        two()(*args, **named)
    assert "[batch, 2] float32" in str(error.value)


def test_the_stored_x_is_a_snapshot():
    x = np.ones((1, 3), np.float32)
    trace = model().run(x)
    x[:] = 7
    assert trace["x"].tolist() == [[1, 1, 1]]


@given(st.lists(st.integers(0, 3), max_size=4), st.sampled_from(["float32", "float64", "int64", "bool", "uint8"]))
def test_only_the_declared_dtype_rank_and_sizes_pass(shape, dtype):
    x = np.zeros(shape, dtype)
    fits = dtype == "float32" and len(shape) == 2 and shape[1] == 3
    if fits:
        model()(x)
    else:
        with pytest.raises(lm.InputError):
            model()(x)
