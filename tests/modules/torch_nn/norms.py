"""Normalizations; the running statistics are not those of a new layer."""

from __future__ import annotations

from torch import nn

from tests.modules.torch_nn.making import Rows, line, plane, ran, volume
from tests.modules.zoo.making import moved


def norms() -> Rows:
    """Normalizations; the running statistics are not those of a new layer."""
    rows: Rows = {
        "SyncBatchNorm": (nn.SyncBatchNorm(4), (plane(),)),
        "LayerNorm": (nn.LayerNorm(10), (line(),)),
        "LayerNorm:two-axes": (nn.LayerNorm((4, 10), eps=1e-3), (line(),)),
        "LayerNorm:no-affine": (nn.LayerNorm(10, elementwise_affine=False), (line(),)),
        "LayerNorm:no-bias": (nn.LayerNorm(10, bias=False), (line(),)),
        "GroupNorm": (nn.GroupNorm(2, 4), (plane(),)),
        "GroupNorm:no-affine": (nn.GroupNorm(4, 4, affine=False), (line(),)),
        "RMSNorm": (nn.RMSNorm(10), (line(),)),
        "RMSNorm:eps": (nn.RMSNorm((4, 10), eps=1e-2, elementwise_affine=False), (line(),)),
        "LocalResponseNorm": (nn.LocalResponseNorm(3), (plane(),)),
        "CrossMapLRN2d": (nn.CrossMapLRN2d(3), (plane(),)),
    }
    for n, x in {1: line, 2: plane, 3: volume}.items():
        batch, instance = getattr(nn, f"BatchNorm{n}d"), getattr(nn, f"InstanceNorm{n}d")
        rows |= {
            f"BatchNorm{n}d": (batch(4), (x(),)),
            f"BatchNorm{n}d:training": (batch(4), (x(),)),
            f"BatchNorm{n}d:untracked": (batch(4, affine=False, track_running_stats=False), (x(),)),
            f"LazyBatchNorm{n}d": (ran(getattr(nn, f"LazyBatchNorm{n}d")(), x()), (x(),)),
            f"InstanceNorm{n}d": (instance(4), (x(),)),
            f"InstanceNorm{n}d:tracked": (instance(4, affine=True, track_running_stats=True), (x(),)),
            f"InstanceNorm{n}d:tracked:training": (instance(4, affine=True, track_running_stats=True), (x(),)),
            f"LazyInstanceNorm{n}d": (ran(getattr(nn, f"LazyInstanceNorm{n}d")(), x()), (x(),)),
        }
    for module, *_ in rows.values():
        moved(module)
    return rows
