"""The first part of the tour: three patients, three layers, every number in sight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from laminae.cli.printing import chapter, console, paragraph, written

if TYPE_CHECKING:
    from laminae.api.model import Model

X = [[100, 2000, 100], [200, 0, 0], [0, 2000, 3000]]
"""A patient's year: broccoli eaten, Tagada strawberries eaten, hours of workout."""

EXPECTED = [[0], [1], [1]]
"""What the data says of their shape: 0 bad, 1 good."""

WEIGHTS = [[1 / 200, -3000 / 11_600_000, 1 / 5_800]]
"""Those of L2."""


def model() -> Model:
    """L1(X) = X, L2(X) = X1/200 − 3000·X2/11,600,000 + X3/5,800, L3 = ReLU."""
    import laminae as lm

    layers = (lm.Input(3, name="L1"), lm.Linear(1, weight=WEIGHTS, bias=False, name="L2"), lm.ReLU(name="L3"))
    return lm.Model.chain(*layers, name="patients")


def tell(folder: Path) -> None:
    """Run the patients through, print what each layer stored and who comes out right, draw it."""
    from laminae.cli.told import tell as tell_pass

    chapter("1", "Three patients")
    paragraph(
        "What a patient did in a year, (broccoli, Tagada strawberries, hours of workout), goes in at layer L1. "
        "Each layer computes its output from the one before and keeps it; what L3 gives is the model's answer: "
        "0 is bad shape, 1 is good."
    )
    console().print("\n  L1(X) = X\n  L2(X) = X1/200 − 3000·X2/11,600,000 + X3/5,800\n  L3(X) = max(X, 0), the ReLU\n")
    patients = model()
    trace = patients.run(X)
    comparison = trace.compare(EXPECTED)
    tell_pass(patients, trace, comparison)
    console().print()
    (output,) = comparison.outputs
    right = ", ".join(str(s.sample + 1) for s in output.samples if s.correct)
    wrong = ", ".join(str(s.sample + 1) for s in output.samples if not s.correct)
    made = ", ".join(f"{float(value):.3g}" for value in trace["L2"].reshape(-1))
    paragraph(
        f"Right: patients {right}. Wrong: patient {wrong}, whose 3000 hours of workout (+3000/5,800) are undone by 2000 "
        "strawberries (−3000·2000/11,600,000), the same number: these weights have something to learn."
    )
    console().print()
    paragraph(
        "Right means |found − expected| ≤ 0.0001 + 0.001·|expected|. On paper L2 gives exactly 0, 1, 0; "
        f"computed in float32 it gave {made}.",
        style="dim",
    )
    console().print()
    drawing = folder / "patients.svg"
    trace.draw(str(drawing), expected=EXPECTED)
    written(drawing, "the three layers with o1, o2, o3 in them")
