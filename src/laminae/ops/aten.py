"""The torch vocabulary: an operator is an overload of `torch.ops`, run by torch itself.

Domain `torch.ops.aten`, name `linear` (its overload `default`) or `add.Tensor`. The tensors of the overload's schema are the
layer's inputs, in order; every other argument is an attribute under the schema's name. Where an input stands inside an
attribute (a list of tensors, a size that is computed), the attribute has a `Slot` in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from laminae.base import torch
from laminae.base.errors import LayerError, ShapeError
from laminae.base.shapes import Spec, Unknown
from laminae.ops import python_numbers
from laminae.ops.registry import Operator

DOMAIN = "torch.ops."
NUMBERS = "torch.sym"
"""The domain of arithmetic on sizes: Python numbers, not tensors."""

NO_GRAD, AUTOCAST = "no_grad", "autocast"
"""Attributes that are ours: run without derivatives; run under torch.autocast with these arguments."""

KINDS = {
    "activation": "relu relu6 gelu silu sigmoid tanh softmax log_softmax hardtanh hardswish hardsigmoid hardshrink softshrink"
                  " tanhshrink leaky_relu elu selu celu mish softplus softsign logsigmoid prelu glu threshold rrelu softmin",
    "convolution": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution",
    "linear": "linear matmul mm bmm addmm baddbmm einsum bilinear mv dot",
    "attention": "scaled_dot_product_attention _native_multi_head_attention",
    "normalization": "layer_norm batch_norm group_norm instance_norm rms_norm local_response_norm native_layer_norm",
    "pooling": "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d"
               " adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d lp_pool2d"
               " max_pool2d_with_indices",
    "recurrent": "lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell",
    "embedding": "embedding embedding_bag",
    "dropout": "dropout feature_dropout alpha_dropout feature_alpha_dropout native_dropout",
    "arithmetic": "add sub mul div rsub pow sqrt rsqrt exp log neg abs square reciprocal clamp floor ceil round addcmul addcdiv",
    "trigonometry": "sin cos tan asin acos atan sinh cosh atan2",
    "reduction": "sum mean amax amin max min prod norm std var logsumexp any all linalg_vector_norm",
    "comparison": "eq ne lt le gt ge",
    "logic": "logical_and logical_or logical_not logical_xor",
    "bitwise": "bitwise_and bitwise_or bitwise_not bitwise_xor",
    "shape": "view reshape flatten unflatten permute transpose t unsqueeze squeeze expand expand_as view_as reshape_as movedim",
    "movement": "cat stack split chunk unbind split_with_sizes roll flip repeat repeat_interleave pad constant_pad_nd contiguous"
                " clone",
    "selection": "slice select index index_select gather where masked_fill index_put scatter take_along_dim topk sort argmax"
                 " argmin tril triu narrow slice_scatter select_scatter",
    "cast": "to _to_copy type_as",
    "constant": "zeros ones full arange empty zeros_like ones_like full_like scalar_tensor new_zeros new_ones linspace eye",
    "resampling": "upsample_nearest1d upsample_nearest2d upsample_bilinear2d upsample_bicubic2d upsample_linear1d grid_sampler"
                  " pixel_shuffle pixel_unshuffle im2col col2im",
    "cumulative": "cumsum cumprod",
    "random": "rand randn bernoulli multinomial rand_like randn_like randint",
    "control": "cond while_loop scan",
    "identity": "detach alias",
}  # fmt: skip
"""Kind → operators, overloads apart: the words that the onnx vocabulary has too."""

MAY_ALIAS = frozenset(
    [
        "dropout",
        "feature_dropout",
        "alpha_dropout",
        "feature_alpha_dropout",
        "type_as",
        "broadcast_tensors",
        "meshgrid",
        "einsum",
        "atleast_1d",
        "atleast_2d",
        "atleast_3d",
        "lift_fresh",
        "real",
        "imag",
        "constant_pad_nd",
        "pad",
        "native_dropout",
        "block_diag",
        "cartesian_prod",
    ]
)
"""Operators whose schema does not say that what they give may be what they were given."""


@dataclass(frozen=True)
class Slot:
    """In an attribute: the layer's input at this place stands here."""

    input: int

    def __repr__(self) -> str:
        return f"<input {self.input}>"


def operator_of(domain: str, name: str) -> Operator | None:
    """The operator, None where torch has none of that name."""
    if domain == NUMBERS:
        return _of_numbers(name)
    if domain == DOMAIN + "higher_order":
        return _higher_order(name)
    overload = overload_of(domain, name)
    return None if overload is None else _of(overload, domain, name)


def overload_of(domain: str, name: str) -> Any:
    """The OpOverload, None where torch has none of that name."""
    base, _, overload = name.partition(".")
    packet = getattr(getattr(torch.ops, domain.removeprefix(DOMAIN), None), base, None)
    found = getattr(packet, overload or "default", None)
    return found if isinstance(found, torch._ops.OpOverload) else None


