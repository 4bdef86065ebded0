"""What an operator is, and how it is found: by domain, name and opset, in the file that bears its name.

    @operator("Softmax", since=13, kind="activation", shape=same_shape, cost=softmax_like)
    def softmax(input, *, axis=-1): ...

The function's positional parameters are the operator's inputs (None where one is left out), its keywords the
attributes with their defaults. It returns one value or a tuple. Two keyword names are ours, not the standard's:
`n_outputs`, how many outputs the layer has, and `context`, what a layer with bodies runs them by.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from laminae.base.cost import Cost
from laminae.base.errors import UsageError
from laminae.base.shapes import Spec, Unknown
from laminae.ops import costs

FOLDERS = {
    "": "laminae.ops.onnx",
    "ai.onnx.ml": "laminae.ops.ml",
    "ai.onnx.preview": "laminae.ops.preview",
    "ai.onnx.preview.training": "laminae.ops.preview_training",
    "com.microsoft": "laminae.ops.microsoft",
}
"""Domain → the package that holds its operators."""

OURS = ("n_outputs", "context")


@dataclass(frozen=True)
class Operator:
    """One operator from one opset on."""

    name: str
    domain: str
    since: int
    run: Callable[..., Any]
    shape: Callable[..., Any] | None
    cost: costs.Rule | None
    kind: str
    aliases: bool | str
    random: bool
    foreign: bool = False
    pure: bool = True
    several: bool = False
    direct: Callable[..., Callable[..., Any] | None] | None = None
    ready: Callable[..., Callable[..., Any] | None] | None = None
    inputs: tuple[str, ...] = ()

    @cached_property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.run)

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of the attributes it takes."""
        named = (p.name for p in self.signature.parameters.values() if p.kind is p.KEYWORD_ONLY)
        return frozenset(named) - set(OURS)

    @cached_property
    def required(self) -> frozenset[str]:
        """The attributes without a default."""
        parameters = self.signature.parameters
        return frozenset(name for name in self.attributes if parameters[name].default is inspect.Parameter.empty)

    @cached_property
    def asks(self) -> frozenset[str]:
        """Which of `n_outputs` and `context` it wants to be given."""
        return frozenset(OURS) & self.signature.parameters.keys()

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """The standard's names of its inputs; a variadic one last, with a star."""
        if self.inputs:
            return (*self.inputs, "*tensors")
        kinds = inspect.Parameter
        return tuple(
            "*" + p.name if p.kind is kinds.VAR_POSITIONAL else p.name
            for p in self.signature.parameters.values()
            if p.kind is not kinds.KEYWORD_ONLY
        )

    @cached_property
    def min_inputs(self) -> int:
        kinds = inspect.Parameter
        positional = [p for p in self.signature.parameters.values() if p.kind is kinds.POSITIONAL_OR_KEYWORD]
        return sum(p.default is kinds.empty for p in positional)

    def input_name(self, index: int) -> str:
        """The standard's name of the input at a place."""
        names = self.input_names
        if index < len(names) and not names[index].startswith("*"):
            return names[index]
        return f"{names[-1][1:]}[{index - len(names) + 1}]" if names and names[-1].startswith("*") else f"input {index}"

    def infer(
        self, inputs: Sequence[Spec | None], attributes: Mapping[str, Any], n_outputs: int, context: Any = None
    ) -> tuple[Spec, ...]:
        """What is known of the outputs; open where the rule does not say. Raises ShapeError where inputs cannot fit."""
        unknown = (Spec(),) * n_outputs
        if self.shape is None:
            return unknown
        extra = {"n_outputs": n_outputs, "context": context}
        try:
            found = self.shape(*inputs, **attributes, **{name: extra[name] for name in self.asks})
        except Unknown:
            return unknown
        specs = found if isinstance(found, tuple) else (found,)
        return (specs + unknown)[:n_outputs]

    def cost_for(
        self, inputs: Sequence[Spec | None], attributes: Mapping[str, Any], outputs: Sequence[Spec | None], context: Any = None
    ) -> Cost:
        """What a run takes, as far as what is known of its inputs and outputs (None where left out) tells."""
        ours = {"n_outputs": len(outputs), "context": context, "outputs": outputs}
        return costs.cost_of(self.cost, inputs, attributes, ours, outputs)


_operators: dict[tuple[str, str], list[Operator]] = {}
_registered = 0


def registrations() -> int:
    """Grows with each operator registered: who keeps operators looks whether they are still the newest."""
    return _registered


