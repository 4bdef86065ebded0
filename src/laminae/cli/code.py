"""`package.module:function` as a model: Python code that gives a PyTorch module and an example of its arguments."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from laminae.base.errors import FileError, LaminaeError, UsageError

if TYPE_CHECKING:
    from laminae.api.model import Model

GIVES = "(module, example), (module, args, kwargs), a dict of lm.open's arguments, or a laminae Model"


def is_code(text: str) -> bool:
    """Whether a MODEL on the command line is meant as code: no file has that name, and it is written so."""
    return re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", text) is not None and not os.path.exists(text)


def model_of(text: str, trust: bool) -> Model:
    """The model that a function gives. Raises UsageError without trust, and naming what is not as it should be."""
    if not trust:
        raise UsageError(
            f"{text!r} is Python code, and opening it runs it",
            {"if you trust it": "add --trust", "a file is never run": "laminae show model.onnx"},
        )
    name, _, function = text.partition(":")
    return _opened(text, _called(text, _found(name, function)))


def _found(name: str, function: str) -> Any:
    """The function in the module, which may lie in the working directory."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(name)
    except Exception as error:
        kind = FileError if isinstance(error, ModuleNotFoundError) and (error.name or "") in name else UsageError
        raise kind(f"{name!r} cannot be imported", {"because": f"{type(error).__name__}: {error}"}) from None
    for part in function.split("."):
        if not hasattr(found, part):
            known = ", ".join(key for key, value in vars(found).items() if callable(value) and not key.startswith("_"))
            raise UsageError(f"{name!r} has no {function!r}", {"there are": known[:200]})
        found = getattr(found, part)
    return found


def _called(text: str, function: Any) -> Any:
    if not callable(function):
        raise UsageError(f"{text!r} is no function", {"found": type(function).__name__})
    try:
        return function()
    except LaminaeError:
        raise
    except Exception as error:
        raise UsageError(f"{text!r} failed", {"because": f"{type(error).__name__}: {error}"}) from error


def _opened(text: str, given: Any) -> Model:
    import laminae as lm

    if isinstance(given, lm.Model):
        return given
    if isinstance(given, Mapping) and "module" in given:
        rest = {key: value for key, value in given.items() if key != "module"}
        unknown = rest.keys() - {"example", "kwargs", "dynamic"}
        if unknown:
            raise UsageError(f"{text!r} gives {sorted(unknown)[0]!r}, which lm.open does not take", {"it may give": GIVES})
        return lm.open(given["module"], **rest)
    if isinstance(given, tuple) and len(given) in (2, 3):
        module, example, *kwargs = given
        return lm.open(module, example=example, kwargs=kwargs[0] if kwargs else None)
    raise UsageError(f"{text!r} gives a {type(given).__name__}", {"expected": GIVES})
