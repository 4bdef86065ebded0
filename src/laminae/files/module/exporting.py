"""A module through torch.export; where that fails, why, where in the user's code, and the ways out."""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import re
import sysconfig
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from types import TracebackType
from typing import Any

from laminae.base import torch
from laminae.base.errors import ExportError, LaminaeError
from laminae.files.module.sizes import Sizes

LOGGERS = ("torch.export", "torch._dynamo", "torch.fx.experimental.symbolic_shapes", "torch._subclasses.fake_tensor")

ASSIGNED = r"The tensor attributes? (.*) (?:was|were) assigned during export"

STDLIB = sysconfig.get_path("stdlib")

LAMINAE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")) + os.sep


def export(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], sizes: Sizes) -> Any:
    """The module as an ExportedProgram, in the phase it is in.

    Raises ExportError, which names the line of the module's code that cannot be read, where there is one.
    """
    shapes = sizes.for_export(module)
    try:
        return _export(module, args, kwargs, shapes)
    except Exception as error:
        if "pytree" in str(error).lower() and _register_dataclasses(module, args, kwargs):
            try:
                return _export(module, args, kwargs, shapes)
            except Exception as again:
                raise explained(again, module) from again
        raise explained(error, module) from error


def _export(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], shapes: Any) -> Any:
    with warnings.catch_warnings(record=True) as told, _quiet(), _attributes_kept(module), _unmarked(args, kwargs):
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", ASSIGNED)
        program = torch.export.export(module, tuple(args), dict(kwargs), dynamic_shapes=shapes, strict=False)
    assigned = [match[1] for warning in told if (match := re.match(ASSIGNED, str(warning.message)))]
    if assigned and _remembers(module, args, kwargs):
        raise ExportError(
            f"{type(module).__name__} gives something else at the next call, which no graph can hold",
            {
                "it assigns": ", ".join(assigned),
                "the way out": "self.register_buffer(name, tensor), which forward updates in place: self.name.copy_(new)",
            },
        )
    return program


# -- what forward assigns ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _attributes_kept(module: Any) -> Iterator[None]:
    """Where a run puts another tensor into a plain attribute, the attribute is as it was afterwards."""
    before = [(inner, {key: (value, _content(value)) for key, value in vars(inner).items()}) for inner in module.modules()]
    try:
        yield
    finally:
        for inner, attributes in before:
            for key, value in list(vars(inner).items()):
                old, content = attributes.get(key, (None, None))
                if isinstance(value, torch.Tensor) and old is not value:
                    vars(inner)[key] = old
                    if key not in attributes:
                        del vars(inner)[key]
                elif content is not None and not key.startswith("_") and type(value) is list:
                    value[:] = content


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


def _content(value: Any) -> list[Any] | None:
    """What a list holds."""
    return list(value) if type(value) is list else None


