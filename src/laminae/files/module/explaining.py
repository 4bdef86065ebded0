"""Why a module could not be exported: shortly, with the line of the user's code and the ways out."""

from __future__ import annotations

import linecache
import os
import re
import sysconfig
from types import TracebackType
from typing import Any

from laminae.base import torch
from laminae.base.errors import ExportError, LaminaeError

STDLIB = sysconfig.get_path("stdlib")

LAMINAE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")) + os.sep


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
