"""Values of patches in the dtype that a layer gives: never changed in silence into what they were not."""

from __future__ import annotations

from typing import Any

from laminae.base import torch
from laminae.base.dtypes import dtype_name
from laminae.base.errors import PatchError
from laminae.trace.patch_record import Patch


def cast(patch: Patch, value: Any, dtype: Any, *, way_out: str = "") -> Any:
    """A tensor in another dtype: of the same kind of number, or of a kind that holds it.

    Floats are rounded as everywhere (float64 to float32), whole numbers become floats. Raises PatchError where floats would
    become whole numbers, whole numbers truth values, or where numbers do not fit: those too large for the dtype.
    """
    if value.dtype == dtype:
        return value
    if _kind(value.dtype) > _kind(dtype):
        write = way_out or f"value.to({dtype}), if that is what you mean"
        raise PatchError(
            f"{patch} gives {dtype_name(value)}", {"the layer gives": str(dtype).removeprefix("torch."), "write": write}
        )
    made = value.to(dtype)
    if not _held(value.detach(), made.detach()):
        name = str(dtype).removeprefix("torch.")
        raise PatchError(
            f"{patch} gives numbers that do not fit in {name}", {"found": dtype_name(value), "the layer gives": name}
        )
    return made


def _kind(dtype: Any) -> int:
    """Truth values, whole numbers, floats, complex numbers: each holds those before it."""
    if dtype.is_complex:
        return 3
    return 2 if dtype.is_floating_point else int(dtype != torch.bool)


def _held(value: Any, made: Any) -> bool:
    """Whether whole numbers stayed what they were, and no finite number became infinite."""
    if _kind(made.dtype) == 1:
        return bool((made.to(value.dtype) == value).all())
    if _kind(made.dtype) == 0:
        return True
    wide = value if value.is_complex() or value.dtype == torch.float64 else value.double()
    there = made if made.is_complex() else made.double()
    return bool((torch.isfinite(there) | ~torch.isfinite(wide)).all())
