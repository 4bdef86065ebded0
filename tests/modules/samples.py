"""Small hand-written modules, each with one trait that makes reading a module hard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch.utils import _pytree
from torch.utils.checkpoint import checkpoint

Example = tuple[nn.Module, tuple[Any, ...], dict[str, Any]]


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


class NoGradient(nn.Module):
    """A torch.no_grad block and a detach inside."""

    def __init__(self) -> None:
        super().__init__()
        self.teacher, self.student = nn.Linear(6, 6), nn.Linear(6, 6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            target = torch.softmax(self.teacher(x), -1)
        y = self.student(x)
        with torch.enable_grad():
            y = y + y.detach()
        return y, ((y - target) ** 2).mean()


class ViewWrites(nn.Module):
    """In-place operators on views: the base, and every other view, see them."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.linear(x)
        before = x.sum(-1)
        x[:, 0] = 1
        y = x.view(-1, 2, 3)
        y.add_(1)
        y[..., 1].mul_(2)
        x.T[2].zero_()
        rows = x[::2]
        rows.copy_(rows.flip(-1))
        return x, before


class InputWrites(nn.Module):
    """An input is written in place: the caller sees it."""

    def forward(self, x: Tensor, steps: Tensor) -> Tensor:
        x.mul_(2)
        steps += 1
        return x + steps


class IndexWrites(nn.Module):
    """Writes through masks, indices, scatter, fill and `out=`."""

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        y = x.clone()
        y[ids] = 0
        y[y < 0] *= -1
        y.masked_fill_(y > 1, 1.0)
        y.scatter_(1, ids[:, None] % 6, 0.5)
        y.index_add_(0, ids, torch.ones(ids.shape[0], 6))
        z = torch.empty_like(y)
        torch.sin(y, out=z)
        y.clamp_(min=0.1)[0].fill_(3)
        return z + y


class Counter(nn.Module):
    """A step counter, an exponential mean and a rolling window: buffers that each forward updates."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(6))
        self.register_buffer("window", torch.zeros(3, 6))

    def forward(self, x: Tensor) -> Tensor:
        self.steps += 1
        self.mean.mul_(0.9).add_(0.1 * x.mean(0))
        self.window = torch.cat([self.window[1:], x.mean(0, keepdim=True)])
        return (x - self.mean) / self.steps + self.window.sum(0)


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


class Sizes(nn.Module):
    """Views, ranges and scales computed from the sizes of the input."""

    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Embedding(16, 6)
        self.linear = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        x = x + self.position(torch.arange(time, device=x.device)) / width**0.5
        return self.linear(x.reshape(batch, time // 2, width * 2)).view(-1, 3)[: batch * 2]


class Integers(nn.Module):
    """Integer and boolean arithmetic, shifts, floor division, sort, histogram."""

    def forward(self, ids: Tensor, keep: Tensor) -> dict[str, Tensor]:
        ids = torch.where(keep, ids, -ids)
        values, order = ids.sort(-1, descending=True)
        return {
            "floor": ids // 3, "remainder": ids % 3, "true": ids / 4, "shift": (ids << 2) | (ids & 5), "order": order,
            "onehot": functional.one_hot(ids.abs(), 20).sum(1), "any": (values > 2).any(-1) & ~keep.all(-1),
        }  # fmt: skip


class Unique(nn.Module):
    """Outputs whose shapes depend on the data: nonzero, masked select, unique."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return x.nonzero(), x[x > 0], torch.unique((x * 2).long())


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


class Checkpointed(nn.Module):
    """A block under torch.utils.checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.block, self.out = nn.Sequential(nn.Linear(6, 6), nn.GELU()), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(checkpoint(self.block, x, use_reentrant=False))


class Parametrized(nn.Module):
    """weight_norm, spectral_norm and orthogonal parametrizations."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = parametrizations.weight_norm(nn.Conv1d(4, 4, 3, padding=1))
        self.spectral = parametrizations.spectral_norm(nn.Linear(6, 6))
        self.orthogonal = parametrizations.orthogonal(nn.Linear(6, 6))

    def forward(self, x: Tensor) -> Tensor:
        return self.orthogonal(torch.relu(self.spectral(self.weight(x))))


