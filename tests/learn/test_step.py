"""Training steps against the same loop in plain torch, from one seed: the same bits."""

import copy
import warnings

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from laminae.learn.optimizers import _is_optimizer, named
from tests.learn.modules import MODULES, ids, made

STEPS = 50
OPTIMIZERS = {
    "sgd": {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    "adam": {}, "adamw": {"weight_decay": 0.1}, "nadam": {}, "radam": {}, "adamax": {}, "adagrad": {}, "adadelta": {},
    "rmsprop": {}, "rprop": {}, "asgd": {}, "adafactor": {},
}  # fmt: skip
APART = {"lbfgs": "asks for the loss several times", "muon": "takes matrices only", "sparseadam": "takes sparse derivatives only"}
"""Those with a test of their own, but for SparseAdam: no weight of a model gets sparse derivatives."""


def loop(module, optimizer, batches, *, after=lambda: None):
    for x, y in batches:
        F.cross_entropy(module(x), y).backward()
        after()
        optimizer.step()
        optimizer.zero_grad()


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def assert_same_bits(a, b):
    for name, value in state(a).items():
        assert torch.equal(value, b.state_dict()[name]), name


@pytest.mark.parametrize("name", MODULES)
def test_fifty_steps_of_every_optimizer_are_torchs_bit_for_bit(name):
    """With BatchNorm's statistics, and Dropout drawing from torch's own generator."""
    module, batch = made(name)
    torch.manual_seed(1)
    batches = [(batch(), ids()) for _ in range(STEPS)]
    begin, theirs = state(module), copy.deepcopy(module)
    model = lm.open(module, example=(batches[0][0],))
    for kind, arguments in OPTIMIZERS.items():
        module.load_state_dict(begin)
        theirs.load_state_dict(begin)
        torch.manual_seed(2)
        loop(theirs, named(kind)(theirs.parameters(), **arguments), batches)
        with lm.stepper(model, "cross_entropy", lm.optimizer(kind, **arguments)) as step:
            torch.manual_seed(2)
            for x, y in batches:
                step(x, y)
        assert_same_bits(theirs, module)


def pair(name="mlp", steps=20):
    module, batch = made(name)
    torch.manual_seed(1)
    batches = [(batch(), ids()) for _ in range(steps)]
    theirs = copy.deepcopy(module)
    return lm.open(module, example=(batches[0][0],)), module, theirs, batches


def run(model, batches, *args, **more):
    with lm.stepper(model, "cross_entropy", *args, **more) as step:
        for x, y in batches:
            loss = step(x, y)
    return step, loss


@pytest.mark.parametrize("how", ["norm", "value"])
@pytest.mark.parametrize("name", MODULES)
def test_clipping_is_torchs(name, how):
    model, ours, theirs, batches = pair(name)
    clip = torch.nn.utils.clip_grad_norm_ if how == "norm" else torch.nn.utils.clip_grad_value_
    torch.manual_seed(2)
    run(model, batches, "sgd", **{f"clip_{how}": 0.05})
    torch.manual_seed(2)
    loop(theirs, torch.optim.SGD(theirs.parameters()), batches, after=lambda: clip(theirs.parameters(), 0.05))
    assert_same_bits(theirs, ours)


@pytest.mark.parametrize("name", MODULES)
def test_accumulation_moves_by_the_mean_of_several_batches(name):
    model, ours, theirs, batches = pair(name)
    torch.manual_seed(2)
    run(model, batches, "adam", accumulate=4)
    torch.manual_seed(2)
    optimizer = torch.optim.Adam(theirs.parameters())
    for i, (x, y) in enumerate(batches, 1):
        (F.cross_entropy(theirs(x), y) / 4).backward()
        if i % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
    assert_same_bits(theirs, ours)


def test_the_average_is_torchs():
    model, _, theirs, batches = pair()
    step, _ = run(model, batches, "adam", average=0.9)
    averaged = torch.optim.swa_utils.AveragedModel(theirs, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    averaged.update_parameters(theirs)
    optimizer = torch.optim.Adam(theirs.parameters())
    for batch in batches:
        loop(theirs, optimizer, [batch])
        averaged.update_parameters(theirs)
    for name, value in averaged.module.named_parameters():
        assert torch.equal(step.average.values[name], value), name
    with step.average.swapped():
        assert torch.equal(model.parameters["0.weight"].tensor(), averaged.module[0].weight)
    assert torch.equal(model.parameters["0.weight"].tensor(), theirs[0].weight)


def test_a_schedule_and_groups_by_glob():
    model, ours, theirs, batches = pair()
    run(
        model, batches, lm.optimizer("adam", lr=0.01, groups={"2.*": {"lr": 0.001}}),
        schedule=lm.schedule("cosine", T_max=20, each="step"),
    )  # fmt: skip
    optimizer = torch.optim.Adam([{"params": theirs[0].parameters()}, {"params": theirs[2].parameters(), "lr": 0.001}], lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
    for batch in batches:
        loop(theirs, optimizer, [batch])
        schedule.step()
    assert_same_bits(theirs, ours)


SCHEDULES = {
    "step": {"step_size": 5}, "multistep": {"milestones": [4, 9]}, "exponential": {"gamma": 0.9}, "linear": {}, "constant": {},
    "polynomial": {"total_iters": 20}, "cosine": {"T_max": 20}, "restarts": {"T_0": 5},
    "cyclic": {"base_lr": 1e-3, "max_lr": 1e-2, "cycle_momentum": False}, "onecycle": {"max_lr": 0.01, "total_steps": 20},
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_torchs(name):
    model, ours, theirs, batches = pair()
    step, _ = run(model, batches, "adam", schedule=lm.schedule(name, each="step", **SCHEDULES[name]))
    optimizer = torch.optim.Adam(theirs.parameters())
    schedule = type(step._schedule[0])(optimizer, **SCHEDULES[name])
    for batch in batches:
        loop(theirs, optimizer, [batch])
        schedule.step()
    assert step.rate == optimizer.param_groups[0]["lr"]
    assert_same_bits(theirs, ours)


@pytest.mark.parametrize("name", MODULES)
def test_half_precision_is_autocasts(name):
    model, ours, theirs, batches = pair(name)
    torch.manual_seed(2)
    run(model, batches, "sgd", precision="bf16")
    torch.manual_seed(2)
    optimizer = torch.optim.SGD(theirs.parameters())
    for x, y in batches:
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.cross_entropy(theirs(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert_same_bits(theirs, ours)


@pytest.mark.parametrize("name", MODULES)
def test_an_optimizer_that_asks_several_times(name):
    """Each asking draws another Dropout, and moves BatchNorm's statistics: as in torch."""
    model, ours, theirs, batches = pair(name, STEPS)
    torch.manual_seed(2)
    run(model, batches, lm.optimizer("lbfgs", lr=0.01, max_iter=2))
    torch.manual_seed(2)
    optimizer = torch.optim.LBFGS(theirs.parameters(), lr=0.01, max_iter=2)
    for x, y in batches:

        def closure(x=x, y=y):
            optimizer.zero_grad()
            loss = F.cross_entropy(theirs(x), y)
            loss.backward()
            return loss

        optimizer.step(closure)
    assert_same_bits(theirs, ours)


def test_an_optimizer_of_matrices_moves_them():
    model, ours, theirs, batches = pair(steps=STEPS)
    run(model, batches, lm.optimizer("muon", lr=0.01), freeze=["*.bias"])
    optimizer = torch.optim.Muon([theirs[0].weight, theirs[2].weight], lr=0.01)
    loop(theirs, optimizer, batches)
    assert_same_bits(theirs, ours)


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw", "adagrad"])
@pytest.mark.parametrize("name", MODULES)
def test_fused_optimizers_are_torchs_bit_for_bit(name, kind):
    model, ours, theirs, batches = pair(name)
    torch.manual_seed(2)
    run(model, batches, lm.optimizer(kind, lr=0.01, fused=True))
    torch.manual_seed(2)
    loop(theirs, named(kind)(theirs.parameters(), lr=0.01, fused=True), batches)
    assert_same_bits(theirs, ours)


def test_no_optimizer_of_torch_is_left_out():
    every = {key.lower() for key, kind in vars(torch.optim).items() if _is_optimizer(kind)}
    assert every == OPTIMIZERS.keys() | APART.keys()


def test_a_torch_optimizer_object_serves():
    model, ours, theirs, batches = pair()
    run(model, batches, torch.optim.Adam(ours.parameters()))
    loop(theirs, torch.optim.Adam(theirs.parameters()), batches)
    assert_same_bits(theirs, ours)


def test_the_patients_learn_as_by_hand():
    """One step of gradient descent on a built model: W ← W − rate · δᵀx."""
    model = lm.Model.chain(lm.Input(3, name="L1"), lm.Linear(1, name="L2"), seed=0)
    x = torch.tensor([[100.0, 2000, 100], [200, 0, 0], [0, 2000, 3000]])
    y = torch.tensor([[0.0], [1], [1]])
    weight, bias = (model.parameters[name].tensor().clone() for name in ("L2.weight", "L2.bias"))
    with lm.stepper(model, lm.loss.mse("half"), lm.optimizer("sgd", lr=1e-7)) as step:
        step(x, y)
    delta = (x @ weight.reshape(3, 1) + bias - y) / 3
    wanted = weight.reshape(-1) - 1e-7 * (x.T @ delta).reshape(-1)
    torch.testing.assert_close(model.parameters["L2.weight"].tensor().reshape(-1), wanted)
    assert not model.parameters["L2.weight"].tensor().requires_grad


def test_frozen_weights_stay():
    model, ours, _, batches = pair()
    before = state(ours)
    run(model, batches, "adam", freeze=["0"])
    assert torch.equal(ours[0].weight, before["0.weight"])
    assert not torch.equal(ours[2].weight, before["2.weight"])


class Spare(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.spare = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.used(x), self.spare(x)


def test_weights_that_get_no_derivative_are_named_once():
    model = lm.open(Spare(), example=(torch.randn(4, 3),))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with lm.stepper(model, "mse", output=0) as step:
            for _ in range(3):
                step(torch.randn(4, 3), torch.zeros(4, 2))
    told = [str(w.message) for w in caught if "derivative" in str(w.message)]
    assert len(told) == 1
    assert "spare.weight" in told[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"optimizer": "adamm"}, "did you mean.*'adam'"),
        ({"optimizer": "adam", "clip_norm": 0}, "clip_norm"),
        ({"optimizer": "adam", "accumulate": 0}, "accumulate"),
        ({"optimizer": "adam", "schedule": "cosin"}, "cosine"),
        ({"optimizer": "adam", "precision": "bf15"}, "precision"),
        ({"optimizer": "adam", "freeze": ["**"]}, "no weight that can learn"),
        ({"optimizer": torch.optim.Adam(torch.nn.Linear(2, 2).parameters())}, "no weight of this model"),
        ({"optimizer": lm.optimizer("adam", momentum=1)}, "momentum"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_stays_changed(arguments, words):
    model = lm.Model.chain(lm.Input(3, name="L1"), lm.Linear(1, name="L2"))
    with pytest.raises(lm.UsageError, match="(?s)" + words):
        lm.stepper(model, "mse", **arguments)
    assert not any(p.tensor().requires_grad for p in model.parameters.values())


@pytest.mark.parametrize("rate", [0, -1e-3])
def test_a_rate_must_be_above_zero(rate):
    with pytest.raises(lm.UsageError, match="learning rate"):
        lm.optimizer("adam", lr=rate)


def test_the_onnx_vocabulary_learns_as_torch_does():
    """Fifty steps of gradient descent through Conv, Tanh, MaxPool and Gemm: weights equal to 1e-6."""
    model = lm.Model.chain(
        lm.Input((1, 8, 8), name="x"), lm.Conv(4, 3, name="conv"), lm.Tanh(name="tanh"), lm.MaxPool(2, name="pool"),
        lm.Flatten(name="flat"), lm.Linear(5, name="out"), seed=0,
    )  # fmt: skip
    conv, out = torch.nn.Conv2d(1, 4, 3), torch.nn.Linear(36, 5)
    theirs = torch.nn.Sequential(conv, torch.nn.Tanh(), torch.nn.MaxPool2d(2), torch.nn.Flatten(), out)
    pairs = {"conv.weight": conv.weight, "conv.bias": conv.bias, "out.weight": out.weight, "out.bias": out.bias}
    for name, weight in pairs.items():
        ours = model.parameters[name].tensor()
        weight.data = (ours if ours.shape == weight.shape else ours.T).clone()
    torch.manual_seed(0)
    batches = [(torch.randn(8, 1, 8, 8), ids()) for _ in range(STEPS)]
    run(model, batches, lm.optimizer("sgd", lr=0.1, momentum=0.9))
    loop(theirs, torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9), batches)
    for name, weight in pairs.items():
        ours = model.parameters[name].tensor()
        torch.testing.assert_close(ours if ours.shape == weight.shape else ours.T, weight.detach(), rtol=1e-6, atol=1e-6)


def test_half_precision_holds_its_output_against_an_expectation_as_it_is():
    """As autocast does: the loss is taken in float32."""
    model, ours, theirs, batches = pair()
    wanted = torch.randn(8, 5)
    with lm.stepper(model, "mse", "sgd", precision="bf16") as step:
        found = [step(x, wanted) for x, _ in batches]
    optimizer = torch.optim.SGD(theirs.parameters())
    for x, _ in batches:
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.mse_loss(theirs(x), wanted)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert torch.equal(found[-1], loss.detach())
    assert_same_bits(theirs, ours)
