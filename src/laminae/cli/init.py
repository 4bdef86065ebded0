"""`laminae init`: a look at the data, and a description of a model for them, to edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from laminae.base.errors import FileError
from laminae.cli import data as given


def init(
    kind: Annotated[str, typer.Argument(metavar="mlp|cnn|transformer", help="Of numbers, of images, of texts or token ids.")],
    data: given.Data,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The description to write: model.yaml.")] = Path(
        "model.yaml"
    ),
    target: given.Target = None,
    columns: given.ColumnNames = None,
    categories: given.Categories = None,
    missing: given.Missing = "error",
    text: given.TextColumn = None,
    size: given.Size = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> int:
    """Look at data and write the description of a model that learns them well as it is. Edit it, then train it."""
    from laminae.api.describing import build
    from laminae.cli import inputs, templates
    from laminae.cli.looking import look
    from laminae.cli.printing import console, written
    from laminae.data.image import Preparation
    from laminae.files.atomic import check_place, saving
    from laminae.files.description.reading import described
    from laminae.see.text import clean

    check_place(out)
    if out.exists() and not force:
        raise FileError(f"{str(out)!r} is there already", {"the way out": "another --out, or --force to write over it"})
    asked = given.Asked(target, columns, categories, missing, "error", Preparation(size=inputs.size(size)), text)
    templates.require(kind)
    seen = look(data, asked, kind)
    made = templates.description(kind, seen, data, str(out))
    model = build(described(made, str(out)))
    with saving([out]) as (file,):
        file.write(made.encode())
    console().print(clean(model.facts()), soft_wrap=True)
    for remark in seen.said:
        console().print(f"  {clean(remark)}", style="yellow", soft_wrap=True)
    written(out, "look at it, edit it")
    console().print(f"\n  Next:  laminae train {out} --data {data} --out run\n", style="bold", soft_wrap=True)
    return 0
