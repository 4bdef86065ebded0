"""`laminae train`: a model learns from data, and what it learned is kept."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.base.errors import LaminaeError, UsageError
from laminae.cli import data as given
from laminae.cli.options import AsJson, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.api.history import History
    from laminae.api.model import Model
    from laminae.cli.settings import Settings
    from laminae.data.interface import Samples
    from laminae.files.description.records import Description
    from laminae.learn.losses import Loss

Learner = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="An .onnx file, a description (.yaml, .json); with --trust, package.module:function.",
        show_default=False,
    ),
]
Named = "NAME[,ARG=VALUE…]"

INTERRUPTED = 130


def train(
    context: typer.Context,
    model: Learner,
    data: given.Data,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the run: checkpoints, history, the model.")],
    target: given.Target = None,
    validation: Annotated[
        str | None, typer.Option(metavar="PART|FILE", help="Held out, and measured after each epoch: 0.2, a number, or a file.")
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(metavar=Named, help="cross_entropy, mse, bce, l1, huber, nll, …; default what goes with the target."),
    ] = None,
    optimizer: Annotated[str | None, typer.Option(metavar=Named, help="One of torch.optim; default adam.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="The learning rate; default the optimizer's own.")] = None,
    schedule: Annotated[
        str | None, typer.Option(metavar=Named, help="Of the rate: cosine, onecycle, steplr,step_size=10, …")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Times through the data; default 10.")] = None,
    batch: Annotated[int | None, typer.Option(help="Samples at a time; default 32.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="On what is held out; default accuracy, or mae and r2. Repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the order, the parts, dropout; default 0.")] = None,
    patience: Annotated[int | None, typer.Option(help="Stop after so many epochs without a better loss.")] = None,
    normalise: Annotated[
        str | None,
        typer.Option(metavar="HOW", help="mean/std, min/max, none: of the training part, as layers. targets=true too."),
    ] = None,
    clip_norm: Annotated[float | None, typer.Option(help="Scale derivatives to at most this norm.")] = None,
    clip_value: Annotated[float | None, typer.Option(help="Cut derivatives at this size.")] = None,
    accumulate: Annotated[int | None, typer.Option(help="Move the weights at each so many-th batch.")] = None,
    precision: Annotated[str | None, typer.Option(metavar="bf16|fp16|fp32", help="Under autocast.")] = None,
    freeze: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Weights, layers, groups that stay. Repeatable.")
    ] = None,
    output: Annotated[str | None, typer.Option(metavar="NAME", help="Which of several outputs the loss is of.")] = None,
    columns: given.ColumnNames = None,
    categories: given.Categories = None,
    missing: given.Missing = "error",
    unseen: given.Unseen = "error",
    text: given.TextColumn = None,
    layout: given.Layout = "nchw",
    size: given.Size = None,
    scale: given.Scale = 1.0,
    mean: given.Mean = "0",
    std: given.Std = "1",
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the trained model too: trained.onnx, or .safetensors.")
    ] = None,
    every: Annotated[int | None, typer.Option(help="Batches between checkpoints; default each epoch.", min=1)] = None,
    keep: Annotated[int, typer.Option(help="Checkpoints that stay, besides the best.", min=1)] = 3,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in DIR.")] = False,
    json: AsJson = False,
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Let a model learn from data. Ctrl-C saves and says how to go on."""
    from laminae.cli import inputs
    from laminae.cli.settings import Settings
    from laminae.data.image import Preparation

    how = Preparation(layout, inputs.size(size), scale, inputs.numbers("--mean", mean), inputs.numbers("--std", std))
    asked = given.Asked(target, columns, categories, missing, unseen, how, text)
    words = {
        "loss": loss,
        "optimizer": optimizer,
        "lr": lr,
        "schedule": schedule,
        "epochs": epochs,
        "batch": batch,
        "validation": validation,
        "metrics": metric,
        "seed": seed,
        "patience": patience,
        "normalise": normalise,
        "clip_norm": clip_norm,
        "clip_value": clip_value,
        "accumulate": accumulate,
        "precision": precision,
        "freeze": freeze,
    }
    said = _description(model)
    settings = Settings.of(words, {} if said is None else said.training)
    work = _work(model, opened(model, plugin, trust), data, asked.over({} if said is None else said.data), settings, output)
    _check_places(out, save)
    return _learn(work, said, Kept(out, every, keep, resume), save, json, tuple(context.find_root().obj or ()))


@dataclass(frozen=True)
class Kept:
    """Where checkpoints go, and how many."""

    out: Path
    every: int | None
    keep: int
    resume: bool


@dataclass(frozen=True)
class Work:
    """All that is decided before anything is learned. told: (word, text) rows that are shown. record: what predict needs."""

    model: Model
    training: Samples
    held: Samples | None
    loss: Loss
    metrics: list[str]
    settings: Settings
    output: str | None
    record: Any
    told: list[tuple[str, str]]
    notes: list[str]


def _description(model: str) -> Description | None:
    from laminae.files.description import reading

    return reading.read(model) if reading.is_description(model) and Path(model).is_file() else None


def _check_places(out: Path, save: Path | None) -> None:
    from laminae.files.atomic import check_place

    if save is not None:
        check_place(save)
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {str(out)!r} is a file", {"expected": "a folder, or a name that is not there yet"})


