"""Each mistake a user can make gives a LaminaeError that names the layer and says what was expected and found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import laminae.layers as lm
from laminae.base.errors import DTypeError, LaminaeError, ShapeError, UsageError
from laminae.layers.build import build, chain

X = lm.Input(3)
Y = lm.Input(3, name="y")

CASES: list[tuple[Callable[[], Any], type[LaminaeError], str]] = [
    # -- what a layer is told -------------------------------------------------
    (lambda: lm.Linear(0), UsageError, "Linear cannot take out=0"),
    (lambda: lm.Linear("3"), UsageError, "Linear cannot take out='3'"),  # type: ignore[arg-type]
    (lambda: lm.Linear(True, name="fc"), UsageError, "layer 'fc' \\(Linear\\) cannot take out=True"),
    (lambda: lm.Conv(8, 0), UsageError, "Conv cannot take kernel=0"),
    (lambda: lm.Conv(8, 3, padding="valid"), UsageError, "padding='valid'"),
    (lambda: lm.Conv(8, 3, padding="same", stride=2), UsageError, "stride=2"),
    (lambda: lm.Conv(8, 3, groups=3), UsageError, "out_channels=8"),
    (lambda: lm.MaxPool(2, ceil_mode=1), UsageError, "ceil_mode=1"),  # type: ignore[arg-type]
    (lambda: lm.Dropout(1.0), UsageError, "p=1.0"),
    (lambda: lm.Dropout(-0.1), UsageError, "p=-0.1"),
    (lambda: lm.GELU("fast"), UsageError, "approximate='fast'"),
    (lambda: lm.Reshape((-1, -1)), UsageError, "shape="),
    (lambda: lm.Reshape((0, 2)), UsageError, "shape="),
    (lambda: lm.LayerNorm("x"), UsageError, "axis='x'"),
    (lambda: lm.MultiHeadAttention(0), UsageError, "heads=0"),
    (lambda: lm.LSTM(8, bidirectional=2), UsageError, "bidirectional=2"),  # type: ignore[arg-type]
    (lambda: lm.LSTM(8, init=np.zeros(3)), UsageError, "init="),
    (lambda: lm.Embedding(10, 0), UsageError, "dim=0"),
    (lambda: lm.Input(0), UsageError, "shape=0"),
    (lambda: lm.Input((3, 2.5)), UsageError, "shape="),  # type: ignore[arg-type]
    (lambda: lm.Input(3, name=""), UsageError, "'' is no name"),
    (lambda: lm.ReLU(name="a//b")(X), UsageError, "'a//b' is no name"),
    (lambda: lm.Input(3, dtype="float31"), DTypeError, "float31"),
    # -- calling --------------------------------------------------------------
    (lambda: lm.ReLU()(np.zeros(3)), UsageError, "called on a ndarray"),  # type: ignore[arg-type]
    (lambda: lm.ReLU()(lm.Linear(2)), UsageError, "called on a Linear"),  # type: ignore[arg-type]
    (lambda: lm.ReLU()(lm.LSTM(2)(lm.Input((4, 3)))), UsageError, "called on a tuple"),  # type: ignore[arg-type]
    (lambda: lm.ReLU()(X, X), UsageError, "called on 2 values"),
    (lambda: lm.Add()(X), UsageError, "called on 1 values"),
    (lambda: lm.Concat()(), UsageError, "called on 0 values"),
    # -- building -------------------------------------------------------------
    (lambda: chain(), UsageError, "a chain begins with an Input"),
    (lambda: chain(lm.Linear(3)), UsageError, "a chain begins with an Input"),
    (lambda: chain(lm.Input(3), lm.ReLU), UsageError, "part 2 of the chain is no layer"),  # type: ignore[arg-type]
    (lambda: chain(lm.Input(3), lm.Input(3)), UsageError, "part 2 of the chain is no layer"),  # type: ignore[arg-type]
    (lambda: build(X, lm.Linear(3)), UsageError, "output 1 has no place in the graph"),  # type: ignore[arg-type]
    (lambda: build(X, {"y": 3}), UsageError, "output y has no place in the graph"),  # type: ignore[dict-item]
    (lambda: build(X, []), UsageError, "a model needs an output"),
    (lambda: build([X, 3], lm.ReLU()(X)), UsageError, "the inputs of a model are Inputs"),  # type: ignore[list-item]
    (lambda: build([X, X], lm.ReLU()(X)), UsageError, "an Input is given twice"),
    (lambda: build(X, lm.Add()(X, Y)), UsageError, "name='y'\\) is read but is not among the inputs"),
    (lambda: build([X, Y], lm.ReLU()(X)), UsageError, "name='y'\\) is an input that no layer reads"),
    (lambda: build(X, [h := lm.ReLU()(X), h]), UsageError, "output twice"),
    (lambda: build(X, {"fc.weight": lm.Linear(3, name="fc")(X)}), UsageError, "cannot be named 'fc.weight'"),
    (lambda: build(X, {"x2": X}), UsageError, "cannot be named 'x2'"),
    # -- sizes and dtypes -----------------------------------------------------
    (lambda: chain(lm.Input("n"), lm.Linear(3, name="fc")), ShapeError, "layer 'fc' must know a size of its input"),
    (lambda: chain(lm.Input((1, 8, 8)), lm.Conv(4, 9, name="c")), ShapeError, "layer 'c' cannot take its input"),
    (lambda: chain(lm.Input(3), lm.Conv(4, 3, name="c")), ShapeError, "layer 'c' cannot take its input"),
    (lambda: chain(lm.Input((3, 8, 8)), lm.Conv(4, 3, groups=2)), ShapeError, "'conv_1' cannot take its input"),
    (lambda: chain(lm.Input((3, 8, 8)), lm.Conv(4, (3, 3, 3))), ShapeError, "'conv_1' cannot use its kernel here"),
    (lambda: chain(lm.Input((3, 8)), lm.ConvTranspose(4, 3, output_padding=1)), ShapeError, "output_padding"),
    (lambda: chain(lm.Input((3, 8, 8)), lm.MaxPool(2, padding=2)), ShapeError, "cannot have this padding"),
    (lambda: chain(lm.Input((3, 4)), lm.MaxPool(9)), ShapeError, "'maxpool_1' cannot take its input"),
    (lambda: chain(lm.Input(6), lm.Reshape((4, 2))), ShapeError, "cannot give its input the shape \\[batch, 4, 2\\]"),
    (lambda: chain(lm.Input(6), lm.Reshape((4, -1))), ShapeError, "cannot give its input the shape"),
    (lambda: chain(lm.Input(6), lm.Softmax(2)), ShapeError, "has no such axis"),
    (lambda: chain(lm.Input(6), lm.LayerNorm(6)), ShapeError, "has no such axis"),
    (lambda: chain(lm.Input(6), lm.LayerNorm((7,))), ShapeError, "'layernorm_1' cannot take its input"),
    (lambda: chain(lm.Input((6, 4)), lm.GroupNorm(4)), ShapeError, "'groupnorm_1' cannot take its input"),
    (lambda: chain(lm.Input((5, 6)), lm.MultiHeadAttention(4)), ShapeError, "cannot take its input"),
    (lambda: chain(lm.Input(6), lm.LSTM(4)), ShapeError, "'lstm_1' cannot take its input"),
    (lambda: build([X, Y2], lm.Add()(X, Y2)), ShapeError, "layer 'add_1' cannot take its input"),
    (lambda: build([X, Y2], lm.Concat(0)(X, Y2)), ShapeError, "layer 'concat_1' cannot take its input"),
    (lambda: build([X, IDS], lm.Add()(X, IDS)), DTypeError, "'add_1' cannot take its inputs"),
    (lambda: build(IDS, lm.Linear(3)(IDS)), DTypeError, "'linear_1' cannot take its input"),
    (lambda: build(X, lm.Embedding(5, 3)(X)), DTypeError, "'embedding_1' cannot take its input"),
    (lambda: build(S, lm.MultiHeadAttention(2)(S, S)), UsageError, "query and key"),
    (lambda: build(S, list(lm.LSTM(2)(S, S))), UsageError, "h alone"),
]
S = lm.Input((5, 4), name="s")
Y2 = lm.Input(4, name="y2")
IDS = lm.Input(3, dtype="int64", name="ids")


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_mistake_is_named(number: int) -> None:
    make, kind, message = CASES[number]
    with pytest.raises(kind, match=message) as caught:
        make()
    assert type(caught.value) is kind
    assert caught.value.details


def test_a_shape_error_tells_layer_operator_inputs_with_their_origin_expected_found_and_the_way_out() -> None:
    x = lm.Input((1, 28, 28), name="image")
    with pytest.raises(ShapeError) as caught:
        build(x, lm.Conv(3, 30, name="conv")(lm.ReLU(name="act")(x)))
    assert str(caught.value) == (
        "layer 'conv' cannot take its input\n"
        "\n"
        "  layer     Conv(out_channels=3, kernel=30, name='conv')\n"
        "  operator  Conv (opset 23)\n"
        "  X         [batch, 1, 28, 28] float32  from 'act'\n"
        "  W         [3, 1, 30, 30] float32  parameter 'conv.weight'\n"
        "  B         [3] float32  parameter 'conv.bias'\n"
        "  because   the window does not fit into the input\n"
        "  input     [28, 28]\n"
        "  expected  a padded size of 30 or more\n"
        "  found     28 + 0 of padding\n"
        "  look at   input 'image' [batch, 1, 28, 28], and the layers from there to here"
    )


def test_the_size_of_a_layer_norm_given_as_torch_has_it_is_explained() -> None:
    with pytest.raises(ShapeError) as caught:
        chain(lm.Input((5, 512)), lm.LayerNorm(512))
    assert caught.value.details["the way out"] == "LayerNorm((512,)) where 512 is meant as size of the last axis"
