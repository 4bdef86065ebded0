"""Why an operator makes something that is not finite, told by the numbers that entered."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from laminae.base import torch
from laminae.base.dtypes import torch_dtype
from laminae.compare.hunt.entered import Entered
from laminae.compare.hunt.turns import Turn

Reason = tuple[str, str]
"""Why, and what to do."""


def because(turn: Turn, numbers: Sequence[Entered], made: float) -> Reason:
    """In words. made: the element, NaN or ±Inf."""
    single = [n.numbers[0] for n in numbers if n.how == "element"]
    rule = RULES.get(turn.operator)
    found = rule(single, numbers) if rule is not None and (single or turn.operator in WITHOUT) else None
    if found is not None:
        return found
    if turn.kind == "normalization" and (found := _squares(turn, numbers)) is not None:
        return found
    if math.isinf(made):
        return _overflow(turn, numbers)
    if any(not math.isfinite(x) for n in numbers for x in n.numbers):
        return "what it reads is infinite, and Inf − Inf, 0 · Inf and Inf / Inf are NaN", "look at the layer that made the Inf"
    return "its operator has no result for what entered", "look at the numbers that entered"


def _squares(turn: Turn, numbers: Sequence[Entered]) -> Reason | None:
    """A normalization squares what it reads."""
    first = numbers[0] if numbers else None
    if first is None or math.isnan(first.low):
        return None
    largest, limit = max(abs(first.low), abs(first.high)), _limit(turn)
    if limit is not None and largest * largest >= limit:
        return f"the square of {largest:.4g} is beyond {limit:.4g}", "look at what made numbers so large: the way there"
    if first.low == first.high and first.count > 1:
        return "its numbers are all alike: their variance is 0", "give it an epsilon"
    return None


def _limit(turn: Turn) -> float | None:
    """The largest number of the dtype that it is computed in: float32 for the smaller ones."""
    dtype = turn.output.dtype if turn.output is not None else ""
    return float(torch.finfo(torch_dtype(dtype if dtype == "float64" else "float32")).max) if "float" in dtype else None


def _overflow(turn: Turn, numbers: Sequence[Entered]) -> Reason:
    dtype = turn.output.dtype if turn.output is not None else ""
    try:
        limit = f"{torch.finfo(torch_dtype(dtype)).max:.4g}"
    except Exception:  # a dtype without limits of its own
        limit = "its largest number"
    way = "run it in float32 or bfloat16, or scale what goes in" if dtype == "float16" else "scale or clip what goes in"
    if turn.kind == "cast":
        return f"{dtype} holds numbers up to {limit}", way
    return f"the result is beyond {limit}, the largest {dtype}", way


def _log(x: Sequence[float], every: Sequence[Entered]) -> Reason | None:
    if x[0] > 0:
        return None
    what = "0 is -Inf" if x[0] == 0 else "a negative number is NaN"
    return f"the logarithm of {what}", "add a small number before it, or clip it from below"


def _root(x: Sequence[float], every: Sequence[Entered]) -> Reason | None:
    return ("the root of a negative number is NaN", "clip it at 0 before the root") if x[0] < 0 else None


def _inverse(x: Sequence[float], every: Sequence[Entered]) -> Reason | None:
    if x[0] < 0:
        return _root(x, every)
    return ("one divided by 0 is Inf", "add a small number to it") if x[0] == 0 else None


def _quotient(x: Sequence[float], every: Sequence[Entered]) -> Reason | None:
    if len(x) < 2 or x[1] != 0:
        return None
    return ("0 / 0 is NaN" if x[0] == 0 else "division by 0"), "add a small number to what divides, or clip it away from 0"


def _exponential(x: Sequence[float], every: Sequence[Entered]) -> Reason | None:
    if not math.isfinite(x[0]) or x[0] < 11:
        return None
    return f"e to the power of {x[0]:.4g} is beyond the dtype's numbers", "subtract the largest number first, or clip it"


def _power(x: Sequence[float], every: Sequence[Entered]) -> Reason | None:
    if len(x) < 2 or x[0] > 0:
        return None
    if x[0] < 0 and x[1] != int(x[1]):
        return "a negative number to a power that is not whole is NaN", "take the magnitude first, or clip it at 0"
    return ("0 to a negative power is Inf", "add a small number first") if x[0] == 0 and x[1] < 0 else None


def _arc(x: Sequence[float], every: Sequence[Entered]) -> Reason | None:
    return ("it is defined from -1 to 1", "clip what goes in to that range") if abs(x[0]) > 1 else None


def _softmax(x: Sequence[float], every: Sequence[Entered]) -> Reason | None:
    row = next((n for n in every if n.how == "row"), None)
    if row is None:
        return None
    if math.isnan(row.low):
        return "every number of its row is -Inf: nothing is left to attend to", "a mask that leaves one place in each row"
    return ("its row holds +Inf", "look at the layer that made it") if math.inf in row.numbers else None


WITHOUT = frozenset({"softmax", "_softmax", "log_softmax", "logsoftmax"})
RULES: dict[str, Callable[[Sequence[float], Sequence[Entered]], Reason | None]] = {
    **dict.fromkeys(("log", "log2", "log10"), _log),
    "log1p": lambda x, every: _log([1 + x[0]], every),
    "sqrt": _root,
    **dict.fromkeys(("rsqrt", "reciprocal"), _inverse),
    **dict.fromkeys(("div", "true_divide", "mod", "remainder", "fmod"), _quotient),
    **dict.fromkeys(("exp", "expm1", "exp2", "sinh", "cosh"), _exponential),
    "pow": _power,
    **dict.fromkeys(("asin", "acos", "atanh"), _arc),
    **dict.fromkeys(WITHOUT, _softmax),
}
