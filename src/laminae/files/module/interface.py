"""How a module is called and what it gives: nested arguments become inputs, outputs the module's own structure again."""

from __future__ import annotations

import inspect
import pickle
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from numbers import Integral, Number
from typing import Any

from laminae.base import torch
from laminae.base.errors import InputError


@dataclass(frozen=True)
class Leaf:
    """One argument or result that is a value. name: where it stands in the structure, `d.mask`; "" where only its place tells."""

    name: str


@dataclass(frozen=True)
class Constant:
    """An argument or result that is no tensor: the export has fixed it."""

    name: str
    value: Any


class Interface:
    """The structure of a module's arguments and results. inputs, outputs: their leaves in order."""

    def __init__(
        self,
        inputs: Sequence[Leaf | Constant],
        outputs: Sequence[Leaf | Constant],
        in_spec: Any,
        out_spec: Any,
        signature: inspect.Signature | None,
    ) -> None:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.in_spec, self.out_spec, self.signature = in_spec, out_spec, signature

    def flatten(self, given: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """One array for each input layer, in order; given as the module takes them, or as one dict by the inputs' names.

        Raises InputError where they are not arranged as the example's.
        """
        if len(given) == 1 and not named and isinstance(given[0], Mapping) and set(given[0]) == set(self.names):
            return [given[0][leaf.name] for leaf in self.inputs if isinstance(leaf, Leaf)]
        args, kwargs = self._arranged(given, named)
        args, kwargs = tuple(map(_plain, args)), {key: _plain(x) for key, x in kwargs.items()}
        try:
            leaves = self.in_spec.flatten_up_to((args, kwargs))
        except (ValueError, TypeError, KeyError) as error:
            reason = str(error).strip().split("\n")[0][:200]
            raise InputError(
                "the arguments are not arranged as in the example", {"takes": self.takes(), "because": reason}
            ) from None
        found = []
        for leaf, x in zip(self.inputs, leaves, strict=True):
            if isinstance(leaf, Leaf):
                found.append(x)
            elif not _same(x, leaf.value):
                raise InputError(
                    f"argument {leaf.name!r} was {leaf.value!r} when the module was read, it is {_short(x)}",
                    {
                        "because": "what is no tensor is fixed in the graph",
                        "the way out": "open the module again with that value",
                    },
                )
        return found

    def _arranged(self, given: Sequence[Any], named: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """By place and by name as in the example, whichever way they are given now."""
        if self.signature is None:
            return tuple(given), dict(named)
        try:
            bound = self.signature.bind(*given, **named)
        except TypeError as error:
            raise InputError("the module cannot be called so", {"takes": self.takes(), "because": str(error)}) from None
        args_spec, kwargs_spec = children(self.in_spec)
        bound.apply_defaults()
        values = dict(bound.arguments)
        variadic = {p.kind: p.name for p in self.signature.parameters.values() if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
        rest = tuple(values.pop(variadic.get(inspect.Parameter.VAR_POSITIONAL, ""), ()))
        values.update(values.pop(variadic.get(inspect.Parameter.VAR_KEYWORD, ""), {}))
        places = [name for name, p in self.signature.parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        count = len(children(args_spec))
        args = tuple(values[name] for name in places[:count]) + rest[: max(0, count - len(places))]
        kwargs = {name: values[name] for name in kwargs_spec.context if name in values}
        self._require_defaults(values, {*places[:count], *kwargs})
        return args, kwargs

    def _require_defaults(self, values: Mapping[str, Any], used: set[str]) -> None:
        """What the example left out must be left out now."""
        assert self.signature is not None
        for name, x in values.items():
            parameter = self.signature.parameters.get(name)
            default = None if parameter is None else parameter.default
            if name not in used and not _same(x, default):
                raise InputError(
                    f"argument {name!r} was not in the example",
                    {"takes": self.takes(), "the way out": f"open the module again with {name!r} in the example"},
                )

    def restore(self, outputs: Sequence[Any]) -> Any:
        """The outputs in the module's own structure."""
        waiting = iter(outputs)
        leaves = [leaf.value if isinstance(leaf, Constant) else next(waiting) for leaf in self.outputs]
        return torch.utils._pytree.tree_unflatten(leaves, self.out_spec)

    def __reduce__(self) -> tuple[object, ...]:
        """torch warns of its own classes while they are copied: they are packed for themselves, and unpacked in silence."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            specs = pickle.dumps((self.in_spec, self.out_spec))
        return _unpacked, (self.inputs, self.outputs, specs, self.signature)

    @property
    def names(self) -> list[str]:
        """The names of the inputs, in order."""
        return [leaf.name for leaf in self.inputs if isinstance(leaf, Leaf)]

    def takes(self) -> str:
        return ", ".join(self.names) or "nothing"


def _unpacked(inputs: Any, outputs: Any, specs: bytes, signature: Any) -> Interface:
    """An interface out of a pickle. What dataclasses it takes and gives torch is told of: this process may not have done so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        in_spec, out_spec = pickle.loads(specs)
    waiting = [in_spec, out_spec]
    while waiting:
        spec = waiting.pop()
        kind: Any = spec.type
        if isinstance(kind, type) and is_dataclass(kind) and kind not in torch.utils._pytree.SUPPORTED_NODES:
            torch.export.register_dataclass(kind)
        waiting += children(spec)
    return Interface(inputs, outputs, in_spec, out_spec, signature)


def interface_of(program: Any, module: Any) -> Interface:
    """The interface of an ExportedProgram. module: whose forward says the names of its arguments."""
    spec, signature = program.call_spec, None if module is None else _signature(module)
    names = _argument_names(spec.in_spec, signature)
    from torch.export.graph_signature import ConstantArgument, InputKind, OutputKind

    arguments = [s.arg for s in program.graph_signature.input_specs if s.kind == InputKind.USER_INPUT]
    results = [s.arg for s in program.graph_signature.output_specs if s.kind == OutputKind.USER_OUTPUT]
    inputs = [
        Constant(name, arg.value) if isinstance(arg, ConstantArgument) else Leaf(name)
        for name, arg in zip(names, arguments, strict=True)
    ]
    outputs = [
        Constant(name, arg.value) if isinstance(arg, ConstantArgument) else Leaf(name)
        for name, arg in zip(_names(spec.out_spec), results, strict=True)
    ]
    return Interface(inputs, outputs, spec.in_spec, spec.out_spec, signature)


def _signature(module: Any) -> inspect.Signature:
    """How forward is called, without annotations: they may name what no pickle can hold."""
    signature = inspect.signature(module.forward)
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)


def _argument_names(in_spec: Any, signature: inspect.Signature | None) -> list[str]:
    """`x`, `d.mask`, `args.0`: by the names that forward gives its arguments."""
    args_spec, kwargs_spec = children(in_spec)
    parameters = list(signature.parameters.values()) if signature is not None else []
    places = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    variadic = next((p.name for p in parameters if p.kind == p.VAR_POSITIONAL), "args")
    names = []
    for i, child in enumerate(children(args_spec)):
        name = places[i] if i < len(places) else f"{variadic}.{i - len(places)}"
        names += [f"{name}.{rest}" if rest else name for rest in _paths(child)]
    for name, child in zip(kwargs_spec.context or (), children(kwargs_spec), strict=True):
        names += [f"{name}.{rest}" if rest else name for rest in _paths(child)]
    return names


def _names(spec: Any) -> list[str]:
    """Of the leaves of a result: those with a word in their path have a name."""
    paths = _paths(spec)
    return [path if any(not part.isdigit() for part in path.split(".") if part) else "" for path in paths]


def _paths(spec: Any) -> list[str]:
    """Where each leaf stands: keys and places joined by dots."""
    pytree = torch.utils._pytree
    dummy = pytree.tree_unflatten(list(range(spec.num_leaves)), spec)
    try:
        found, _ = pytree.tree_flatten_with_path(dummy)
    except (ValueError, NotImplementedError):  # a type that was registered without names
        return [str(i) for i in range(spec.num_leaves)]
    return [".".join(_key(key) for key in path) for path, _ in found]


def _key(key: Any) -> str:
    found = next((getattr(key, name) for name in ("key", "idx", "name") if hasattr(key, name)), key)
    return str(found)


def children(spec: Any) -> list[Any]:
    return list(spec.children() if callable(getattr(spec, "children", None)) else spec.children_specs)


def _plain(x: Any) -> Any:
    """A torch.Size as the tuple it is."""
    return tuple(x) if isinstance(x, torch.Size) else x


def _same(a: Any, b: Any) -> bool:
    """Whether a may be given where b was: NaN for NaN, and 2 for 2.0; not 2.0 for 2, which may be a size."""
    if b is inspect.Parameter.empty:
        return False
    if a is b:
        return True
    if isinstance(a, Number) and isinstance(b, Number) and not isinstance(a, bool) and not isinstance(b, bool):
        fits = isinstance(a, Integral) or not isinstance(b, Integral)
        return fits and bool(a == b or (a != a and b != b))
    try:
        return type(a) is type(b) and not isinstance(a, torch.Tensor) and bool(a == b)
    except Exception:  # what has no one answer, as arrays
        return False


def _short(x: Any) -> str:
    text = repr(x) if not isinstance(x, torch.Tensor) else f"a tensor {list(x.shape)}"
    return text if len(text) < 60 else text[:57] + "…"
