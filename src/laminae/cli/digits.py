"""The third part of the tour: real scans, a small network that learns them here, one digit followed there and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base.errors import MissingPackageError
from laminae.cli.following import follow
from laminae.cli.printing import chapter, console, paragraph, written

if TYPE_CHECKING:
    from laminae.api.model import Model

HELD_OUT = 450
EPOCHS, BATCH, RATE = 15, 32, 4e-3

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Digits:
    """Scans [digits, 1, 8, 8], 0 to 1, and what they are; those that are learned from, and those that are not."""

    x: Array
    y: Array
    held_x: Array
    held_y: Array


def tell(folder: Path) -> None:
    """Learn, measure, follow one digit, save and draw. Raises MissingPackageError."""
    chapter("3", "Handwritten digits")
    digits = read()
    network = model()
    paragraph(
        f"Real scans, 8 × 8 pixels, from scikit-learn: {len(digits.y):,} to learn from, {len(digits.held_y)} kept aside. "
        "The network begins with weights drawn at random."
    )
    console().print()
    console().print(network.table())
    console().print()
    start = perf_counter()
    history = learn(network, digits)
    seconds = perf_counter() - start
    console().print(history.table())
    console().print()
    paragraph(
        f"Learned in {seconds:.1f} s. On the {len(digits.held_y)} digits it has never seen: {history['accuracy'][-1]:.1%} right."
    )
    at = least_sure(network, digits)
    follow(network, digits.held_x[at : at + 1], int(digits.held_y[at]))
    keep(network, folder, digits, at)


def read() -> Digits:
    """Three quarters of the digits to learn from. Raises MissingPackageError where scikit-learn is not installed."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError:
        raise MissingPackageError("the digits come from scikit-learn", {"install": "pip install 'laminae[demo]'"}) from None
    x, y = load_digits(return_X_y=True)
    scans = (x / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    train, test, wanted, kept = train_test_split(scans, y, test_size=HELD_OUT, random_state=0, stratify=y)
    return Digits(train, wanted, test, kept)


def model(seed: int = 0) -> Model:
    """Two convolutions, a pool, two dense layers; what comes out are ten scores."""
    import laminae as lm

    return lm.Model.chain(
        lm.Input((1, 8, 8), name="scan"),
        lm.Conv(24, 3, padding=1, name="conv1"),
        lm.ReLU(name="relu1"),
        lm.Conv(48, 3, padding=1, name="conv2"),
        lm.ReLU(name="relu2"),
        lm.MaxPool(2, name="pool"),
        lm.Flatten(name="flat"),
        lm.Linear(64, name="hidden"),
        lm.ReLU(name="relu3"),
        lm.Linear(10, name="scores"),
        seed=seed,
        name="digits",
    )


def learn(network: Model, digits: Digits, seed: int = 0) -> Any:
    """AdamW, its rate up and down once over all the steps (Smith, Topin 2018), the expectations smoothed. The history of it."""
    import laminae as lm

    steps = EPOCHS * -(-len(digits.y) // BATCH)
    return lm.fit(
        network,
        (digits.x, digits.y),
        loss=lm.loss.cross_entropy(smoothing=0.1),
        optimizer=lm.optimizer("adamw", lr=RATE),
        schedule=lm.schedule("onecycle", max_lr=RATE, total_steps=steps, each="step"),
        epochs=EPOCHS,
        batch=BATCH,
        validation=(digits.held_x, digits.held_y),
        metrics="accuracy",
        seed=seed,
    )


def least_sure(network: Model, digits: Digits) -> int:
    """Of the kept digits that come out right the one it was least sure of: there is most to see."""
    scores = network(digits.held_x).softmax(1).numpy()
    right = scores.argmax(1) == digits.held_y
    return int(np.where(right, scores.max(1), np.inf).argmin())


def keep(network: Model, folder: Path, digits: Digits, at: int) -> None:
    """The model as a file, with Softmax after its scores, a drawing of it with the digit in its layers, and a page."""
    import laminae as lm

    network.insert(lm.Softmax(name="digit"), after="scores")
    network.save(folder / "digits.onnx")
    trace = network.run(digits.held_x[at : at + 1])
    trace.draw(str(folder / "digits.svg"), expected=digits.held_y[at : at + 1])
    trace.report(folder / "digits.html", expected=digits.held_y[at : at + 1])
    console().print()
    written(folder / "digits.onnx", "the model, as every ONNX runtime takes it")
    written(folder / "digits.svg", "its layers with this digit in them")
    written(folder / "digits.html", "the same as a page: look into every layer")
    console().print(f"\n  Next:  laminae show {folder / 'digits.onnx'}\n", style="bold", soft_wrap=True)
