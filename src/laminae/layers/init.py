"""How weights start: named schemes, an array, or a function of your own. Drawn with NumPy: same seed, same bits.

For a weight of shape (out, in, *kernel): fan_in = in · ∏kernel, fan_out = out · ∏kernel (torch counts so for every layer,
a ConvTranspose's (in, out, *kernel) included).

| scheme | values |
|---|---|
| `kaiming_uniform` | uniform within ±1/√fan_in: what torch.nn.Linear and the convolutions do (`kaiming_uniform_` with a = √5) |
| `kaiming_normal` | normal, mean 0, std √(2/fan_in). He et al. 2015, eq. 10 |
| `xavier_uniform` | uniform within ±√(6/(fan_in + fan_out)). Glorot and Bengio 2010, eq. 16 |
| `xavier_normal` | normal, mean 0, std √(2/(fan_in + fan_out)) |
| `uniform` | uniform from 0 to 1, as torch.nn.init.uniform_ |
| `normal` | normal, mean 0, std 1, as torch.nn.init.normal_ |
| `zeros`, `ones` | 0, 1 |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_tensor
from laminae.base.errors import UsageError
from laminae.layers.arguments import refusal

Array = np.ndarray[Any, Any]
Draw = Callable[[tuple[int, ...], np.random.Generator], Any]
Init = str | Draw | Any
"""A scheme's name, a function (shape, rng) → array, or the array itself."""


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight of shape (out, in, *kernel); of a vector, its length twice. Never 0."""
    if len(shape) < 2:
        return (max(1, math.prod(shape)),) * 2
    field = math.prod(shape[2:])
    return max(1, shape[1] * field), max(1, shape[0] * field)


def within(bound: float) -> Draw:
    """Uniform within ±bound."""
    return lambda shape, rng: rng.uniform(-bound, bound, shape)


def _normal(std: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    return rng.normal(0.0, std, shape)


SCHEMES: dict[str, Draw] = {
    "kaiming_uniform": lambda shape, rng: within(1 / math.sqrt(fans(shape)[0]))(shape, rng),
    "kaiming_normal": lambda shape, rng: _normal(math.sqrt(2 / fans(shape)[0]), shape, rng),
    "xavier_uniform": lambda shape, rng: within(math.sqrt(6 / sum(fans(shape))))(shape, rng),
    "xavier_normal": lambda shape, rng: _normal(math.sqrt(2 / sum(fans(shape))), shape, rng),
    "uniform": lambda shape, rng: rng.uniform(0.0, 1.0, shape),
    "normal": lambda shape, rng: _normal(1.0, shape, rng),
    "zeros": lambda shape, rng: np.zeros(shape),
    "ones": lambda shape, rng: np.ones(shape),
}


def require_init(owner: object, init: Init) -> None:
    """Raises UsageError for a name that is no scheme."""
    if isinstance(init, str) and init not in SCHEMES:
        raise refusal(owner, "init", "one of " + ", ".join(map(repr, SCHEMES)) + ", an array or a function (shape, rng)", init)


def bias_start(init: Init, fan_in: int) -> Init:
    """How a bias starts beside a weight that starts as `init`.

    As torch.nn.Linear's, uniform within ±1/√fan_in, where the weight is `kaiming_uniform`; zeros with anything else.
    """
    return within(1 / math.sqrt(max(1, fan_in))) if isinstance(init, str) and init == "kaiming_uniform" else "zeros"


def draw(init: Init, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """The values that `init` gives: of `shape` from a scheme, of whatever shape they have from an array or a function.

    Raises UsageError where they are not numbers.
    """
    if isinstance(init, str):
        return np.asarray(SCHEMES[init](shape, rng))
    found = init(shape, rng) if callable(init) and not is_tensor(init) else init
    try:
        array = np.asarray(as_numpy(found))
    except (TypeError, ValueError) as error:
        raise UsageError("these are no numbers", {"expected": f"numbers of shape {shape}", "found": str(error)}) from None
    if array.dtype.kind not in "biufV":
        raise UsageError("these are no numbers", {"expected": f"real numbers of shape {shape}", "found": str(array.dtype)})
    return array