def name_of(overload: Any) -> tuple[str, str]:
    """Domain and name of an OpOverload."""
    namespace, _, base = overload._schema.name.partition("::")
    rest = overload._overloadname
    return DOMAIN + namespace, base if rest == "default" else f"{base}.{rest}"


def _of(overload: Any, domain: str, name: str) -> Operator:
    base, schema = name.partition(".")[0], overload._schema
    returned = schema.returns
    several = len(returned) != 1 or _is_list(returned[0])
    tags = {tag.name for tag in overload.tags}
    aliases = base in MAY_ALIAS or any(r.alias_info is not None for r in returned)
    return Operator(
        name=name,
        domain=domain,
        since=1,
        run=partial(_run, overload),
        shape=partial(_shape, overload),
        cost=None,
        kind=kind_of(base),
        aliases="any" if aliases else False,
        random="nondeterministic_seeded" in tags or base in ("dropout", "feature_dropout", "alpha_dropout", "rrelu"),
        several=several,
        direct=partial(bind, overload),
        inputs=tuple(a.name for a in schema.arguments if takes_tensor(a)),
    )


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    return {name: kind for kind, names in KINDS.items() for name in names.split()}


def kind_of(base: str) -> str:
    return _kinds().get(base, "")


# -- running -----------------------------------------------------------------------------------------------------------


def _run(overload: Any, *inputs: Any, **attributes: Any) -> Any:
    return bind(overload, **attributes)(*inputs)


def bind(overload: Any, **attributes: Any) -> Callable[..., Any]:
    """The overload with these attributes, as a function of the layer's inputs."""
    guards = [attributes.pop(key, None) for key in (NO_GRAD, AUTOCAST)]
    call = _arranged(overload, attributes)
    if any(guards):
        call = _guarded(call, *guards)
    returned = overload._schema.returns
    return _as_tuple(call) if len(returned) == 1 and _is_list(returned[0]) else call


def _is_list(argument: Any) -> bool:
    return str(argument.type).startswith("List[")


