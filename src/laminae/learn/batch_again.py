"""The forward pass of a training step once more: the same batch, weights, random numbers, phase and precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from laminae.base import torch
from laminae.base.watched import Batch
from laminae.learn.again import moving
from laminae.learn.step import Stepper
from laminae.plan.changes import Changes
from laminae.plan.policy import ALL
from laminae.trace.differentiable import differentiable
from laminae.trace.record import Record


@contextmanager
def batch_again(step: Stepper, batch: Batch, *, backward: bool = False) -> Iterator[Record]:
    """Every layer's output, as the step had it; inside the `with` torch computes at the step's precision.

    backward: with what a backward pass needs. Statistics that the pass would move (BatchNorm's) stay where they are, and so
    do the weights, their derivatives and torch's generator.
    """
    session, before = step.session, torch.get_rng_state()
    torch.set_rng_state(batch.draws)
    try:
        inputs = session.inputs(batch.x if isinstance(batch.x, tuple) else (batch.x,))
        where = session.engine.home
        changes = Changes(parameters={p: p.tensor().clone() for p in moving(session.graph)})
        with step.at_precision():
            if backward:
                inputs, changes = differentiable(
                    session.graph, session.engine.operators(), inputs, changes, where, of_inputs=False
                )
            yield Record(session.engine.record(inputs, ALL, where, backward=backward, changes=changes), session)
    finally:
        torch.set_rng_state(before)
