"""`laminae evaluate`: a model held against a whole dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.cli import data as given
from laminae.cli.options import AsJson, ModelFile, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.compare.evaluate import Evaluation
    from laminae.data.interface import Samples


def evaluate(
    model: ModelFile,
    data: given.Data,
    expect: Annotated[str | None, typer.Option(metavar="FILE", help="The expectations, where --data has none.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="accuracy, top-5, precision, recall, f1, auroc, mse, mae, r2, mape. Repeatable."),
    ] = None,
    target: given.Target = None,
    columns: given.ColumnNames = None,
    categories: given.Categories = None,
    missing: given.Missing = "error",
    unseen: given.Unseen = "error",
    layout: given.Layout = "nchw",
    size: given.Size = None,
    scale: given.Scale = 1.0,
    mean: given.Mean = "0",
    std: given.Std = "1",
    batch: Annotated[int | None, typer.Option(help="Samples at a time; default 64, or what the model declares.", min=1)] = None,
    workers: given.WorkerCount = 0,
    json: AsJson = False,
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Run a whole dataset through the model in batches and measure how right its outputs are."""
    from laminae.cli import inputs
    from laminae.cli.progress import progress
    from laminae.data.image import Preparation

    how = Preparation(layout, inputs.size(size), scale, inputs.numbers("--mean", mean), inputs.numbers("--std", std))
    found = opened(model, plugin, trust)
    asked = given.Asked(target, columns, categories, missing, unseen, how)
    samples = given.samples_for(found, data, expect, asked)
    with progress(f"evaluating {found.name or model}", len(samples)) as done:
        result = _evaluate(found, samples, metric or ["accuracy"], batch, workers, done)
    _print(found, result, json)
    return 0


def _evaluate(model: Model, samples: Samples, metrics: list[str], batch: int | None, workers: int, done: Any) -> Evaluation:
    import laminae as lm

    declared = [value.shape[0] for value in model.graph.inputs if value.shape and isinstance(value.shape[0], int)]
    size = batch or (declared[0] if declared else 64)
    return lm.evaluate(model, samples, metrics, batch=size, workers=workers, progress=done)


def _print(model: Model, result: Evaluation, json: bool) -> None:
    from laminae.cli import as_json
    from laminae.cli.printing import console
    from laminae.see.rendering import Column, Row, Table
    from laminae.see.text import count, number

    if json:
        held = {name: as_json.finite(value) for name, value in result.metrics.items()}
        print(as_json.text({"metrics": held, "samples": result.samples, "batches": result.batches, "seconds": result.seconds}))
        return
    rows = [Row((name, number(value))) for name, value in result.metrics.items()]
    aside = f"{count(result.samples, 'sample')} in {result.seconds:.2f} s"
    console().print(Table([Column("metric"), Column("value", right=True)], rows, title=model.facts(), aside=aside))
