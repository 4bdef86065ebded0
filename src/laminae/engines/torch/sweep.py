"""Many passes through the same layers at once: torch.func.vmap over the steps, each pass with a value of its own."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.graph import Layer, Value
from laminae.plan.memory import ends_of
from laminae.plan.plan import Step

if TYPE_CHECKING:
    from laminae.engines.torch.program import Program, Run

Act = Callable[[list[Any]], None]

ATTENTION = "scaled_dot_product_attention"


def many(
    program: Program, run: Run, given: Mapping[Value, Any], layers: Container[Layer], changed: Mapping[Value, Any]
) -> tuple[Any, ...]:
    """The model's outputs [passes, ...] of these layers, run once for all passes, from values that all passes share.

    program: roomy. changed: value → [passes, ...], of each pass its own. What is done with is freed. Numbers are those of a
    larger batch: last bits may differ from those of one pass alone. Raises what torch raises where an operator looks at values,
    draws numbers, or cannot be batched.
    """
    plan = program.plan
    values = program.prefilled(run, given)
    slot_of = {
        value: slot
        for step in plan.order
        for value, slot in zip(step.layer.outputs, step.writes, strict=True)
        if slot is not None
    }
    own = {slot_of[value]: parts for value, parts in changed.items()}
    every, places = program.acts_of(run), [place for place, step in enumerate(plan.steps) if step.layer in layers]
    acts = [(_act(plan.steps[place], every[place]), ends) for place, ends in ends_of(plan, places)]
    outputs = plan.outputs

    def one(*parts: Any) -> tuple[Any, ...]:
        slots = list(values)
        for slot, part in zip(own, parts, strict=True):
            slots[slot] = part
        for act, ends in acts:
            act(slots)
            for slot in ends:
                slots[slot] = None
        return tuple(slots[slot] for slot in outputs)

    made: tuple[Any, ...] = torch.func.vmap(one)(*own.values())
    return made


def _act(step: Step, act: Act) -> Act:
    """The step, its attention folded into the batch: torch would run it pass by pass."""
    layer = step.layer
    if not (layer.domain == "torch.ops.aten" and layer.operator == ATTENTION and step.writes[0] is not None):
        return act
    known, reads, out = layer.attributes, step.reads, step.writes[0]
    if known.keys() - {"dropout_p", "is_causal", "scale", "enable_gqa"} or known.get("dropout_p", 0.0):
        return act
    told = known.get("is_causal", False), known.get("scale"), known.get("enable_gqa", False)

    def attend(values: list[Any]) -> None:
        q, k, v, *mask = (values[slot] for slot in reads)
        values[out] = _attention()(q, k, v, mask[0] if mask else None, *told)

    return attend


_made: list[Callable[..., Any]] = []


def _attention() -> Callable[..., Any]:
    """scaled_dot_product_attention with a rule for many passes: they are samples of one batch. Made once torch is there."""
    if _made:
        return _made[0]

    class Attention(torch.autograd.Function):
        @staticmethod
        def forward(q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: Any, grouped: bool) -> Any:
            return torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, 0.0, causal, scale=scale, enable_gqa=grouped)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            pass

        @staticmethod
        def vmap(info: Any, dims: Any, q: Any, k: Any, v: Any, mask: Any, *told: Any) -> Any:
            passes, batch = info.batch_size, q.shape[1 if dims[0] == 0 else 0]
            folded = [_folded(x, dim, passes) for x, dim in zip((q, k, v), dims, strict=False)]
            if is_tensor(mask):
                mask = _folded(_ranked(mask, dims[3], q.ndim - (dims[0] is not None)), dims[3], passes, batch)
            made = Attention.apply(*folded, mask, *told)  # type: ignore[no-untyped-call]
            return made.unflatten(0, (passes, -1)), 0

    _made.append(Attention.apply)
    return Attention.apply


def _ranked(mask: Any, dim: int | None, rank: int) -> Any:
    """A mask with as many axes as what is attended to, the passes' apart."""
    mask = mask if dim is None else mask.movedim(dim, 0)
    missing = rank - (mask.ndim - (dim is not None))
    place = 0 if dim is None else 1
    for _ in range(missing):
        mask = mask.unsqueeze(place)
    return mask


def _folded(x: Any, dim: int | None, passes: int, batch: int | None = None) -> Any:
    """[passes, batch, ...] as [passes · batch, ...]. batch: how many samples a mask of one serves."""
    x = x.unsqueeze(0).expand(passes, *x.shape) if dim is None else x.movedim(dim, 0)
    if batch is not None and x.shape[1] != batch:
        x = x.expand(passes, batch, *x.shape[2:])
    return x.flatten(0, 1)
