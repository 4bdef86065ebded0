"""The second half of the tour: real scans, weights that have learnt, one digit followed through every layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base.errors import MissingPackageError
from laminae.cli.printing import chapter, console, paragraph, written
from laminae.see.blocks import bars, shades, spark
from laminae.see.rendering import Column, Row, Table

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.api.trace import Trace

SHOWN = 3
"""The digit that is followed."""

HELD_OUT = 450


@dataclass(frozen=True)
class Learnt:
    """A classifier of scikit-learn's and the digits kept from it. x: [digits, 1, 8, 8], 0 to 1; y: what they are."""

    classifier: Any
    x: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]
    trained_on: int
    seconds: float


def tell(folder: Path) -> None:
    """Train, bring the weights into layers, measure, follow one digit, save and draw. Raises MissingPackageError."""
    chapter("2", "Handwritten digits")
    learnt = learn()
    network = model(learnt.classifier)
    paragraph(
        f"Real scans, 8 × 8 pixels, from scikit-learn. Its MLPClassifier learnt on {learnt.trained_on:,} of them in "
        f"{learnt.seconds:.1f} s; the weights it found are now in Laminae's layers."
    )
    console().print()
    console().print(network.table())
    console().print()
    _accuracy(network, learnt)
    at = int(np.flatnonzero(learnt.y == SHOWN)[0])
    trace = network.run(learnt.x[at : at + 1])
    _follow(trace, int(learnt.y[at]))
    network.save(folder / "digits.onnx")
    trace.draw(str(folder / "digits.svg"), expected=learnt.y[at : at + 1])
    console().print()
    written(folder / "digits.onnx", "the model, as every ONNX runtime takes it")
    written(folder / "digits.svg", "its layers with this digit in them")
    console().print(f"\n  Next:  laminae show {folder / 'digits.onnx'}\n", style="bold", soft_wrap=True)


def learn() -> Learnt:
    """Train on three quarters of the digits. Raises MissingPackageError where scikit-learn is not installed."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
        from sklearn.neural_network import MLPClassifier
    except ImportError:
        raise MissingPackageError("the digits come from scikit-learn", {"install": "pip install 'laminae[demo]'"}) from None
    x, y = load_digits(return_X_y=True)
    scans = (x / 16).astype(np.float32)
    train, test, wanted, kept = train_test_split(scans, y, test_size=HELD_OUT, random_state=0, stratify=y)
    start = perf_counter()
    classifier = MLPClassifier((36, 16), learning_rate_init=0.005, tol=1e-3, n_iter_no_change=8, random_state=0)
    classifier.fit(train, wanted)
    return Learnt(classifier, test.reshape(-1, 1, 8, 8), kept, len(train), perf_counter() - start)


def model(classifier: Any) -> Model:
    """scikit-learn's layers as ours: its weights are [in, out], ours [out, in]."""
    import laminae as lm

    layers: list[Any] = [lm.Input((1, 8, 8), name="scan"), lm.Flatten(name="pixels")]
    last = len(classifier.coefs_)
    for i, (weight, bias) in enumerate(zip(classifier.coefs_, classifier.intercepts_, strict=True), 1):
        name = f"hidden{i}" if i < last else "scores"
        layers.append(lm.Linear(weight.shape[1], weight=weight.T.astype(np.float32), bias=bias.astype(np.float32), name=name))
        layers.append(lm.ReLU(name=f"relu{i}") if i < last else lm.Softmax(name="digit"))
    return lm.Model.chain(*layers, name="digits")


def _accuracy(network: Model, learnt: Learnt) -> None:
    import laminae as lm

    ours = lm.evaluate(network, (learnt.x, learnt.y), "accuracy")["accuracy"]
    flat = learnt.x.reshape(len(learnt.x), -1)
    theirs = float(learnt.classifier.score(flat, learnt.y))
    same = int((network(learnt.x).argmax(1).numpy() == learnt.classifier.predict(flat)).sum())
    paragraph(
        f"On {len(learnt.y)} digits it has never seen: {ours:.1%} right, scikit-learn says {theirs:.1%} "
        f"({same} of {len(learnt.y)} answers are the same)."
    )


def _follow(trace: Trace, wanted: int) -> None:
    """The scan, what every layer made of it, and the answer."""
    scores = trace.output.reshape(-1).numpy()
    answer = int(scores.argmax())
    console().print(f"\n  One digit, a {wanted}, followed through every layer\n", style="bold")
    right = [f"{digit}  {bar} {score:.3f}" for digit, (bar, score) in enumerate(zip(bars(scores, 24), scores, strict=True))]
    left = ["", *shades(trace["scan"].numpy()[0, 0]), ""]
    for scan, line in zip(left, right, strict=True):
        console().print(f"    {scan:<16}      {line}", style="bold green" if line.startswith(f"{answer} ") else "")
    console().print()
    rows = [
        Row((str(r.index), r.name, r.op, str(list(r.values[0].shape)), spark(r.values[0].numpy().reshape(-1), 36)))
        for r in trace.records()
    ]
    columns = [Column("#", right=True), Column("layer"), Column("operator"), Column("output"), Column("what it stored")]
    console().print(Table(columns, rows))
    verdict = "✓ right" if answer == wanted else "✗ wrong"
    console().print(f"\n  It is a {wanted}; the model says {answer}, {verdict}.", style="bold")
