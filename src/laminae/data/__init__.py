"""Data to learn from and be measured on: samples of arrays, files, tables and folders; their order, parts and batches."""

from laminae.data.batches import batches
from laminae.data.classes import Classes
from laminae.data.columns import Column, Columns
from laminae.data.finite import require_finite
from laminae.data.image import Preparation
from laminae.data.interface import Samples, sample_count
from laminae.data.normalisation import Normalisation, Scaling
from laminae.data.opening import samples
from laminae.data.order import order
from laminae.data.origin import differences
from laminae.data.splitting import split
from laminae.data.stream import Stream
from laminae.data.texts import Text
from laminae.data.workers import Workers

__all__ = [
    "Classes",
    "Column",
    "Columns",
    "Normalisation",
    "Preparation",
    "Samples",
    "Scaling",
    "Stream",
    "Text",
    "Workers",
    "batches",
    "differences",
    "order",
    "require_finite",
    "sample_count",
    "samples",
    "split",
]
