"""Other elements than float32."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.modules.samples.making import Rows, ids, x


class Integers(nn.Module):
    """Integer and boolean arithmetic, shifts, floor division, sort, histogram."""

    def forward(self, ids: Tensor, keep: Tensor) -> dict[str, Tensor]:
        ids = torch.where(keep, ids, -ids)
        values, order = ids.sort(-1, descending=True)
        return {
            "floor": ids // 3, "remainder": ids % 3, "true": ids / 4, "shift": (ids << 2) | (ids & 5), "order": order,
            "onehot": functional.one_hot(ids.abs(), 20).sum(1), "any": (values > 2).any(-1) & ~keep.all(-1),
        }  # fmt: skip


class Complex(nn.Module):
    """Complex numbers: an FFT, a complex parameter, a rotation, and back."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = nn.Parameter(torch.randn(4, dtype=torch.complex64))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        spectrum = torch.fft.rfft(x, dim=-1) * self.filter
        turned = torch.view_as_complex(x.reshape(-1, 3, 2).contiguous()) * torch.polar(torch.ones(3), torch.arange(3.0))
        return torch.fft.irfft(spectrum, n=6), torch.view_as_real(turned).flatten(1) + spectrum.abs().sum()


class Autocast(nn.Module):
    """One layer in bfloat16 by autocast, the rest in float32."""

    def __init__(self) -> None:
        super().__init__()
        self.brain, self.full = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            y = self.brain(x)
        with torch.autocast("cpu", enabled=False):
            return self.full(y.float())


class MixedPrecision(nn.Module):
    """Parameters in bfloat16, float16 and float64."""

    def __init__(self) -> None:
        super().__init__()
        self.brain, self.short, self.long = nn.Linear(6, 6).bfloat16(), nn.Linear(6, 6).half(), nn.Linear(6, 3).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.long(self.short(self.brain(x.bfloat16()).half()).double())


ROWS: Rows = {
    "integers": (Integers, lambda: (ids(4, 5), ids(4, 5) > 6), dict),
    "complex": (Complex, lambda: (x(),), dict),
    "autocast": (Autocast, lambda: (x(),), dict),
    "mixed-precision": (MixedPrecision, lambda: (x(),), dict),
}