def operator(
    name: str,
    *,
    since: int = 1,
    kind: str = "",
    shape: Callable[..., Any] | None = None,
    cost: costs.Rule | None = None,
    aliases: bool | str = False,
    random: bool = False,
    foreign: bool = False,
    pure: bool = True,
    several: bool = False,
    direct: Callable[..., Callable[..., Any] | None] | None = None,
    ready: Callable[..., Callable[..., Any] | None] | None = None,
    domain: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the function as operator `name` from opset `since` on.

    kind: what it is in one word, shared by all vocabularies ("convolution", "activation", …), for drawing and fusing.
    shape: the rule, called as the function is, with a `Spec` for each input; cost: likewise, gives multiply-adds (`ops/costs.py`
    says what counts as one, and what else a rule may ask for).
    aliases: True where an output may share memory with the first input (a view) or be an attribute's own memory; "any" where
    it may with any input.
    random: whether two runs on the same inputs may differ. foreign: written by a user; pure: promises to change no input and
    to keep no output. several: whether it gives a tuple however many outputs the layer has. direct: called once with the
    attributes, gives the torch function that does the same on the inputs with no Python between, or None where there is
    none: what a forward pass of many small layers is quick by. ready: likewise, with what is known of the inputs before the
    run (`laminae.ops.ready`).
    """

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        global _registered
        versions = _operators.setdefault((domain, name), [])
        versions[:] = [o for o in versions if o.since != since]
        made = Operator(name, domain, since, run, shape, cost, kind, aliases, random, foreign, pure, several, direct, ready)
        versions.append(made)
        versions.sort(key=lambda o: o.since)
        _registered += foreign
        return run

    return register


def register_operator(
    name: str,
    run: Callable[..., Any] | None = None,
    *,
    domain: str = "custom",
    since: int = 1,
    shape: Callable[..., Any] | None = None,
    cost: costs.Rule | None = None,
    kind: str = "custom",
    pure: bool = False,
) -> Callable[..., Any]:
    """Teach Laminae an operator of your own, as a decorator or with the function given.

    run: takes torch tensors as the operator's inputs (None where one is left out) and its attributes as keywords,
    and returns a tensor or a tuple. It is handed copies and its results are copied, so that it can harm nothing that is
    stored; pure=True promises that it changes no input and keeps no output, and saves the copies. shape: the same
    signature, with a `Spec` for each input. Raises UsageError for a main-domain name that exists already (files rely on
    the standard's meaning), and for what cannot be called so.
    """
    if domain in FOLDERS and find(domain, name, 2**31) is not None:
        raise UsageError(
            f"operator {name!r} belongs to the standard and cannot be replaced",
            {"instead": "give your operator a domain of its own: register_operator(..., domain='my.domain')"},
        )

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        return operator(
            name, since=since, kind=kind, shape=shape, cost=cost, aliases="any", foreign=True, pure=pure, domain=domain
        )(_with_signature(name, function))

    return register if run is None else register(run)


def _with_signature(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which must say what it takes: built-in ones do not."""
    try:
        inspect.signature(function)
    except (ValueError, TypeError):
        raise UsageError(
            f"operator {name!r} cannot be {function!r}: it does not say what it takes", {"write": f"lambda x: {name.lower()}(x)"}
        ) from None
    return function


def module_name(domain: str, name: str) -> str:
    """The module that holds an operator, by rule."""
    stem = name.lower()
    return f"{FOLDERS[domain]}.{stem}_" if keyword.iskeyword(stem) else f"{FOLDERS[domain]}.{stem}"


def versions(domain: str, name: str) -> tuple[Operator, ...]:
    """All versions of an operator that Laminae has, oldest first; its file is loaded when first asked for."""
    domain = "" if domain == "ai.onnx" else domain
    if (domain, name) not in _operators and domain.startswith("torch."):
        found = importlib.import_module("laminae.ops.aten").operator_of(domain, name)
        _operators[domain, name] = [] if found is None else [found]
    if (domain, name) not in _operators and domain in FOLDERS and name.isidentifier():
        module = module_name(domain, name)
        if importlib.util.find_spec(module) is not None:
            importlib.import_module(module)
    return tuple(_operators.get((domain, name), ()))


def find(domain: str, name: str, opset: int) -> Operator | None:
    """The version of an operator that a model of that opset means: the newest not newer than the opset."""
    fitting = [o for o in versions(domain, name) if o.since <= opset]
    return fitting[-1] if fitting else None
