"""Learning as users hold it: a backward pass, a gradient check, training steps."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from laminae.base.errors import UnknownNameError, UsageError
from laminae.base.learned import CheckRecord, DeltaRecord
from laminae.graph.select import is_glob, matches, unknown
from laminae.learn import check
from laminae.learn.backward import Delta
from laminae.learn.delta_records import delta_records
from laminae.learn.one_step import Step
from laminae.learn.optimizers import Optimizer
from laminae.learn.per_sample import PerSample, per_sample
from laminae.learn.schedules import Schedule
from laminae.learn.step import Stepper
from laminae.see.backward import backward_table
from laminae.see.drawing.write import draw
from laminae.see.gradients import gradients_table
from laminae.see.rendering import Table
from laminae.see.text import number
from laminae.trace.record import Record

if TYPE_CHECKING:
    from laminae.api.model import Model


class Backward:
    """One backward pass: `back["L2"]` is the delta of a layer's output, `back.weights["L2.weight"]` a derivative, `back.loss`
    the loss.

    A delta is the derivative of the loss by the output: of that shape, zeros where none came. A group's is its last layer's, a
    glob gives a dict. samples: of a pass that was asked for the derivatives of each sample, their losses, norms, and the mean
    of clipped ones; the table has their means then. frozen: the weights that were to get none. without: those that the pass did
    not reach. said: how it went.
    """

    def __init__(self, step: Step, title: str, samples: PerSample | None = None) -> None:
        self._step, self.title, self.samples = step, title, samples
        self.loss: float = float(step.value)
        self.weights: Mapping[str, Any] = step.derivatives.weights if samples is None else samples.weights
        self._derivatives = step.derivatives if samples is None else replace(step.derivatives, weights=samples.means)
        self.frozen, self.without, self.said = step.frozen, step.derivatives.without, step.said
        self._by_name: dict[str, Delta] = {}
        for delta in reversed(step.derivatives.deltas):
            self._by_name.setdefault(delta.turn.name, delta)
        for delta in reversed(step.derivatives.deltas):
            self._by_name.setdefault(delta.turn.entry.path, delta)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers by name, in the order that the pass went through them: the loss first, the input layers last."""
        return tuple(delta.turn.name for delta in self._step.derivatives.deltas)

    def __getitem__(self, name: str) -> Any:
        """The delta of a layer's output, by name or path: a tensor of its shape, of several outputs a tuple; of a glob a dict.

        Raises UnknownNameError where there is no such layer, none came, or it was not stored.
        """
        if not isinstance(name, str):
            raise UnknownNameError(f"back[{name!r}] is nothing", {"there are": "layers, by name, path or glob"})
        if name in self._by_name:
            return _of(self._by_name[name])
        inside = [d for d in self._step.derivatives.deltas if d.turn.entry.path.startswith(name.strip("/") + "/")]
        if inside:
            return _of(inside[0])
        if is_glob(name) or name.startswith("op:"):
            entries = {d: d.turn.entry for d in self._step.derivatives.deltas if d.kept and d.reached}
            found = {e.name: _of(d) for d, e in entries.items() if matches(name, name=e.name, path=e.path, operator=e.op)}
            if found:
                return found
        raise unknown("layer", name, self._by_name)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._by_name)

    def records(self) -> tuple[DeltaRecord, ...]:
        """A plain record for each layer, in reverse forward order."""
        return delta_records(self._derivatives, frozenset(self.frozen))

    def table(self) -> Table:
        """From the loss to the input layers: each layer's delta, and its weights' derivatives."""
        title = f"{self.title} · backward pass of {self._step.loss!r} = {number(self.loss, 6)}"
        return backward_table(self.records(), title, notes=self._notes())

    def draw(self, path: str | os.PathLike[str], **options: Any) -> None:
        """The layers with what each stored, and the backward arrows: in each box the norm of its delta. See `model.draw`.

        The loss's own layers stand at the end. Raises what `model.draw` raises.
        """
        turns = [delta.turn for delta in self._step.derivatives.deltas]
        records = sorted((replace(turn.entry.record(), values=turn.values) for turn in turns), key=lambda record: record.index)
        draw(records, path, title=self.title, deltas=self.records(), **options)

    def _notes(self) -> Sequence[str]:
        said = [self.said, self.samples.said if self.samples is not None else ""]
        notes = [text[0].upper() + text[1:] + "." for text in said if text]
        if self.frozen:
            notes.append("Frozen: " + _listed(self.frozen) + ".")
        if self.without:
            notes.append("No derivative came to " + _listed(self.without) + ".")
        return notes

    def __repr__(self) -> str:
        return f"Backward({self.title}: loss {number(self.loss, 6)}, {len(self)} layers, {len(self.weights)} weights)"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def samples_of(step: Step, record: Record, expected: Any, until: Any, patch: Any, more: dict[str, Any]) -> PerSample:
    """The derivatives of each sample of a trace. Raises UsageError with what they cannot be had together with."""
    if until is not None or patch is not None or record.patches:
        raise UsageError("derivatives of each sample are of a whole pass, unpatched", {"the way out": "leave out until=, patch="})
    return per_sample(step.passed, step.derivatives.deltas, expected, step.loss, **more)


