"""What must hold of a model before its layers are read: a graph, an IR version and operator sets that exist."""

from __future__ import annotations

from typing import Any

from laminae.files.lazy import onnx
from laminae.files.model_source import not_onnx
from laminae.files.reading import Reading

IR_VERSIONS = (3, 14)
"""The first and the last version of the format that is read."""


def check_header(proto: Any, reading: Reading) -> None:
    """Raises FileError where this is no ONNX model, ModelError where it is one of a version that is not read."""
    if not proto.HasField("graph"):
        raise not_onnx(reading.label, reading.head, "it has no graph")
    if not proto.HasField("ir_version"):
        raise not_onnx(reading.label, reading.head, "it does not say its IR version")
    first, last = IR_VERSIONS
    if not first <= proto.ir_version <= last:
        raise reading.error(
            f"the model has IR version {proto.ir_version}",
            {"expected": f"{first} to {last}", "way out": "save it again with a current exporter" if proto.ir_version < first
             else "install a newer Laminae, or save it with an older `ir_version`"},
        )  # fmt: skip


def read_opsets(imports: Any, what: str, reading: Reading) -> dict[str, int]:
    """Domain → version. Raises ModelError for a version that does not exist, or two for one domain."""
    if not len(imports):
        raise reading.error(f"{what} does not say which operator sets it uses", {"expected": "an opset_import"})
    opsets: dict[str, int] = {}
    for entry in imports:
        domain, version = main_domain(reading.text(entry.domain, "a domain")), entry.version
        newest = onnx.defs.onnx_opset_version() if domain == "" else None
        if version < 1 or (newest is not None and version > newest):
            raise reading.error(
                f"{what} uses an operator set that does not exist",
                {"domain": domain or "ai.onnx", "expected": f"1 to {newest}" if newest else "1 or more", "found": version},
            )
        if opsets.setdefault(domain, version) != version:
            found = f"{opsets[domain]} and {version}"
            raise reading.error(f"{what} has two versions of one operator set", {"domain": domain or "ai.onnx", "found": found})
    return opsets


def main_domain(domain: str) -> str:
    """The domain by its short name: `ai.onnx` is the empty one."""
    return "" if domain == "ai.onnx" else domain
