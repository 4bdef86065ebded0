"""Derivatives go through patches, to parameters, to patched parameters and to a patch's own tensor; the oracle is autograd on the formula."""

import numpy as np
import pytest
import torch

import laminae as lm

X = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32))


def model():
    m = lm.Model.chain(lm.Input(4, name="x"), lm.Linear(6, name="a"), lm.Tanh(name="b"), lm.Linear(2, name="c"), seed=0)
    for parameter in m.parameters.values():
        parameter.tensor().requires_grad_()
    return m


def formula(m, change=lambda b: b, a=None):
    p = {name: box.tensor() for name, box in m.parameters.items()}
    return (
        change(torch.tanh(X @ (p["a.weight"] if a is None else a(p["a.weight"])).T + p["a.bias"])) @ p["c.weight"].T + p["c.bias"]
    )


def gradients(m, output, *more):
    return torch.autograd.grad(output.square().sum(), [*(p.tensor() for p in m.parameters.values()), *more], allow_unused=True)


def assert_alike(found, expected):
    for a, b in zip(found, expected, strict=True):
        if a is None or b is None:  # nothing leads there: as good as zero
            assert all(x is None or not x.any() for x in (a, b))
        else:
            torch.testing.assert_close(a, b)


DIRECTION = torch.tensor([1.0, 2, 0, 0, -1, 0])


def projected(b):
    unit = DIRECTION / DIRECTION.norm()
    return b - (b @ unit)[:, None] * unit


def part_doubled(b):
    return torch.cat([b[:, :1], b[:, 1:3] * 2, b[:, 3:]], 1)


def head_zeroed(b):
    return torch.cat([b[:, :2], b[:, 2:4] * 0, b[:, 4:]], 1)


@pytest.mark.parametrize(
    ("patch", "change"),
    [
        (lm.patch.add("b", 0.5), lambda b: b + 0.5), (lm.patch.scale("b", 3.0), lambda b: b * 3), (lm.patch.zero("b"), lambda b: b * 0),
        (lm.patch.scale("b", 2.0, axis=1, index=[1, 2]), part_doubled), (lm.patch.zero("b", heads=[1], of=3), head_zeroed),
        (lm.patch.mean("b"), lambda b: b.mean(0, keepdim=True).expand(3, 6)), (lm.patch.swap("b", 0, 2), lambda b: b[[2, 1, 0]]),
        (lm.patch.project("b", DIRECTION), projected), (lm.patch.function("b", torch.sin), torch.sin),
        (lm.patch.replace("b", torch.ones(3, 6)), lambda b: torch.ones(3, 6)),
    ],
    ids=lambda case: repr(case) if isinstance(case, lm.patch.Patch) else "",
)  # fmt: skip
def test_through_a_patch_to_the_weights_before_it(patch, change):
    m = model()
    trace = m.run(X, patch=patch, backward=True)
    expected = formula(m, change)
    torch.testing.assert_close(trace.output, expected)
    assert_alike(gradients(m, trace.output), gradients(m, expected))


def test_through_a_patched_parameter_to_the_parameter():
    m = model()
    trace = m.run(X, patch=lm.patch.scale("a.weight", 2.0), backward=True)
    assert_alike(gradients(m, trace.output), gradients(m, formula(m, a=lambda w: 2 * w)))


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (lambda v: lm.patch.add("b", v), lambda b, v: b + v),
        (lambda v: lm.patch.scale("b", v, axis=0, index=[0, 1, 2]), lambda b, v: b * v),
        (lambda v: lm.patch.replace("b", v, axis=0, index=1), lambda b, v: torch.stack([b[0], v, b[2]])),
        (lambda v: lm.patch.replace("b", v[None].expand(3, 6)), lambda b, v: v.expand(3, 6)),
    ],
)
def test_to_the_tensor_of_a_patch_that_wants_it(make, change):
    m, v = model(), torch.linspace(-1, 1, 6).requires_grad_()
    patch = make(v)
    for _ in range(2):  # the same patch serves again
        trace = m.run(X, patch=patch, backward=True)
        assert_alike(gradients(m, trace.output, v), gradients(m, formula(m, lambda b: change(b, v)), v))
    assert not m.run(X, patch=patch).output.requires_grad
    assert not m.run(X).resume(patch).output.requires_grad
    assert not any(value.requires_grad for value in m.run(X).resume(patch).values.values())


def test_a_direction_is_learned_by_gradient_descent():
    m, v = model(), torch.zeros(6, requires_grad=True)
    optimizer, losses = torch.optim.SGD([v], 0.5), []
    for _ in range(20):
        loss = (m.run(X, patch=lm.patch.add("b", v), backward=True).output - 1).square().mean()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0] / 2


def test_a_patch_with_history_is_saved_and_compared_as_its_values(tmp_path):
    v = torch.ones(6, requires_grad=True)
    patch = lm.patch.add("b", v)
    lm.patch.save(tmp_path / "p.json", patch)
    assert lm.patch.load(tmp_path / "p.json") == (patch,) == (lm.patch.add("b", torch.ones(6)),)
