"""One child in several places, one weight in several layers, a child that is used without forward."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.modules.samples.making import Rows, ids, x


class CalledTwice(nn.Module):
    """One child called twice, in two places."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.shared(torch.relu(self.shared(x))) + x


class Tied(nn.Module):
    """An embedding whose weight is the output projection's too."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.project = nn.Embedding(20, 6), nn.Linear(6, 20, bias=False)
        self.project.weight = self.embed.weight

    def forward(self, ids: Tensor) -> Tensor:
        return self.project(self.embed(ids))


class SameChildTwice(nn.Module):
    """One child under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 6)
        self.second = self.first

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


class MethodCall(nn.Module):
    """A child is used by another method than forward, and by its weight alone."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.linear = Encoding(), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(self.embed.encode(x), self.linear.weight)


class Encoding(nn.Module):
    """The child of MethodCall: it has `encode` and no forward."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def encode(self, x: Tensor) -> Tensor:
        """What forward would be."""
        return self.linear(x)


ROWS: Rows = {
    "called-twice": (CalledTwice, lambda: (x(),), dict),
    "tied": (Tied, lambda: (ids(2, 5),), dict),
    "same-child-twice": (SameChildTwice, lambda: (x(),), dict),
    "method-call": (MethodCall, lambda: (x(),), dict),
}
