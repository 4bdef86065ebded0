"""Views of views, written through and read again: the module's own values, however long the chain and wherever in memory."""

import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import laminae as lm
from tests.modules.held import equal

X = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))


class Does(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def holds(function, x=X):
    """The model read from a function gives the function's values, at other numbers than the example's too."""
    module = Does(function).eval()
    model = lm.open(module, example=(x,))
    for scale in (1.0, -2.0):
        wanted = module(x * scale)
        assert equal(wanted, model(x * scale)), "model(x)"
        assert equal(wanted, model.run(x * scale).output), "model.run(x)"
    return model


# -- long chains ---------------------------------------------------------------------------------------------------------


def chain(count, *, written):
    def function(x):
        y = x.clone()
        v = y
        for i in range(count):
            v = v.view(x.shape) if i % 2 else v.view(6, 4)
        (v if written == "view" else y).add_(1)
        return y * v.sum()

    return function


@pytest.mark.slow
@pytest.mark.parametrize(("written", "times"), [("view", 1), ("whole", 2)])
def test_a_chain_of_more_views_than_python_has_frames(written, times):
    model = holds(chain(1200, written=written))
    views = sum(layer.operator == "view" for layer in model.layers)
    assert views == times * 1200, "read as it stands, not in torch's functional form"


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("written", [pytest.param("view", marks=pytest.mark.long), "whole"])
def test_five_thousand_views_cost_little_beside_their_export(written):
    module = Does(chain(5000, written=written)).eval()
    start = time.perf_counter()
    torch.export.export(module, (X,), strict=False)
    exported = time.perf_counter() - start
    model = lm.open(module, example=(X,))
    assert time.perf_counter() - start < 3 * exported + 10
    assert torch.equal(model(X), module(X))


# -- places in memory ----------------------------------------------------------------------------------------------------


def strided_after_a_write(x):
    z = x.clone()
    v = z[2:]
    v.add_(1)
    return v.as_strided((2, 3), (1, 2), 0), z


def strided_of_what_was_transposed(x):
    z = x.t() * 2
    v = z[1:]
    v.add_(1)
    return v.as_strided((2, 3), (1, 2)), z


def strided_of_every_second_row(x):
    y = x * 1
    y.copy_(x.flip(0))
    v = y[::2]
    v.add_(1)
    return v.as_strided((2, 2), (12, 1)), y


def written_through_places(x):
    z = x.clone()
    v = z.t()[1:3]
    v.mul_(2)
    w = v.as_strided((3, 2), (2, 1), 3)
    w.add_(5)
    w[0].zero_()
    return z, v, w


def read_before_and_after(x):
    z = x.clone()
    w = z.as_strided((3, 4), (2, 1))
    before = w * 1
    z.add_(1)
    return before, w


PLACES = [
    strided_after_a_write, strided_of_what_was_transposed, strided_of_every_second_row, written_through_places, read_before_and_after,
]  # fmt: skip


@pytest.mark.parametrize("function", PLACES, ids=lambda f: f.__name__)
def test_as_strided_means_places_in_the_whole_memory(function):
    holds(function)


class Overlapping(nn.Module):
    def forward(self, x):
        z = x.clone()
        z.as_strided((3, 4), (2, 1)).add_(1)
        return z


class Resized(nn.Module):
    def forward(self, x):
        z = x.clone()
        z.as_strided_((3, 4), (2, 1))
        z.add_(1)
        return z


@pytest.mark.parametrize("kind", [Overlapping, Resized])
@pytest.mark.parametrize("way", ["module", "pt2"])
def test_one_place_written_to_twice_is_refused_with_its_line(kind, way, tmp_path):
    source, example = kind().eval(), (X,)
    if way == "pt2":
        torch.export.save(torch.export.export(source, example, strict=False), tmp_path / "m.pt2")
        source, example = tmp_path / "m.pt2", None
    with pytest.raises(lm.ExportError, match="cannot be undone") as error:
        lm.open(source, example=example)
    assert "test_views.py, line" in str(error.value)
    assert "as_strided" in str(error.value)


# -- any of them, in any order -------------------------------------------------------------------------------------------

VIEWS = {
    "t": lambda v: v.t(),
    "rows": lambda v: v[1:],
    "every second": lambda v: v[::2],
    "columns": lambda v: v[:, : max(1, v.shape[1] - 1)],
    "first row": lambda v: v[:1],
    "flat": lambda v: v.reshape(1, -1),
    "places": lambda v: v.as_strided((2, 2), (3, 1), 4),
    "own places": lambda v: v.as_strided((2, 2), (2, 1)),
    "diagonal": lambda v: v.diagonal().unsqueeze(0),
    "narrow": lambda v: v.narrow(1, 0, 1),
}
WRITES = {
    "add": lambda v: v.add_(1),
    "multiply": lambda v: v.mul_(-3),
    "fill": lambda v: v[:1].zero_(),
    "copy": lambda v: v.copy_(v.flip(0) * 2),
}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([*VIEWS, *WRITES]), st.integers(0, 9)).map(lambda step: step),
        min_size=2,
        max_size=8,
    )
)
def test_any_views_and_writes_in_any_order(steps):
    def function(x):
        seen = [x * 1]
        for name, at in steps:
            v = seen[at % len(seen)]
            if name in WRITES:
                WRITES[name](v)
            else:
                seen.append(VIEWS[name](v))
        return tuple(v * 1 for v in seen)

    try:
        function(X)
    except RuntimeError:  # places outside of the memory
        return
    try:
        holds(function)
    except lm.ExportError as refused:
        assert "cannot be undone" in str(refused)  # noqa: PT017
