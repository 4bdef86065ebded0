"""Operators whose attributes are much work: trees, tables, support vectors. They are made ready once, not at each run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from laminae.ops.costs import Rule
from laminae.ops.registry import operator


def prepared(
    name: str, *, domain: str, kind: str, since: int = 1, shape: Callable[..., Any] | None = None, cost: Rule | None = None
) -> Callable[..., Any]:
    """Register an operator of one input, X, by a function of its attributes that gives the function of X.

    @prepared("Scaler", domain=ML, kind="arithmetic", shape=scaler_shape)
    def scaler(*, offset=(), scale=()):
        offsets, scales = torch.tensor(offset), torch.tensor(scale)
        return lambda X: (X.float() - offsets) * scales
    """

    def register(ready: Callable[..., Any]) -> Callable[..., Any]:
        def run(X: Any, **attributes: Any) -> Any:
            return ready(**attributes)(X)

        signature = inspect.signature(ready)
        x = inspect.Parameter("X", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        run.__signature__ = signature.replace(parameters=[x, *signature.parameters.values()])  # type: ignore[attr-defined]
        run.__name__, run.__doc__, run.__module__ = ready.__name__, ready.__doc__, ready.__module__
        operator(name, since=since, kind=kind, shape=shape, cost=cost, direct=ready, domain=domain)(run)
        return ready

    return register