def _of(delta: Delta) -> Any:
    """One tensor, or a tuple where the layer has several outputs."""
    name = delta.turn.name
    if not delta.kept:
        raise UnknownNameError(
            f"the delta of layer {name!r} was not stored", {"the way out": f"backward(…, store=[…, {name!r}])"}
        )
    if not delta.reached:
        raise UnknownNameError(
            f"no delta came to layer {name!r}",
            {
                "because": "the inputs wanted no derivatives"
                if delta.turn.entry.is_input
                else "the loss does not depend on it, or no derivative goes through what does",
                **({"the way out": "model.run(x, backward='inputs')"} if delta.turn.entry.is_input else {}),
            },
        )
    return delta.values[0] if len(delta.values) == 1 else delta.values


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


class GradientCheck:
    """Derivatives held against differences. True where all are right; prints as a table.

    records: for each layer's delta and each weight, in reverse forward order. blame: the layer with a wrong derivative, "" for
    none.
    """

    def __init__(self, found: check.GradientCheck, title: str) -> None:
        self.records, self.blame, self.loss, self.title = found.records, found.blame, found.loss, title

    @property
    def correct(self) -> bool:
        """Whether every derivative is its difference."""
        return all(record.correct for record in self.records)

    @property
    def worst(self) -> CheckRecord | None:
        """The one with the largest relative error; None where nothing could be checked."""
        return max(self.records, key=lambda record: record.error, default=None)

    def table(self) -> Table:
        """A row for each layer's delta and each weight."""
        return gradients_table(self.records, self.blame, f"{self.title} · derivatives against differences")

    def __bool__(self) -> bool:
        return self.correct

    def __repr__(self) -> str:
        worst = "" if self.worst is None else f", worst {self.worst.error:.2g} at {self.worst.weight or self.worst.layer!r}"
        right = sum(record.correct for record in self.records)
        return f"GradientCheck({right} of {len(self.records)} right{worst})"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def check_gradients(
    model: Model, x: Any, expected: Any, *, loss: Any = "mse", output: str | int | None = None, samples: int = 8, seed: int = 0
) -> GradientCheck:
    """Hold the derivatives of a loss against differences, in float64, for each layer's output and each weight.

    x: as for `model(x)`; several inputs as a tuple or a dict. samples: how many elements of each are moved, drawn by `seed`. The
    relative error is ‖a − n‖ ⁄ (‖a‖ + ‖n‖) over them; up to 1e-5 counts as right. Elements at a kink (ReLU at 0) are counted
    and left out. The model stays as it is: constants, parameters and casts to float32 inside it are made float64 in a graph of
    its own. Raises what `trace.backward` raises where the expectation does not fit.
    """
    session = model._session
    inputs = session.inputs(x if isinstance(x, tuple) else (x,))
    found = check.check_gradients(session, inputs, expected, loss, output=output, samples=samples, seed=seed)
    return GradientCheck(found, model.graph.name or "model")


def stepper(model: Model, loss: Any, optimizer: Any = "adam", **more: Any) -> Stepper:
    """What moves the weights of a model a batch at a time: `loss = step(x, expected)`.

    loss, optimizer: as for `lm.fit`. more: `output`, `freeze`, `learn`, `schedule`, `clip_norm`, `clip_value`, `accumulate`,
    `average`, `precision`, as `Stepper` has them. A model from a file is made ready to learn first (`model.learns`). Raises
    UsageError where nothing can learn, and for what cannot be.
    """
    return Stepper(model._ready_to_learn()._session, loss, optimizer, **more)


def optimizer(name: str, *, groups: Mapping[str, Mapping[str, Any]] | None = None, **arguments: Any) -> Optimizer:
    """One of torch's optimisers by name: `lm.optimizer("adamw", lr=1e-3, groups={"encoder/**": {"lr": 1e-4}})`.

    arguments: torch's own. groups: glob on weights' names → the arguments that differ for them. Raises UsageError for a learning
    rate that is not above 0; for a name or arguments that torch does not know, where the weights are known (`lm.fit`).
    """
    return Optimizer(name, arguments, groups or {})


def schedule(name: str, *, each: str = "epoch", **arguments: Any) -> Schedule:
    """One of torch's schedules of the learning rate by name: `lm.schedule("cosine", T_max=10)`.

    each: how often it moves the rate, "epoch" or "step" (of the optimiser). arguments: torch's own. Raises UsageError for another
    `each`; for a name or arguments that torch does not know, where the optimiser is known (`lm.fit`).
    """
    return Schedule(name, arguments, each)
