"""The official ONNX runner over Laminae's backend: every case with how it ended.

python -m tests.conformance.runner [kind …]     prints passes per kind, and what did not pass
"""

from __future__ import annotations

import collections
import sys
import unittest
import warnings
from dataclasses import dataclass
from typing import Any

import onnx.backend.test.runner

from laminae.onnx_backend import LaminaeBackend

KINDS = {
    "node": "OnnxBackendNodeModelTest",
    "simple": "OnnxBackendSimpleModelTest",
    "real": "OnnxBackendRealModelTest",
    "pytorch-converted": "OnnxBackendPyTorchConvertedModelTest",
    "pytorch-operator": "OnnxBackendPyTorchOperatorModelTest",
}


@dataclass(frozen=True)
class Outcome:
    """How one case ended: "passed", "failed" or "skipped", and why."""

    kind: str
    name: str
    result: str
    reason: str = ""


class SequenceRunner(onnx.backend.test.runner.Runner):
    """The official runner, which cannot compare a sequence that holds a tensor of rank 0: it asks it for its length."""

    @classmethod
    def assert_similar_outputs(cls, ref_outputs: Any, outputs: Any, *args: Any, **named: Any) -> None:
        if isinstance(outputs, list | tuple) and any(isinstance(out, list) for out in outputs):
            assert len(ref_outputs) == len(outputs)
            for expected, found in zip(ref_outputs, outputs, strict=True):
                assert isinstance(expected, list) == isinstance(found, list)
                both = (expected, found) if isinstance(found, list) else ([expected], [found])
                cls.assert_similar_outputs(*both, *args, **named)
        else:
            super().assert_similar_outputs(ref_outputs, outputs, *args, **named)


def cases(kinds: list[str], backend: type[LaminaeBackend] = LaminaeBackend) -> list[tuple[str, unittest.TestCase]]:
    """The cases of these kinds on the CPU, as the runner makes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = SequenceRunner(backend, __name__).test_cases
    return [
        (kind, made[KINDS[kind]](name))
        for kind in kinds
        for name in sorted(dir(made[KINDS[kind]]))
        if name.startswith("test_") and name.endswith("_cpu")
    ]


def run(kind: str, case: unittest.TestCase) -> Outcome:
    """One case. A case is passed only if it ran and compared."""
    name = case.id().rsplit(".", 1)[-1].removesuffix("_cpu")
    result = unittest.TestResult()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case.run(result)
    if result.skipped:
        return Outcome(kind, name, "skipped", result.skipped[0][1])
    broken = result.failures + result.errors
    if broken:
        return Outcome(kind, name, "failed", broken[0][1].strip().splitlines()[-1])
    return Outcome(kind, name, "passed")


def main(kinds: list[str]) -> int:
    outcomes = [run(kind, case) for kind, case in cases(kinds or list(KINDS))]
    for outcome in outcomes:
        if outcome.result != "passed":
            print(f"{outcome.result:8} {outcome.name}: {outcome.reason}")
    for kind in kinds or KINDS:
        counts = collections.Counter(o.result for o in outcomes if o.kind == kind)
        print(
            f"{kind:18} {counts['passed']:5} of {sum(counts.values()):5} passed, {counts['failed']} failed, {counts['skipped']} skipped"
        )
    passed = sum(o.result == "passed" for o in outcomes)
    print(f"{'all':18} {passed:5} of {len(outcomes):5} passed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
