"""The ordered graph of layers. Knows no file format, no torch, no operator.

value, parameter, layer, graph: what a model is made of. order: the forward order. lint: is it sound? edit: changes, whole or
not at all. extract: a part as a graph. flat: the graph without references, for copies and pickles. select: names and globs.
"""

from laminae.graph.graph import Function, Graph, Reference, Serialized
from laminae.graph.layer import INPUT, Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value

__all__ = ["INPUT", "Function", "Graph", "Layer", "Parameter", "Reference", "Serialized", "Value"]