class OldWeightNorm(nn.Module):
    """The older weight_norm, a forward pre-hook that sets `weight`."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.utils.weight_norm(nn.Linear(6, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class Hooked(nn.Module):
    """Forward hooks and pre-hooks that change what flows."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)
        self.linear.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
        self.linear.register_forward_hook(lambda module, args, out: out + args[0])

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class Buffers(nn.Module):
    """A non-persistent buffer, a tensor attribute that is no buffer, and a tensor made in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tril(torch.ones(6, 6)), persistent=False)
        self.register_buffer("nothing", None)
        self.table = torch.linspace(0, 1, 6)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.mask + self.table - torch.tensor([0.0, 1, 2, 3, 4, 5])


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


class Shuffled(nn.Module):
    """Permutes, expands, strides, splits, einsum and a reshape that must copy."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 6, 3))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.einsum("btc,hcd->bhtd", x, self.weight).permute(0, 2, 3, 1)
        x = x.reshape(x.shape[0], -1).as_strided((2, 3, 4), (24, 4, 1)) + torch.ones(3, 1).expand(3, 4)
        first, second = x.tensor_split(2, dim=-1)
        return torch.cat([first.roll(1, 1), second.flip(1)], -1).mT


class CustomGradient(nn.Module):
    """A torch.autograd.Function: a straight-through rounding."""

    class Round(torch.autograd.Function):
        """round forward, identity backward."""

        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return torch.round(x)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            return grad

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.Round.apply(x * 4) / 4)


class InnerGradient(nn.Module):
    """A gradient taken inside forward."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.func.grad(lambda x: torch.tanh(self.linear(x)).sum())(x)


class RandomNoise(nn.Module):
    """Noise in eval mode: two runs differ unless seeded."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x) + torch.rand(x.shape) + functional.dropout(x, 0.5, training=True)


class Training(nn.Module):
    """Left in training mode: batch norm writes its statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(6, 4), nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.linear(x))

    def eval(self) -> Training:
        return self


class Scalars(nn.Module):
    """Scalar and empty tensors, and a broadcast of a 0-d parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.tensor(0.7))

    def forward(self, x: Tensor, scale: Tensor, empty: Tensor) -> tuple[Tensor, Tensor]:
        return x * scale / self.temperature.exp(), torch.cat([empty, x], 0).sum(0)


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


class Deep(nn.Module):
    """Children in children, five levels deep, with names that repeat."""

    def __init__(self, depth: int = 5) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)
        self.block = Deep(depth - 1) if depth > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.block(torch.relu(self.layer(x))) + x


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


def ids(*shape: int) -> Tensor:
    """Integers in 0..15."""
    return torch.randint(0, 16, shape)


def x(*shape: int) -> Tensor:
    """A normal tensor, [4, 6] unless told."""
    return torch.randn(shape or (4, 6))


