"""A plan's step as a closure over slots: `values[3] = relu(values[2])` and nothing else where nothing else is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_value, own, seen, shares_memory
from laminae.base.errors import LayerError
from laminae.engines.torch.bodies import Context
from laminae.engines.torch.foreign import foreign
from laminae.graph.references import call_attributes, with_references
from laminae.ops.chance import set_state, state
from laminae.ops.ready import LATER
from laminae.plan.changes import Change
from laminae.plan.plan import RUN, Step
from laminae.plan.store import misfit

if TYPE_CHECKING:
    from laminae.engines.torch.program import Program

Slots = list[Any]
Act = Callable[[Slots], None]


def closure(step: Step, program: Program, change: Change | None = None, *, fresh: bool = False) -> Act:
    """The step as a function of the slots.

    change: what this run puts in place of the outputs. fresh: this run changes parameters that the step reads, so nothing made
    of them earlier serves.
    """
    act = _with_bodies(step, program) if _needs_context(step) else _plain(step, *_best(step, program, fresh))
    after = [] if change is None else [_change(step, change)]
    after += [_copy(step, program)] if step.copies else []
    after += [keeping(step)] if step.rule is not None and not step.whole else []
    act = _sequence(act, after) if after else act
    if program.noting and not step.whole and not program.plan.policy.everything:
        act = _noting(step, act)
    act = clearing(act, step.clears)
    return _drawing(step, act) if program.noting and program.draws(step) else act


def _best(step: Step, program: Program, fresh: bool) -> tuple[Callable[..., Any], Sequence[int]]:
    """The operator with the layer's attributes, and with what it makes of parameters where it can; the slots that it reads."""
    attributes = _attributes(step, program)
    found = None if fresh else _with_parameters(step, program, attributes)
    if found is None:
        return bind(step, attributes), step.reads
    run, reads = found
    assert step.operator is not None
    return (first_of(run) if step.operator.several and len(step.layer.outputs) == 1 else run), reads


def _with_parameters(step: Step, program: Program, attributes: dict[str, Any]) -> tuple[Callable[..., Any], Sequence[int]] | None:
    """The operator as a function of what only the run brings, and the slots of that; None where it has no such function."""
    operator = step.operator
    if operator is None or operator.ready is None:
        return None
    inputs = [program.known(x) for x in step.layer.inputs]
    try:
        with torch.no_grad():
            run = operator.ready(*inputs, **attributes)
    except Exception:  # what is wrong with the parameters, the run says at its layer
        return None
    if run is None:
        return None
    program.watch(step.layer, [x for x, read in zip(step.layer.inputs, inputs, strict=True) if read is not LATER])
    return run, [slot for slot, x in zip(step.reads, inputs, strict=True) if x is LATER]


def _attributes(step: Step, program: Program) -> dict[str, Any]:
    """The attributes that the operator is called with: arrays as tensors on the program's device."""
    layer, operator = step.layer, step.operator
    assert operator is not None
    attributes = {
        key: as_value(value).to(program.device) if isinstance(value, np.ndarray) else value
        for key, value in with_references(layer.attributes, program.given).items()
    }
    program.constants[layer] = [attributes[key] for key, value in layer.attributes.items() if isinstance(value, np.ndarray)]
    if "n_outputs" in operator.asks:
        attributes["n_outputs"] = len(layer.outputs)
    return attributes


def operator_call(step: Step, program: Program) -> Callable[..., Any]:
    """The operator as a function of the layer's inputs."""
    return bind(step, _attributes(step, program))


def bind(step: Step, attributes: dict[str, Any]) -> Callable[..., Any]:
    """The operator with the layer's attributes."""
    layer, operator = step.layer, step.operator
    assert operator is not None
    if operator.several and len(layer.outputs) == 1:
        return first_of(partial(operator.run, **attributes))
    if operator.foreign:
        return foreign(partial(operator.run, **attributes), layer, pure=operator.pure)
    direct = None if operator.direct is None else operator.direct(**attributes)
    if direct is not None:
        return direct
    return partial(operator.run, **attributes) if attributes else operator.run


def first_of(run: Callable[..., Any]) -> Callable[..., Any]:
    """For a layer that declares only the first of several outputs."""
    return lambda *inputs: run(*inputs)[0]


def _needs_context(step: Step) -> bool:
    return step.operator is None or "context" in step.operator.asks


def _plain(step: Step, run: Callable[..., Any], reads: Sequence[int]) -> Act:
    if len(step.writes) == 1 and step.writes[0] is not None:
        return _ONE_OUTPUT.get(len(reads), _many_reads)(run, reads, step.writes[0])
    return _many_outputs(run, reads, step)


def _no_reads(run: Callable[..., Any], reads: Sequence[int], out: int) -> Act:
    def act(values: Slots) -> None:
        values[out] = run()

    return act


def _one_read(run: Callable[..., Any], reads: Sequence[int], out: int) -> Act:
    (a,) = reads

    def act(values: Slots) -> None:
        values[out] = run(values[a])

    return act


def _two_reads(run: Callable[..., Any], reads: Sequence[int], out: int) -> Act:
    a, b = reads

    def act(values: Slots) -> None:
        values[out] = run(values[a], values[b])

    return act


