"""How an epoch is measured: by metrics of torchmetrics, by averages of the weights, and what makes it the best."""

import copy

import numpy as np
import pytest
import torch
import torchmetrics
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from laminae.base.learned import EpochRecord
from laminae.data import batches, samples
from laminae.learn.monitor import Monitor
from laminae.learn.place import Best
from tests.learn.modules import CLASSES
from tests.learn.test_fit import blobs, model_of

RATE = lm.optimizer("adam", lr=0.02)


def test_objects_of_torchmetrics_measure_what_they_measure_alone():
    model, module = model_of()
    chosen = {
        "kappa": torchmetrics.CohenKappa(task="multiclass", num_classes=CLASSES),
        "second": torchmetrics.Accuracy(task="multiclass", num_classes=CLASSES, top_k=2),
        "named": "f1",
    }
    history = lm.fit(model, blobs(), loss="cross_entropy", epochs=2, validation=blobs(1), metrics=chosen, batch=10)
    x, y = (torch.as_tensor(part) for part in blobs(1))
    scores = module(x).detach()
    for name in ("kappa", "second"):
        alone = copy.deepcopy(chosen[name])
        alone.reset()
        assert history[name][-1] == pytest.approx(float(alone(scores, y)), abs=1e-6)
    theirs = torchmetrics.F1Score(task="multiclass", num_classes=CLASSES, average="macro")
    assert history["named"][-1] == pytest.approx(float(theirs(scores, y)), abs=1e-6)


def test_an_object_alone_has_the_name_of_its_class():
    found = lm.evaluate(model_of()[0], blobs(1), [_Error(), "accuracy"])
    assert set(found.metrics) == {"_Error", "accuracy"}


class _Error:
    """The simplest metric: the share of wrong ones."""

    higher_is_better = False

    def reset(self):
        self.wrong = self.count = 0

    def update(self, output, expected):
        self.wrong += int((output.argmax(1) != expected).sum())
        self.count += len(expected)

    def compute(self):
        return self.wrong / self.count


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ("acuracy", r"did you mean\s+'accuracy'"),
        ([3], "3 is no metric"),
        (torchmetrics.MeanSquaredError, "names no metrics"),
        (torchmetrics.ConfusionMatrix(task="multiclass", num_classes=CLASSES), "no single number"),
        (torchmetrics.MeanSquaredError(), "cannot take that"),
    ],
)
def test_what_is_no_metric_is_said_before_a_weight_moves(metrics, words):
    model, module = model_of()
    before = module[0].weight.detach().clone()
    with pytest.raises(lm.UsageError, match=words):
        lm.fit(model, blobs(), loss="cross_entropy", validation=0.2, metrics=metrics)
    assert torch.equal(module[0].weight, before)


