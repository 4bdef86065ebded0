"""Activations: a function of each element, or (Softmax) of each line along one axis. The shape stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

from laminae.graph import Value
from laminae.layers.arguments import is_whole, refusal, require_choice, require_number
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place


@dataclass(frozen=True, eq=False, repr=False)
class ReLU(BuilderLayer[Placed]):
    """max(0, x). Of each element of x, of any shape.

    Raises DTypeError where x is not of floats.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Relu", x)


@dataclass(frozen=True, eq=False, repr=False)
class LeakyReLU(BuilderLayer[Placed]):
    """x where x ≥ 0, else negative_slope · x. Of each element of x, of any shape.

    Raises UsageError for a slope below 0, DTypeError where x is not of floats.
    """

    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        require_number(self, "negative_slope", self.negative_slope, 0)

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("LeakyRelu", x, alpha=float(self.negative_slope))


@dataclass(frozen=True, eq=False, repr=False)
class ELU(BuilderLayer[Placed]):
    """x where x > 0, else alpha · (exp(x) - 1). Of each element of x, of any shape. Clevert et al. 2015.

    Raises UsageError for an alpha below 0, DTypeError where x is not of floats.
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        require_number(self, "alpha", self.alpha, 0)

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Elu", x, alpha=float(self.alpha))


@dataclass(frozen=True, eq=False, repr=False)
class GELU(BuilderLayer[Placed]):
    """x · Φ(x), with Φ the normal distribution. Of each element of x, of any shape. Hendrycks and Gimpel 2016.

    approximate: "none", or "tanh" for x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
    Raises UsageError for another word, DTypeError where x is not of floats.
    """

    approximate: str = "none"

    def __post_init__(self) -> None:
        require_choice(self, "approximate", self.approximate, ("none", "tanh"))

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Gelu", x, approximate=self.approximate)


@dataclass(frozen=True, eq=False, repr=False)
class SiLU(BuilderLayer[Placed]):
    """x · σ(x), also called Swish: a group of Sigmoid and Mul (the operator Swish is of opset 24).

    Of each element of x, of any shape. Raises DTypeError where x is not of floats. Elfwing et al. 2017.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Mul", x, at.put("Sigmoid", x))


@dataclass(frozen=True, eq=False, repr=False)
class Sigmoid(BuilderLayer[Placed]):
    """σ(x) = 1 / (1 + exp(-x)). Of each element of x, of any shape.

    Raises DTypeError where x is not of floats.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Sigmoid", x)


@dataclass(frozen=True, eq=False, repr=False)
class Tanh(BuilderLayer[Placed]):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)). Of each element of x, of any shape.

    Raises DTypeError where x is not of floats.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Tanh", x)


@dataclass(frozen=True, eq=False, repr=False)
class Softplus(BuilderLayer[Placed]):
    """log(1 + exp(x)). Of each element of x, of any shape.

    Raises DTypeError where x is not of floats.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Softplus", x)


@dataclass(frozen=True, eq=False, repr=False)
class HardSwish(BuilderLayer[Placed]):
    """x · min(max(x + 3, 0), 6) / 6 (torch.nn.Hardswish). Of each element of x, of any shape. Howard et al. 2019.

    Raises DTypeError where x is not of floats.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("HardSwish", x)


@dataclass(frozen=True, eq=False, repr=False)
class Mish(BuilderLayer[Placed]):
    """x · tanh(log(1 + exp(x))). Of each element of x, of any shape. Misra 2019.

    Raises DTypeError where x is not of floats.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Mish", x)


@dataclass(frozen=True, eq=False, repr=False)
class Softmax(BuilderLayer[Placed]):
    """exp(x) / Σ exp(x) along `axis` of x: shares that add up to 1, of x's shape.

    Raises ShapeError where there is no such axis, DTypeError where x is not of floats.
    """

    axis: int = -1

    def __post_init__(self) -> None:
        if not is_whole(self.axis):
            raise refusal(self, "axis", "a whole number", self.axis)

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("Softmax", x, axis=at.axis(self.axis, x))
