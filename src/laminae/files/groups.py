"""The group a layer stands in, from what exporters leave in a file: metadata of PyTorch's exporter, or slashes in names."""

from __future__ import annotations

import ast

NAMESPACE = "namespace"
SCOPES = "pkg.torch.onnx.name_scopes"


def find_group(name: str, metadata: dict[str, str]) -> str:
    """The path of the group: from metadata where there is any, otherwise from the layer's name."""
    if NAMESPACE in metadata:
        return group_of_namespace(metadata[NAMESPACE])
    if SCOPES in metadata:
        return group_of_scopes(metadata[SCOPES])
    return group_of_name(name)


def group_of_name(name: str) -> str:
    """`/encoder/layer.0/attention/MatMul` stands in `encoder/layer/0/attention`: dots part modules as slashes do."""
    parts = [part for part in name.split("/") if part]
    return group_of_modules(["/".join(parts[:-1])])


def group_of_namespace(namespace: str) -> str:
    """A plain path (`encoder/layer/0`) is the group. PyTorch's holds classes too, and the operator last:
    `: Model/encoder: Encoder/encoder.layer.0: Layer/view: aten.view`.
    """
    if ": " not in namespace:
        return "/".join(part for part in namespace.split("/") if part)
    return group_of_modules([part.split(": ", 1)[0] for part in namespace.split("/")[:-1]])


def group_of_scopes(text: str) -> str:
    """PyTorch's list of modules from the outermost in, the node's own name last: `['', 'encoder', 'encoder.layer.0', 'view']`."""
    try:
        scopes = ast.literal_eval(text) if len(text) < 10_000 and "\\" not in text else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        scopes = None
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        return ""
    return group_of_modules(scopes[:-1])


def group_of_modules(modules: list[str]) -> str:
    """The innermost module's dotted name is the path: `encoder.layer.0` → `encoder/layer/0`."""
    inner = next((module for module in reversed(modules) if module), "")
    return "/".join(part for part in inner.replace("/", ".").split(".") if part)


def take_group(name: str, metadata: dict[str, str]) -> str:
    """The group, on reading: a plain path that the name does not tell is taken out of the metadata, for `put_group` wrote it."""
    group = find_group(name, metadata)
    if metadata.get(NAMESPACE) == group and group_of(name, metadata, without=NAMESPACE) != group:
        del metadata[NAMESPACE]
    return group


def put_group(name: str, metadata: dict[str, str], group: str) -> None:
    """Say the group in the metadata, on writing, where nothing else tells it."""
    if find_group(name, metadata) != group:
        metadata[NAMESPACE] = group


def group_of(name: str, metadata: dict[str, str], *, without: str) -> str:
    return find_group(name, {key: value for key, value in metadata.items() if key != without})
