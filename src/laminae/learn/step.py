"""Training steps: a batch forward, its loss, the backward pass, and the weights move."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any

from laminae.base import torch
from laminae.base.arrays import ordinary_tensors
from laminae.base.errors import UsageError
from laminae.base.pages import keep_pages
from laminae.files.weights import weights_of
from laminae.learn.again import moving
from laminae.learn.average import Average
from laminae.learn.derived import place_of, require_learnable
from laminae.learn.learnable import learnable, learning, meant, want_none
from laminae.learn.loss_program import LossProgram
from laminae.learn.losses import loss_of
from laminae.learn.losses.holding import number
from laminae.learn.optimizers import optimizer_of
from laminae.learn.schedules import schedule_of
from laminae.learn.taking import Inputs
from laminae.plan.policy import NONE
from laminae.trace.session import Session

PRECISIONS = {"bf16": "bfloat16", "bfloat16": "bfloat16", "fp16": "float16", "float16": "float16"}


class Stepper:
    """Moves the weights of one model, a batch at a time: `loss = stepper(x, expected)`.

    The numbers are those of the same loop in torch, bit for bit where the same kernels run. Weights want derivatives while it is
    open, and are as they were once it is closed (it closes itself at the end of a `with`). watch: called with the loss before the
    weights move by it; what it raises keeps them where they are. output: the output of the last batch.
    """

    def __init__(
        self,
        session: Session,
        loss: Any,
        optimizer: Any = "adam",
        *,
        output: str | int | None = None,
        freeze: Sequence[str] | str = (),
        learn: Sequence[str] | str = (),
        schedule: Any = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        accumulate: int = 1,
        average: float | None = None,
        precision: str | None = None,
    ) -> None:
        """output: which of several the loss is of. freeze: weights, layers, groups, globs that stay as they are. learn: such that
        learn though they are taken for constants.

        clip_norm, clip_value: derivatives are scaled to that norm over all weights together, or cut to that size. accumulate: the
        weights move at each so many-th batch, by the mean of their derivatives. average: keep a running average of the weights
        that decays so. precision: "bf16" runs the model under torch.autocast. Raises UsageError for what cannot be.
        """
        self._bounds(clip_norm, clip_value, accumulate)
        keep_pages()  # a step frees what it took: activations, derivatives
        self.session, self.graph, self.engine = session, session.graph, session.engine
        self.loss = loss_of(loss)
        self.place = place_of(self.graph, output)
        self._loss = LossProgram(self.loss, self.graph.outputs[self.place].name)
        self._set: list[Any] = []
        weakref.finalize(self, want_none, self._set)
        self.weights = self._open(freeze, learn)
        try:
            self.optimizer = optimizer_of(optimizer, self.weights)
            self._schedule = schedule_of(schedule, self.optimizer)
            self._autocast = _autocast(precision, self.engine.home.type)
            self.average = None if average is None else Average(self.weights, average)
        except BaseException:
            self.close()
            raise
        self.clip_norm, self.clip_value, self.accumulate = clip_norm, clip_value, accumulate
        self._tensors = list(self.weights.values())
        self._home = self.engine.home
        self._inputs = Inputs(session, self._home)
        self._program: tuple[int, Any] = (-1, None)
        self._again = isinstance(self.optimizer, torch.optim.LBFGS)
        self._told = False
        self.batches = self.steps = 0
        self.watch: Callable[[Any], None] | None = None
        self.output: Any = None

    @staticmethod
    def _bounds(clip_norm: Any, clip_value: Any, accumulate: Any) -> None:
        for what, value in (("clip_norm", clip_norm), ("clip_value", clip_value)):
            if value is not None:
                number(what, value, least=0, above=True)
        if not isinstance(accumulate, int) or isinstance(accumulate, bool) or accumulate < 1:
            raise UsageError(f"accumulate={accumulate!r} is no number of batches", {"expected": "a whole number, 1 or more"})

    def _open(self, freeze: Sequence[str] | str, learn: Sequence[str] | str) -> dict[str, Any]:
        """The weights that learn, by name, each once."""
        self.session.follow()
        boxes = weights_of(self.graph)
        stopped = meant(self.graph, boxes, freeze) if freeze else frozenset()
        found: dict[str, Any] = {}
        for name, box in learnable(self.graph, learn).items():
            tensor = None if box in stopped else learning(box)
            if tensor is not None:
                if not tensor.requires_grad:
                    self._set.append(tensor.requires_grad_())
                found[name] = tensor
        if not found:
            raise UsageError(
                f"model {self.graph.name!r} has no weight that can learn",
                {
                    "parameters": len(boxes),
                    "frozen": len(stopped),
                    "look at": "freeze=, requires_grad of the module's parameters",
                },
            )
        return found

    def __call__(self, x: Any, expected: Any) -> Any:
        """One batch: the loss as a detached tensor of one element. The weights move, or at each `accumulate`-th batch do.

        x: as for `model(x)`; several inputs as a tuple or a dict. expected: what the output should be.
        """
        inputs = self._inputs(x)
        if self._again:
            return self._by_closure(inputs, expected)
        value = self._backward(inputs, expected)
        if self.watch is not None:
            self._watched(value)
        self.batches += 1
        if self.batches % self.accumulate == 0:
            self._move()
        return value

    def _backward(self, inputs: Sequence[Any], expected: Any) -> Any:
        if torch.is_inference_mode_enabled() or not torch.is_grad_enabled():
            with torch.enable_grad(), ordinary_tensors():
                return self._backward(inputs, expected)
        value = self._forward(inputs, expected)
        (value if self.accumulate == 1 else value / self.accumulate).backward()
        if not self._told:
            self._tell()
        return value.detach()

    def _forward(self, inputs: Sequence[Any], expected: Any) -> Any:
        revision, program = self._program
        if revision != self.graph.revision:
            program = self.engine.program(self.graph, NONE, self._home)
            self._program = self.graph.revision, program
        if self._autocast is None:
            return self._held(program.call(inputs), expected)
        with self.at_precision():
            return self._held(program.call(inputs), expected)

    def at_precision(self) -> AbstractContextManager[Any]:
        """Inside, torch computes as a step does."""
        return nullcontext() if self._autocast is None else self._autocast()

    def _held(self, outputs: tuple[Any, ...], expected: Any) -> Any:
        output = require_learnable(outputs[self.place], self._loss.name)
        self.output = output.detach()  # with its history the whole pass would be held until the next one
        return self._loss(output, expected, self._home)

    def _watched(self, value: Any) -> None:
        """What watches may refuse a loss: then the weights do not move by it."""
        assert self.watch is not None
        try:
            self.watch(value)
        except BaseException:
            self.optimizer.zero_grad()
            raise

    def _move(self) -> None:
        """The optimiser's step."""
        if self.clip_value is not None:
            torch.nn.utils.clip_grad_value_(self._tensors, self.clip_value)
        if self.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(self._tensors, self.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self._moved()

    def _moved(self) -> None:
        self.steps += 1
        if self.average is not None:
            self.average.update()
        if self._schedule is not None and self._schedule[1] == "step":
            self._schedule[0].step()

    def _by_closure(self, inputs: Sequence[Any], expected: Any) -> Any:
        """Optimisers that ask for the loss several times in one step; what watches sees the first of them."""
        watch = [] if self.watch is None else [self._watched]

        def closure() -> Any:
            self.optimizer.zero_grad()
            value = self._backward(inputs, expected)
            if watch:
                watch.pop()(value)
            return value

        value = self.optimizer.step(closure)
        self.batches += 1
        self._moved()
        return value.detach()

    def end_epoch(self, measure: float | None = None) -> None:
        """An epoch is over: schedules that move each epoch do. measure: the loss that `plateau` looks at."""
        if self._schedule is None or self._schedule[1] != "epoch":
            return
        schedule = self._schedule[0]
        if isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            schedule.step(float("nan") if measure is None else measure)
        else:
            schedule.step()

    @property
    def state(self) -> dict[str, Any]:
        """All that moves while the model learns, by name: the weights, and statistics counted over batches."""
        counted = set(moving(self.graph))
        return self.weights | {name: box.tensor() for name, box in weights_of(self.graph).items() if box in counted}

    def averaged(self) -> AbstractContextManager[None]:
        """Inside, the weights are their averages, where those are kept."""
        return nullcontext() if self.average is None else self.average.swapped()

    @property
    def schedule(self) -> Any:
        """torch's schedule of the rate, None where there is none."""
        return None if self._schedule is None else self._schedule[0]

    @property
    def rate(self) -> float:
        """The learning rate of the first group of weights."""
        return float(self.optimizer.param_groups[0]["lr"])

    def _tell(self) -> None:
        """Once: the weights that got no derivative."""
        self._told = True
        without = [name for name, tensor in self.weights.items() if tensor.grad is None]
        if without:
            names = ", ".join(without[:6]) + (f" and {len(without) - 6} more" if len(without) > 6 else "")
            warnings.warn(f"no derivative comes to {names}: the loss does not depend on them", stacklevel=4)

    def close(self) -> None:
        """Weights that wanted no derivatives before want none again."""
        want_none(self._set)

    def __enter__(self) -> Stepper:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.close()


def _autocast(precision: str | None, device: str) -> Callable[[], AbstractContextManager[Any]] | None:
    if precision in (None, "fp32", "float32"):
        return None
    if precision not in PRECISIONS:
        raise UsageError(f"there is no precision {precision!r}", {"there are": "'bf16', 'fp16', 'fp32'"})
    return lambda: torch.autocast(device, getattr(torch, PRECISIONS[precision]))
