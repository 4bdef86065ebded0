"""Models of the onnx vocabulary learn as the modules that they came from do in a plain torch loop."""

import copy
import warnings

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from laminae.learn.optimizers import named
from tests.learn.exports import as_in_file, by_module_name, opened, turned
from tests.learn.modules import MODULES, ids, made
from tests.learn.test_step import OPTIMIZERS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Equal weights")]

STEPS = 50


def batches_of(batch, count=STEPS):
    torch.manual_seed(1)
    return [(batch(), ids()) for _ in range(count)]


def loop(module, optimizer, batches):
    for x, y in batches:
        F.cross_entropy(module(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()


def saved(module, x, path):
    """By `model.save` in the training phase."""
    lm.open(module, example=(x,)).save(path)
    return lm.open(path)


def exportable(module):
    """What PyTorch's exporter writes whole: it folds BatchNorm as inference even in training, leaves out a bias of
    zeros, and the dropout inside attention."""
    if hasattr(module, "norm"):
        module.norm = torch.nn.Identity()
    if hasattr(module, "block"):
        torch.nn.init.normal_(module.block.self_attn.out_proj.bias)
        module.block.self_attn.dropout = 0.0
    return module


@pytest.mark.parametrize("by", ["torch.onnx", "model.save"])
@pytest.mark.parametrize("name", MODULES)
def test_fifty_steps_of_gradient_descent_are_torchs(name, by, tmp_path):
    """With Dropout's draws, and BatchNorm's statistics of the batch where the file has it. Weights equal to 1e-6."""
    module, batch = made(name)
    module = module if by == "model.save" else exportable(module)
    batches, theirs = batches_of(batch), copy.deepcopy(module)
    make = saved if by == "model.save" else opened
    model = make(module, batches[0][0], tmp_path / "m.onnx").train()
    torch.manual_seed(2)
    loop(theirs, torch.optim.SGD(theirs.parameters(), lr=0.05), batches)
    torch.manual_seed(2)
    with lm.stepper(model, "cross_entropy", lm.optimizer("sgd", lr=0.05)) as step:
        for x, y in batches:
            step(x, y)
    wanted = {n: p.detach() for n, p in theirs.named_parameters()}
    wanted = wanted if by == "model.save" else as_in_file(name, wanted)
    for key, (own, is_turned) in by_module_name(name, model, wanted).items():
        torch.testing.assert_close(turned(model.parameters[own].tensor(), is_turned), wanted[key], rtol=0, atol=1e-6, msg=key)


@pytest.mark.parametrize("name", MODULES)
def test_each_steps_derivatives_are_torchs_under_every_optimizer(name, tmp_path):
    """Where Adam and its kin go, rounding decides for weights without a true derivative: so each step begins from torch's weights."""
    module, batch = made(name)
    module = exportable(module)
    batches, theirs = batches_of(batch, 5), copy.deepcopy(module)
    begin = copy.deepcopy(theirs.state_dict())
    model = opened(module, batches[0][0], tmp_path / "m.onnx").train()
    for kind, arguments in OPTIMIZERS.items():
        theirs.load_state_dict(begin)
        optimizer = named(kind)(theirs.parameters(), **arguments)
        for x, y in batches:
            state = as_in_file(name, {n: p.detach() for n, p in theirs.named_parameters()})
            places = by_module_name(name, model, state)
            for key, (own, is_turned) in places.items():
                model.parameters[own].assign(turned(state[key], is_turned).contiguous())
            torch.manual_seed(3)
            back = model.run(x, backward=True).backward("cross_entropy", y)
            torch.manual_seed(3)
            F.cross_entropy(theirs(x), y).backward()
            wanted = as_in_file(name, {n: p.grad for n, p in theirs.named_parameters()})
            for key, (own, is_turned) in places.items():
                found = turned(back.weights[own], is_turned)
                torch.testing.assert_close(found, wanted[key], rtol=1e-4, atol=1e-6, msg=f"{kind}: {key}")
            optimizer.step()
            optimizer.zero_grad()


def test_what_learned_runs_in_onnx_runtime(tmp_path):
    import onnxruntime as ort

    for name in MODULES:
        module, batch = made(name)
        x = batch()
        model = opened(module, x, tmp_path / f"{name}.onnx").train()
        with lm.stepper(model, "cross_entropy", "adam") as step:
            for _ in range(5):
                step(batch(), ids())
        model.eval().save(tmp_path / "new.onnx")
        session = ort.InferenceSession(str(tmp_path / "new.onnx"), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        np.testing.assert_allclose(found, model(x).numpy(), rtol=1e-4, atol=1e-5, err_msg=name)


def test_built_layers_learn_in_their_training_phase_as_torchs():
    """BatchNorm takes the statistics of the batch and counts the running ones (by ONNX with the variance of the batch itself, not
    the unbiased one); Dropout draws from torch's generator."""
    model = lm.Model.chain(
        lm.Input((1, 8, 8), name="x"), lm.Conv(4, 3, name="conv"), lm.BatchNorm(name="norm"), lm.ReLU(), lm.Dropout(0.3),
        lm.Flatten(), lm.Linear(5, name="out"), seed=0,
    )  # fmt: skip
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Flatten(),
        torch.nn.Linear(144, 5),
    )  # fmt: skip
    pairs = {"conv": theirs[0], "norm": theirs[1], "out": theirs[5]}
    for name, layer in pairs.items():
        for leaf, weight in layer.named_parameters():
            weight.data = model.parameters[f"{name}.{leaf}"].tensor().clone()
    batches = batches_of(lambda: torch.randn(8, 1, 8, 8))
    model.train()
    means = [torch.zeros(4), torch.ones(4)]
    torch.manual_seed(2)
    with lm.stepper(model, "cross_entropy", lm.optimizer("sgd", lr=0.05)) as step:
        for x, y in batches:
            step(x, y)
    torch.manual_seed(2)
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.05)
    for x, y in batches:
        with torch.no_grad():
            var, mean = torch.var_mean(theirs[0](x), [0, 2, 3], correction=0)
        means = [0.9 * means[0] + 0.1 * mean, 0.9 * means[1] + 0.1 * var]
        loop(theirs, optimizer, [(x, y)])
    for name, layer in pairs.items():
        for leaf, weight in layer.named_parameters():
            torch.testing.assert_close(model.parameters[f"{name}.{leaf}"].tensor(), weight.detach(), rtol=0, atol=1e-6)
    torch.testing.assert_close(model.parameters["norm.running_mean"].tensor(), means[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(model.parameters["norm.running_var"].tensor(), means[1], rtol=1e-5, atol=1e-5)


def test_nothing_warns_of_what_is_not_merged(tmp_path):
    module, batch = made("mlp")
    model = opened(module, batch(), tmp_path / "m.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.train()
