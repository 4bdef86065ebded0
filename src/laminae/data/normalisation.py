"""Inputs moved and scaled to a common size, by numbers that are taken from the training part alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import ShapeError, UsageError
from laminae.data.batches import batches
from laminae.data.finite import require_finite
from laminae.data.interface import Samples, parts, require_samples

Array = np.ndarray[Any, Any]
How = Literal["mean/std", "min/max"]

BATCH = 1024


@dataclass(frozen=True)
class Scaling:
    """(x − shift) / scale along one axis: a number for each feature or channel. axis: counted in x [batch, …]; None: one number
    for all."""

    axis: int | None
    shift: tuple[float, ...]
    scale: tuple[float, ...]

    def shaped(self, rank: int, dtype: Any = np.float32) -> tuple[Array, Array]:
        """shift and scale as arrays that go with x of this rank: constants of two layers, Sub and Div."""
        form = [1] * rank
        if self.axis is not None:
            form[self.axis] = len(self.shift)
        return np.array(self.shift, dtype).reshape(form), np.array(self.scale, dtype).reshape(form)

    def apply(self, x: Any) -> Array:
        """x scaled, in its own dtype, as layers would. Raises ShapeError for another number of features."""
        array = as_numpy(x)
        if self.axis is not None and (array.ndim <= self.axis or array.shape[self.axis] != len(self.shift)):
            details = {"expected": f"{len(self.shift)} along axis {self.axis}", "found": str(list(array.shape))}
            raise ShapeError("this input was not what the normalisation was taken from", details)
        shift, scale = self.shaped(array.ndim, array.dtype)
        made: Array = (array - shift) / scale
        return made


@dataclass(frozen=True)
class Normalisation:
    """How each input is scaled, by its name; an input of whole numbers (ids) is not among them. how: by what."""

    how: How
    inputs: Mapping[str, Scaling]

    @classmethod
    def fit(cls, samples: Samples, how: How = "mean/std", *, axis: int | None = None, batch: int = BATCH) -> Normalisation:
        """Read all samples once, in float64; give the training part alone.

        how: "mean/std" brings each feature to mean 0 and standard deviation 1 (of the population), "min/max" to 0 … 1. A feature
        that is always the same is only moved, to 0. axis: of x [batch, …], along which features or channels lie: 1 unless said
        (nchw: the channels), but of three axes it has to be said. Raises UsageError for NaN, and where nothing can be scaled.
        """
        samples = _checked(samples, how)
        moments: dict[str, _Moments] = {}
        done = 0
        for x, _ in batches(samples, batch):
            held = parts(x)
            for name, part in zip(samples.inputs, held, strict=True):
                array = as_numpy(part)
                if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
                    require_finite(array, partial(_place, samples, done), f"input {name!r}")
                    moments.setdefault(name, _Moments(_axis(array, axis, name))).add(array)
            done += len(held[0])
        if not moments:
            raise UsageError("no input of these samples can be scaled", {"expected": "an input of floats"})
        return cls(how, {name: found.scaling(how) for name, found in moments.items()})

    def apply(self, x: Any) -> Any:
        """One array, a tuple or a dict of several, with those that are known scaled."""
        if isinstance(x, Mapping):
            return {name: self.inputs[name].apply(part) if name in self.inputs else part for name, part in x.items()}
        if isinstance(x, tuple):
            named = ((f"x{i}", part) for i, part in enumerate(x))
            return tuple(self.inputs[name].apply(part) if name in self.inputs else part for name, part in named)
        return next(iter(self.inputs.values())).apply(x)

    def to_json(self) -> dict[str, Any]:
        """Plain lists, dicts, texts and numbers, to be kept beside a model."""
        inputs = {name: {"axis": s.axis, "shift": list(s.shift), "scale": list(s.scale)} for name, s in self.inputs.items()}
        return {"how": self.how, "inputs": inputs}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Normalisation:
        """The normalisation that `to_json` gave."""
        inputs = {n: Scaling(s["axis"], tuple(s["shift"]), tuple(s["scale"])) for n, s in held["inputs"].items()}
        return cls(held["how"], inputs)


def of_expectations(samples: Samples, how: How = "mean/std", *, batch: int = BATCH) -> Scaling:
    """The same of what is expected, one array of numbers [batch] or [batch, …]: along axis 1, where there is one.

    Raises UsageError for NaN, for classes, and where there is no expectation, or there are several.
    """
    samples = _checked(samples, how)
    classes = {"found": "classes", "expected": "numbers", "the way out": "leave the expectations as they are"}
    if samples.classes is not None:
        raise UsageError("expectations that are classes cannot be scaled", classes)
    moments: _Moments | None = None
    for at in range(0, len(samples), batch):
        wanted = samples.expected(np.arange(at, min(at + batch, len(samples))))
        if wanted is None or isinstance(wanted, Mapping | tuple):
            raise UsageError("there is no one expectation to be scaled", {"found": type(wanted).__name__})
        array = as_numpy(wanted)
        if array.dtype.kind not in "f" and array.dtype.name != "bfloat16":
            raise UsageError("only expectations of floats are scaled", {"found": array.dtype.name, "write": "astype('float32')"})
        require_finite(array, partial(_place, samples, at), "the expectation")
        moments = moments or _Moments(1 if array.ndim > 1 else None)
        moments.add(array)
    assert moments is not None
    return moments.scaling(how)


def _checked(samples: Any, how: Any) -> Samples:
    """Raises UsageError for what is no samples, or none at all, and for an unknown way."""
    found = require_samples(samples, "a normalisation")
    if how not in ("mean/std", "min/max"):
        raise UsageError(f"how={how!r} is no normalisation", {"expected": '"mean/std" or "min/max"'})
    if not len(found):
        raise UsageError("a normalisation is taken from samples, and there is none")
    return found


class _Moments:
    """Count, mean, sum of squared differences, least and greatest of each feature, over batches.

    Chan, Golub, LeVeque 1979, eq. 2.1: two parts are merged by their means, so that nothing is lost to a large mean.
    """

    def __init__(self, axis: int | None) -> None:
        self._axis, self._count = axis, 0
        self._mean: Any = 0.0
        self._squares: Any = 0.0
        self._least: Any = np.inf
        self._greatest: Any = -np.inf

    def add(self, x: Array) -> None:
        wide = x.astype(np.float64).reshape(-1, 1) if self._axis is None else _features_last(x, self._axis)
        if not len(wide):
            return
        count, mean = len(wide), wide.mean(axis=0)
        squares, apart, whole = np.square(wide - mean).sum(axis=0), mean - self._mean, self._count + count
        self._squares = self._squares + squares + np.square(apart) * (self._count * count / whole)
        self._mean, self._count = self._mean + apart * (count / whole), whole
        self._least, self._greatest = np.minimum(self._least, wide.min(axis=0)), np.maximum(self._greatest, wide.max(axis=0))

    def scaling(self, how: How) -> Scaling:
        constant = self._least == self._greatest
        shift = np.where(constant, self._least, self._mean) if how == "mean/std" else self._least
        scale = np.sqrt(self._squares / self._count) if how == "mean/std" else self._greatest - self._least
        least = np.finfo(np.float32).tiny  # what is smaller would be 0 in a float32 layer
        scale = np.where(constant | (scale < least), 1.0, scale)
        return Scaling(self._axis, tuple(map(float, np.atleast_1d(shift))), tuple(map(float, np.atleast_1d(scale))))


def _features_last(x: Array, axis: int) -> Array:
    moved = np.moveaxis(x, axis, -1)
    return moved.reshape(-1, moved.shape[-1]).astype(np.float64)


def _axis(x: Array, axis: int | None, name: str) -> int | None:
    if axis is not None:
        if not 0 < axis < x.ndim:
            raise UsageError(f"axis={axis} is no axis of features of input {name!r}", {"input": str(list(x.shape))})
        return axis
    if x.ndim == 3:
        ways = "axis=1 ([batch, channels, length]) or axis=2 ([batch, length, features])"
        raise UsageError(f"which axis of input {name!r} are its features?", {"input": str(list(x.shape)), "give": ways})
    return 1 if x.ndim > 1 else None


def _place(samples: Samples, done: int, at: int) -> str:
    return samples.place(done + at)
