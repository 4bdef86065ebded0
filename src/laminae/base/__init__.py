"""The ground floor: errors, dtypes, shapes, plain records and the one lazy `torch`. Imports nothing of ours."""

from laminae.base.lazy import torch

__all__ = ["torch"]
