"""An exported program as a graph: as it stands or, where that cannot be, in torch's own form without in-place operators."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from laminae.files.module.cells import NeedsTorch, cannot_be_undone
from laminae.files.module.interface import Interface
from laminae.files.module.reader import ProgramReader
from laminae.files.module.strided import AS_STRIDED_SCATTER, require_apart
from laminae.graph.graph import Graph
from laminae.graph.parameter import Parameter


def read_program(
    program: Any, module: Any = None, *, boxes: dict[int, Parameter] | None = None, sizes: Mapping[str, str] | None = None
) -> tuple[Graph, Interface]:
    """The graph of an ExportedProgram, and how its arguments become inputs and its outputs the module's own structure.

    module: whose tensors the parameters are; the program's own without one. boxes: parameters read before, by the identity of
    their tensors: another phase of a module has the same. sizes: symbols of the export → names for them.
    """
    known = {} if boxes is None else boxes
    try:
        return ProgramReader(program, module, known, sizes or {}).read()
    except NeedsTorch as problem:
        needs = problem
    return ProgramReader(_functional(program, needs), module, known, sizes or {}).read()


def _functional(program: Any, needs: NeedsTorch) -> Any:
    """The program without in-place operators, as torch undoes them. Raises ExportError where it does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            functional = program.run_decompositions({})
    except Exception as problem:
        because = (str(problem).strip().split("\n")[0] or type(problem).__name__)[:200]
        way_out = "write out of place there: y = torch.pow(x, 2), not torch.pow(x, 2, out=y)"
        raise cannot_be_undone(needs.operator, needs.line, because, way_out) from None
    for node in functional.graph.nodes:
        if getattr(getattr(node.target, "_schema", None), "name", "") == AS_STRIDED_SCATTER:
            require_apart(node, *node.args[2:4])
    return functional
