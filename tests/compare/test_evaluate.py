"""`lm.evaluate` measures every sample once, however it is cut, and says what is wrong with data it cannot take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

import laminae as lm
from laminae.base.errors import DTypeError, LaminaeError, ShapeError, UsageError
from laminae.compare.evaluate import evaluate_batches

RNG = np.random.default_rng(0)
X = RNG.standard_normal((23, 4)).astype(np.float32)
IDS = RNG.integers(0, 3, 23)


@pytest.fixture(scope="module")
def classifier() -> lm.Model:
    return lm.Model.chain(lm.Input(4), lm.Linear(3), lm.Softmax(), seed=2)


@pytest.fixture(scope="module")
def both() -> lm.Model:
    a, b = lm.Input(4, name="a"), lm.Input(4, name="b")
    total = lm.Add(name="total")(a, b)
    return lm.Model([a, b], [total, lm.ReLU(name="positive")(total)])


def oracle(model: lm.Model) -> dict[str, float]:
    said = model(X).numpy().argmax(1)
    return {"accuracy": sk.accuracy_score(IDS, said), "f1": sk.f1_score(IDS, said, average="macro", zero_division=0)}


@pytest.mark.parametrize("batch", [1, 5, 23, 64, np.int64(10)])
def test_the_last_batch_may_be_smaller(classifier: lm.Model, batch: int) -> None:
    told: list[int] = []
    result = lm.evaluate(classifier, (X, IDS), ["accuracy", "f1"], batch=batch, progress=told.append)
    assert result.metrics == pytest.approx(oracle(classifier))
    assert (result.samples, result.batches) == (23, -(-23 // int(batch)))
    assert told[-1] == 23
    assert result["f1"] == result.metrics["f1"]
    assert "samples" in str(result)
    with pytest.raises(UsageError, match="accuracy, f1"):
        result["mse"]


def test_data_of_every_make(classifier: lm.Model, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=IDS)
    np.savez(tmp_path / "named.npz", images=X, labels=IDS)
    pieces = [(X[:7], IDS[:7]), (torch.from_numpy(X[7:]), IDS[7:].tolist())]
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(IDS))
    made = [
        (X, IDS),
        (torch.from_numpy(X), torch.from_numpy(IDS)),
        [X, IDS.tolist()],
        {"x": X, "y": IDS},
        tmp_path / "d.npz",
        str(tmp_path / "named.npz"),
        pieces,
        iter(pieces),
        (piece for piece in pieces),
        torch.utils.data.DataLoader(dataset, batch_size=6),
    ]
    for data in made:
        assert lm.evaluate(classifier, data, ["accuracy", "f1"], batch=8).metrics == pytest.approx(oracle(classifier))


def test_three_batches_in_a_tuple_are_batches(classifier: lm.Model) -> None:
    data = tuple((X[a:b], IDS[a:b]) for a, b in ((0, 3), (3, 20), (20, 23)))
    assert lm.evaluate(classifier, data).metrics == {"accuracy": oracle(classifier)["accuracy"]}


def test_several_inputs_and_outputs(both: lm.Model) -> None:
    other, wanted = X[::-1].copy(), np.zeros_like(X)
    for x in ((X, other), {"a": X, "b": other}, {"b": other, "a": X}):
        result = lm.evaluate(both, (x, wanted), "mse", batch=10)
        assert result["mse"] == pytest.approx(np.square((X + other).astype(np.float64)).mean())
        assert (result.samples, result.batches) == (23, 3)
        second = lm.evaluate(both, (x, wanted), "mae", batch=10, output=1)
        assert second["mae"] == pytest.approx(np.maximum(X + other, 0).astype(np.float64).mean())
    batches = [((X[:5], other[:5]), wanted[:5]), ({"a": X[5:], "b": other[5:]}, wanted[5:])]
    assert lm.evaluate(both, batches, "mse").samples == 23


@pytest.mark.parametrize(
    ("data", "named", "error", "message"),
    [
        ((X, IDS, IDS), {}, UsageError, "(?s)tuple of 3.*expected"),
        ((X,), {}, UsageError, "tuple of 1"),
        ((X, IDS[:5]), {}, ShapeError, "other numbers of samples"),
        ((X, ["cat"] * 23), {}, DTypeError, "string"),
        ((X, [[1]] * 22 + [[1, 2]]), {}, UsageError, "cannot take batches"),
        ((X, np.where(IDS == 2, 9, IDS)), {"batch": 5}, UsageError, f"sample {int(np.argmax(IDS == 2))} is 9"),
        ((X, None), {}, LaminaeError, "expectation|batches"),
        (5, {}, UsageError, "cannot take batches"),
        ([], {}, UsageError, "no batch"),
        ((X[:0], IDS[:0]), {}, UsageError, "no batch"),
        ([(X, IDS, IDS)], {}, UsageError, "pair"),
        ([(X, {"a": IDS, "b": IDS})], {}, UsageError, "2 expectations"),
        ([(X, (IDS, IDS))], {}, UsageError, "2 expectations"),
        ((X, IDS), {"metrics": 5}, UsageError, "metrics=5"),
        ((X, IDS), {"metrics": "top-5"}, UsageError, "no top-5 of 3 classes"),
        ((X, IDS), {"metrics": "top-0"}, UsageError, "top-0"),
        ((X, IDS), {"metrics": "mse"}, ShapeError, "never broadcast"),
        ((X, IDS), {"batch": 1.5}, UsageError, "batch=1.5"),
        ((X, IDS), {"batch": 0}, UsageError, "batch=0"),
        ((X, IDS), {"batch": -3}, UsageError, "batch=-3"),
        ((X, IDS), {"batch": True}, UsageError, "batch=True"),
        ((X, IDS), {"batch": "8"}, UsageError, "batch='8'"),
        ((X, IDS), {"batch": None}, UsageError, "batch=None"),
        ((X, IDS), {"output": 1}, UsageError, "no output 1"),
        ((X, IDS), {"output": "y"}, UsageError, "no output 'y'"),
        ((X[:, :3], IDS), {}, LaminaeError, "size"),
        ("nothing.npz", {}, LaminaeError, "no file"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    classifier: lm.Model, data: Any, named: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        lm.evaluate(classifier, data, **named)


def test_an_output_that_is_no_array_is_refused() -> None:
    for made in ([X, X], None, {"a": X}):
        with pytest.raises(DTypeError, match="cannot be measured"):
            evaluate_batches(lambda x, made=made: made, [(X, IDS)], "mse")
