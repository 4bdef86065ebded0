"""Each loss against torch's own function, and what does not fit against a clear error that says what to write."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from laminae.learn.losses import NAMES, loss_of


def outputs(*shape, layer=None):
    """A model that hands on its input (or does `layer` to it), and a batch for it."""
    torch.manual_seed(0)
    x = torch.randn(shape)
    model = lm.Model.chain(lm.Input(tuple(shape[1:]), name="x"), lm.LeakyReLU(name="y") if layer is None else layer)
    return model, x


def value_and_delta(loss, output, expected):
    model, x = outputs(*output)
    back = model.run(x, backward=True).backward(loss, expected)
    y = model(x).requires_grad_()
    return back, y


PAIR = torch.linspace(-1, 1, 12).reshape(4, 3)
IDS = torch.tensor([0, 2, 1, 2])
PROBABILITIES = torch.softmax(PAIR, 1)
SIGNS = torch.sign(PAIR + 0.01)

CASES = [
    (lm.loss.mse(), PAIR, F.mse_loss),
    (lm.loss.mse("sum"), PAIR, lambda y, t: F.mse_loss(y, t, reduction="sum")),
    (lm.loss.mse("half"), PAIR, lambda y, t: 0.5 * ((y - t) ** 2).sum(1).mean()),
    (lm.loss.l1(), PAIR, F.l1_loss),
    (lm.loss.huber(delta=0.3), PAIR, lambda y, t: F.huber_loss(y, t, delta=0.3)),
    (lm.loss.cosine(), PAIR, lambda y, t: F.cosine_embedding_loss(y, t, torch.ones(4))),
    (lm.loss.cross_entropy(), IDS, F.cross_entropy),
    (lm.loss.cross_entropy(smoothing=0.1), IDS, lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1)),
    (lm.loss.cross_entropy(weights=[1, 2, 3]), IDS, lambda y, t: F.cross_entropy(y, t, torch.tensor([1.0, 2, 3]))),
    (lm.loss.cross_entropy(ignore=2), IDS, lambda y, t: F.cross_entropy(y, t, ignore_index=2)),
    (lm.loss.cross_entropy(), PROBABILITIES, F.cross_entropy),
    (lm.loss.nll(weights=[1, 2, 3]), IDS, lambda y, t: F.nll_loss(y, t, torch.tensor([1.0, 2, 3]))),
    (lm.loss.kl(), PROBABILITIES, lambda y, t: F.kl_div(y, t, reduction="batchmean")),
    (lm.loss.bce(logits=True), PROBABILITIES, F.binary_cross_entropy_with_logits),
    (
        lm.loss.bce(logits=True, positive=3),
        PROBABILITIES,
        lambda y, t: F.binary_cross_entropy_with_logits(y, t, pos_weight=torch.tensor(3.0)),
    ),
    (lm.loss.hinge(), SIGNS, lambda y, t: torch.clamp(1 - y * t, min=0).mean()),
    (lm.loss.hinge(margin=0.5), IDS, lambda y, t: F.multi_margin_loss(y, t, margin=0.5)),
    (lambda y, t: ((y - t) ** 4).mean(), PAIR, lambda y, t: ((y - t) ** 4).mean()),
    (torch.nn.SmoothL1Loss(), PAIR, F.smooth_l1_loss),
]


@pytest.mark.parametrize(("loss", "expected", "torchs"), CASES, ids=lambda x: str(x)[:40] if isinstance(x, lm.loss.Loss) else "")
def test_value_and_delta_are_those_of_torch(loss, expected, torchs):
    back, y = value_and_delta(loss, (4, 3), expected)
    found = torchs(y, expected)
    found.backward()
    assert back.loss == pytest.approx(found.item(), rel=1e-6)
    torch.testing.assert_close(back["y"], y.grad)


def test_probabilities_without_logits():
    model, x = outputs(4, 3, layer=lm.Sigmoid(name="y"))
    back = model.run(x, backward=True).backward("bce", PROBABILITIES)
    y = torch.sigmoid(x).requires_grad_()
    F.binary_cross_entropy(y, PROBABILITIES).backward()
    torch.testing.assert_close(back["y"], y.grad)


def test_alignments_of_sequences():
    model, x = outputs(7, 2, 5)
    targets, lengths = torch.tensor([[1, 2, 0], [3, 3, 4]]), torch.tensor([2, 3])
    back = model.run(x, backward=True).backward("ctc", (targets, lengths))
    y = model(x).requires_grad_()
    F.ctc_loss(y, targets, torch.tensor([7, 7]), lengths, zero_infinity=True).backward()
    torch.testing.assert_close(back["y"], y.grad)


def test_a_loss_that_is_a_mean_is_the_mean_over_the_batch_of_half_squares():
    """½(y − t)² of one sample, averaged: what the patients learn by."""
    back, _ = value_and_delta(lm.loss.mse("half"), (4, 1), [[1.0], [0.0], [0.0], [0.0]])
    assert back["loss/sub"].shape == (4, 1)


@pytest.mark.parametrize(
    ("loss", "shape", "expected", "words"),
    [
        ("mse", (4, 1), np.zeros(4, np.float32), r"write +expected\[\.\.\., None\]"),
        ("mse", (4, 1), np.zeros((4, 1)), r"expected\.astype\('float32'\)"),
        ("l1", (4, 3), np.zeros((4, 1), np.float32), r"found +\[4, 1\]"),
        ("mse", (4, 3), np.zeros((), np.float32), r"found +\[\]"),
        ("cross_entropy", (4, 3), np.zeros(4, np.float32), "whole numbers"),
        ("cross_entropy", (4, 3), np.zeros((4, 1), np.int64), r"write +expected\[\.\.\., 0\]"),
        ("cross_entropy", (4, 3), np.array([0, 1, 3, 2]), "class id 3 of sample 2.*0 to 2"),
        ("cross_entropy", (4, 3), np.array([1, -1, 3, 2]), "class id -1 of sample 1"),
        (lm.loss.cross_entropy(weights=(1, 2)), (4, 3), np.zeros(4, np.int64), "2 class weights.*3 classes"),
        ("cross_entropy", (4, 7, 3), np.zeros((4, 7), np.int64), "the classes are the last axis"),
        ("bce", (4, 1), np.full((4, 1), 2, np.float32), "logits=True|no probability"),
        ("mse", (4, 1), None, "no expectation"),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_what_to_write(loss, shape, expected, words):
    model, x = outputs(*shape)
    with pytest.raises(lm.LaminaeError, match="(?s)" + words):
        model.run(x, backward=True).backward(loss, expected)


def test_one_of_several_outputs_must_be_named():
    x = lm.Input((3,), name="x")
    h = lm.Linear(2, name="a")(x)
    model = lm.Model(x, [h, lm.ReLU(name="b")(h)])
    trace = model.run(torch.randn(2, 3), backward=True)
    with pytest.raises(lm.UsageError, match="which one"):
        trace.backward("mse", torch.zeros(2, 2))
    assert trace.backward("mse", torch.zeros(2, 2), output=1)["b"].shape == (2, 2)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_loss_comes_back_from_json(name):
    loss = loss_of(name)
    assert loss_of(json.loads(json.dumps(loss.as_json()))) == loss
    assert repr(loss) == f"loss.{name}()"


def test_arguments_print_and_come_back():
    loss = lm.loss.cross_entropy(weights=[1, 2], smoothing=0.1)
    assert repr(loss) == "loss.cross_entropy(weights=(1.0, 2.0), smoothing=0.1)"
    assert loss_of(json.loads(json.dumps(loss.as_json()))) == loss


def test_an_unknown_loss_gives_the_nearest_names():
    with pytest.raises(lm.UsageError, match="cross_entropy"):
        loss_of("crossentropy")


def test_the_model_is_not_changed():
    model, x = outputs(4, 3)
    layers, revision = [layer.name for layer in model.layers], model.graph.revision
    model.run(x, backward=True).backward("mse", PAIR)
    assert ([layer.name for layer in model.layers], model.graph.revision) == (layers, revision)