def _three_reads(run: Callable[..., Any], reads: Sequence[int], out: int) -> Act:
    a, b, c = reads

    def act(values: Slots) -> None:
        values[out] = run(values[a], values[b], values[c])

    return act


def _many_reads(run: Callable[..., Any], reads: Sequence[int], out: int) -> Act:
    pick = itemgetter(*reads)

    def act(values: Slots) -> None:
        values[out] = run(*pick(values))

    return act


_ONE_OUTPUT = {0: _no_reads, 1: _one_read, 2: _two_reads, 3: _three_reads}


def _many_outputs(run: Callable[..., Any], reads: Sequence[int], step: Step) -> Act:
    write = _writer(step)

    def act(values: Slots) -> None:
        write(values, run(*[values[slot] for slot in reads]))

    return act


def _writer(step: Step) -> Callable[[Slots, Any], None]:
    places = [(i, slot) for i, slot in enumerate(step.writes) if slot is not None]
    needed = max((i for i, _ in places), default=-1) + 1

    def write(values: Slots, made: Any) -> None:
        made = made if isinstance(made, tuple) else (made,)
        if len(made) < needed:
            raise LayerError(f"the operator gave {len(made)} outputs, the layer has {needed}")
        for i, slot in places:
            values[slot] = made[i]

    return write


def _with_bodies(step: Step, program: Program) -> Act:
    """A call of a function, or an operator that runs its bodies through a context."""
    layer, reads, captures = step.layer, step.reads, step.captures
    write = _writer(step)
    if layer.function is not None:
        body, given = layer.function.graph, call_attributes(layer, program.given)
        inner = ()

        def act(values: Slots) -> None:
            context = Context(program, layer, values[RUN], values, inner, given)
            write(values, context.run_body(body, *[values[slot] for slot in reads]))

        return act
    run = bind(step, _attributes(step, program))
    caught = tuple(zip(layer.captures, captures, strict=True))

    def act_with_context(values: Slots) -> None:
        context = Context(program, layer, values[RUN], values, caught, program.given)
        write(values, run(*[values[slot] for slot in reads], context=context))

    return act_with_context


def _copy(step: Step, program: Program) -> Act:
    """Stored values that are a parameter's or a constant's own memory become values of their own.

    A part of a weight may want derivatives even where none are taken, and torch chooses kernels by that: so does its copy.
    """
    slots, reads = step.copies, (*step.reads, *step.captures)
    constants = program.constants.get(step.layer, ())

    def act(values: Slots) -> None:
        for slot in slots:
            value = values[slot]
            if shares_memory(value, [*(values[read] for read in reads), *constants]):
                values[slot] = copy = own(value)
                if getattr(value, "requires_grad", False) and not copy.requires_grad:
                    copy.requires_grad_()
                    values[RUN].wanting.add(slot)

    return act


def _change(step: Step, change: Change) -> Act:
    """What a run puts in place of the outputs, as soon as they are made: whatever is kept or read later is that."""
    writes = step.writes

    def act(values: Slots) -> None:
        made = change(tuple(None if slot is None else values[slot] for slot in writes))
        for slot, value in zip(writes, made, strict=True):
            if slot is not None:
                values[slot] = value

    return act


def _drawing(step: Step, act: Act) -> Act:
    """A layer that draws numbers: the state of the generator before it stays with the run, or is taken from an earlier one."""
    layer = step.layer

    def draw(values: Slots) -> None:
        states = values[RUN].within.states
        if layer in states:
            set_state(states[layer])
        else:
            states[layer] = state()
        act(values)

    return draw


def keeping(step: Step) -> Act:
    """The part of the outputs that its rule keeps."""
    assert step.rule is not None
    of, pairs = step.rule.of, [(a, b) for a, b in zip(step.writes, step.places, strict=True) if a is not None and b is not None]

    def act(values: Slots) -> None:
        first = values[RUN].within.first
        for source, place in pairs:
            try:
                values[place] = of(values[source], first)
            except Exception as error:
                raise misfit(step.rule, step.layer, values[RUN].path, values[source], error) from error  # type: ignore[arg-type]

    return act


def clearing(act: Act, slots: Sequence[int]) -> Act:
    """A step, and what nobody reads after it freed."""
    return _sequence(act, [_clear(slots)]) if slots else act


def _clear(slots: Sequence[int]) -> Act:
    def act(values: Slots) -> None:
        for slot in slots:
            values[slot] = None

    return act


def _noting(step: Step, act: Act) -> Act:
    """The step, and what its outputs were that are not kept as they are: shapes and dtypes."""
    layer, writes = step.layer, step.writes
    if len(writes) != 1 or writes[0] is None:

        def several(values: Slots) -> None:
            act(values)
            values[RUN].notes[layer] = tuple([None if slot is None else seen(values[slot]) for slot in writes])

        return several
    slot = writes[0]

    def one(values: Slots) -> None:
        act(values)
        value = values[slot]
        try:
            values[RUN].notes[layer] = ((value.shape, value.dtype),)
        except AttributeError:  # no tensor
            values[RUN].notes[layer] = (seen(value),)

    return one


def _sequence(first: Act, rest: Sequence[Act]) -> Act:
    if len(rest) == 1:
        second = rest[0]

        def both(values: Slots) -> None:
            first(values)
            second(values)

        return both

    def every(values: Slots) -> None:
        first(values)
        for act in rest:
            act(values)

    return every
