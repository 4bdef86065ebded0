"""The input layers take `x`: checked against what they declare, never cast or broadcast in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from laminae.base.arrays import as_value, is_array, is_tensor
from laminae.base.dtypes import dtype_name, numpy_dtype
from laminae.base.errors import InputError
from laminae.base.shapes import format_shape
from laminae.graph import Graph, Layer, Value


def take(graph: Graph, given: Sequence[Any], named: Mapping[str, Any], device: Any, *, snapshot: bool) -> list[Any]:
    """One tensor for each input layer, in order, on the device.

    given: by place, or one dict by name; named: by name. snapshot: copies, so that what the caller writes into his
    arrays later changes nothing. Raises InputError naming the input, what it takes and what it was given.
    """
    layers = graph.input_layers
    arrays = _by_layer(layers, given, named)
    sizes: dict[str, tuple[int, str]] = {}
    values = [_one(layer, x, sizes) for layer, x in zip(layers, arrays, strict=True)]
    return [_brought(value, device, snapshot) for value in values]


def _brought(value: Any, device: Any, snapshot: bool) -> Any:
    """A value, or each part of a sequence, on the device."""
    if isinstance(value, list):
        return [_brought(part, device, snapshot) for part in value]
    return value.to(device, copy=snapshot) if is_array(value) else value


def describe(layer: Layer) -> str:
    """`[batch, 3] float32`."""
    value = _value(layer)
    if value.kind:
        return value.kind
    return f"{format_shape(value.shape)} {value.dtype or 'any dtype'}"


def _value(layer: Layer) -> Value:
    (value,) = layer.outputs
    assert value is not None
    return value


def _by_layer(layers: Sequence[Layer], given: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
    if len(given) == len(layers) == 1 and not named and not isinstance(given[0], Mapping):
        return list(given)
    if len(given) == 1 and isinstance(given[0], Mapping):
        named, given = {**given[0], **named}, ()
    if len(given) + len(named) != len(layers) or len(given) > len(layers):
        raise InputError(f"the model takes {_count(len(layers))}, it was given {len(given) + len(named)}", _takes(layers))
    found = dict(zip([layer.name for layer in layers], given, strict=False))
    for name, x in named.items():
        layer = next((layer for layer in layers if name in (layer.name, _value(layer).name)), None)
        if layer is None or layer.name in found:
            reason = "is given twice" if layer else "is not an input of the model"
            raise InputError(f"input {name!r} {reason}", _takes(layers))
        found[layer.name] = x
    return [found[layer.name] for layer in layers]


def _takes(layers: Sequence[Layer]) -> dict[str, str]:
    return {layer.name: describe(layer) for layer in layers}


def _count(n: int) -> str:
    return "no input" if n == 0 else f"{n} input{'s' * (n > 1)}"


def _one(layer: Layer, x: Any, sizes: dict[str, tuple[int, str]]) -> Any:
    if _value(layer).kind:
        return _parts(layer, x)
    tensor = _tensor(layer, x)
    value = _value(layer)
    if value.dtype is not None and dtype_name(tensor) != value.dtype:
        raise _dtype_error(layer, value.dtype, dtype_name(tensor), is_tensor(x))
    if value.shape is not None:
        _check_shape(layer, tuple(tensor.shape), value.shape, sizes)
    return tensor


def _parts(layer: Layer, x: Any) -> Any:
    """A sequence as a list of values, a map as a dict, an optional as its value or None."""
    kind = _value(layer).kind
    if x is None and kind.startswith("optional"):
        return None
    if isinstance(x, list | tuple) and "sequence" in kind:
        return [_parts(layer, part) if isinstance(part, list | tuple) else _tensor(layer, part) for part in x]
    if isinstance(x, dict) and "map" in kind:
        return x
    if "sequence" in kind or "map" in kind:
        raise InputError(f"input {layer.name!r} cannot take a {type(x).__name__}", {"takes": kind, "give": "a list of arrays"})
    return _tensor(layer, x)


def _tensor(layer: Layer, x: Any) -> Any:
    if is_array(x):
        if x.device.type == "meta":
            raise InputError(f"input {layer.name!r} is a tensor without values", {"found": "device meta"})
        return x.detach()
    try:
        return as_value(np.asarray(x) if hasattr(x, "__array__") else _from_list(layer, x))
    except (TypeError, RuntimeError) as error:  # dtypes that torch lacks, lists of tensors that do not become an array
        raise InputError(
            f"input {layer.name!r} cannot take a {type(x).__name__}",
            {"takes": describe(layer), "because": str(error).split("\n")[0], "give": "an array, a tensor or lists of numbers"},
        ) from None


def _from_list(layer: Layer, x: Any) -> np.ndarray[Any, Any]:
    """A list takes the declared dtype where no number would change its kind."""
    value = _value(layer)
    if value.dtype == "string":
        return _strings(layer, x)
    try:
        array = np.array(x)
    except ValueError:
        raise InputError(f"input {layer.name!r} cannot take a list of unequal lengths", {"takes": describe(layer)}) from None
    if array.dtype.kind not in "biufc" and array.size:
        raise InputError(
            f"input {layer.name!r} cannot take a {type(x).__name__}",
            {
                "takes": describe(layer),
                "found": f"elements of type {array.dtype}",
                "give": "an array, a tensor or lists of numbers",
            },
        )
    if value.dtype is None:
        return array.astype(np.float32) if array.dtype == np.float64 else array
    wanted = numpy_dtype(value.dtype)
    order = "biufc"
    kind = "f" if "float" in value.dtype else wanted.kind
    if array.size and order.index(array.dtype.kind) > order.index("i" if kind == "u" else kind):
        raise _dtype_error(layer, value.dtype, f"a list of {array.dtype}", False)
    with np.errstate(over="ignore"):
        cast = array.astype(wanted)
    overflows = kind == "f" and bool((np.isinf(cast.astype(np.float64)) & np.isfinite(array)).any())
    if overflows or (kind in "iu" and array.size and not np.array_equal(cast, array)):
        raise InputError(
            f"input {layer.name!r} is {value.dtype}: some numbers of the list do not fit in it", {"takes": describe(layer)}
        )
    return cast


def _strings(layer: Layer, x: Any) -> np.ndarray[Any, Any]:
    array = np.array(x, dtype=object)
    if not all(isinstance(text, str) for text in array.ravel()):
        raise InputError(f"input {layer.name!r} takes strings", {"takes": describe(layer), "found": type(x).__name__})
    return array


def _dtype_error(layer: Layer, wanted: str, found: str, tensor: bool) -> InputError:
    write = f"x.to(torch.{wanted})" if tensor else f"x.astype('{wanted}')"
    return InputError(
        f"input {layer.name!r} has another dtype",
        {"expected": wanted, "found": found, "write": f"{write}, if that is what you mean"},
    )


def _check_shape(layer: Layer, found: tuple[int, ...], wanted: Any, sizes: dict[str, tuple[int, str]]) -> None:
    if len(found) != len(wanted):
        raise InputError(
            f"input {layer.name!r} has another rank",
            {"expected": f"{format_shape(wanted)} (rank {len(wanted)})", "found": f"{format_shape(found)} (rank {len(found)})"},
        )
    for axis, (size, dim) in enumerate(zip(found, wanted, strict=True)):
        if isinstance(dim, int) and size != dim:
            raise InputError(
                f"input {layer.name!r} has another size at axis {axis}",
                {"expected": format_shape(wanted), "found": format_shape(found)},
            )
        if isinstance(dim, str):
            known, where = sizes.setdefault(dim, (size, f"input {layer.name!r}"))
            if known != size:
                raise InputError(
                    f"input {layer.name!r} disagrees about {dim!r}",
                    {"expected": f"{dim} = {known}, as in {where}", "found": f"{size} at axis {axis} of {format_shape(found)}"},
                )
