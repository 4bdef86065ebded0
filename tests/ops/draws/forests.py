"""Trees that decide: what one is, drawn, and gone through row by row."""

from __future__ import annotations

import math
import operator as compare
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, array

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER")
HOLDS = (compare.le, compare.lt, compare.ge, compare.gt, compare.eq, compare.ne, lambda x, members: x in members)
FUNCTIONS = ("AVERAGE", "SUM", "MIN", "MAX")


@dataclass(frozen=True)
class Leaf:
    """What it gives, (target, weight) pairs."""

    gives: list[tuple[int, float]]


@dataclass(frozen=True)
class Node:
    """A comparison, and where it leads. value: a number, or a set of them."""

    feature: int
    mode: int
    value: object
    missing: int
    true: Node | Leaf
    false: Node | Leaf


def tree_of(draw: Draw, depth: int, features: int, targets: int, modes: int, most: int) -> Node | Leaf:
    if depth == 0 or draw(st.integers(0, 3)) == 2:
        count = draw(st.integers(1, most))
        return Leaf([(draw(st.integers(0, targets - 1)), draw(st.integers(-8, 8)) / 4) for _ in range(count)])
    mode = draw(st.integers(0, modes - 1))
    value = {draw(st.integers(-3, 3)) / 2 for _ in range(draw(st.integers(0, 3)))} if mode == 6 else draw(st.integers(-4, 4)) / 2
    true, false = (tree_of(draw, depth - 1, features, targets, modes, most) for _ in range(2))
    return Node(draw(st.integers(0, features - 1)), mode, value, draw(st.integers(0, 1)), true, false)


def reached(tree: Node | Leaf, row: np.ndarray) -> Leaf:
    while isinstance(tree, Node):
        x = row[tree.feature]
        goes = tree.missing if math.isnan(x) else HOLDS[tree.mode](x, tree.value)
        tree = tree.true if goes else tree.false
    return tree


def totals(x: np.ndarray, trees: list, targets: int, function: str) -> np.ndarray:
    """[rows, targets]; 0 where no leaf gives to a target."""
    made = np.zeros((len(x), targets))
    for row, out in zip(x, made, strict=True):
        given: list[list[float]] = [[] for _ in range(targets)]
        for tree in trees:
            for target, weight in reached(tree, row).gives:
                given[target].append(weight)
        for target, weights in enumerate(given):
            if weights:
                how = {"SUM": sum, "AVERAGE": lambda w: sum(w) / len(trees), "MIN": min, "MAX": max}[function]
                out[target] = how(weights)
    return made


def rows_for(draw: Draw, features: int, dtype: str) -> np.ndarray:
    """Halves, so that a feature often equals a node's value; sometimes NaN."""
    x = array(draw, (draw(st.integers(1, 4)), features), "int64", low=-4, high=4)
    if dtype in ("int64", "int32"):
        return x.astype(dtype)
    x = (x / 2).astype(dtype)
    if draw(st.booleans()):
        x[draw(st.integers(0, len(x) - 1)), draw(st.integers(0, features - 1))] = np.nan
    return x
