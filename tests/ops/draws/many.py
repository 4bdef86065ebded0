"""A number of draws of one operator, and how many of them said what."""

from __future__ import annotations

import collections
import traceback

import hypothesis

from tests.ops.draws.compared import DifferenceError, compare
from tests.ops.draws.drawing import Strategy
from tests.ops.draws.families import strategies


def examine(strategy: Strategy, count: int, *, derandomize: bool = False) -> collections.Counter[str]:
    """Draw `count` nodes. Raises DifferenceError for the first that differs, shrunk."""
    outcomes: collections.Counter[str] = collections.Counter()

    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=derandomize,
        suppress_health_check=list(hypothesis.HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @hypothesis.given(strategy.drawn())
    def one(pair):
        opset, drawn = pair
        outcomes[compare(strategy, opset, drawn)] += 1

    one()
    return outcomes


def in_worker(name: str, count: int) -> tuple[str, collections.Counter[str], str]:
    """One operator in a process of its own: its outcomes, and the difference or crash found, "" for none."""
    import torch

    torch.set_num_threads(1)
    try:
        return name, examine(strategies()[name], count), ""
    except DifferenceError as error:
        return name, collections.Counter(), str(error)
    except Exception as error:  # a crash of ours is a finding, and must not end the run
        return name, collections.Counter(), f"{name}: {error}\n{traceback.format_exc(limit=-4)}"
