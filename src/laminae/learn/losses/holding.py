"""An expectation made into tensors that fit an output, or a clear error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_value, is_tensor
from laminae.base.dtypes import dtype_name
from laminae.base.errors import DTypeError, ShapeError, UsageError
from laminae.base.shapes import format_shape


def tensor_of(expected: Any, output: Any, *, dtype: Any = None) -> Any:
    """An expectation as a tensor on the output's device. Lists become `dtype` (the output's, unless given) where they can."""
    if is_tensor(expected):
        return expected.detach().to(output.device)
    if expected is None:
        raise UsageError("there is no expectation to hold the output against", {"give": "what the output should be: an array"})
    plain = not hasattr(expected, "dtype")
    try:
        found = as_value(np.asarray(expected))
    except (TypeError, ValueError) as error:
        raise UsageError(f"a {type(expected).__name__} is no expectation", {"because": str(error).split("\n")[0]}) from None
    if not is_tensor(found):
        raise DTypeError("an expectation is of numbers", {"found": dtype_name(found)})
    wanted = dtype or output.dtype
    if plain and (wanted.is_floating_point or not found.is_floating_point()):
        found = found.to(wanted)
    return found.to(output.device)


def same_shape(expected: Any, output: Any, name: str) -> Any:
    """An expectation of the output's own shape and dtype."""
    found = tensor_of(expected, output)
    if found.shape != output.shape:
        raise ShapeError(f"the expectation of output {name!r} has another shape", _fits(found, output))
    if found.dtype != output.dtype and not (found.is_floating_point() and torch.is_autocast_enabled(output.device.type)):
        wanted, write = dtype_name(output), _cast(expected, dtype_name(output))
        rows = {"expected": wanted, "found": dtype_name(found), "write": f"{write}, if that is what you mean"}
        raise DTypeError(f"the expectation of output {name!r} has another dtype", rows)
    return found


def _cast(given: Any, dtype: str) -> str:
    return f"expected.to(torch.{dtype})" if is_tensor(given) else f"expected.astype('{dtype}')"


def _fits(found: Any, output: Any) -> dict[str, str]:
    rows = {"expected": format_shape(tuple(output.shape)), "found": format_shape(tuple(found.shape))}
    if found.numel() == output.numel():
        rows["write"] = f"expected.reshape({', '.join(map(str, output.shape))}), if the elements are in that order"
        if tuple(output.shape) == (*found.shape, 1):
            rows["write"] = "expected[..., None]"
        elif tuple(found.shape) == (*output.shape, 1):
            rows["write"] = "expected[..., 0]"
    return rows


def class_ids(expected: Any, output: Any, name: str) -> Any:
    """Ids [batch, ...] of classes for scores [batch, classes, ...] (or [classes], for one id)."""
    found = tensor_of(expected, output, dtype=torch.int64)
    if found.is_floating_point() or found.is_complex() or found.dtype == torch.bool:
        raise DTypeError(
            f"the expectation of output {name!r} is no class ids",
            {
                "expected": "whole numbers, int64",
                "found": dtype_name(found),
                "write": f"{_cast(expected, 'int64')}, if they are ids; probabilities have the output's shape",
            },
        )
    shape = tuple(output.shape)
    wanted = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if tuple(found.shape) != wanted:
        raise ShapeError(f"the class ids of output {name!r} have another shape", _ids_fit(found, shape, wanted))
    return found.to(torch.int64)


def _ids_fit(found: Any, shape: tuple[int, ...], wanted: tuple[int, ...]) -> dict[str, str]:
    rows = {
        "scores": f"{format_shape(shape)}: {shape[1] if len(shape) > 1 else shape[0]} classes at axis {min(1, len(shape) - 1)}",
        "expected": format_shape(wanted),
        "found": format_shape(tuple(found.shape)),
    }
    if tuple(found.shape) == (*wanted, 1):
        rows["write"] = "expected[..., 0]"
    elif len(shape) > 2 and tuple(found.shape) == shape[:-1]:
        rows["look at"] = "the classes are the last axis of the output: put a Transpose after it, or classes=-1 in the loss"
    return rows


def require_ids(ids: Any, classes: int, name: str, ignore: int | None = None) -> None:
    """Raises UsageError naming the first sample whose id is no class."""
    wrong = (ids < 0) | (ids >= classes)
    if ignore is not None:
        wrong &= ids != ignore
    if not bool(wrong.any()):
        return
    at = tuple(int(i) for i in wrong.nonzero()[0])
    place = f"sample {at[0]}" if at else "the sample"
    more = f", at {list(at[1:])}" if len(at) > 1 else ""
    error = UsageError(
        f"class id {int(ids[at])} of {place}{more} is no class of output {name!r}",
        {"expected": f"0 to {classes - 1}: the output has {classes} classes", "wrong": f"{int(wrong.sum())} of {ids.numel()} ids"}
        | ({"look at": "the ids begin at 1? subtract 1"} if int(ids.min()) == 1 and int(ids.max()) == classes else {}),
    )
    error.sample = at[0] if at else None
    raise error


def class_weights(weights: Sequence[float] | None, output: Any, name: str) -> None:
    """Raises ShapeError unless there is a weight for each class."""
    classes = int(output.shape[1] if output.ndim > 1 else output.shape[0])
    if weights is not None and len(weights) != classes:
        raise ShapeError(f"the loss has {len(weights)} class weights, output {name!r} has {classes} classes")


def floats(values: Any) -> tuple[float, ...] | None:
    """Numbers as a plain tuple."""
    if values is None:
        return None
    array = values.tolist() if hasattr(values, "tolist") else values
    return tuple(float(value) for value in array)


def one_of(what: str, value: Any, known: Sequence[str]) -> None:
    """Raises UsageError for another word."""
    if value not in known:
        raise UsageError(f"there is no {what} {value!r}", {"there are": ", ".join(map(repr, known))})


def number(what: str, value: Any, *, least: float, most: float = float("inf"), above: bool = False) -> None:
    """Raises UsageError unless it is a number within these bounds; above: and not the least."""
    fine = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
    if not fine or (above and value == least):
        bounds = f"{'more than' if above else 'at least'} {least:g}" + ("" if most == float("inf") else f", at most {most:g}")
        raise UsageError(f"{what}={value!r} is not possible", {"expected": f"a number, {bounds}"})
