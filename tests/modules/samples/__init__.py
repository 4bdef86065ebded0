"""Small hand-written modules, each with one trait that makes reading a module hard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.modules.samples import (
    arguments,
    chance,
    control_flow,
    dtypes,
    gradients,
    plain,
    sequences,
    sharing,
    sizes,
    wrapped,
    writing,
)
from tests.modules.samples.making import Example, build

FILES = (plain, arguments, sharing, writing, control_flow, sequences, sizes, dtypes, gradients, wrapped, chance)

SAMPLES: dict[str, Callable[[], Example]] = {name: partial(build, *row) for file in FILES for name, row in file.ROWS.items()}

# name → why torch.export cannot read it
EXPECTED_FAILURES: dict[str, str] = {
    "branch": "Python `if` on a value of the data",
    "item-loop": "Python `range` on a value of the data",
    "packed-recurrent": "pack_padded_sequence reads the lengths from the data",
    "inner-gradient": "torch.func.grad has no operator in an exported graph",
}

# name → why what torch.export reads equals the module to the last digits only
APPROXIMATE: dict[str, str] = {
    "encoder": "the module takes torch's fused fast path when no gradient is needed; its export has the single steps",
}
