"""The second part of the tour: the patients' weights move, first patient by patient, then by all three at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.cli.patients import EXPECTED, WEIGHTS, X
from laminae.cli.printing import chapter, console, paragraph
from laminae.see.rendering import Column, Row, Table
from laminae.see.small import sample_name
from laminae.see.text import number, together

if TYPE_CHECKING:
    from laminae.api.model import Model

RATE = 1e-7

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Moved:
    """A step of some patients (rows of X): what came back through the layers, and the weights after it.

    output, loss: [patients, 1] and a number, before the step. deltas: of L2 [patients, 1] and L1 [patients, 3]. derivative: of
    L2.weight [1, 3], as weights.
    """

    output: Array
    loss: float
    deltas: dict[str, Array]
    derivative: Array
    weights: Array


def model(*, relu: bool = False, dtype: str = "float32") -> Model:
    """L1 and L2 of the patients, to learn; `relu`: with L3."""
    import laminae as lm

    layers = [lm.Input(3, name="L1", dtype=dtype), lm.Linear(1, weight=WEIGHTS, bias=False, name="L2")]
    return lm.Model.chain(*layers, *([lm.ReLU(name="L3")] if relu else []), name="patients")


def epoch(patients: Model, batch: int) -> Iterator[Moved]:
    """One epoch of gradient descent in the order of X, so many patients at a time: ½(y − t)², averaged over a batch."""
    import laminae as lm

    loss, x, expected = lm.loss.mse("half"), np.array(X, np.float32), np.array(EXPECTED, np.float32)
    with lm.stepper(patients, loss, lm.optimizer("sgd", lr=RATE)) as step:
        for at in range(0, len(x), batch):
            some, wanted = x[at : at + batch], expected[at : at + batch]
            trace = patients.run(some, backward="inputs")
            back = trace.backward(loss, wanted)
            deltas = {name: back[name].numpy().copy() for name in ("L2", "L1")}
            derivative = back.weights["L2.weight"].numpy().copy()
            step(some, wanted)
            yield Moved(trace.output.detach().numpy().copy(), back.loss, deltas, derivative, weights_of(patients))


def weights_of(patients: Model) -> Array:
    """[1, 3]: of broccoli, strawberries and workout."""
    found: Array = patients["L2"].parameters["L2.weight"].numpy().copy()
    return found


def tell() -> None:
    """An epoch patient by patient, one of a single batch, and what they made of the weights."""
    chapter("2", "The three patients teach the model")
    paragraph(
        "The loss holds an output y against its expectation t: ½(y − t)². Its derivative by a layer's output is that layer's "
        "delta. It comes back through the layers in reverse, and each weight moves against its own derivative, "
        f"{RATE:g} times as far. {_kink()}"
    )
    single, whole = model(), model()
    steps, (batch,) = list(epoch(single, 1)), list(epoch(whole, len(X)))
    console().print("\n  One patient after another: each is met by the weights that the one before left\n", style="bold")
    console().print(_steps(steps))
    console().print("\n  All three as one batch: the loss is their mean, so each delta is a third\n", style="bold")
    console().print(_steps(_apart(batch), whole=batch))
    console().print("\n  What one epoch has made of it\n", style="bold")
    console().print(_before_and_after(single, whole))
    console().print()
    paragraph(
        "Only patient 3 was wrong, so only patient 3 moves anything; but weights are shared, and patient 1, who ate as many "
        "strawberries, moves with them. One by one the step is three times as far, past the mark."
    )


def _kink() -> str:
    """Why L3 is left out, in the numbers of this machine."""
    found = {}
    for dtype in ("float32", "float64"):
        x, wanted = np.array(X[2:], dtype), np.array(EXPECTED[2:], dtype)
        trace = model(relu=True, dtype=dtype).run(x, backward=True)
        moved = trace.backward("mse", wanted).weights["L2.weight"].abs().max().item()
        found[dtype] = f"{float(trace['L2'].detach()):.2g} in {dtype} ({'learns' if moved else 'learns nothing'})"
    return (
        "L3 is left out here: patient 3 stands on the very kink of its ReLU, where rounding decides whether a delta comes "
        f"through: L2 gives {found['float32']} and {found['float64']}."
    )


def _steps(steps: Sequence[Moved], whole: Moved | None = None) -> Table:
    """Patients across; down what came of each on the way back. whole: of a batch, whose derivative and weights are one."""
    rows = [_row("output of L2", "y", [s.output[0, 0] for s in steps])]
    rows += [_row("expected", "t", [float(t) for (t,) in EXPECTED])]
    rows += [_row("loss", "½(y − t)²", [s.loss for s in steps]), _row("delta of L2", "", [s.deltas["L2"][0, 0] for s in steps])]
    rows += _three("delta of L1", [s.deltas["L1"][0] for s in steps])
    rows += _three(
        "derivative of\nL2.weight" if whole is None else "its part in the\nderivative", [s.derivative[0] for s in steps]
    )
    if whole is None:
        rows += _three("L2.weight\nafter it", [s.weights[0] for s in steps])
    columns = [Column(""), Column(""), *(Column(sample_name(np.array(x)), right=True) for x in X)]
    return Table(columns, rows)


def _apart(batch: Moved) -> list[Moved]:
    """A batch's step as its patients' parts in it; the derivative is their sum."""
    x = np.array(X, np.float32)
    half = 0.5 * np.square(batch.output - np.array(EXPECTED, np.float32))[:, 0]
    parts = [{name: delta[i : i + 1] for name, delta in batch.deltas.items()} for i in range(len(x))]
    return [
        Moved(batch.output[i : i + 1], float(half[i]), parts[i], parts[i]["L2"] * x[i : i + 1], batch.weights)
        for i in range(len(x))
    ]


def _before_and_after(single: Model, whole: Model) -> Table:
    models = (model(), single, whole)
    outputs = [m(np.array(X, np.float32)).numpy() for m in models]
    losses = [float(0.5 * np.square(y - np.array(EXPECTED)).mean()) for y in outputs]
    rows = _three("L2.weight", [weights_of(m)[0] for m in models])
    expected = [f"patient {i}, expected {t}" for i, (t,) in enumerate(EXPECTED, 1)]
    rows += [_row("" if i else "output of L2", name, [y[i, 0] for y in outputs]) for i, name in enumerate(expected)]
    rows.append(Row(("mean loss", "", *(number(loss, 3) for loss in losses)), "bold"))
    columns = [Column(""), Column(""), *(Column(name, right=True) for name in ("before", "one by one", "as one batch"))]
    return Table(columns, rows)


def _three(what: str, vectors: Sequence[Array]) -> list[Row]:
    """Numbers of broccoli, strawberries and workout, a row each, rounded as the largest of them all. what: two lines at most."""
    labels = (*what.split("\n"), "", "")
    texts = together(np.array(vectors, np.float64).T, 4)
    names, across = ("broccoli", "strawberries", "workout"), len(vectors)
    return [Row((labels[i], name, *texts[i * across : (i + 1) * across])) for i, name in enumerate(names)]


def _row(what: str, name: str, numbers: Sequence[Any]) -> Row:
    return Row((what, name, *together(np.array(numbers, np.float64), 3)))
