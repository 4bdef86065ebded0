"""A module through torch.export; where that fails, why, where in the user's code, and the ways out."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

from laminae.base import torch
from laminae.base.errors import ExportError
from laminae.files.module.explaining import explained
from laminae.files.module.remembering import State, remembers
from laminae.files.module.sizes import Sizes

LOGGERS = ("torch.export", "torch._dynamo", "torch.fx.experimental.symbolic_shapes", "torch._subclasses.fake_tensor")

ASSIGNED = r"The tensor attributes? (.*) (?:was|were) assigned during export"


def export(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], sizes: Sizes) -> Any:
    """The module as an ExportedProgram, in the phase it is in.

    Raises ExportError, which names the line of the module's code that cannot be read, where there is one. torch's own error, with
    a traceback of hundreds of lines, is its `__context__`.
    """
    shapes = sizes.for_export(module)
    try:
        return _export(module, args, kwargs, shapes)
    except Exception as error:
        if "pytree" in str(error).lower() and _register_dataclasses(module, args, kwargs):
            try:
                return _export(module, args, kwargs, shapes)
            except Exception as again:
                raise explained(again, module) from None
        raise explained(error, module) from None


def _export(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], shapes: Any) -> Any:
    with warnings.catch_warnings(record=True) as told, _quiet(), State(module) as state, _unmarked(args, kwargs):
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", ASSIGNED)
        if not isinstance(module, torch.jit.ScriptModule):  # it takes no hooks, and torch.export does not take it
            module.register_forward_hook(state.look)  # taken off with the state put back
        program = torch.export.export(module, tuple(args), dict(kwargs), dynamic_shapes=shapes, strict=False)
    assigned = [name for warning in told if (match := re.match(ASSIGNED, str(warning.message))) for name in match[1].split(", ")]
    changed = list(dict.fromkeys([*state.changed, *(name.partition("[")[0] for name in assigned)]))
    if changed and remembers(module, args, kwargs):
        raise ExportError(
            f"{type(module).__name__} gives something else at the next call, which no graph can hold",
            {
                "it changes": ", ".join(changed),
                "the way out": "self.register_buffer(name, tensor), which forward updates in place: self.name.copy_(new)",
            },
        )
    return program


@contextlib.contextmanager
def _unmarked(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[None]:
    """An export that fails leaves its marks on the tensors of the example, whose sizes the next one then takes to vary."""
    leaves = torch.utils._pytree.tree_leaves((tuple(args), dict(kwargs)))
    before = [(leaf, set(vars(leaf))) for leaf in leaves if isinstance(leaf, torch.Tensor)]
    try:
        yield
    finally:
        for tensor, names in before:
            for name in vars(tensor).keys() - names:
                delattr(tensor, name)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """torch logs and prints what it then raises: once is enough."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


# -- dataclasses among arguments and results ---------------------------------------------------------------------------


def _register_dataclasses(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Tell torch of the dataclasses that the module takes and gives. Whether there was one."""
    with torch.no_grad():
        try:
            result = module(*args, **kwargs)
        except Exception:  # the export's own error says why
            return False
    found = {type(x) for x in _parts((tuple(args), dict(kwargs), result)) if is_dataclass(x)}
    known = torch.utils._pytree.SUPPORTED_NODES
    new = [kind for kind in found if kind not in known]
    for kind in new:
        torch.export.register_dataclass(kind)
    return bool(new)


def _parts(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, (list, tuple)):
        inner: Any = value
    elif isinstance(value, dict):
        inner = value.values()
    else:
        inner = vars(value).values() if is_dataclass(value) else ()
    for part in inner:
        yield from _parts(part)
