"""Metrics over unequal batches are those scikit-learn takes of all samples at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from laminae.base.errors import DTypeError, LaminaeError, ShapeError, UsageError
from laminae.base.host import HostArray
from laminae.compare.metrics import Metric, metrics

CUTS = (0, 7, 8, 30, 30, 61)
"""Unequal batches, one of a single sample and one of none."""


def taken(name: str, output: Any, expected: Any) -> float:
    metric = Metric(name)
    for a, b in itertools.pairwise(CUTS):
        metric.update(output[a:b], expected[a:b])
    return metric.value()


def scored(classes: int = 5, samples: int = 61) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [samples, classes], a little right, and ids; the classes are not of equal number."""
    rng = np.random.default_rng(classes)
    ids = np.minimum(rng.geometric(0.4, samples) - 1, classes - 1)
    logits = rng.standard_normal((samples, classes)) + 1.5 * np.eye(classes)[ids]
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True), ids


ORACLES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "accuracy": lambda p, y: sk.accuracy_score(y, p.argmax(1)),
    "precision": lambda p, y: sk.precision_score(y, p.argmax(1), average="macro", zero_division=0),
    "recall": lambda p, y: sk.recall_score(y, p.argmax(1), average="macro", zero_division=0),
    "f1": lambda p, y: sk.f1_score(y, p.argmax(1), average="macro", zero_division=0),
    "auroc": lambda p, y: sk.roc_auc_score(y, p, multi_class="ovr", labels=range(p.shape[1])),
    "top-1": lambda p, y: sk.top_k_accuracy_score(y, p, k=1, labels=range(p.shape[1])),
    "top-3": lambda p, y: sk.top_k_accuracy_score(y, p, k=3, labels=range(p.shape[1])),
    "top4": lambda p, y: sk.top_k_accuracy_score(y, p, k=4, labels=range(p.shape[1])),
}


@pytest.mark.parametrize("classes", [5, 9])
@pytest.mark.parametrize("name", ORACLES)
def test_metrics_of_classes(name: str, classes: int) -> None:
    p, ids = scored(classes)
    if name == "auroc":  # scikit-learn takes it only where every class has a sample
        ids = np.where(np.arange(61) < classes, np.arange(61) % classes, ids)
    wanted = ORACLES[name](p, ids)
    assert taken(name, p, ids) == pytest.approx(wanted, abs=1e-7)
    assert taken(name, torch.from_numpy(p), torch.from_numpy(ids).int()) == pytest.approx(wanted, abs=1e-7)
    assert taken(name, p, np.eye(p.shape[1])[ids]) == pytest.approx(wanted, abs=1e-7)
    assert taken(name, p, ids.astype(np.float32)[:, None]) == pytest.approx(wanted, abs=1e-7)


def test_macro_is_not_accuracy() -> None:
    p, ids = scored()
    values = {round(taken(name, p, ids), 6) for name in ("accuracy", "precision", "recall", "f1")}
    assert len(values) == 4


@pytest.mark.parametrize("column", [False, True])
def test_metrics_of_one_probability(column: bool) -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 61)
    score = np.clip(rng.normal(0.35 + 0.3 * y, 0.3), 0, 1).astype(np.float32)
    given = score[:, None] if column else score
    said = score > 0.5
    assert taken("accuracy", given, y) == pytest.approx(sk.accuracy_score(y, said))
    assert taken("f1", given, y.astype(bool)) == pytest.approx(sk.f1_score(y, said, average="macro"))
    assert taken("auroc", given, y) == pytest.approx(sk.roc_auc_score(y, score))
    assert taken("auroc", np.log(score + 1e-3) * 5, y) == pytest.approx(sk.roc_auc_score(y, score))


def test_auroc_of_logits_is_of_their_softmax_in_every_batch_alike() -> None:
    rng = np.random.default_rng(3)
    _, ids = scored()
    logits = rng.uniform(0, 1, (61, 5)) + 0.3 * np.eye(5)[ids]
    logits[:7] = np.clip(logits[:7], 0, 0.9)  # this batch alone would pass for probabilities
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert taken("auroc", logits, ids) == pytest.approx(sk.roc_auc_score(ids, p, multi_class="ovr"))


def test_auroc_counts_ties_half_and_leaves_out_what_has_no_sample() -> None:
    score, y = np.array([0.2, 0.2, 0.2, 0.9, 0.5]), np.array([0, 1, 0, 1, 1])
    metric = Metric("auroc")
    metric.update(score, y)
    assert metric.value() == pytest.approx(sk.roc_auc_score(y, score))
    alone = Metric("auroc")
    alone.update(score, np.ones(5, int))
    assert np.isnan(alone.value())


def test_scores_at_every_place_of_a_picture() -> None:
    rng = np.random.default_rng(4)
    scores, ids = rng.standard_normal((61, 4, 3, 2)), rng.integers(0, 4, (61, 3, 2))
    flat = np.moveaxis(scores, 1, -1).reshape(-1, 4).argmax(1)
    assert taken("accuracy", scores, ids) == pytest.approx(sk.accuracy_score(ids.reshape(-1), flat))
    assert taken("f1", scores, ids) == pytest.approx(sk.f1_score(ids.reshape(-1), flat, average="macro"))


