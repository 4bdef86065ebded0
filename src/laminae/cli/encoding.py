"""How data became numbers, as plain JSON kept beside a model; and the same made of other data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from laminae.data.interface import Samples


def encoding(samples: Samples, form: Mapping[str, Any], images: Any) -> dict[str, Any]:
    """How these samples were made of their data. form: shape and dtype of a table's rows. images: the Preparation."""
    from laminae.data.arrays import Arrays
    from laminae.data.folders import Images
    from laminae.data.table import Table
    from laminae.data.texts import Texts

    whole = _whole(samples)
    if isinstance(whole, Texts):
        return {"kind": "text", "text": whole.text.to_json()}
    if isinstance(whole, Table):
        return {"kind": "table", "columns": whole.columns.to_json(), "form": {**form, "shape": form.get("shape")}}
    if isinstance(whole, Images):
        return {"kind": "images", "images": {**vars(images), "mean": list(images.mean), "std": list(images.std)}}
    return {"kind": "arrays"} if isinstance(whole, Arrays) else {"kind": "other"}


def target_names(samples: Samples) -> tuple[str, ...]:
    """Of the classes; else of the columns that are expected."""
    from laminae.data.table import Table

    if samples.classes is not None:
        return samples.classes.names
    whole = _whole(samples)
    return tuple(column.name for column in whole.columns.target) if isinstance(whole, Table) else ()


def known(encoding: Mapping[str, Any]) -> dict[str, Any]:
    """What a record of other data says, as `laminae.data.samples` takes it."""
    from laminae.cli.data import prepared
    from laminae.data.columns import Columns
    from laminae.data.texts import Text

    if encoding["kind"] == "text":
        return {"text": Text.from_json(encoding["text"])}
    if encoding["kind"] == "table":
        return {"columns": Columns.from_json(encoding["columns"]), "categories": ()}
    if encoding["kind"] == "images":
        return {"images": prepared(encoding["images"])}
    return {}


def _whole(samples: Samples) -> Any:
    """What parts of samples are parts of."""
    from laminae.data.interface import Subset

    whole: Any = samples
    while isinstance(whole, Subset):
        whole = whole.whole
    return whole
