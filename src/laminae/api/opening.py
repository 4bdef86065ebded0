"""`lm.open`: a file, bytes or a ModelProto as a model."""

from __future__ import annotations

import os
from typing import Any

from laminae.api.model import Model


def open(source: str | os.PathLike[str] | bytes | Any) -> Model:
    """Open an .onnx file (or its bytes, or an onnx.ModelProto) as a Model.

    Weights stay in the file until they are used. Runs no code from the file, reads nothing outside its folder.
    Raises FileError for what is not an ONNX file, ModelError for what is not a sound model.
    """
    from laminae.files.onnx_reader import read

    return Model(graph=read(source))
