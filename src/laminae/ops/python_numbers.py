"""Arithmetic on sizes, which are Python numbers: by the names torch.export gives it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

OPERATORS = "add sub mul floordiv mod neg pos truediv pow lt le gt ge eq ne and_ or_ not_"

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in OPERATORS.split()},
    **{name: getattr(math, name) for name in ("floor", "ceil", "trunc", "sqrt")},
    "sym_max": max,
    "sym_min": min,
    "sym_not": operator.not_,
    "sym_int": int,
    "sym_float": float,
    "sym_sqrt": math.sqrt,
    "sym_sum": lambda numbers: sum(numbers),
    "sym_ite": lambda condition, one, other: one if condition else other,
    "round": round,
}  # fmt: skip
