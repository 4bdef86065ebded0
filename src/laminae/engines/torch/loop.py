"""The loop over a program's steps, with and without a clock, and what is said where one fails."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.engines.torch.explain import explain
from laminae.engines.torch.steps import Act
from laminae.plan.plan import RUN

if TYPE_CHECKING:
    from laminae.engines.torch.passes import Run
    from laminae.engines.torch.program import Program


def go(program: Program, values: list[Any], acts: list[Act]) -> None:
    """Every step once, in order."""
    act = None
    try:
        for act in acts:
            act(values)
    except Exception as error:
        raise _explained(program, error, values, acts, act) from error
    except KeyboardInterrupt as stop:
        _interrupted(program, stop, values, acts, act)
        raise


def go_timed(program: Program, run: Run, acts: list[Act]) -> None:
    """The same with a tick of the clock after each. On a GPU a step has ended when the device says so."""
    values, act = run.values, None
    wait = partial(torch.cuda.synchronize, program.device) if program.device.type == "cuda" else None
    if wait is not None:
        wait()
    run.ticks = [perf_counter()]
    tick = run.ticks.append
    try:
        for act in acts:
            act(values)
            if wait is not None:
                wait()
            tick(perf_counter())
    except Exception as error:
        raise _explained(program, error, values, acts, act) from error
    except KeyboardInterrupt as stop:
        _interrupted(program, stop, values, acts, act)
        raise


def _place(run: Run, acts: list[Act], act: Any) -> int:
    """The place of the step that an act is of."""
    at = acts.index(act)
    return at if run.ran is None else run.ran[at]


def _explained(program: Program, error: Exception, values: list[Any], acts: list[Act], act: Any) -> Exception:
    run = values[RUN]
    return explain(error, program.plan, _place(run, acts, act), values, run.path)


def _interrupted(program: Program, stop: KeyboardInterrupt, values: list[Any], acts: list[Act], act: Any) -> None:
    """Ctrl-C says where it met the pass: the innermost layer."""
    if act is None or hasattr(stop, "layer"):
        return
    run = values[RUN]
    stop.layer = run.path + program.plan.steps[_place(run, acts, act)].about.path  # type: ignore[attr-defined]
    stop.add_note(f"while layer {stop.layer!r} ran")  # type: ignore[attr-defined]
