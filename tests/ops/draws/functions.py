"""Functions of one tensor without attributes: rounding, signs, trigonometry, exponentials."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, allowed, array, draws, sizes, versions


def one_tensor(draw: Draw, opset: int, operator: str, *, rank: tuple[int, int] = (0, 4), special: bool = True) -> Drawn:
    """Any shape and dtype; numbers a little outside where inverse functions end, and sometimes far outside.

    Below 89 all the same: there cosh leaves float32, and whether its last numbers are ∞ is a matter of rounding.
    """
    dtype = draw(st.sampled_from(allowed(operator, opset)))
    high = draw(st.sampled_from((1.2, 6.0, 88.0)))
    return Drawn([array(draw, sizes(draw, rank), dtype, low=-high, high=high, special=special)])


draws("Abs", "Ceil", "Floor", "Neg", "Round", "Sign", "Not", "BitwiseNot", "IsNaN", opsets=versions)(one_tensor)
draws("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cos", "Cosh", "Sin", "Sinh", "Tan", opsets=versions)(one_tensor)
draws("Erf", "Exp", "Log", "Reciprocal", "Sqrt", "Sigmoid", "Tanh", "Softplus", "Relu", "Mish", opsets=versions)(one_tensor)


@draws("Softsign", opsets=versions)
def softsign(draw: Draw, opset: int) -> Drawn:
    """The reference evaluator refuses rank 0."""
    return one_tensor(draw, opset, "Softsign", rank=(1, 4))


@draws("HardSwish", opsets=versions)
def hard_swish(draw: Draw, opset: int) -> Drawn:
    """Not near the end of a dtype: x · (x + 3) is beyond it before the division by 6.

    The function in the schema says alpha = 1/6 in float32, in float64 too.
    """
    drawn = one_tensor(draw, opset, "HardSwish", special=False)
    return replace(drawn, rtol=1e-6, atol=1e-6) if drawn.inputs[0].dtype == "float64" else drawn
