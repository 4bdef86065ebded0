"""`laminae evaluate`: a model held against a whole dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.cli.options import AsJson, ModelFile, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.compare.evaluate import Evaluation


def evaluate(
    model: ModelFile,
    data: Annotated[str, typer.Option("--data", metavar="FILE", help=".npz with x and y, .csv (last column expected), .npy.")],
    expect: Annotated[str | None, typer.Option(metavar="FILE", help="The expectations, where --data has none.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="accuracy, top-5, precision, recall, f1, auroc, mse, mae, r2, mape. Repeatable."),
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Samples at a time; default 64, or what the model declares.", min=1)] = None,
    json: AsJson = False,
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Run a whole dataset through the model in batches and measure how right its outputs are."""
    from laminae.cli.progress import progress
    from laminae.data.batches import loaded, sample_count

    found = opened(model, plugin, trust)
    x, expected = loaded(data if expect is None else (data, expect))
    x = _fitted(found, x, data.lower().endswith(".csv"))
    with progress(f"evaluating {found.name or model}", sample_count(x)) as done:
        result = _evaluate(found, x, expected, metric or ["accuracy"], batch, done)
    _print(found, result, json)
    return 0


def _evaluate(model: Model, x: Any, expected: Any, metrics: list[str], batch: int | None, done: Any) -> Evaluation:
    import laminae as lm

    declared = [value.shape[0] for value in model.graph.inputs if value.shape and isinstance(value.shape[0], int)]
    size = batch or (declared[0] if declared else 64)
    return lm.evaluate(model, (x, expected), metrics, batch=size, progress=done)


def _fitted(model: Model, x: Any, lines: bool) -> Any:
    """Lines of a CSV in the declared shape and dtype; anything else as it is, to be refused where it does not fit."""
    from laminae.cli.inputs import fitted
    from laminae.data.image import Preparation
    from laminae.data.source import Rows

    inputs = model.graph.inputs
    return fitted(inputs[0], Rows(x.astype("float64")), Preparation()) if lines and len(inputs) == 1 else x


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
