"""docs/architectures.md: every architecture of the zoo opened, timed, and held against its module.

python -m tests.modules.survey > docs/architectures.md
"""

from __future__ import annotations

import sys
import time
import warnings

import torch
import transformers

import laminae as lm
from tests.modules.held import Held, equal, same
from tests.modules.test_architectures import GRADIENTS
from tests.modules.zoo import ARCHITECTURES

HEAD = """# Architectures

Made by `make architectures`; not to be edited. Hugging Face architectures (transformers {version}) with tiny sizes and random weights,
opened with `lm.open(module, kwargs=example)` in evaluation. *exact*: `model(x)` and `model.run(x)` give the module's bits, and so do
the derivatives of a loss by every parameter. *open*: seconds on one thread, nearly all of it torch.export's. What fails says why.

{passed} of {count} are exact in outputs and derivatives; {outputs} in outputs.

| architecture | module | layers | open | exact |
|---|---|---|---|---|
"""


def row(name: str) -> tuple[str, bool, bool]:
    """A line of the table; whether outputs, and outputs and derivatives, are exact."""
    module, args, kwargs = ARCHITECTURES[name]()
    kind = type(module).__name__
    try:
        start = time.perf_counter()
        held = Held(module, args, kwargs)
        seconds = time.perf_counter() - start
    except lm.LaminaeError as error:
        return f"| {name} | {kind} | – | – | no: {error.message} |", False, False
    wanted = held.of(module)
    outputs = equal(wanted, held.of(held.model)) and equal(wanted, held.of(lambda *a, **k: held.model.run(*a, **k).output))
    expected, found = held.gradients(module), held.gradients(held.trained)
    gradients = expected.keys() == found.keys() and all(same(expected[key], found[key]) for key in expected)
    told = "yes" if outputs and gradients else f"outputs; derivatives not: {GRADIENTS.get(name, 'unknown')}" if outputs else "no"
    return f"| {name} | {kind} | {len(held.model)} | {seconds:.1f} s | {told} |", outputs, outputs and gradients


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    rows = []
    for name in ARCHITECTURES:
        print(name, file=sys.stderr)
        rows.append(row(name))
    passed, outputs = sum(whole for _, _, whole in rows), sum(out for _, out, _ in rows)
    print(HEAD.format(version=transformers.__version__, passed=passed, outputs=outputs, count=len(rows)), end="")
    print("\n".join(line for line, _, _ in rows))


if __name__ == "__main__":
    main()
