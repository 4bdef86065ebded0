"""`lm.open`: a file, a description, bytes, a ModelProto or a PyTorch module as a model."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from laminae.api.model import Model
from laminae.api.one_phase import PROGRAM
from laminae.base.errors import UsageError


def open(
    source: str | os.PathLike[str] | bytes | Any,
    *,
    example: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    dynamic: Any = None,
    tied: bool | str | Sequence[str] | None = None,
) -> Model:
    """Open a model: an .onnx file (or its bytes, or an onnx.ModelProto), a description of layers (.yaml, .json), a
    torch.nn.Module, an ExportedProgram, a .pt2 file.

    A file's weights stay in it until they are used; no code from it is run, nothing outside its folder is read.

    A module is read with an example of its arguments, in the phase it is in: the layers that really run, over the module's
    own parameters (a change in one shows in the other). example: the positional arguments as a tuple, or one tensor; kwargs:
    those by name. dynamic: sizes that may vary, `{"x": {0: "batch"}}`, or a second example of other sizes.

    tied: which parameters of a file that several layers read stay one when the model learns. Exporters store equal content once;
    without a word, what is filled with one number comes apart (biases of 0, scales of 1), unless the layers are one module's, and
    everything else stays one. True: all stay one; False: none does; names or globs: these do.

    Raises FileError for what is not a model's file, ModelError for what is not a sound model, ExportError for a module that
    no graph can hold, which names the line.
    """
    torch = sys.modules.get("torch")
    module = torch is not None and isinstance(source, torch.nn.Module)
    if tied is not None and (module or (not isinstance(source, (str, os.PathLike, bytes)) and not hasattr(source, "graph"))):
        raise UsageError("tied= is for .onnx files: a module says itself what is one")
    if module:
        return _module(source, example, kwargs, dynamic)
    if example is not None or kwargs is not None or dynamic is not None:
        raise UsageError(f"example=, kwargs= and dynamic= are for modules, not for a {type(source).__name__}")
    if torch is not None and isinstance(source, torch.export.ExportedProgram):
        return _program(source)
    if isinstance(source, (str, os.PathLike)) and os.fspath(source).endswith(".pt2"):
        from laminae.files.module.pt2 import load

        return _program(load(source))
    from laminae.files.description import reading

    if isinstance(source, (str, os.PathLike)) and reading.is_description(source):
        from laminae.api.describing import build

        return build(reading.read(source))
    from laminae.files.onnx_reader import read

    return Model(graph=read(source), tied=tied)


def _module(module: Any, example: Any, kwargs: Mapping[str, Any] | None, dynamic: Any) -> Model:
    from laminae.files.module.source import ModuleSource, arguments

    args, named = arguments(example, kwargs)
    source = ModuleSource(module, args, named, dynamic)
    graph, interface = source.read()
    return Model(graph=graph, source=source, interface=interface)


def _program(program: Any) -> Model:
    from laminae.files.module.program import read_program

    graph, interface = read_program(program)
    graph.notes[PROGRAM] = True
    return Model(graph=graph, interface=interface)
