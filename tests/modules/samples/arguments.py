"""What a module takes and gives: nested, by keyword, variadic, optional, unused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils import _pytree

from tests.modules.samples.making import Rows, x


@dataclass
class Pair:
    """A registered dataclass of two tensors and a number."""

    left: Tensor
    right: Tensor
    scale: float = 2.0


class Scores(NamedTuple):
    """A named tuple of results."""

    best: Tensor
    index: Tensor


if Pair not in _pytree.SUPPORTED_NODES:
    torch.export.register_dataclass(Pair, serialized_type_name="tests.modules.samples.Pair")


class Nested(nn.Module):
    """Inputs and outputs are nested dicts, tuples and dataclasses."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, batch: dict[str, Any], pair: Pair) -> dict[str, Any]:
        x, (y, z) = batch["x"], batch["rest"]
        left = self.linear(x + y)
        return {
            "scores": Scores(*z.max(-1)),
            "pair": Pair(left, pair.left * pair.scale - pair.right),
            "all": [left, (x, {"z": z})],
        }


class KeywordOnly(nn.Module):
    """Keyword-only arguments, one with a tensor, one with a default that is left."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor, *, bias: Tensor, scale: float = 0.5, residual: bool = True) -> Tensor:
        y = self.linear(x) * scale + bias
        return y + x if residual else y


class Variadic(nn.Module):
    """`*args` and `**kwargs` in the signature."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 3)

    def forward(self, *xs: Tensor, **others: Tensor) -> Tensor:
        return self.linear(sum(xs, torch.zeros(()))) + sum(others.values(), torch.zeros(()))


class ListInput(nn.Module):
    """Lists of tensors in and out."""

    def __init__(self) -> None:
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(6, 4) for _ in range(3))

    def forward(self, xs: list[Tensor]) -> list[Tensor]:
        outs = [linear(x) for linear, x in zip(self.linears, xs, strict=True)]
        return [*outs, torch.stack(outs).sum(0)]


class OptionalInputs(nn.Module):
    """An input that is None, and outputs that are None or plain numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor, mask: Tensor | None = None, times: int = 2) -> tuple[Tensor, None, dict[str, Any]]:
        for _ in range(times):
            x = self.linear(x)
        return x, mask, {"loss": None, "times": times, "sum": x.sum()}


class Returned(nn.Module):
    """A parameter, a buffer, an input and a constant are outputs, one value twice."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(6))
        self.register_buffer("offset", torch.randn(6))

    def forward(self, x: Tensor) -> dict[str, Any]:
        y = x * self.scale
        return {"y": y, "again": y, "scale": self.scale, "offset": self.offset, "x": x, "constant": torch.arange(3), "number": 4}


class Unused(nn.Module):
    """A child, a parameter, an input and a result that nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.spare = nn.Linear(6, 3), nn.Linear(6, 3)
        self.alone = nn.Parameter(torch.randn(3))

    def forward(self, x: Tensor, ignored: Tensor) -> Tensor:
        torch.exp(x)
        return self.used(x)


ROWS: Rows = {
    "nested": (Nested, lambda: ({"x": x(), "rest": (x(), x())}, Pair(x(), x())), dict),
    "keyword-only": (KeywordOnly, lambda: (x(),), lambda: {"bias": x(), "scale": 0.25}),
    "variadic": (Variadic, lambda: (x(), x()), lambda: {"first": x(4, 3), "second": x(4, 3)}),
    "list-input": (ListInput, lambda: ([x(), x(), x()],), dict),
    "optional-inputs": (OptionalInputs, lambda: (x(), None), lambda: {"times": 3}),
    "returned": (Returned, lambda: (x(),), dict),
    "unused": (Unused, lambda: (x(), x(3)), dict),
}
