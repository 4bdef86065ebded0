"""The official cases through engine="onnxruntime": outputs held against those expected, every layer's against engine torch's.

python -m tests.conformance.by_onnxruntime [kind …]     prints passes per kind, and what did not pass, by reason
"""

from __future__ import annotations

import collections
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from onnx.backend.base import namedtupledict

import laminae as lm
from laminae.onnx_backend import LaminaeBackend, LaminaeRep, _numpy
from tests.conformance import runner


class Rep(LaminaeRep):
    """Runs a model with every output stored, by both engines."""

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        given = [inputs] if isinstance(inputs, Mapping | np.ndarray) else list(inputs)
        trace = self._traced(given)
        names = [name or f"output_{i}" for i, name in enumerate(self.model.outputs)]
        for ours in self.model.run(*given).layers:
            if not ours.inside:  # what runs in bodies, ONNX Runtime does not tell
                theirs = trace[ours.name]
                theirs = theirs if len(ours.values) > 1 else (theirs,)
                for i, (a, b) in enumerate(zip(ours.values, theirs, strict=True)):
                    assert same(a, b) or is_old_mask(self.model[ours.name], i), f"engines disagree about {ours.name!r}"
        return namedtupledict("Outputs", names)(*map(_numpy, trace.outputs.values()))

    def _traced(self, given: list[Any]) -> lm.Trace:
        try:
            return self.model.run(*given, engine="onnxruntime")
        except lm.LaminaeError as error:
            layer = error.details.get("operator", "")
            raise AssertionError(f"{type(error).__name__}: {error.message}: {layer} {error.details.get('because')}") from None


class Backend(LaminaeBackend):
    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **kwargs: Any) -> Rep:
        return Rep(lm.open(model), device.lower())


def same(a: Any, b: Any) -> bool:
    """Whether two values of a layer are the same kind, shape and dtype, and close."""
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, torch.Tensor):
        if not isinstance(b, torch.Tensor) or (a.dtype, a.shape) != (b.dtype, b.shape):
            return False
        if not a.is_floating_point():
            return bool((a == b).all())
        rough = 1e-3 if a.dtype.itemsize >= 4 else 1e-2
        return torch.allclose(a.double(), b.double(), rtol=rough, atol=rough / 10, equal_nan=True)
    return a == b if isinstance(a, dict) or a is None else np.asarray(a).tolist() == np.asarray(b).tolist()


def is_old_mask(layer: Any, output: int) -> bool:
    """Whether it is the mask of a Dropout before opset 12, of which nothing was said: ONNX Runtime gives zeros."""
    return layer.operator == "Dropout" and layer.opset < 12 and output == 1


def main(kinds: list[str]) -> int:
    kinds = kinds or list(runner.KINDS)
    outcomes = [runner.run(kind, case) for kind, case in runner.cases(kinds, Backend)]
    for outcome in sorted(outcomes, key=lambda o: o.reason):
        if outcome.result != "passed":
            print(f"{outcome.result:8} {outcome.name.removeprefix('test_')}: {outcome.reason}")
    for kind in kinds:
        counts = collections.Counter(o.result for o in outcomes if o.kind == kind)
        print(f"{kind:18} {counts['passed']:5} of {sum(counts.values()):5} passed")
    print(f"{'all':18} {sum(o.result == 'passed' for o in outcomes):5} of {len(outcomes):5} passed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
