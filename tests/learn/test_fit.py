"""Learning over epochs: against a loop in plain torch over the same batches, and what stops it."""

import copy
import os
import signal

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from laminae.base.learned import EpochRecord
from laminae.data import batches, samples
from tests.learn.modules import CLASSES, made


def blobs(seed=0, count=64):
    """Points around as many centres as there are classes: quickly learned."""
    draw = np.random.default_rng(seed)
    ids = draw.integers(0, CLASSES, count)
    return (np.eye(CLASSES, 6)[ids] * 3 + draw.normal(size=(count, 6))).astype(np.float32), ids


def model_of(name="mlp"):
    module, batch = made(name)
    x = batch()
    return lm.open(module, example=(x,), dynamic=(x[:3],)), module


def test_the_weights_are_those_of_a_plain_loop_over_the_same_batches():
    model, module = model_of()
    theirs = copy.deepcopy(module)
    lm.fit(model, blobs(), loss="cross_entropy", optimizer="adam", epochs=3, batch=10, seed=5)
    torch.manual_seed(5)
    optimizer = torch.optim.Adam(theirs.parameters())
    for epoch in range(3):
        for x, y in batches(samples(blobs()), 10, shuffle=5, epoch=epoch):
            F.cross_entropy(theirs(torch.as_tensor(x)), torch.as_tensor(y)).backward()
            optimizer.step()
            optimizer.zero_grad()
    for a, b in zip(theirs.parameters(), module.parameters(), strict=True):
        assert torch.equal(a, b)


def test_one_seed_gives_the_same_bits():
    """With Dropout and BatchNorm."""
    data = np.random.default_rng(0).normal(size=(40, 1, 8, 8)).astype(np.float32), np.arange(40) % CLASSES
    found = []
    for _ in range(2):
        model, module = model_of("cnn")
        lm.fit(model, data, loss="cross_entropy", epochs=2, batch=16, seed=3)
        found.append({k: v.clone() for k, v in module.state_dict().items()})
    assert all(torch.equal(found[0][key], found[1][key]) for key in found[0])


def test_it_learns_and_tells():
    model, _ = model_of()
    history = lm.fit(
        model,
        blobs(),
        loss="cross_entropy",
        optimizer=lm.optimizer("adam", lr=0.02),
        epochs=15,
        validation=blobs(1),
        metrics="accuracy",
    )
    assert history["loss"][-1] < 0.4 * history["loss"][0]
    assert history["accuracy"][-1] > 0.8
    held = lm.evaluate(model, blobs(1), "accuracy")
    assert held["accuracy"] == pytest.approx(history["accuracy"][-1])
    assert "held out" in history.table().text(100)


def test_the_model_is_in_its_evaluation_phase_where_it_is_measured_and_in_its_own_afterwards():
    data = np.random.default_rng(0).normal(size=(40, 1, 8, 8)).astype(np.float32), np.arange(40) % CLASSES
    model, module = model_of("cnn")
    model.eval()
    history = lm.fit(model, data, loss="cross_entropy", validation=data)
    assert not model.training
    assert not module.training
    expected = F.cross_entropy(module(torch.as_tensor(data[0])), torch.as_tensor(data[1]))
    assert history["validation"][-1] == pytest.approx(expected.item(), rel=1e-5)


def test_without_a_better_loss_it_stops_and_the_best_weights_come_back():
    model, module = model_of()
    kept = {}

    def keep(told):
        if isinstance(told, EpochRecord):
            kept[told.epoch] = module[0].weight.detach().clone()

    x, y = blobs()
    wrong = x, (y + 1) % CLASSES
    optimizer = lm.optimizer("adam", lr=0.05)
    history = lm.fit(
        model, (x, y), loss="cross_entropy", optimizer=optimizer, epochs=50, validation=wrong, patience=3, callbacks=[keep]
    )
    assert "no better loss for 3 epochs" in history.stopped
    assert len(history) == history.best + 3
    assert torch.equal(module[0].weight, kept[history.best])


def test_a_loss_that_is_no_number_names_the_layer():
    x = lm.Input(3, name="x")
    model = lm.Model(x, lm.Linear(1, name="out")(x))
    data = np.ones((8, 3), np.float32), np.ones((8, 1), np.float32)
    with pytest.raises(lm.LayerError, match=r"(?s)batch 2 of epoch 1.*out"):
        lm.fit(model, data, loss="mse", optimizer=lm.optimizer("sgd", lr=1e38), batch=2)


def test_a_callback_stops_it():
    model, _ = model_of()
    history = lm.fit(model, blobs(), loss="cross_entropy", epochs=5, callbacks=[lambda told: isinstance(told, EpochRecord)])
    assert len(history) == 1
    assert "callback" in history.stopped


def test_ctrl_c_ends_the_step_and_returns():
    model, module = model_of()
    seen = []

    def press(told):
        seen.append(told)
        if len(seen) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    history = lm.fit(model, blobs(), loss="cross_entropy", epochs=5, batch=8, callbacks=[press])
    assert "interrupted after batch 3 of epoch 1" in history.stopped
    assert len(seen) == 3
    assert not any(torch.isnan(p).any() for p in module.parameters())


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"batch": 1.5}, "batch=1.5"),
        ({"patience": 0}, "patience=0"),
        ({"metrics": "accuracy"}, "held-out"),
        ({"optimizer": "adm"}, "adam"),
    ],
)
def test_what_cannot_be_is_said(more, words):
    model, _ = model_of()
    with pytest.raises(lm.UsageError, match=words):
        lm.fit(model, blobs(), loss="cross_entropy", **more)


def test_a_number_missing_in_the_data_names_the_input_and_moves_no_weight():
    model, module = model_of()
    x, y = blobs()
    x[3, 2] = np.nan
    before = module[0].weight.detach().clone()
    with pytest.raises(lm.LayerError, match="input 'input' is the first"):
        lm.fit(model, (x, y), loss="cross_entropy", batch=64)
    assert torch.equal(module[0].weight, before)
