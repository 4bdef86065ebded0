"""Images as arrays, and how a model wants them: size, scale, mean, layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import FileError, MissingPackageError, ShapeError, UsageError
from laminae.data.source import Pixels, opened

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Preparation:
    """How pixels (0 to 255) become an input: (pixel · scale − mean) / std, by channel, then laid out.

    layout: "nchw" or "nhwc". size: (height, width) it is resized to; None keeps it. mean, std: one number, or one a channel.
    channels: 1 or 3 makes it grey or colour; None keeps what it is.
    """

    layout: str = "nchw"
    size: tuple[int, int] | None = None
    scale: float = 1.0
    mean: Sequence[float] = (0.0,)
    std: Sequence[float] = (1.0,)
    channels: int | None = None

    @property
    def plain(self) -> bool:
        """Whether pixels stay whole numbers."""
        return self.scale == 1.0 and set(self.mean) == {0.0} and set(self.std) == {1.0}


def read_image(source: bytes | Path, name: str) -> Pixels:
    """The pixels: one channel of a grey image, three of a colour one. Raises FileError."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise MissingPackageError("images are read by Pillow", {"install": "pip install pillow"}) from None
    with opened(source, name, "an image") as file:
        try:
            image = Image.open(file)
        except UnidentifiedImageError:
            raise FileError(f"{name!r} is no image that Pillow knows") from None
        grey = image.mode in ("1", "L", "I", "F", "I;16", "LA")
        pixels = np.array(image.convert("L" if grey else "RGB"))
    return Pixels(pixels[..., None] if pixels.ndim == 2 else pixels)


def prepare(pixels: Array, how: Preparation, *, channels: int | None = None, dtype: str = "float32") -> Array:
    """One sample [1, …] of an image [height, width, channels], as a model takes it.

    channels: 1 or 3 makes it grey or colour. dtype: of the result. Raises ShapeError where mean or std do not fit the channels.
    """
    if how.layout not in ("nchw", "nhwc"):
        raise UsageError(f"there is no image layout {how.layout!r}", {"known": "nchw, nhwc"})
    pixels = _coloured(_resized(pixels, how.size), channels or how.channels)
    for word, numbers in (("mean", how.mean), ("std", how.std)):
        if len(numbers) not in (1, pixels.shape[2]):
            raise ShapeError(
                f"--{word} has {len(numbers)} numbers", {"expected": f"1, or {pixels.shape[2]}, one for each channel"}
            )
    if 0.0 in how.std:
        raise UsageError("--std cannot be 0")
    wide = (pixels.astype(np.float64) * how.scale - np.array(how.mean)) / np.array(how.std)
    laid = wide if how.layout == "nhwc" else np.moveaxis(wide, 2, 0)
    return np.ascontiguousarray(laid[None].astype(dtype))


def _resized(pixels: Array, size: tuple[int, int] | None) -> Array:
    if size is None or size == pixels.shape[:2]:
        return pixels
    from PIL import Image

    height, width = size
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    made = np.array(image.resize((width, height), Image.Resampling.BILINEAR))
    return made[..., None] if made.ndim == 2 else made


def _coloured(pixels: Array, channels: int | None) -> Array:
    """Grey to three equal channels, colour to grey by its luminance (ITU-R BT.601), as Pillow does."""
    if channels == 3 and pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    if channels == 1 and pixels.shape[2] == 3:
        from PIL import Image

        return np.array(Image.fromarray(pixels).convert("L"))[..., None]
    return pixels
