"""Plain modules: layers one after another, branches that meet, containers, no layer at all."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.modules.samples.making import Rows, x


def perceptron() -> nn.Sequential:
    """A Sequential of three linear layers."""
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))


class Convolutions(nn.Module):
    """A small CNN: batch norm, dropout, in-place ReLU, pooling, flatten."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Dropout2d()
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(6 * 9, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x))


class Residual(nn.Module):
    """A residual block with `x += shortcut` and one in-place ReLU used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x
        return self.relu(y)


class Containers(nn.Module):
    """ModuleDict, ParameterList, ParameterDict; names with digits, dots replaced; children called out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({"b": nn.Linear(6, 3), "a": nn.Linear(6, 3), "10": nn.Linear(6, 3)})
        self.scales = nn.ParameterList(nn.Parameter(torch.randn(3)) for _ in range(2))
        self.shifts = nn.ParameterDict({"first": nn.Parameter(torch.randn(3))})

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        outs = {name: self.heads[name](x) for name in ("a", "10", "b")}
        return {name: out * self.scales[1] + self.scales[0] * self.shifts["first"] for name, out in outs.items()}


class Deep(nn.Module):
    """Children in children, five levels deep, with names that repeat."""

    def __init__(self, depth: int = 5) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)
        self.block = Deep(depth - 1) if depth > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.block(torch.relu(self.layer(x))) + x


class Identity(nn.Module):
    """The input is the output; there is no layer at all."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class NoInputs(nn.Module):
    """No input at all: the result depends on parameters only."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(3, 6))

    def forward(self) -> Tensor:
        return self.queries.softmax(-1)


ROWS: Rows = {
    "perceptron": (perceptron, lambda: (x(),), dict),
    "convolutions": (Convolutions, lambda: (x(2, 3, 8, 8),), dict),
    "residual": (Residual, lambda: (x(2, 4, 5, 5),), dict),
    "containers": (Containers, lambda: (x(),), dict),
    "deep": (Deep, lambda: (x(),), dict),
    "identity": (Identity, lambda: (x(),), dict),
    "no-inputs": (NoInputs, tuple, dict),
}
