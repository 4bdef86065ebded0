"""Laminae as an ONNX backend: `prepare`, `run_model`, `run_node`, `supports_device`, as `onnx.backend.base` defines them.

import laminae.onnx_backend as backend
outputs = backend.prepare(model_proto).run([x])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx.backend.base import Backend, BackendRep, namedtupledict

from laminae.api.model import Model
from laminae.api.opening import open
from laminae.base import torch
from laminae.base.arrays import as_numpy
from laminae.base.errors import LaminaeError
from laminae.plan.resolve import resolve


class LaminaeRep(BackendRep):
    """A model ready to run."""

    def __init__(self, model: Model, device: str) -> None:
        self.model = model
        self.device = device

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """inputs: arrays in the order of the model's inputs, or a dict by name. Returns the outputs by name, as NumPy arrays."""
        given = [inputs] if isinstance(inputs, Mapping | np.ndarray) else list(inputs)
        outputs = self.model(*given, device=self.device)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        names = [name or f"output_{i}" for i, name in enumerate(self.model.outputs)]
        return namedtupledict("Outputs", names)(*map(_numpy, outputs))


class LaminaeBackend(Backend):
    """The standard Backend API over `laminae.open`."""

    @classmethod
    def is_compatible(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> bool:
        """Whether the model opens and every operator of it is known."""
        try:
            resolve(open(model).graph)
        except LaminaeError:
            return False
        return True

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> LaminaeRep:
        """Raises a LaminaeError for what is not a sound model."""
        return LaminaeRep(open(model), _torch_device(device))

    @classmethod
    def run_model(cls, model: onnx.ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any) -> tuple[Any, ...]:
        return cls.prepare(model, device).run(inputs)

    @classmethod
    def run_node(
        cls,
        node: onnx.NodeProto,
        inputs: Any,
        device: str = "CPU",
        outputs_info: Sequence[tuple[Any, tuple[int, ...]]] | None = None,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """One node on arrays. opset_version (keyword): the opset it is meant in, by default the newest."""
        opset = kwargs.get("opset_version", onnx.defs.onnx_opset_version())
        named = dict(inputs) if isinstance(inputs, Mapping) else dict(zip(filter(None, node.input), inputs, strict=True))
        values = [
            onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(np.asarray(x).dtype), np.shape(x))
            for name, x in named.items()
        ]
        outputs = [onnx.helper.make_empty_tensor_value_info(name) for name in node.output if name]
        graph = onnx.helper.make_graph([node], "node", values, outputs)
        imports = [onnx.helper.make_opsetid(node.domain, opset)]
        model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=onnx.IR_VERSION)
        return cls.run_model(model, named, device)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device == "CPU" or (device.startswith("CUDA") and torch.cuda.is_available())


def _numpy(value: Any) -> Any:
    """Arrays as NumPy's; sequences as lists of them, nothing as None."""
    if isinstance(value, list | tuple):
        return [_numpy(part) for part in value]
    return value if value is None or isinstance(value, dict) else as_numpy(value)


def _torch_device(device: str) -> str:
    return device.lower()


is_compatible = LaminaeBackend.is_compatible
prepare = LaminaeBackend.prepare
run_model = LaminaeBackend.run_model
run_node = LaminaeBackend.run_node
supports_device = LaminaeBackend.supports_device
