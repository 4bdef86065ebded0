"""`laminae export`: a folder of activations for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What harvest or run --out has written.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file, or of zarr the folder, to write.")],
    to: Annotated[str, typer.Option("--to", metavar="zarr|parquet", help="Parquet has a row for each sample.")],
    layer: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="These layers; default all. Repeatable.")] = None,
    bfloat16: Annotated[
        str, typer.Option(metavar="float32|uint16", help="What bfloat16 becomes: its values, or its bits.")
    ] = "float32",
) -> int:
    """Write activations as Zarr or Parquet, whole or not at all."""
    from laminae.api.activations import load
    from laminae.cli.printing import written
    from laminae.cli.progress import progress
    from laminae.see.text import count

    acts = load(folder)
    with progress(f"writing {out}"):
        layers = acts.export(out, to, layer, bfloat16=bfloat16)
    bits = "; bfloat16 as its bits, uint16" if bfloat16 == "uint16" and any(x.dtype == "bfloat16" for x in layers) else ""
    left = sum(len(outputs) if isinstance(outputs := acts[name], tuple) else 1 for name in acts.layers) - len(layers)
    without = f"; {left:,} left out, which are not by sample" if left and not layer else ""
    written(out, f"{count(len(layers), 'layer')} of {count(acts.samples, 'sample')}{without}{bits}")
    return 0
