"""Derivatives of every operator that has them, against finite differences in float64 (torch.autograd.gradcheck)."""

import collections

import pytest
import torch

from laminae.ops.registry import find
from tests.ops.cases import turns

pytestmark = pytest.mark.slow

WITHOUT = {
    "ArgMax": "gives places", "ArgMin": "gives places", "Bernoulli": "draws at random", "BitCast": "reads bits anew",
    "Cast": "has its own test below", "CastLike": "has its own test below", "Equal": "gives bools", "Greater": "gives bools",
    "GreaterOrEqual": "gives bools", "Hardmax": "is constant almost everywhere", "IsInf": "gives bools", "IsNaN": "gives bools",
    "Less": "gives bools", "LessOrEqual": "gives bools", "MelWeightMatrix": "reads frequencies, which only choose bins",
    "NonMaxSuppression": "gives places", "QLinearConv": "gives integers", "QLinearMatMul": "gives integers",
    "RandomUniformLike": "reads no values", "RandomNormalLike": "reads no values", "Shape": "gives sizes", "Size": "gives a size",
    "EyeLike": "reads no values", "NonZero": "gives places", "DynamicQuantizeLinear": "gives integers", "QuantizeLinear": "gives integers",
    "Multinomial": "draws at random", "OneHotEncoder": "gives constants", "LabelEncoder": "maps keys", "Binarizer": "is constant almost everywhere",
    "TreeEnsemble": "is constant almost everywhere", "Unique": "sorts out equal elements", "SequenceLength": "gives a length",
    "OptionalHasElement": "gives a bool", "ImageDecoder": "reads bytes", "TfIdfVectorizer": "counts",
    "DequantizeLinear": "has the derivative of its scale only, which is checked where the scale is the one float",
}  # fmt: skip
"""Operators without a derivative by their inputs, and why."""

WITHIN = {"Acos": 0.8, "Asin": 0.8, "Atanh": 0.8}
"""Operators that live on (−1, 1): their inputs are drawn in."""


def floats(turn):
    return [
        i for i, x in enumerate(turn.inputs) if torch.is_tensor(x) and x.dtype in (torch.float32, torch.float64) and x.numel()
    ]


def usable(turn):
    tensors = [x for x in turn.inputs if torch.is_tensor(x)]
    small = all(x.numel() <= 400 for x in tensors)
    finite = all(
        x.double().isfinite().all() and x.double().abs().max() < 1e3 for x in tensors if x.is_floating_point() and x.numel()
    )
    return bool(floats(turn)) and small and finite and turn.operator.name not in WITHOUT


def by_operator():
    found = collections.defaultdict(list)
    for turn in turns():
        if usable(turn):
            found[turn.operator.domain, turn.operator.name, turn.operator.since].append(turn)
    return {key: sorted(group, key=lambda t: sum(t.inputs[i].numel() for i in floats(t)))[:4] for key, group in found.items()}


def function(turn, places, attributes):
    """The operator by its float inputs, in float64; its float outputs."""
    base = [x.double() if torch.is_tensor(x) and x.is_floating_point() else x for x in turn.inputs]

    def run(*given):
        args = list(base)
        for place, x in zip(places, given, strict=True):
            args[place] = x
        made = turn.operator.run(*args, **attributes)
        made = made if isinstance(made, tuple) else (made,)
        made = [x for part in made for x in (part if isinstance(part, list) else [part])]
        return tuple(x for x in made if torch.is_tensor(x) and (x.is_floating_point() or x.is_complex()))

    torch.manual_seed(0)
    scale = WITHIN.get(turn.operator.name, 1.0)
    noise = [(base[i] * scale + 0.03 * torch.rand_like(base[i])).requires_grad_() for i in places]  # away from kinks and ties
    return run, noise


def test_every_derivative_is_that_of_finite_differences():
    checked, wrong = set(), []
    for (_, name, since), group in by_operator().items():
        for turn in group:
            run, inputs = function(turn, floats(turn), turn.attributes())
            outputs = run(*inputs)
            if not any(x.requires_grad for x in outputs):
                continue
            try:
                torch.autograd.gradcheck(run, inputs, eps=1e-6, atol=1e-4, rtol=1e-3, fast_mode=True, check_undefined_grad=False)
            except Exception as error:
                wrong.append(f"{name}-{since} in {turn.case}: {str(error).splitlines()[0]}")
            checked.add((name, since))
    assert wrong == []
    assert len(checked) >= 130


def test_an_operator_with_float_inputs_and_outputs_has_a_derivative_or_a_reason():
    without = set()
    for (_, name, since), group in by_operator().items():
        some = False
        for turn in group:
            run, inputs = function(turn, floats(turn), turn.attributes())
            some = some or any(x.requires_grad for x in run(*inputs))
        if not some:
            without.add((name, since))
    assert without == set()


@pytest.mark.parametrize("name", ["Cast", "CastLike"])
def test_a_cast_between_floats_lets_the_derivative_through(name):
    x = torch.tensor([1.5, -2.0], requires_grad=True)
    run = find("", name, 23).run
    y = run(x, to=11) if name == "Cast" else run(x, torch.zeros(1, dtype=torch.float64))
    assert y.dtype == torch.float64
    y.sum().backward()
    assert x.grad.tolist() == [1, 1]
