"""Arguments: given twice, of NumPy, constant; sizes said wrongly; what a module keeps between calls."""

import contextlib
import json
import math
from collections import namedtuple

import numpy as np
import pytest
import torch
from torch import nn

import laminae as lm

X, Y = torch.randn(2, 2, 8, generator=torch.Generator().manual_seed(0))


class Minus(nn.Module):
    def forward(self, a, b):
        return a - b


@pytest.mark.parametrize("given", [{"example": (X, X)}, {"example": {"a": X, "b": X}}, {"example": (X,), "kwargs": {"b": X}}])
def test_a_tensor_given_twice_is_two_arguments(given):
    model = lm.open(Minus(), **given)
    named = {"b": Y} if "kwargs" in given else {}
    found = model(a=X, b=Y) if isinstance(given["example"], dict) else model(X, **named) if named else model(X, Y)
    assert torch.equal(found, X - Y)


def test_attention_to_itself_in_the_example_attends_to_others_later():
    attention = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    query, other = torch.randn(2, 3, 8), torch.randn(2, 3, 8)
    model = lm.open(attention, example=(query, query, query))
    for found, expected in zip(model(query, other, other), attention(query, other, other), strict=True):
        torch.testing.assert_close(found, expected)


def test_sizes_of_a_tensor_given_twice_vary_apart():
    class Product(nn.Module):
        def forward(self, a, b):
            return a @ b.T

    model = lm.open(Product(), example=(X, X), dynamic={"a": {0: "n"}, "b": {0: "m"}})
    assert [v.shape for v in model.graph.inputs] == [("n", 8), ("m", 8)]
    a, b = torch.randn(3, 8), torch.randn(5, 8)
    torch.testing.assert_close(model(a, b), a @ b.T)


def test_a_weight_given_as_the_example_stays_an_argument():
    linear = nn.Linear(8, 8, bias=False)
    other = torch.randn(8, 8)
    torch.testing.assert_close(lm.open(linear, example=(linear.weight,))(other), linear(other))


def test_numpy_arrays_are_taken_by_name_and_nested():
    linear = nn.Linear(8, 2)
    torch.testing.assert_close(lm.open(linear, example={"input": X.numpy()})(X), linear(X))

    class Nested(nn.Module):
        def forward(self, d):
            return d["a"] - d["b"][0]

    assert torch.equal(lm.open(Nested(), example=({"a": X.numpy(), "b": [Y.numpy()]},))({"a": X, "b": [Y]}), X - Y)


class Times(nn.Module):
    def forward(self, x, n):
        return x * n


def test_constants_are_taken_again():
    assert lm.open(Times(), example=(X, math.nan))(X, float("nan")).isnan().all()
    for example, given in [(np.float64(2), 2.0), (2.0, 2), (2.0, np.float64(2)), (2.0, np.float32(2)), (2, 2)]:
        assert torch.equal(lm.open(Times(), example=(X, example))(X, given), X * 2)
    model = lm.open(Times(), example=(X, 1.0))
    for other in (True, 3, math.nan, "1", np.array([1.0, 1.0]), [1.0]):
        with pytest.raises(lm.InputError):
            model(X, other)


@pytest.mark.parametrize(
    "dynamic", [{"input": "b"}, {"input": ["b", None]}, (X, X), {"input": 3}, {"input": {"0": "b"}}, 3, "b", {"input": {0: None}}]
)
def test_sizes_said_wrongly_are_a_mistake_in_the_call(dynamic):
    with pytest.raises(lm.UsageError, match="write"):
        lm.open(nn.Linear(8, 2), example=(X,), dynamic=dynamic)


def test_sizes_of_nested_arguments():
    Pair = namedtuple("Pair", "a b")

    class Nested(nn.Module):
        def forward(self, p):
            return p[0] @ p[1].T

    for wrong in ([{0: "n"}], {0: "n"}, [{0: "n"}, "b"]):
        with pytest.raises(lm.UsageError, match="write"):
            lm.open(Nested(), example=((X, Y),), dynamic={"p": wrong})
    with pytest.raises(lm.UsageError, match="not arranged"):
        lm.open(Nested(), example=((X, Y),), dynamic=((X,),))
    for pair in (Pair(X, Y), (X, Y), [X, Y]):
        model = lm.open(Nested(), example=(pair,), dynamic={"p": [{0: "n"}, None]})
        assert [v.shape for v in model.graph.inputs] == [("n", 8), (2, 8)]


def test_an_example_is_as_it_was_after_an_export_that_fails():
    class Fixed(nn.Module):
        def forward(self, x):
            return x.reshape(2, 8) + torch.ones(2, 1)

    x = X.clone()
    with pytest.raises(lm.ExportError, match="fixes a size"):
        lm.open(Fixed(), example=(x,), dynamic={"x": {0: "n"}})
    assert lm.open(nn.Linear(8, 2), example=(x,)).graph.inputs[0].shape == (2, 8)


class Keeps(nn.Module):
    def __init__(self, start):
        super().__init__()
        self.inner = nn.Module()
        self.inner.c = start
        self.past = []

    def forward(self, a):
        self.inner.c = a if self.inner.c is None else self.inner.c + a
        self.past.append(a)
        self.new = a
        return a * self.inner.c


@pytest.mark.parametrize("start", [None, torch.zeros(8)])
def test_state_in_a_plain_attribute_is_refused_and_left_alone(start):
    module = Keeps(start)
    with pytest.raises(lm.ExportError, match=r"self\.inner\.c(.|\n)*register_buffer"):
        lm.open(module, example=(X,))
    assert module.inner.c is start
    assert module.past == []
    assert not hasattr(module, "new")
    if start is not None:
        assert not start.any()


def test_what_forward_only_notes_is_no_state():
    class Notes(nn.Module):
        def __init__(self):
            super().__init__()
            self.mask, self.seen = torch.ones(8), None
            self.norm = nn.BatchNorm1d(8)

        def forward(self, x):
            self.mask = self.mask.to(x.device)
            self.seen = self.new = self.norm(x) * self.mask
            return self.seen.relu()

    module = Notes().train()
    model = lm.open(module, example=(X,))
    assert module.seen is None
    assert not hasattr(module, "new")
    assert not module.norm.num_batches_tracked
    torch.testing.assert_close(model(X), module(X))
    torch.testing.assert_close(lm.open(module, example=(X,))(X), module(X))


class Decides(nn.Module):
    def forward(self, x):
        with contextlib.ExitStack():
            if x.sum() > 0:
                return x
        return -x


@pytest.mark.parametrize("module", [Decides(), nn.BatchNorm1d(8, momentum=None).train()])
def test_what_torch_prints_is_not_shown(module, capfd):
    with pytest.raises(lm.ExportError, match="decides by the values"):
        lm.open(module, example=(X,))
    assert capfd.readouterr() == ("", "")


def test_the_line_is_not_one_of_the_standard_library():
    class Fails(nn.Module):
        def forward(self, x):
            return x * json.loads("no number")

    with pytest.raises(lm.ExportError, match=r"test_arguments\.py, line .*json\.loads"):
        lm.open(Fails(), example=(X,))