NUMBERS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "mse": lambda a, b: sk.mean_squared_error(b, a),
    "mae": lambda a, b: sk.mean_absolute_error(b, a),
    "mape": lambda a, b: sk.mean_absolute_percentage_error(b, a),
    "r2": lambda a, b: sk.r2_score(b, a),
}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int64", "uint8", "bool"])
@pytest.mark.parametrize("name", NUMBERS)
def test_metrics_of_numbers(name: str, dtype: str) -> None:
    rng = np.random.default_rng(5)
    output = (rng.standard_normal((61, 2)) * 20 + 30).astype(np.dtype(getattr(ml_dtypes, dtype, None) or dtype))
    expected = rng.standard_normal((61, 2)) * 20 + 30
    wide = output.astype(np.float64).reshape(-1)
    assert taken(name, output, expected) == pytest.approx(NUMBERS[name](wide, expected.reshape(-1)), rel=1e-12)


def test_errors_are_taken_in_float64_whatever_the_dtype_of_the_output() -> None:
    def of(name: str, output: Any, expected: Any) -> float:
        metric = Metric(name)
        metric.update(output, expected)
        return metric.value()

    assert of("mse", torch.tensor([1, 2]), torch.tensor([1.9, 2.9])) == pytest.approx(0.81)
    assert of("mse", torch.tensor([200.0], dtype=torch.float16), [0.0]) == 40000
    assert of("mse", torch.tensor([True, False]), [1.0, 1.0]) == 0.5
    assert of("mae", torch.tensor([255], dtype=torch.uint8), torch.tensor([256])) == 1
    assert of("mse", torch.tensor([1.5], dtype=torch.bfloat16), [1.0]) == 0.25
    assert of("mse", torch.tensor(2.0), 1.0) == 1.0


def test_nan_in_numbers_gives_nan() -> None:
    metric = Metric("mse")
    metric.update(np.array([1.0, np.nan]), np.ones(2))
    assert np.isnan(metric.value())
    assert np.isnan(Metric("mae").value())


SCORES = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])


@pytest.mark.parametrize(
    ("output", "expected", "error", "message"),
    [
        (SCORES, [0, 3], UsageError, r"(?s)sample 5 is 3\b.*0 to 2"),
        (SCORES, [-1, 7], UsageError, r"sample 4 is -1\b"),
        (SCORES, [0.9, 1.0], UsageError, r"sample 4 is 0\.9"),
        (SCORES, [0.0, np.nan], UsageError, "sample 5 is nan"),
        (SCORES, [0.0, np.inf], UsageError, "sample 5 is inf"),
        (SCORES, ["cat", "dog"], DTypeError, "string"),
        (SCORES, [0, None], DTypeError, "real numbers"),
        (SCORES, None, DTypeError, "real numbers"),
        (SCORES, [[0], [1, 2]], ShapeError, "one array"),
        (SCORES, [0, 1, 2], ShapeError, "ids"),
        (SCORES, 0, ShapeError, "ids"),
        (SCORES, np.zeros((2, 3)), UsageError, r"sample 4 is \[0.0, 0.0, 0.0\]"),
        (SCORES, [[0, 1, 1], [1, 0, 0]], UsageError, r"one highest class"),
        (SCORES[:, :2], [0, 1], ShapeError, "(?s)numbers of classes.*3.*2"),
        (np.ones((2, 0)), [0, 1], ShapeError, "scores"),
        (np.ones(()), 1, ShapeError, "scores"),
        (np.full((2, 3), np.nan), [0, 1], UsageError, "(?s)output of sample 4.*NaN"),
        (np.array([0.2, 3.0]), [0, 1], UsageError, r"(?s)sample 5 is 3\.0.*Sigmoid"),
        (HostArray(np.array(["a", "b"], object)), [0, 1], DTypeError, "string"),
        (SCORES * 1j, [0, 1], DTypeError, "complex128"),
    ],
)
def test_what_a_metric_of_classes_cannot_take_is_refused(
    output: Any, expected: Any, error: type[Exception], message: str
) -> None:
    metric = Metric("accuracy")
    metric.update(np.tile(SCORES, (2, 1)), [2, 0, 2, 1])
    with pytest.raises(error, match=message):
        metric.update(output, expected)
    assert metric.value() == 0.75


@pytest.mark.parametrize(("output", "expected"), [(np.ones(2), np.ones(3)), (np.ones((2, 1)), np.ones(2)), (np.ones(2), 1.0)])
def test_numbers_of_other_shapes_are_refused(output: Any, expected: Any) -> None:
    with pytest.raises(ShapeError, match="never broadcast"):
        Metric("mse").update(output, expected)


def test_top_k_of_fewer_classes_is_refused() -> None:
    with pytest.raises(UsageError, match=r"(?s)no top-5 of 3 classes.*top-3"):
        Metric("top-5").update(SCORES, [0, 1])
    with pytest.raises(UsageError, match="there is no metric 'top-0'"):
        Metric("top-0")


@pytest.mark.parametrize("names", [5, None, [], [5], "acuracy", ["mse", ""], {"mse": 1}, "top-", "top--1", "top-1.5"])
def test_what_names_no_metric_is_refused(names: Any) -> None:
    with pytest.raises(LaminaeError, match="metric"):
        metrics(names)


def test_a_metric_named_twice_is_taken_once() -> None:
    assert [m.name for m in metrics(("mse", "mae", "mse"))] == ["mse", "mae"]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "uint64", "float16", "bfloat16"])
def test_ids_and_scores_of_every_dtype(dtype: str) -> None:
    kind = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    metric = Metric("accuracy")
    metric.update(np.array([[0, 1], [1, 0], [0, 1]]).astype(kind), np.array([1, 1, 1]).astype(kind))
    metric.update(np.array([[0, 1], [1, 0], [0, 1]]).astype(kind), np.array([[0, 1], [1, 0], [0, 1]]).astype(kind))
    assert metric.value() == pytest.approx(5 / 6)
