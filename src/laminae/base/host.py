"""Arrays that torch cannot hold, strings and elements smaller than a byte: NumPy with ml_dtypes, behind a tensor's face."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from laminae.base.dtypes import dtype_name, nbytes
from laminae.base.errors import DTypeError
from laminae.base.lazy import torch

DTYPES = frozenset({"string", "int4", "uint4", "int2", "uint2", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"})
"""The dtypes held so."""

MOVES = frozenset(
    {
        "as_strided", "broadcast_to", "cat", "chunk", "clone", "concat", "contiguous", "diagonal", "expand", "flatten", "flip",
        "gather", "index_select", "masked_select", "movedim", "narrow", "pad", "permute", "ravel", "repeat",
        "repeat_interleave", "reshape", "roll", "scatter", "select", "split", "split_with_sizes", "squeeze", "stack", "swapaxes",
        "t", "take", "take_along_dim", "tile", "transpose", "tril", "triu", "unbind", "unflatten", "unsqueeze", "view", "where",
        "index_put", "__getitem__", "constant_pad_nd", "embedding", "tensor_split", "expand_as", "view_as", "reshape_as", "rot90",
    }
)  # fmt: skip
"""The functions of torch that only move elements: done on the places of the elements, then by taking them."""


class HostArray:
    """A NumPy array of strings or of elements smaller than a byte, in main memory whatever the device.

    Functions of torch that only move elements take it (`torch.cat`, `x.reshape`), as does torch.eq; others raise DTypeError.
    """

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)

    @property
    def dtype(self) -> str:
        return dtype_name(self.array)

    @property
    def shape(self) -> Any:
        return torch.Size(self.array.shape)

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def nbytes(self) -> int:
        """Bytes of the elements, those smaller than a byte packed; of strings, of their UTF-8."""
        if self.dtype == "string":
            return sum(len(str(text).encode()) for text in self.array.ravel())
        return nbytes(self.dtype, self.array.size)

    @property
    def device(self) -> Any:
        return torch.device("cpu")

    def numel(self) -> int:
        return self.array.size

    def dim(self) -> int:
        return self.array.ndim

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def is_floating_point(self) -> bool:
        return "float" in self.dtype

    def is_complex(self) -> bool:
        return False

    def numpy(self) -> np.ndarray[Any, Any]:
        return self.array

    def tolist(self) -> Any:
        return self.array.tolist()

    def item(self) -> Any:
        return self.array.item()

    def detach(self) -> HostArray:
        return self

    def cpu(self) -> HostArray:
        return self

    def to(self, device: Any = None, *, copy: bool = False) -> HostArray:
        """It stays in main memory. Raises DTypeError for a dtype: that is Cast's."""
        if isinstance(device, torch.dtype):
            raise DTypeError(f"{self.dtype} values have no torch form", {"the way out": "a Cast layer"})
        return self.clone() if copy else self

    def clone(self) -> HostArray:
        return HostArray(self.array.copy())

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Any]:
        return iter(self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> HostArray:
        return moved(torch.Tensor.__getitem__, (self, index), {})  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        if name not in MOVES:
            raise AttributeError(f"{self.dtype} values have no {name!r}")
        return lambda *args, **named: moved(getattr(torch.Tensor, name), (self, *args), named)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return self.array if dtype is None else self.array.astype(dtype)

    def __repr__(self) -> str:
        return f"HostArray({self.array.tolist()!r}, dtype={self.dtype})"

    def __reduce__(self) -> tuple[object, ...]:
        return HostArray, (self.array,)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """What torch calls when one of its functions is given such an array."""
        name = getattr(function, "__name__", str(function))
        if name in MOVES:
            return moved(function, tuple(args), dict(kwargs or {}))
        if name in ("eq", "__eq__"):
            equal = np.equal(*(np.asarray(x) for x in args), dtype=object)
            return torch.from_numpy(np.asarray(equal).astype(bool)).to(torch.get_default_device())
        found = next(x for x in [*args, *(kwargs or {}).values()] if isinstance(x, HostArray))
        raise DTypeError(f"{name} cannot take {found.dtype} values", {"the way out": "a Cast layer before it"})


def moved(function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Run a function that only moves elements on the elements' places, and take the elements that stand there then."""
    pool: list[np.ndarray[Any, Any]] = []

    def places(x: Any) -> Any:
        if isinstance(x, HostArray):
            start = sum(a.size for a in pool)
            pool.append(x.array)
            return torch.arange(start, start + x.array.size, device="cpu").reshape(x.array.shape)
        if type(x) in (list, tuple):
            return type(x)(map(places, x))
        return x.cpu() if isinstance(x, torch.Tensor) else x

    if named.get("accumulate"):
        raise DTypeError(f"{function.__name__} cannot add up what is no number", {"the way out": "a Cast layer before it"})
    if function.__name__ == "constant_pad_nd":
        args = (*args[:2], -1)  # the last place of all, where the empty element stands
    made = function(*places(args), **{key: places(x) for key, x in named.items()})
    every = np.concatenate([*(a.reshape(-1) for a in pool), _empty(pool[0].dtype)])
    return _taken(made, every)


def _empty(dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """The one element, "" or 0, that padding puts where nothing else is said."""
    return np.array([""], dtype=object) if dtype.kind == "O" else np.zeros(1, dtype=dtype)


def _taken(made: Any, every: np.ndarray[Any, Any]) -> Any:
    if type(made) in (list, tuple):
        return type(made)(_taken(part, every) for part in made)
    return HostArray(np.asarray(every[made.numpy()], dtype=every.dtype))  # a place of rank 0 takes no array but its element


def padded(x: Any, pads: Sequence[int], value: Any) -> Any:
    """x with `value` around it; pads as those of torch.constant_pad_nd."""
    inside = torch.constant_pad_nd(torch.ones(x.shape, dtype=torch.bool, device="cpu"), pads)
    outside: Any = HostArray(np.asarray(value, dtype=x.array.dtype))
    return torch.where(inside, torch.constant_pad_nd(x, pads), outside)


def ranks(x: HostArray) -> Any:
    """The elements as int64 numbers in the same order."""
    _, inverse = np.unique(x.array, return_inverse=True)
    return torch.from_numpy(inverse.reshape(x.array.shape)).to(torch.get_default_device())
