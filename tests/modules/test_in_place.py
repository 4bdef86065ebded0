"""In-place operators of every kind, undone: values, dtypes and state are the module's at every call, not at the first only."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from tests.modules.held import equal


class Does(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *args):
        return self.function(*args)


X = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
SQUARE = torch.randn(4, 4, generator=torch.Generator().manual_seed(1))
TALL = torch.randn(3, 2, generator=torch.Generator().manual_seed(2))


def constant(x):
    c = torch.tensor([1.0, 2.0, 3.0])
    c += x[0, :3]
    return c * 1


def compared(x):
    z = x.clone()
    z.gt_(0)
    return z


def negated(x):
    z = x.clone()
    z.logical_not_()
    return z.sum()


def promoted(x):
    s = x.sum()
    s *= torch.tensor(2.0, dtype=torch.float64)
    return s


def transposed(y):
    y = y.clone()
    w = y[0]
    y.t_()
    y.add_(1)
    return w


def unsqueezed(x):
    z = x.clone()
    w = z[0]
    z.unsqueeze_(0)
    z += 1
    return w, z


def bits(x):
    z = x.clone()
    z.view(torch.int32).add_(1)
    return z


def copied(z):
    o = torch.empty(2, 3)
    o.copy_(z.t())
    return o.view(-1)


def copied_into_a_view(z):
    o = torch.empty(2, 3)
    o.t().copy_(z)
    return o.view(-1)


def filled(x):
    z = x.clone()
    z.t().masked_fill_(z.t() > 0, 0.0)
    return z.view(-1)


def parts(x):
    z = x.clone()
    for part in z.chunk(2, 1):
        part.mul_(2)
    a, b = z[:, :4], z[:, 2:6]
    a += 1
    b *= 3
    return z, a, b


def views_of_views(x):
    z = x.clone()
    v = z.view(2, 2, 4).transpose(0, 1)[0]
    v[:, 1:3] = 0
    z[0].add_(v.sum())
    return z, v


def reshaped(x):
    z = x.clone()
    y = z.t().reshape(-1)
    y.add_(1)
    w = z.to(torch.float64)
    w.mul_(2)
    return z, y, w


def handed_on(x):
    z = x.clone()
    d = F.dropout(z, 0.5, False)
    d.add_(1)
    return z, d


def several(x):
    a, b = x.clone(), x.clone() + 1
    torch._foreach_add_([a, b], 1.0)
    return a, b


CASES = {
    f.__name__: (f, x)
    for f, x in [
        (constant, X), (compared, X), (negated, X), (promoted, X), (transposed, SQUARE), (unsqueezed, X), (bits, X), (copied, TALL),
        (copied_into_a_view, TALL), (filled, X), (parts, X), (views_of_views, X), (reshaped, X), (several, X), (handed_on, X),
    ]
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("way", ["module", "pt2"])
def test_every_call_gives_the_modules_values(name, way, tmp_path):
    function, x = CASES[name]
    module = Does(function).eval()
    if way == "module":
        model = lm.open(module, example=(x,))
    else:
        torch.export.save(torch.export.export(module, (x,), strict=False), tmp_path / "m.pt2")
        if name == "handed_on":
            pytest.skip("torch's own functional form of a program from a file takes dropout for a copy")
        if name == "filled":  # torch itself cannot make this program functional
            with pytest.raises(lm.ExportError):
                lm.open(tmp_path / "m.pt2")
            return
        model = lm.open(tmp_path / "m.pt2")
    for scale in (1.0, -2.0, 3.0):
        given = x * scale
        wanted = module(given.clone())
        assert equal(wanted, model(given)), "model(x)"
        assert equal(wanted, model.run(given).output), "model.run(x)"


class Buffered(nn.Module):
    def __init__(self, shared):
        super().__init__()
        self.register_buffer("a", torch.zeros(8))
        self.register_buffer("b", self.a[:4] if shared else self.a[:4].clone())

    def forward(self, x):
        self.a.add_(x[0])
        return self.b * 2 + self.a[:4]


def test_buffers_are_state_and_shared_memory_is_refused():
    module = Buffered(False).eval()
    other = copy.deepcopy(module)
    model = lm.open(module, example=(X,))
    for _ in range(3):
        assert torch.equal(model(X), other(X))
        assert torch.equal(module.a, other.a)
    with pytest.raises(lm.ExportError, match="view of its memory"):
        lm.open(Buffered(True).eval(), example=(X,))


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(8, 3)
        self.w = nn.Parameter(torch.ones(3))

    def forward(self, x):
        y = self.l(F.dropout(x, 0.5, self.training))
        return (y, self.w) if self.training else y


def test_a_phase_has_its_own_results_and_is_that_of_the_model_whoever_switched_the_module():
    module = Two().eval()
    model = lm.open(module, example=(X,))
    assert isinstance(model.train()(X), tuple)
    trace = model.run(X)
    model.parameters["w"].tensor().data.add_(5)
    assert trace.output[1].tolist() == [1, 1, 1], "a stored output is not changed by what comes later"
    module.eval()
    model.eval()
    assert torch.equal(model(X), module(X).detach())
    assert not model.training


def test_parameters_put_in_the_place_of_others_are_followed():
    module = Two().eval()
    model = lm.open(module, example=(X,))
    module.load_state_dict({key: value + 1 for key, value in module.state_dict().items()}, assign=True)
    model.train()
    model.eval()
    assert torch.equal(model(X), module(X).detach())


def test_a_module_of_one_phase_says_so():
    back = lm.open(Two().eval(), example=(X,)).to_torch()
    with pytest.warns(UserWarning, match="evaluation phase"):
        back.train()


def test_a_sound_module_has_no_problems():
    class Cast(nn.Module):
        def __init__(self):
            super().__init__()
            self.l = nn.Linear(8, 3)

        def forward(self, x):
            with torch.autocast("cpu", torch.bfloat16):
                return self.l(x)

    assert lm.open(Cast().eval(), example=(X,)).check() == []
    trained = lm.open(nn.Sequential(nn.Linear(8, 3), nn.BatchNorm1d(3)).train(), example=(X,)).check()
    assert not [problem for problem in trained if "update" in problem.layer]
