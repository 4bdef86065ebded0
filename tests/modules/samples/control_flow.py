"""Ways through a module: Python's, which decide by data, and those that stay in the graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.modules.samples.making import Rows, x


class Branch(nn.Module):
    """Python control flow on a value of the data: it cannot be exported."""

    def __init__(self) -> None:
        super().__init__()
        self.positive, self.negative = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.positive(x) if x.sum() > 0 else self.negative(x)


class ItemLoop(nn.Module):
    """A loop whose length is read from the data: it cannot be exported."""

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        for _ in range(int(times.item())):
            x = torch.tanh(x)
        return x


class Condition(nn.Module):
    """The same branch with torch.cond."""

    def __init__(self) -> None:
        super().__init__()
        self.positive, self.negative = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cond(x.sum() > 0, lambda x: self.positive(x), lambda x: self.negative(x), (x,))


class WhileLoop(nn.Module):
    """torch.while_loop: halve until small."""

    def forward(self, x: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
        from torch._higher_order_ops.while_loop import while_loop

        return while_loop(lambda x, n: x.abs().max() > 0.5, lambda x, n: (x / 2, n + 1), (x, steps))


class Scan(nn.Module):
    """torch's scan: a cumulative state over time."""

    def __init__(self) -> None:
        super().__init__()
        self.decay = nn.Parameter(torch.full((6,), 0.9))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        from torch._higher_order_ops.scan import scan

        def step(state: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
            state = self.decay * state + row
            return state, state * 2

        return scan(step, torch.zeros_like(x[0]), x)


class Mapped(nn.Module):
    """torch.vmap over the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.vmap(lambda row: self.linear(row) * row.sum())(x)


ROWS: Rows = {
    "branch": (Branch, lambda: (x(),), dict),
    "item-loop": (ItemLoop, lambda: (x(), torch.tensor(3)), dict),
    "condition": (Condition, lambda: (x(),), dict),
    "while-loop": (WhileLoop, lambda: (x(), torch.tensor(0)), dict),
    "scan": (Scan, lambda: (x(),), dict),
    "mapped": (Mapped, lambda: (x(),), dict),
}
