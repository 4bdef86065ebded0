"""Torch chooses kernels by more than the numbers it is given: a run that stores leaves it the choice that the module has."""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812
from torch.utils._python_dispatch import TorchDispatchMode

import laminae as lm


class Packed(nn.Module):
    """Attention's way with keys and values: a part of one weight, over an input that is not laid out in order."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(96, 32)), nn.Parameter(torch.randn(96))

    def forward(self, x):
        weight, bias = self.weight.split([32, 64]), self.bias.split([32, 64])
        return F.linear(x.transpose(0, 1), weight[1], bias[1]).relu()


class Kernels(TorchDispatchMode):
    """Counts the products that torch computes by, of which there are two kinds here."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = str(function.overloadpacket)
        self.found += [name] if name in ("aten.mm", "aten.bmm", "aten.addmm", "aten.baddbmm") else []
        return function(*args, **kwargs or {})


def kernels(call, *args, **kwargs):
    with torch.no_grad(), Kernels() as kernels:
        call(*args, **kwargs)
    return kernels.found


def test_storing_and_resuming_leave_torch_the_choice_of_kernels_that_the_module_has():
    torch.manual_seed(0)
    module, x = Packed().eval(), torch.randn(2, 16, 32)
    model = lm.open(module, example=(x,))
    wanted = kernels(module, x)
    trace = model.run(x)
    assert wanted
    assert kernels(model, x) == wanted
    assert kernels(model.run, x) == wanted
    assert kernels(trace.resume, lm.patch.scale("transpose", 2.0)) == wanted
    again = trace.resume(lm.patch.scale("transpose", 2.0)).resume(lm.patch.scale("transpose", 0.5))
    assert kernels(again.resume, lm.patch.scale("transpose", 2.0)) == wanted


def test_what_is_handed_out_wants_no_derivatives():
    module, x = Packed().eval(), torch.randn(2, 16, 32)
    model = lm.open(module, example=(x,))
    for trace in (model.run(x), model.run(x).resume({})):
        assert not any(value.requires_grad for value in trace.values.values())
        assert not any(part.requires_grad for name in trace.layers for part in _parts(trace[name.name]))


def _parts(value):
    return value if isinstance(value, tuple) else (value,)
