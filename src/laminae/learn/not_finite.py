"""A loss that is no number: which layer made it so."""

from __future__ import annotations

import math
from typing import Any

from laminae.base import torch
from laminae.base.errors import LayerError
from laminae.base.statistics import statistics
from laminae.learn.step import Stepper


def require_finite(step: Stepper, x: Any, draws: Any, where: str, loss: Any) -> None:
    """Raises LayerError naming the weights that hold NaN or infinity already, or the first layer that made one, or the loss.

    draws: the state of torch's generator before the pass, which runs again to see.
    """
    value = float(loss)
    if math.isfinite(value):
        return
    broken = [name for name, tensor in step.weights.items() if not bool(torch.isfinite(tensor).all())]
    way = {"the way out": "a smaller learning rate, clip_norm=1.0, a look at the data of that batch"}
    if broken:
        told = ", ".join(map(repr, broken[:4])) + (f" and {len(broken) - 4} more" if len(broken) > 4 else "")
        raise LayerError(f"the loss is {value} at {where}", {"because": f"weights hold no numbers any more: {told}", **way})
    torch.set_rng_state(draws)
    record = step.session.run(x if isinstance(x, tuple) else (x,), {})
    for entry in record.entries:
        found = [s for v in entry.values if v is not None and (s := statistics(v)) is not None and s.nan + s.inf]
        if found:
            rows = {"operator": entry.op, "layer": entry.name, "made": f"{found[0].nan} NaN, {found[0].inf} infinite"}
            kind = "input" if entry.is_input else "layer"
            raise LayerError(
                f"the loss is {value} at {where}: {kind} {entry.name!r} is the first with no numbers", {**rows, **way}
            )
    raise LayerError(f"the loss is {value} at {where}", {"because": f"{step.loss!r} made it of numbers", **way})