def test_an_epoch_is_measured_with_the_averages_and_they_are_the_weights_in_the_end():
    """Against the loop in torch, with torch's own running average."""
    model, module = model_of()
    theirs = copy.deepcopy(module)
    history = lm.fit(model, blobs(), loss="cross_entropy", optimizer=RATE, epochs=3, batch=16, average=0.9, validation=blobs(1))
    ema = torch.optim.swa_utils.AveragedModel(theirs, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    ema.update_parameters(theirs)  # the first takes the weights as they are
    optimizer, x, y = torch.optim.Adam(theirs.parameters(), lr=0.02), *(torch.as_tensor(part) for part in blobs(1))
    for epoch in range(3):
        for bx, by in batches(samples(blobs()), 16, shuffle=0, epoch=epoch):
            F.cross_entropy(theirs(torch.as_tensor(bx)), torch.as_tensor(by)).backward()
            optimizer.step()
            optimizer.zero_grad()
            ema.update_parameters(theirs)
        assert history["validation"][epoch] == pytest.approx(float(F.cross_entropy(ema(x), y).detach()), rel=1e-5)
    for mine, mean, last in zip(module.parameters(), ema.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(mine, mean, rtol=1e-5, atol=1e-7)
        assert not torch.allclose(mine, last, rtol=1e-3)


def test_with_patience_the_averages_of_the_best_epoch_come_back(tmp_path):
    """Interrupted and gone on with, too."""
    x, y = blobs()
    wrong = x, (y + 1) % CLASSES
    chosen = {"loss": "cross_entropy", "optimizer": RATE, "average": 0.5, "validation": wrong, "patience": 3, "batch": 16}
    found = []
    for resumed in (False, True):
        model, module = model_of()
        if resumed:
            lm.fit(model, (x, y), epochs=3, out=tmp_path / "run", **chosen)
            model, module = model_of()
            history = lm.fit(model, (x, y), epochs=50, out=tmp_path / "run", resume=True, **chosen)
        else:
            history = lm.fit(model, (x, y), epochs=50, **chosen)
        assert "no better loss for 3 epochs" in history.stopped
        held_out = F.cross_entropy(module(torch.as_tensor(x)), torch.as_tensor(wrong[1]))
        assert held_out.item() == pytest.approx(history["validation"][history.best - 1], rel=1e-5)
        found.append(module[0].weight.detach().clone())
    assert torch.equal(*found)


@pytest.mark.parametrize(("monitor", "better"), [("accuracy", max), ("wrong", min), ("validation", min), ("loss", min)])
def test_patience_goes_by_what_is_asked_for(monitor, better):
    chosen = {"accuracy": "accuracy", "wrong": _Error()}
    history = lm.fit(
        model_of()[0],
        blobs(),
        loss="cross_entropy",
        optimizer=RATE,
        epochs=30,
        validation=blobs(1),
        metrics=chosen,
        patience=4,
        monitor=monitor,
    )
    assert history.best == 1 + history[monitor].index(better(history[monitor]))
    if history.stopped:
        assert len(history) == history.best + 4


def test_a_difference_that_is_too_small_is_none():
    best, record = Best(), EpochRecord(1, 1.0, 1, 1.0, 1.0)
    found = []
    for epoch, loss in enumerate([1.0, 0.95, 0.91, 0.89, 0.5], 1):
        found.append(best.take(EpochRecord(epoch, loss, record.samples, 1.0, 1.0), Monitor(least=0.1)))
    assert found == [True, False, False, True, True]
    still = Best()
    assert still.take(record, Monitor(least=5.0))  # the first is the best of all so far
    history = lm.fit(model_of()[0], blobs(), loss="cross_entropy", epochs=9, patience=2, min_delta=10.0)
    assert (history.best, len(history)) == (1, 3)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"monitor": "recall"}, r"monitor='recall' is not taken.*validation, accuracy, Unknown"),
        ({"monitor": "validation", "validation": None, "metrics": ()}, "monitor='validation' is not taken"),
        ({"monitor": "Unknown"}, "whether more of 'Unknown' is better"),
        ({"min_delta": -1}, "min_delta=-1"),
        ({"min_delta": float("nan")}, "min_delta=nan"),
    ],
)
def test_what_cannot_be_monitored_is_said(more, words):
    class Unknown(_Error):
        higher_is_better = None

    chosen = {"validation": 0.2, "metrics": ["accuracy", Unknown()], **more}
    with pytest.raises(lm.UsageError, match=f"(?s){words}"):
        lm.fit(model_of()[0], blobs(), loss="cross_entropy", patience=2, **chosen)


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "auroc", "accuracy", "top-2"])
def test_metrics_by_name_are_torchmetrics_own(name):
    model, module = model_of()
    kind = {"precision": "Precision", "recall": "Recall", "f1": "F1Score", "auroc": "AUROC"}.get(name, "Accuracy")
    more = {"top_k": 2} if name == "top-2" else {}
    average = "micro" if kind == "Accuracy" else "macro"
    theirs = getattr(torchmetrics, kind)(task="multiclass", num_classes=CLASSES, average=average, **more)
    history = lm.fit(model, blobs(), loss="cross_entropy", validation=blobs(1), metrics=name)
    x, y = (torch.as_tensor(part) for part in blobs(1))
    assert history[name][0] == pytest.approx(float(theirs(module(x).detach().softmax(1), y)), abs=1e-5)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("mse", "MeanSquaredError"), ("mae", "MeanAbsoluteError"), ("r2", "R2Score"), ("mape", "MeanAbsolutePercentageError")],
)
def test_metrics_of_numbers_by_name_are_torchmetrics_own(name, kind):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(50, 3)).astype(np.float32), draw.normal(size=(50, 1)).astype(np.float32) + 3
    model = lm.Model.chain(lm.Input(3), lm.Linear(1), seed=0)
    history = lm.fit(model, (x, y), loss="mse", validation=(x, y), metrics=name)
    theirs = getattr(torchmetrics, kind)()
    found = theirs(torch.as_tensor(np.asarray(model(x))).flatten(), torch.as_tensor(y).flatten())
    assert history[name][0] == pytest.approx(float(found), rel=1e-4)