# name → (module, args, kwargs), all made in this order under one seed
ROWS: dict[str, tuple[Callable[[], nn.Module], Callable[[], tuple[Any, ...]], Callable[[], dict[str, Any]]]] = {
    "perceptron": (perceptron, lambda: (x(),), dict),
    "convolutions": (Convolutions, lambda: (x(2, 3, 8, 8),), dict),
    "residual": (Residual, lambda: (x(2, 4, 5, 5),), dict),
    "called-twice": (CalledTwice, lambda: (x(),), dict),
    "same-child-twice": (SameChildTwice, lambda: (x(),), dict),
    "tied": (Tied, lambda: (ids(2, 5),), dict),
    "nested": (Nested, lambda: ({"x": x(), "rest": (x(), x())}, Pair(x(), x())), dict),
    "keyword-only": (KeywordOnly, lambda: (x(),), lambda: {"bias": x(), "scale": 0.25}),
    "variadic": (Variadic, lambda: (x(), x()), lambda: {"first": x(4, 3), "second": x(4, 3)}),
    "list-input": (ListInput, lambda: ([x(), x(), x()],), dict),
    "optional-inputs": (OptionalInputs, lambda: (x(), None), lambda: {"times": 3}),
    "no-gradient": (NoGradient, lambda: (x(),), dict),
    "view-writes": (ViewWrites, lambda: (x(),), dict),
    "input-writes": (InputWrites, lambda: (x(), ids(4, 6)), dict),
    "index-writes": (IndexWrites, lambda: (x(), torch.tensor([0, 2, 3, 1])), dict),
    "counter": (Counter, lambda: (x(),), dict),
    "branch": (Branch, lambda: (x(),), dict),
    "item-loop": (ItemLoop, lambda: (x(), torch.tensor(3)), dict),
    "condition": (Condition, lambda: (x(),), dict),
    "while-loop": (WhileLoop, lambda: (x(), torch.tensor(0)), dict),
    "scan": (Scan, lambda: (x(),), dict),
    "mapped": (Mapped, lambda: (x(),), dict),
    "recurrent": (Recurrent, lambda: (x(2, 5, 6), x(4, 2, 4), x(4, 2, 4)), dict),
    "cell-loop": (CellLoop, lambda: (x(2, 5, 6),), dict),
    "packed-recurrent": (PackedRecurrent, lambda: (x(3, 5, 6), torch.tensor([2, 5, 3])), dict),
    "encoder": (Encoder, lambda: (torch.tensor([[3, 5, 7, 9, 1], [4, 2, 8, 0, 0]]),), dict),
    "attention": (Attention, lambda: (x(2, 5, 8),), dict),
    "sizes": (Sizes, lambda: (x(2, 4, 6),), dict),
    "integers": (Integers, lambda: (ids(4, 5), ids(4, 5) > 6), dict),
    "unique": (Unique, lambda: (x(),), dict),
    "complex": (Complex, lambda: (x(),), dict),
    "autocast": (Autocast, lambda: (x(),), dict),
    "mixed-precision": (MixedPrecision, lambda: (x(),), dict),
    "returned": (Returned, lambda: (x(),), dict),
    "unused": (Unused, lambda: (x(), x(3)), dict),
    "checkpointed": (Checkpointed, lambda: (x(),), dict),
    "parametrized": (Parametrized, lambda: (x(2, 4, 6),), dict),
    "old-weight-norm": (OldWeightNorm, lambda: (x(),), dict),
    "hooked": (Hooked, lambda: (x(),), dict),
    "buffers": (Buffers, lambda: (x(),), dict),
    "containers": (Containers, lambda: (x(),), dict),
    "shuffled": (Shuffled, lambda: (x(2, 3, 6),), dict),
    "custom-gradient": (CustomGradient, lambda: (x(),), dict),
    "inner-gradient": (InnerGradient, lambda: (x(),), dict),
    "random-noise": (RandomNoise, lambda: (x(),), dict),
    "training": (Training, lambda: (x(),), dict),
    "scalars": (Scalars, lambda: (x(), torch.tensor(1.5), x(0, 6)), dict),
    "identity": (Identity, lambda: (x(),), dict),
    "no-inputs": (NoInputs, tuple, dict),
    "deep": (Deep, lambda: (x(),), dict),
    "method-call": (MethodCall, lambda: (x(),), dict),
}


def build(module: Callable[[], nn.Module], args: Callable[[], tuple[Any, ...]], kwargs: Callable[[], dict[str, Any]]) -> Example:
    """The module and its inputs, the same at every call; the caller's random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return module().eval(), args(), kwargs()


SAMPLES: dict[str, Callable[[], Example]] = {name: partial(build, *row) for name, row in ROWS.items()}

# name → why torch.export cannot read it
EXPECTED_FAILURES: dict[str, str] = {
    "branch": "Python `if` on a value of the data",
    "item-loop": "Python `range` on a value of the data",
    "packed-recurrent": "pack_padded_sequence reads the lengths from the data",
    "inner-gradient": "torch.func.grad has no operator in an exported graph",
}

# name → why what torch.export reads equals the module to the last digits only
APPROXIMATE: dict[str, str] = {
    "encoder": "the module takes torch's fused fast path when no gradient is needed; its export has the single steps",
}
