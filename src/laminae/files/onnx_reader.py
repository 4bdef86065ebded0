"""An .onnx file as a graph. https://onnx.ai/onnx/repo-docs/IR.html

Weights stay in the file until they are looked at; no code is run; time and memory are bounded by the file's size.
"""

from __future__ import annotations

import os
from typing import Any

from laminae.files.checks import check_header, read_opsets
from laminae.files.functions import read_functions
from laminae.files.graph_reader import read_graph
from laminae.files.kept import read_metadata, unknown_fields
from laminae.files.lazy import onnx
from laminae.files.model_source import open_model
from laminae.files.reading import Reading
from laminae.graph.graph import Graph


def read(source: str | os.PathLike[str] | bytes | Any) -> Graph:
    """The graph of an ONNX model.

    source: a path, the bytes of a file, or an onnx.ModelProto. Raises FileError where it is no ONNX model or its data
    are not there, ModelError where the model is not sound; both name the file and the layer.
    """
    proto, reading = open_model(source)
    check_header(proto, reading)
    opsets = read_opsets(proto.opset_import, "the model", reading)
    read_functions(proto.functions, opsets, reading)
    graph = read_graph(proto.graph, opsets, reading, ir_version=proto.ir_version)
    graph.functions = reading.functions
    _describe(graph, proto, reading)
    return graph


def _describe(graph: Graph, proto: Any, reading: Reading) -> None:
    """What the model says of itself. Metadata and text of the model come first; the graph's own are notes."""
    graph.notes["graph_metadata"], graph.notes["graph_doc"] = graph.metadata, graph.doc
    graph.metadata = read_metadata(proto.metadata_props, "the model", reading)
    graph.doc = reading.text(proto.doc_string, "the model's text")
    graph.notes["ir_version"] = proto.ir_version
    graph.notes["model_version"] = proto.model_version
    for key in ("producer_name", "producer_version", "domain"):
        graph.notes[key] = reading.text(getattr(proto, key), key)
    rest = onnx.ModelProto(training_info=proto.training_info, configuration=proto.configuration)
    graph.notes["model_kept"] = rest.SerializeToString() + unknown_fields(proto)
    graph.notes["checksums"] = reading.checksums
