"""Operators that users wrote: what they are handed and what they give back is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from laminae.base.arrays import is_array, own
from laminae.base.errors import LayerError
from laminae.graph import Layer


def foreign(run: Callable[..., Any], layer: Layer, *, pure: bool) -> Callable[..., Any]:
    """The operator on copies, with its results copied, unless it is pure; its results are tensors, as many as the layer has."""
    wanted = len(layer.outputs)

    def call(*inputs: Any, **more: Any) -> Any:
        made = run(*inputs if pure else map(own, inputs), **more)
        results = made if isinstance(made, tuple) else (made,)
        _require_tensors(layer, made, results, wanted)
        results = results if pure else tuple(map(own, results))
        return results[0] if wanted == 1 else results

    return call


def _require_tensors(layer: Layer, made: Any, results: tuple[Any, ...], wanted: int) -> None:
    if len(results) != wanted:
        raise LayerError(
            f"operator {layer.operator!r} gave {len(results)} outputs, the layer has {wanted}",
            {"expected": "a tensor" if wanted == 1 else f"a tuple of {wanted} tensors"},
        )
    for value, out in zip(results, layer.outputs, strict=True):
        if not is_array(value) and not (value is None and out is None):
            raise LayerError(
                f"operator {layer.operator!r} gave a {type(made).__name__}",
                {"expected": "a torch tensor, or a tuple of tensors", "found": repr(made)[:80]},
            )
