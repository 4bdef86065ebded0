"""`lm.fit`: a model learns from data."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from operator import index
from typing import Any

from laminae.api.blaming import located
from laminae.api.history import History
from laminae.api.learning_data import apart, at_work, parts
from laminae.api.model import Model
from laminae.api.one_phase import is_torch
from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.compare.evaluate import evaluate_batches
from laminae.compare.metrics import metrics as measured
from laminae.data import Stream, batches
from laminae.data.interface import sample_count
from laminae.learn.checkpoints import header
from laminae.learn.checkpoints.keeping import keep_of, keeping
from laminae.learn.checkpoints.state import Moving
from laminae.learn.derived import place_of
from laminae.learn.feed import Feed
from laminae.learn.fit import Patience
from laminae.learn.fit import fit as fit_batches
from laminae.learn.loss_program import LossProgram
from laminae.learn.losses import loss_of
from laminae.learn.monitor import Monitor
from laminae.learn.step import Stepper
from laminae.see.live import ProgressBar
from laminae.trace.session import Session


def fit(
    model: Model,
    data: Any,
    *,
    loss: Any,
    optimizer: Any = "adam",
    epochs: int = 1,
    batch: int = 32,
    validation: Any = None,
    metrics: Any = (),
    output: str | int | None = None,
    seed: int | None = 0,
    shuffle: bool = True,
    patience: int | None = None,
    monitor: str | None = None,
    min_delta: float = 0.0,
    callbacks: Sequence[Callable[[Any], Any]] = (),
    progress: bool | None = None,
    out: str | os.PathLike[str] | None = None,
    every: int | None = None,
    keep: int = 3,
    resume: bool = False,
    workers: int = 0,
    **more: Any,
) -> History:
    """Let a model learn. One seed makes a run repeatable bit for bit on one machine and number of threads.

    - data: what `laminae.data.samples` takes: (x, expected) of arrays, a path, a dataset, a DataLoader, batches.
    - validation: a part of the data (0.2) or other data, to measure on after each epoch; a model opened from a module is in its
      evaluation phase then, and in its training phase while it learns. metrics: on that, as for `lm.evaluate`.
    - output: which of several the loss is of. seed: of the order of the samples and, unless None, of torch's generator.
    - patience: stop after so many epochs without a better one, and bring the best weights back. monitor: what makes an epoch
      better, "loss", "validation" or a metric; None: the held-out loss, or the loss where nothing is held out. min_delta: how
      much better it must be. The best checkpoint goes by these too.
    - callbacks: called after each step (`Progress`) and each epoch (`EpochRecord`); one that returns True stops it.
      `lm.watch` has some.
    - progress: a bar on stderr. None: on a terminal and in a notebook; True: elsewhere too, a line for each epoch.
    - out: the folder of the run, for checkpoints and history; one writer at a time. every: batches between two checkpoints,
      besides one after each better epoch and at the end; None: after each epoch. keep: how many stay, besides the best;
      `out/last` and `out/best` are links, for `model.load`. resume: go on from the last whole one, with the bits of a run that
      was never stopped; from the start where there is none.
    - workers: processes that read and decode data which are files or items (the order, and every bit, stay as they are).
    - more: how data are read, as `laminae.data.samples` has it (`target="price"`, `missing="drop"`, `images=…`); other data for
      validation are read with the same columns and classes. And how weights move, as `Stepper` has it: `freeze`, `schedule`,
      `clip_norm`, `clip_value`, `accumulate`, `average`, `precision`.

    Ctrl-C ends the step at hand, writes a checkpoint, and returns. Raises LayerError naming the layer where the loss is no
    number; FileError where a checkpoint cannot be written, where the folder holds something else, and for a run that was another.
    """
    kept = keep_of(out, every, keep, resume)
    count, size = _whole(epochs, "epochs"), _whole(batch, "batch")
    reading, stepping = apart(more)
    learned, held = parts(data, validation, seed or 0, loss_of(loss), reading)
    waiting = None if patience is None else Patience(patience)
    if metrics and held is None:
        raise UsageError("metrics are taken on held-out data", {"give": "validation=0.2, or other data"})
    judge = Monitor(monitor, _higher(monitor, metrics, held is not None), min_delta)
    if seed is not None:
        torch.manual_seed(seed)
    was = model.training
    evaluation, learning = _sessions(model)
    order = (seed or 0) if shuffle and not isinstance(learned, Stream) else None
    try:
        with (
            Stepper(learning, loss, optimizer, output=output, **stepping) as step,
            at_work(learned, workers) as hands,
            at_work(held, workers) as others,
        ):
            cut = None if held is None else partial(batches, held, size, workers=others)
            measure = _measure(evaluation, step, cut, metrics, output)
            if not isinstance(held, Stream):
                with torch.random.fork_rng(devices=[]):
                    measure(1)  # what cannot be measured is said before a weight moves
            feed = Feed(learned, size, order, hands)
            chosen = {
                "seed": seed,
                "output": output,
                "patience": patience,
                "monitor": monitor,
                "min_delta": min_delta,
                "metrics": metrics,
                "precision": more.get("precision"),
                "schedule": more.get("schedule"),
            }
            told = header.header(step, feed, held, chosen)
            with keeping(kept, Moving(step, feed, model._weights()), told, waiting) as run, located(feed, run.place) as where:
                done = 0 if run.place is None else len(run.place.epochs)
                made = fit_batches(
                    step,
                    feed,
                    count,
                    measure=measure,
                    patience=waiting,
                    each=[where, *callbacks, *([] if progress is False else [ProgressBar(progress)])],
                    place=run.place,
                    keeper=run.keeper,
                    monitor=judge,
                )
    finally:
        if model.training != was:
            model.train(was)
    title = f"{model.graph.name or 'model'} · {step.loss!r} · {type(step.optimizer).__name__}"
    notes = [*run.notes, *([f"{count} epochs were asked for, {done} learned already."] if done >= count else [])]
    return History(made.epochs, title, best=made.best, stopped=made.stopped, interrupted=made.interrupted, notes=notes)


def _higher(monitor: str | None, metrics: Any, held_out: bool) -> bool:
    """Whether more of it is better. Raises UsageError, before anything is learned, for metrics or a monitor that are none."""
    taken = {metric.name: metric for metric in measured(metrics)} if metrics else {}
    if monitor is None or monitor == "loss" or (monitor == "validation" and held_out):
        return False
    if monitor not in taken:
        names = ["loss", *(["validation"] if held_out else []), *taken]
        raise UsageError(f"monitor={monitor!r} is not taken", {"there are": ", ".join(names)})
    higher = taken[monitor].higher
    if higher is None:
        raise UsageError(f"whether more of {monitor!r} is better is not known", {"give": "metrics that say higher_is_better"})
    return higher


def _sessions(model: Model) -> tuple[Session, Session]:
    """Of the evaluation phase and of the training phase, where the model has both; the model is in the latter then."""
    if model._phases is None and is_torch(model.graph):
        return model._session, model._session
    model._ready_to_learn()
    evaluation = model.eval()._session
    return evaluation, model.train()._session


def _measure(
    session: Session, step: Stepper, cut: Callable[[], Any] | None, metrics: Any, output: str | int | None
) -> Callable[..., tuple[float | None, tuple[tuple[str, float], ...]]]:
    """The loss over what is held out, each sample counting once, and the metrics; over so many batches of it."""
    place = place_of(session.graph, output)
    program = LossProgram(step.loss, session.graph.outputs[place].name)

    def measure(most: int | None = None) -> tuple[float | None, tuple[tuple[str, float], ...]]:
        if cut is None:
            return None, ()
        total, count = 0.0, 0
        kept: list[tuple[Any, Any]] = []
        with torch.no_grad():
            for x, expected in islice(cut(), most):
                inputs = session.inputs(x if isinstance(x, tuple) else (x,))
                found = session.engine.call(inputs, session.engine.home)[place]
                number = sample_count(x)
                total, count = total + float(program(found, expected, session.engine.home)) * number, count + number
                kept += [(found, expected)] if metrics else []
        if not count:
            raise UsageError("there is no sample to measure on", {"expected": "at least one pair of input and expectation"})
        if not metrics:
            return total / count, ()
        taken = evaluate_batches(lambda made: made, kept, metrics)
        return total / count, tuple(taken.metrics.items())

    return measure


def _whole(given: Any, name: str) -> int:
    try:
        number = 0 if isinstance(given, bool) else index(given)
    except TypeError:
        number = 0
    if number < 1:
        raise UsageError(f"{name}={given!r} is not possible", {"expected": "a whole number, 1 or more"})
    return number