def _remembers(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a second call gives something else than the first. What is only noted, or made once, does no harm."""
    tree = torch.utils._pytree
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    results = []
    with torch.no_grad(), torch.random.fork_rng(), warnings.catch_warnings(), _attributes_kept(module):
        warnings.simplefilter("ignore")
        try:
            for _ in range(2):
                torch.manual_seed(0)
                given = tree.tree_map(lambda x: x.clone() if isinstance(x, torch.Tensor) else x, (tuple(args), dict(kwargs)))
                results.append(
                    [x.clone() for x in tree.tree_leaves(module(*given[0], **given[1])) if isinstance(x, torch.Tensor)]
                )
                for buffer, value in buffers:
                    buffer.copy_(value)
        except Exception:
            return True
    first, second = results
    return len(first) != len(second) or any(
        a.shape != b.shape or not torch.allclose(a, b, equal_nan=True) for a, b in zip(first, second, strict=True)
    )


class _quiet:  # noqa: N801
    """torch logs and prints what it then raises: once is enough."""

    def __enter__(self) -> None:
        import logging

        self.loggers = [logging.getLogger(name) for name in LOGGERS]
        self.levels = [logger.level for logger in self.loggers]
        for logger in self.loggers:
            logger.setLevel(logging.CRITICAL + 1)
        self.stderr = contextlib.redirect_stderr(io.StringIO())
        self.stderr.__enter__()

    def __exit__(self, *_: object) -> None:
        self.stderr.__exit__(None, None, None)
        for logger, level in zip(self.loggers, self.levels, strict=True):
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


# -- what went wrong ---------------------------------------------------------------------------------------------------


def explained(error: Exception, module: Any) -> Exception:
    """The error to raise: short, with the line of the user's code."""
    name = type(module).__name__
    text = _first_sentence(str(error))
    line = user_line(error.__traceback__, error)
    where = {"at": line} if line else {}
    kind = type(error).__name__
    if isinstance(error, LaminaeError):
        return error
    if "data-dependent" in str(error).lower() or "DataDependent" in kind or "Dynamic control flow" in str(error):
        condition = _condition(line, text)
        return ExportError(
            f"{name} decides by the values of a tensor which way it goes, which no graph can hold",
            {
                **where,
                **condition,
                "the ways out": "torch.cond(condition, one, other, operands) keeps both ways in the graph; "
                "an example for each way, opened as two models; "
                "or open the parts before and after the decision as models of their own",
            },
        )
    if "ConstraintViolation" in kind or "constraint" in text.lower() or "specialized" in str(error)[:2000]:
        return ExportError(
            f"{name} fixes a size that was said to vary",
            {"because": _constraint(str(error)), **where, "the way out": "leave that size out of dynamic="},
        )
    if isinstance(error, (TypeError, RuntimeError, ValueError, AttributeError, IndexError)) and _runs_not(error):
        return ExportError(
            f"{name} fails on the example itself",
            {"because": f"{kind}: {text}", **where, "look at": "module(*example) in PyTorch"},
        )
    return ExportError(
        f"{name} cannot be read by torch.export",
        {"because": f"{kind}: {text}", **where, "the way out": "open the part of the module that can be, or an .onnx file of it"},
    )


def _runs_not(error: BaseException) -> bool:
    """Whether the error is the module's own, not the export's."""
    tb = error.__traceback__
    last = None
    while tb is not None:
        last = tb
        tb = tb.tb_next
    name = last.tb_frame.f_code.co_filename if last is not None else ""
    return not any(part in name for part in ("symbolic_shapes", "_export", "export/", "dynamo", "proxy_tensor"))


def _first_sentence(text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n") if line.strip()]
    return (lines[0] if lines else "no reason given")[:300]


def _constraint(text: str) -> str:
    """The lines that tell which size was fixed."""
    lines = [re.sub(r"^- ", "", line.strip()) for line in text.split("\n")]
    told = [line for line in lines if "specialized" in line or "Not all values" in line or (" = " in line and "Dim" not in line)]
    return "; ".join(dict.fromkeys(told[:3]))[:400] or _first_sentence(text)


def _condition(line: str, text: str) -> dict[str, str]:
    code = line.partition(": ")[2]
    match = re.match(r"(?:if|elif|while|assert)\s+(.*?):?$", code) or re.search(r"\sif\s+(.*?)\s+else\s", code)
    if match:
        return {"condition": match[1]}
    return {"condition": code} if code else {"because": text}


def user_line(tb: TracebackType | None, error: BaseException | None = None) -> str:
    """`model.py, line 12, in forward: if x.sum() > 0:`: the innermost line that is neither torch's, Python's nor ours."""
    found = ""
    package = os.path.dirname(torch.__file__) + os.sep
    while tb is not None:
        name = tb.tb_frame.f_code.co_filename
        library = name.startswith(STDLIB) and "-packages" not in name
        if not name.startswith((package, LAMINAE, "<")) and not library:
            code = linecache.getline(name, tb.tb_lineno).strip()
            found = f"{os.path.basename(name)}, line {tb.tb_lineno}, in {tb.tb_frame.f_code.co_name}: {code}"
        tb = tb.tb_next
    return found
