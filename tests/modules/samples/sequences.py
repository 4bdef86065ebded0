"""Recurrent layers, packed sequences, attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.modules.samples.making import Rows, x


class Recurrent(nn.Module):
    """Two-layer bidirectional LSTM, GRU and RNN with initial states."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 4, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(8, 4, 2, bidirectional=True)
        self.rnn = nn.RNN(8, 4, nonlinearity="relu")

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        y, state = self.lstm(x, (hidden, cell))
        y, last = self.gru(y.transpose(0, 1), hidden)
        return self.rnn(y)[0], last, state


class CellLoop(nn.Module):
    """An LSTM cell in a Python loop over time, the results stacked."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.out = nn.LSTMCell(6, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = cell = x.new_zeros(x.shape[0], 4)
        outs = []
        for row in x.unbind(1):
            hidden, cell = self.cell(row, (hidden, cell))
            outs.append(self.out(hidden))
        return torch.stack(outs, 1)


class PackedRecurrent(nn.Module):
    """A GRU on packed sequences of different lengths."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(6, 4, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True)[0]


class Encoder(nn.Module):
    """A transformer encoder with a causal mask and a padding mask (eval mode may take torch's fast path)."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8, padding_idx=0)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, ids: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1]) < 0
        return self.encoder(self.embed(ids), mask, src_key_padding_mask=ids == 0, is_causal=True)


class Attention(nn.Module):
    """Causal grouped-query attention by scaled_dot_product_attention."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(8, 8 + 4 + 4), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (-1, 2)).transpose(1, 2) for part in self.qkv(x).split([8, 4, 4], -1))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.out(y.transpose(1, 2).flatten(2))


ROWS: Rows = {
    "recurrent": (Recurrent, lambda: (x(2, 5, 6), x(4, 2, 4), x(4, 2, 4)), dict),
    "cell-loop": (CellLoop, lambda: (x(2, 5, 6),), dict),
    "packed-recurrent": (PackedRecurrent, lambda: (x(3, 5, 6), torch.tensor([2, 5, 3])), dict),
    "encoder": (Encoder, lambda: (torch.tensor([[3, 5, 7, 9, 1], [4, 2, 8, 0, 0]]),), dict),
    "attention": (Attention, lambda: (x(2, 5, 8),), dict),
}
