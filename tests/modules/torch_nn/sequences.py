"""Recurrent layers, cells, attention and transformers."""

from __future__ import annotations

import torch
from torch import nn

from tests.modules.torch_nn.making import Rows, line


def sequences() -> Rows:
    """Recurrent layers, cells, attention and transformers."""
    x, state = line(5, 2, 4), line(4, 2, 3)
    causal = nn.Transformer.generate_square_subsequent_mask(5)
    padded = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    rows: Rows = {}
    for name in ("RNN", "LSTM", "GRU"):
        kind, first = getattr(nn, name), (state, state) if name == "LSTM" else state
        rows |= {
            name: (kind(4, 3), (x,)),
            f"{name}:bidirectional": (kind(4, 3, 2, bidirectional=True, dropout=0.2), (x, first)),
            f"{name}:batch-first": (kind(4, 3, batch_first=True, bias=False), (x.transpose(0, 1),)),
            f"{name}:unbatched": (kind(4, 3), (x[:, 0],)),
            f"{name}Cell": (getattr(nn, f"{name}Cell")(4, 3), (x[0],)),
            f"{name}Cell:state": (
                getattr(nn, f"{name}Cell")(4, 3, bias=False),
                (x[0], (state[0], state[1]) if name == "LSTM" else state[0]),
            ),
        }
    attend = {"key_padding_mask": padded, "need_weights": False}
    return rows | {
        "RNN:relu": (nn.RNN(4, 3, nonlinearity="relu"), (x,)),
        "LSTM:projected": (nn.LSTM(4, 5, proj_size=3), (x,)),
        "MultiheadAttention": (nn.MultiheadAttention(4, 2), (x, x.clone(), x.clone())),  # one tensor three times it projects at once
        "MultiheadAttention:masked": (nn.MultiheadAttention(4, 2, batch_first=True, bias=False), (line(2, 5, 4), line(2, 5, 4), line(2, 5, 4)), attend),
        "MultiheadAttention:other-sizes": (nn.MultiheadAttention(4, 2, kdim=3, vdim=6, add_bias_kv=True, add_zero_attn=True), (x, line(7, 2, 3), line(7, 2, 6)), {"average_attn_weights": False}),
        "TransformerEncoderLayer": (nn.TransformerEncoderLayer(4, 2, 8), (x,)),
        "TransformerEncoderLayer:norm-first": (nn.TransformerEncoderLayer(4, 2, 8, norm_first=True, activation="gelu", batch_first=True, bias=False), (line(2, 5, 4), causal, padded.float()), {"is_causal": True}),
        "TransformerDecoderLayer": (nn.TransformerDecoderLayer(4, 2, 8), (x, line(7, 2, 4))),
        "TransformerEncoder": (nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2, nn.LayerNorm(4)), (line(2, 5, 4),)),
        "TransformerEncoder:padded": (nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2, enable_nested_tensor=False), (line(2, 5, 4),), {"src_key_padding_mask": padded}),
        "TransformerDecoder": (nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2), (x, line(7, 2, 4)), {"tgt_mask": causal, "tgt_is_causal": True}),
        "Transformer": (nn.Transformer(4, 2, 1, 1, 8), (line(7, 2, 4), x)),
    }  # fmt: skip