def _as_tuple(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *inputs: tuple(call(*inputs))


def _guarded(call: Callable[..., Any], no_grad: Any, autocast: Any) -> Callable[..., Any]:
    def guarded(*inputs: Any) -> Any:
        with torch.autocast(**autocast) if autocast else torch.no_grad():
            if no_grad:
                with torch.no_grad():
                    return call(*inputs)
            return call(*inputs)

    return guarded


def takes_tensor(argument: Any) -> bool:
    """Whether an argument of a schema is one tensor, perhaps left out."""
    return str(argument.type) in ("Tensor", "Optional[Tensor]")


def _arranged(overload: Any, attributes: dict[str, Any]) -> Callable[..., Any]:
    """The call as directly as torch allows: tensors first and constants after, without looking at them again."""
    arguments = overload._schema.arguments
    positional = [a for a in arguments if not a.kwarg_only]
    unknown = attributes.keys() - {a.name for a in arguments}
    if unknown:
        raise LayerError(f"{overload} has no argument {', '.join(map(repr, sorted(unknown)))}", {"schema": str(overload._schema)})
    named = {a.name: attributes[a.name] for a in arguments if a.kwarg_only and a.name in attributes}
    lead = 0
    while lead < len(positional) and takes_tensor(positional[lead]) and positional[lead].name not in attributes:
        lead += 1
    rest = positional[lead:]
    plain = not any(_has_slot(value) for value in attributes.values())
    if plain and not any(takes_tensor(a) and a.name not in attributes for a in (*rest, *(a for a in arguments if a.kwarg_only))):
        while rest and rest[-1].name not in attributes:
            rest = rest[:-1]
        return _leading(getattr(overload, "_op", overload), lead, [_given(a, attributes) for a in rest], named)
    return _general(overload, arguments, attributes)


def _given(argument: Any, attributes: dict[str, Any]) -> Any:
    return attributes.get(argument.name, argument.default_value)


def _leading(call: Any, lead: int, rest: list[Any], named: dict[str, Any]) -> Callable[..., Any]:
    if named:
        call = partial(call, **named)
    if not rest:
        return call  # type: ignore[no-any-return]
    if lead == 1 and len(rest) == 1:
        (only,) = rest
        return lambda x: call(x, only)
    blank = (None,) * lead

    def leading(*inputs: Any) -> Any:
        return call(*inputs, *blank[len(inputs) :], *rest)

    return leading


def _general(overload: Any, arguments: Sequence[Any], attributes: dict[str, Any]) -> Callable[..., Any]:
    """Inputs anywhere: in lists, after numbers, by keyword."""
    tensors = first_slot(attributes.values())

    def call(*inputs: Any) -> Any:
        waiting = iter(inputs[:tensors])
        positional, named = [], {}
        for argument in arguments:
            if argument.name in attributes:
                value = filled(attributes[argument.name], inputs)
            elif takes_tensor(argument):
                value = next(waiting, None)
                if value is None and argument.has_default_value():
                    value = argument.default_value
            elif argument.has_default_value():
                value = argument.default_value
            else:
                raise LayerError(f"{overload} needs the argument {argument.name!r}", {"schema": str(overload._schema)})
            if argument.kwarg_only:
                named[argument.name] = value
            else:
                positional.append(value)
        return overload(*positional, **named)

    return call


def filled(value: Any, inputs: Sequence[Any]) -> Any:
    """An attribute with the layer's inputs in its slots."""
    if isinstance(value, Slot):
        return inputs[value.input]
    if isinstance(value, (list, tuple)):
        return [filled(part, inputs) for part in value]
    return value


def _has_slot(value: Any) -> bool:
    return isinstance(value, Slot) or (isinstance(value, (list, tuple)) and any(map(_has_slot, value)))


def first_slot(values: Iterable[Any]) -> int | None:
    """The first input that stands inside an attribute: those before it are the schema's tensors. None where none does."""
    found = [v.input if isinstance(v, Slot) else first_slot(v) if isinstance(v, (list, tuple)) else None for v in values]
    return min((place for place in found if place is not None), default=None)


# -- shapes ------------------------------------------------------------------------------------------------------------


def _shape(overload: Any, *inputs: Spec | None, **attributes: Any) -> tuple[Spec, ...]:
    """What torch's own fake tensors say. Raises Unknown where a size is not a number, ShapeError where torch cannot."""
    from torch._subclasses.fake_tensor import FakeTensorMode, UnsupportedFakeTensorException

    if AUTOCAST in attributes:  # what comes of it hangs on where it runs
        raise Unknown
    attributes = {key: value for key, value in attributes.items() if key != NO_GRAD}
    with FakeTensorMode() as fake, torch.no_grad():
        tensors = [None if spec is None else _fake(spec) for spec in inputs]
        try:
            made = bind(overload, **attributes)(*tensors)
        except (UnsupportedFakeTensorException, NotImplementedError, AttributeError, KeyError) as error:
            raise Unknown from error
        except (RuntimeError, IndexError, ValueError) as error:
            if "data-dependent" in str(error).lower() or "unbacked" in str(error).lower():
                raise Unknown from error
            raise ShapeError(str(error).strip().split("\n")[0][:200]) from error
        del fake
    results = made if isinstance(made, (tuple, list)) else (made,)
    return tuple(_spec(result) for result in results)


def _fake(spec: Spec) -> Any:
    dims = spec.dims
    if dims is None or spec.dtype is None or not all(isinstance(dim, int) for dim in dims):
        raise Unknown
    return torch.empty(dims, dtype=getattr(torch, spec.dtype))  # type: ignore[arg-type]


def _spec(result: Any) -> Spec:
    if not isinstance(result, torch.Tensor):
        return Spec()
    dims = tuple(dim if isinstance(dim, int) else None for dim in result.shape)
    return Spec(str(result.dtype).removeprefix("torch."), dims)


# -- what is no overload -----------------------------------------------------------------------------------------------


def _of_numbers(name: str) -> Operator | None:
    """Arithmetic on sizes."""
    function = python_numbers.FUNCTIONS.get(name)
    if function is None:
        return None

    def run(*inputs: Any, arguments: list[Any]) -> Any:
        return function(*filled(arguments, inputs))

    return Operator(name, NUMBERS, 1, run, None, None, "size", False, False)


def _higher_order(name: str) -> Operator | None:
    """torch.cond, torch.while_loop and scan: layers with bodies."""
    run: Any = {"cond": _cond, "while_loop": _while_loop, "scan": _scan}.get(name)
    if run is None:
        return None
    return Operator(name, DOMAIN + "higher_order", 1, run, None, None, "control", "any", False)


def _cond(pred: Any, *, true_graph: Any, false_graph: Any, context: Any) -> Any:
    """torch.cond: the one body or the other; both read what they need of the layers outside."""
    return context.run_body(true_graph if bool(pred) else false_graph)


def _while_loop(*carried: Any, cond_graph: Any, body_graph: Any, context: Any) -> Any:
    """torch.while_loop: the body's outputs are its next inputs, as long as the condition holds."""
    while bool(context.run_body(cond_graph, *carried)[0]):
        carried = tuple(context.run_body(body_graph, *carried))
    return carried


def _scan(*given: Any, combine_graph: Any, carried: int, context: Any) -> Any:
    """scan: along the first axis of the sequences; what is carried first, then what each turn gave, stacked."""
    state, sequences = given[:carried], given[carried:]
    turns = []
    for parts in zip(*(sequence.unbind(0) for sequence in sequences), strict=True):
        made = context.run_body(combine_graph, *state, *parts)
        state, turn = tuple(made[:carried]), made[carried:]
        turns.append(turn)
    return (*state, *(torch.stack(parts) for parts in zip(*turns, strict=True)))
