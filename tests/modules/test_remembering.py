"""What a module keeps beside tensors: where its results depend on it, no graph can hold it; what is only noted does no harm."""

import random
import types

import numpy as np
import pytest
import torch
from torch import nn

import laminae as lm

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


class Keeps(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Identity()
        self.count, self._hidden, self.inner.calls = 0, 0, 0
        self.seen, self.table, self.kinds, self.state = [], {}, set(), types.SimpleNamespace(n=0)


class Counts(Keeps):
    name = "self.count"

    def forward(self, x):
        self.count += 1
        return x * self.count


class CountsALittle(Keeps):
    name = "self.count"

    def forward(self, x):
        self.count += 1
        return x + self.count * 1e-6


class CountsInside(Keeps):
    name = "self.inner.calls"

    def forward(self, x):
        self.inner.calls += 1
        return x * self.inner.calls


class CountsHidden(Keeps):
    name = "self._hidden"

    def forward(self, x):
        self._hidden = self._hidden + 1
        return x * self._hidden


class Appends(Keeps):
    name = "self.seen"

    def forward(self, x):
        self.seen.append(1)
        return x * len(self.seen)


class Tables(Keeps):
    name = "self.table"

    def forward(self, x):
        self.table["n"] = self.table.get("n", 0) + 1
        return x * self.table["n"]


class Objects(Keeps):
    name = "self.state.n"

    def forward(self, x):
        self.state.n += 1
        return x * self.state.n


class ANumberOut(Keeps):
    name = "self.count"

    def forward(self, x):
        self.count += 1
        return x, self.count


class Draws(Keeps):
    name = "Python's random"

    def forward(self, x):
        return x * random.random()


class DrawsInNumpy(Keeps):
    name = "numpy.random"

    def forward(self, x):
        return x * float(np.random.rand())


REFUSED = [Counts, CountsALittle, CountsInside, CountsHidden, Appends, Tables, Objects, ANumberOut, Draws, DrawsInNumpy]


@pytest.mark.parametrize("kind", REFUSED)
def test_results_that_depend_on_what_is_remembered_are_refused(kind):
    module = kind()
    with pytest.raises(lm.ExportError, match="something else at the next call") as error:
        lm.open(module, example=(X,))
    assert f"it changes   {kind.name}\n" in str(error.value)
    assert "register_buffer" in str(error.value)
    assert (module.count, module.seen, module.table, module.state.n) == (0, [], {}, 0), "as it was"


class Notes(Keeps):
    """Counts and keeps what it made, and reads none of it; a mask is made once."""

    def forward(self, x):
        self.count += 1
        self.inner.calls += 1
        self.seen.append(x.shape)
        self.kinds.add("x")
        self.state.last = x
        if "mask" not in self.table:
            self.table["mask"] = torch.ones(4) * 2
        return x * self.table["mask"]


def test_what_is_only_noted_does_no_harm_and_is_as_it_was():
    module = Notes()
    model = lm.open(module, example=(X,))
    assert (module.count, module.inner.calls, module.seen, module.table, module.kinds) == (0, 0, [], {}, set())
    assert vars(module.state) == {"n": 0}
    assert torch.equal(model(X), module(X))
    assert module.count == 1


class HooksItself(nn.Module):
    """At its first call, as transformers does; a second set of hooks would double the results."""

    def __init__(self):
        super().__init__()
        self.linear, self.hooked = nn.Linear(4, 4), False

    def forward(self, x):
        if not self.hooked:
            self.linear.register_forward_hook(lambda _, __, out: out * 2)
            self.hooked = True
        return self.linear(x)


def test_hooks_of_the_first_call_are_taken_off_again():
    module = HooksItself()
    model = lm.open(module, example=(X,))
    assert (module.hooked, len(module.linear._forward_hooks)) == (False, 0)
    assert torch.equal(model(X), module(X).detach())
    assert torch.equal(lm.open(module, example=(X,))(X), module(X).detach())


class StepBuffer(nn.Module):
    """The way out that the error names."""

    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        self.count += 1
        return x * self.count


def test_a_buffer_counts_on():
    model = lm.open(StepBuffer(), example=(X,))
    assert [torch.equal(model(X), X * n) for n in (1, 2, 3)] == [True, True, True]