def _work(name: str, model: Model, data: str, asked: given.Asked, settings: Settings, output: str | None) -> Work:
    """Read the data, divide it, choose what was not said, and bring both together."""
    from laminae.cli import expectation
    from laminae.cli.encoding import encoding, target_names
    from laminae.cli.run_folder import Record

    metrics, wanted, optimizer = settings.metrics, settings.loss, settings.optimizer
    every = given.samples_for(model, data, None, asked)
    training, held = _parts(model, every, asked, settings)
    target = expectation.target_of(model, training, output)
    loss, why = (wanted, "as was said") if wanted is not None else expectation.usual_loss(target)
    record = Record(
        encoding(training, given.form_of(model), given.images_of(model, asked.images)),
        loss.as_json() if hasattr(loss, "as_json") else {},
        target_names(training),
        output,
    )
    notes = expectation.notes(target, loss, training)
    fitting = expectation.expecting(training, model, target, loss, output)
    measured = None if held is None else expectation.expecting(held, model, target, loss, output)
    scaled = _normalised(model, fitting, settings)
    held_out = "nothing held out" if held is None else f"{len(held):,} held out"
    told = [
        ("data", f"{data}: {len(training):,} samples to learn from, {held_out}"),
        ("loss", f"{repr(loss).removeprefix('loss.')}, {why}"),
        ("optimizer", str(optimizer)),
        *scaled,
    ]
    metrics = metrics or (expectation.usual_metrics(target) if held is not None else [])
    if metrics and held is None:
        raise UsageError("metrics are taken on what is held out", {"give": "--validation 0.2, or a file"})
    return Work(model, fitting, measured, loss, metrics, settings, output, record, told, notes)


def _parts(model: Model, every: Samples, asked: given.Asked, settings: Settings) -> tuple[Samples, Samples | None]:
    """To learn from, and held out: a part, with the same share of each class, or a file read as the first was."""
    from laminae.data import split

    part = settings.validation
    if part is None:
        return every, None
    if isinstance(part, str):
        return every, given.samples_like(model, part, every, asked)
    return split(every, part, seed=settings.seed, stratify=every.classes is not None)


def _normalised(model: Model, training: Samples, settings: Settings) -> list[tuple[str, str]]:
    """Layers put into the model that bring the data to a common size."""
    how = settings.normalise
    if how is None:
        return []
    import laminae as lm

    lm.normalise(model, training, **how)
    both = "inputs and targets" if how.get("targets") else "inputs"
    return [("normalised", f"{both} by {how['how']} of what is learned from, as layers of the model")]


def _learn(work: Work, said: Description | None, kept: Kept, save: Path | None, json: bool, arguments: tuple[str, ...]) -> int:
    """Fit, save, tell. A run that Ctrl-C ended says how to go on."""
    from laminae.cli.run_folder import Keeping, checkpoint, weights

    if not json:
        _announce(work)
    description = None if said is None else Path(said.file).read_bytes()
    with Keeping(kept.out, work.model, work.record, description) as keeping:
        history = _fit(work, kept, keeping, quiet=json)
    stopped = history.interrupted
    best = checkpoint(kept.out)
    if not stopped:
        if work.held is not None and best is not None:
            work.model.load(weights(best))
        keeping.ended()
        if save is not None:
            work.model.save(save)
    _tell(work, history, kept, save, json, keeping.without, stopped)
    if not stopped:
        return 0
    from laminae.cli.printing import console

    again = shlex.join(["laminae", *arguments] + ([] if "--resume" in arguments else ["--resume"]))
    console(stderr=True).print(f"interrupted; what was learned is kept. To go on:\n\n  {again}\n", soft_wrap=True)
    return INTERRUPTED


def _fit(work: Work, kept: Kept, keeping: Any, *, quiet: bool) -> History:
    """`lm.fit`, as the command line calls it; its errors tell the way on in the command's words."""
    from laminae.cli.trained import in_the_shell

    try:
        return _fitted(work, kept, keeping, quiet=quiet)
    except LaminaeError as error:
        error.details = {word: in_the_shell(text) for word, text in error.details.items()}
        raise


def _fitted(work: Work, kept: Kept, keeping: Any, *, quiet: bool) -> History:
    import laminae as lm

    settings = work.settings
    return lm.fit(
        work.model,
        work.training,
        loss=work.loss,
        optimizer=settings.optimizer,
        epochs=settings["epochs"],
        batch=settings["batch"],
        validation=work.held,
        metrics=work.metrics,
        output=work.output,
        seed=settings.seed,
        shuffle=settings["shuffle"],
        patience=settings["patience"],
        schedule=settings.schedule(len(work.training)),
        callbacks=[keeping, *_drawn(kept.out)],
        progress=False if quiet else None,
        out=kept.out,
        every=kept.every,
        keep=kept.keep,
        resume=kept.resume,
        **settings.stepping,
    )


def _drawn(folder: Path) -> list[Any]:
    """Learning curves in the folder of the run, where matplotlib is there to draw them."""
    from importlib.util import find_spec

    import laminae as lm

    return [] if find_spec("matplotlib") is None else [lm.watch.curves(folder / "curves.svg")]


def _announce(work: Work) -> None:
    from laminae.cli.printing import console
    from laminae.see.text import clean

    width = max(len(word) for word, _ in work.told)
    console().print(clean(work.model.facts()), style="bold", soft_wrap=True)
    for word, text in work.told:
        console().print(f"  {word:<{width}}  {clean(text)}", soft_wrap=True)
    for note in work.notes:
        console().print(f"  {note}", style="yellow", soft_wrap=True)
    console().print()


def _tell(work: Work, history: History, kept: Kept, save: Path | None, json: bool, without: str, stopped: bool) -> None:
    from laminae.cli import trained

    if json:
        print(trained.document(work, history, kept, save))
        return
    trained.table(history, work.held is not None)
    if not stopped:
        trained.written_to(work, history, kept, save, without)
