"""What a user's function does, as far as it can be seen: enough to tell whether two runs were given the same one."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from types import CodeType
from typing import Any

PLAIN = (str, bytes, int, float, complex, bool, type(None), type(...))


def code_of(function: Any) -> list[Any]:
    """Its name, its bytecode, the constants in it, its defaults, and the plain values and functions of its module that it names.

    As lists of numbers and texts, the same in every process of one version of Python. Of a callable that is no Python function
    its name alone; what is reached through other objects is not seen.
    """
    return _function(function, set())


def _function(function: Any, seen: set[int]) -> list[Any]:
    if id(function) in seen:
        return ["again"]
    seen.add(id(function))
    if isinstance(function, partial):
        return ["partial", _function(function.func, seen), _part(function.args, seen), _part(function.keywords, seen)]
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return [name]
    named = {key: _near(held, function) for key, held in _named(function, code).items()}
    defaults = (function.__defaults__, function.__kwdefaults__)
    return [name, _bytecode(code), _part(defaults, seen), _part(named, seen)]


def _named(function: Any, code: CodeType) -> dict[str, Any]:
    """What its code refers to by name, around it and in its module."""
    found = {key: function.__globals__[key] for key in _names(code) if key in function.__globals__}
    for key, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not yet bound
            found[key] = cell.cell_contents
    return found


def _near(held: Any, function: Any) -> Any:
    """Functions of other modules by their names: these are of packages, whose versions are known."""
    far = callable(held) and getattr(held, "__module__", None) != function.__module__
    return f"{getattr(held, '__module__', '')}.{getattr(held, '__qualname__', '')}" if far else held


def _names(code: CodeType) -> list[str]:
    """What the code and the code in it refer to by name."""
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return sorted({*code.co_names, *(name for one in inner for name in _names(one))})


def _bytecode(code: CodeType) -> list[Any]:
    consts = [_bytecode(const) if isinstance(const, CodeType) else _part(const, set()) for const in code.co_consts]
    return [code.co_code.hex(), consts, list(code.co_names)]


def _part(held: Any, seen: set[int]) -> Any:
    """Plain values, collections and functions of these; of anything else its kind."""
    if isinstance(held, PLAIN):
        return [type(held).__name__, held.hex() if isinstance(held, float) else repr(held)]
    if isinstance(held, frozenset | set):
        return ["set", *sorted(repr(x) for x in held if isinstance(x, PLAIN))]
    if isinstance(held, tuple | list):
        return ["list", *(_part(x, seen) for x in held)]
    if isinstance(held, dict):
        return ["dict", *sorted(([str(key), _part(x, seen)] for key, x in held.items()), key=lambda pair: pair[0])]
    if hasattr(held, "__code__") or isinstance(held, partial):
        return _function(held, seen)
    return [type(held).__qualname__]
