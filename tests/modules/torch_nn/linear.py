"""Linear maps and convolutions."""

from __future__ import annotations

import torch
from torch import nn

from tests.modules.torch_nn.making import Rows, line, plane, ran, volume


def linear_layers() -> Rows:
    """Linear maps and convolutions."""
    conv = dict(zip((1, 2, 3), (line, plane, volume), strict=True))
    rows: Rows = {}
    for n, x in conv.items():
        plain, transposed = getattr(nn, f"Conv{n}d"), getattr(nn, f"ConvTranspose{n}d")
        rows |= {
            f"Conv{n}d": (plain(4, 6, 3), (x(),)),
            f"Conv{n}d:grouped": (plain(4, 6, 3, stride=2, padding=2, dilation=2, groups=2, bias=False), (x(),)),
            f"Conv{n}d:same": (plain(4, 6, 4, padding="same"), (x(),)),
            f"Conv{n}d:valid": (plain(4, 6, 2, padding="valid"), (x(),)),
            f"Conv{n}d:circular": (plain(4, 6, 3, padding=1, padding_mode="circular"), (x(),)),
            f"Conv{n}d:reflect": (plain(4, 6, 3, padding=1, padding_mode="reflect"), (x(),)),
            f"Conv{n}d:unbatched": (plain(4, 6, 3), (x()[0],)),
            f"ConvTranspose{n}d": (transposed(4, 6, 3), (x(),)),
            f"ConvTranspose{n}d:strided": (
                transposed(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2),
                (x(),),
            ),
            f"LazyConv{n}d": (ran(getattr(nn, f"LazyConv{n}d")(6, 3), x()), (x(),)),
            f"LazyConvTranspose{n}d": (ran(getattr(nn, f"LazyConvTranspose{n}d")(6, 3), x()), (x(),)),
        }
    return rows | {
        "Conv2d:depthwise": (nn.Conv2d(4, 8, (3, 2), stride=(2, 1), padding=(0, 1), groups=4), (plane(),)),
        "ConvTranspose2d:output-size": (nn.ConvTranspose2d(4, 6, 3, stride=2), (plane(), [18, 20])),
        "Linear": (nn.Linear(10, 5), (line(),)),
        "Linear:no-bias": (nn.Linear(10, 5, bias=False), (line(10),)),
        "LazyLinear": (ran(nn.LazyLinear(5), line()), (line(),)),
        "LazyLinear:uninitialized": (nn.LazyLinear(5), (line(),)),
        "NonDynamicallyQuantizableLinear": (nn.modules.linear.NonDynamicallyQuantizableLinear(10, 5), (line(),)),
        "Bilinear": (nn.Bilinear(10, 6, 5), (line(2, 10), line(2, 6))),
        "Identity": (nn.Identity(), (line(),)),
        "PairwiseDistance": (nn.PairwiseDistance(1.5, keepdim=True), (line(), line())),
        "CosineSimilarity": (nn.CosineSimilarity(), (line(), line())),
        "Embedding": (nn.Embedding(12, 5, padding_idx=2), (torch.randint(12, (2, 7)),)),
        "Embedding:max-norm": (nn.Embedding(12, 5, max_norm=1.0), (torch.randint(12, (2, 7)),)),
        "EmbeddingBag": (nn.EmbeddingBag(12, 5), (torch.randint(12, (2, 7)),)),
        "EmbeddingBag:sum-weighted": (nn.EmbeddingBag(12, 5, mode="sum"), (torch.randint(12, (2, 7)), None, torch.rand(2, 7))),
        "EmbeddingBag:max-offsets": (nn.EmbeddingBag(12, 5, mode="max", padding_idx=3), (torch.randint(12, (9,)), torch.tensor([0, 4, 5]))),
    }  # fmt: skip
