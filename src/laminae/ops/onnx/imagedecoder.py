"""ImageDecoder. https://onnx.ai/onnx/operators/onnx__ImageDecoder.html"""

import io

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import AttributeValueError
from laminae.base.shapes import Spec
from laminae.ops.casting import from_numpy
from laminae.ops.costs import untold
from laminae.ops.registry import operator

FORMATS = ("BMP", "JPEG", "JPEG2000", "TIFF", "PNG", "WEBP", "PPM")
"""Those of the standard, by Pillow's names; no others are tried."""

MODES = {"RGB": "RGB", "BGR": "RGB", "Grayscale": "L"}


def imagedecoder_shape(encoded_stream, *, pixel_format="RGB"):
    return Spec("uint8", (None, None, 1 if pixel_format == "Grayscale" else 3))


@operator("ImageDecoder", since=20, kind="image", shape=imagedecoder_shape, cost=untold)
def imagedecoder(encoded_stream, *, pixel_format="RGB"):
    """The pixels of an image file given as bytes: [height, width, channels], uint8; [0, 0, channels] where it cannot be read."""
    from PIL import Image

    if pixel_format not in MODES:
        raise AttributeValueError(f"no pixel format {pixel_format!r}", {"known": ", ".join(MODES)})
    try:
        with Image.open(io.BytesIO(as_numpy(encoded_stream).tobytes()), formats=FORMATS) as image:
            pixels = np.array(image.convert(MODES[pixel_format]))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return from_numpy(np.zeros((0, 0, 1 if pixel_format == "Grayscale" else 3), dtype=np.uint8))
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    return from_numpy(pixels[:, :, ::-1].copy() if pixel_format == "BGR" else pixels)
