"""`laminae harvest`: what layers make of a whole dataset, to a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.cli.options import AsJson, ModelFile, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.api.model import Model


def harvest(
    model: ModelFile,
    data: Annotated[
        str, typer.Option("--data", metavar="FILE", help=".npy .npz .json .csv, or a folder of .npy files, a sample each.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder; an interrupted one is gone on with.")],
    store: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="These layers' outputs: a name, group or glob; default all. Repeatable."),
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Samples at a time; default 32, or what the model declares.", min=1)] = None,
    dtype: Annotated[str | None, typer.Option(help="Keep values as this, as bfloat16; default as they are.")] = None,
    device: Annotated[str | None, typer.Option(help="Where to run, as cuda.")] = None,
    json: AsJson = False,
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Run a whole dataset through the model and write what layers make of it. The same command goes on where it was stopped."""
    from laminae.cli.progress import progress
    from laminae.plan.store import Store

    found = opened(model, plugin, trust)
    x = _data(found, data)
    rules = store or ["all"]
    chosen = rules if dtype is None else [Store(rule, dtype=dtype) for rule in rules]
    with progress(f"harvesting {found.name or model}", _count(x)) as done:
        try:
            acts = found.harvest(x, store=chosen, out=out, batch=batch, device=device, progress=done)
        except KeyboardInterrupt as stop:
            if out.exists():
                stop.add_note("the same command goes on where it was")
            raise
    if json:
        from laminae.cli import as_json

        layers = [{"layer": n, **_facts(acts[n])} for n in acts.layers]
        print(as_json.text({"folder": str(out), "samples": acts.samples, "layers": layers}))
        return 0
    from laminae.cli.printing import console

    console().print(acts.table())
    return 0


def _data(model: Model, file: str) -> Any:
    """A file as the model's input takes it: lines of a CSV in the declared shape and dtype."""
    from laminae.cli.inputs import fitted
    from laminae.data.files import read
    from laminae.data.image import Preparation
    from laminae.data.source import Rows

    if not file.lower().endswith((".csv", ".json")):
        return file
    held = read(file)
    inputs = model.graph.inputs
    return fitted(inputs[0], held, Preparation()) if isinstance(held, Rows) and len(inputs) == 1 else held


def _count(x: Any) -> int | None:
    """How many samples there are, where that is known without looking."""
    import numpy as np

    if isinstance(x, str) and x.lower().endswith(".npy") and Path(x).is_file():
        try:
            return len(np.load(x, mmap_mode="r", allow_pickle=False))
        except Exception:  # what is wrong with the file, the harvest says
            return None
    return len(x) if hasattr(x, "__len__") and not isinstance(x, str | dict) else None


def _facts(layer: Any) -> dict[str, Any]:
    outputs = layer if isinstance(layer, tuple) else (layer,)
    facts = [{"shape": list(o.shape), "dtype": o.dtype, "bytes": o.bytes, "operator": o.op} for o in outputs]
    return facts[0] if len(facts) == 1 else {"outputs": facts}
