"""A run that was stopped and gone on with ends with the bits of one that never was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import laminae as lm
from tests.learn.checkpoints.runs import (
    BATCH,
    content,
    data_of,
    fit,
    model_of,
    same,
    stopping_at,
    timeless,
)

KINDS = ["mlp", "cnn", "lstm", "transformer", "onnx", "built"]


def stopped_and_gone_on(kind, folder, at, **more):
    """Weights, history, and the files of the run, gone on with after so many batches; and of the same never stopped."""
    make = more.pop("make", dict)
    whole = fit(kind, folder / "whole", **more, **make())
    _, first = fit(kind, folder / "again", callbacks=[stopping_at(at)], **more, **make())
    assert "a callback stopped it" in first.stopped
    torch.manual_seed(99)
    np.random.seed(99)
    again = fit(kind, folder / "again", resume=True, **more, **make())
    assert same(whole[0], again[0])
    assert timeless(whole[1]) == timeless(again[1])
    return content(folder / "whole"), content(folder / "again")


@pytest.mark.parametrize("at", [1, 5, 6, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_from_any_place_the_weights_the_history_and_the_files_are_the_same(kind, at, tmp_path):
    """at: the first batch, the last whole one, the last of an epoch, one of the second."""
    whole, again = stopped_and_gone_on(kind, tmp_path, at, validation=0.2, metrics="accuracy", every=3, keep=1)
    assert whole == again


OPTIMIZERS = [
    "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "asgd", "lbfgs", "nadam", "radam", "rmsprop", "rprop", "sgd",
]  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_on(name, tmp_path):
    """LBFGS with its history of directions; momentum where there is."""
    more = {"momentum": 0.9} if name in ("sgd", "rmsprop") else {"amsgrad": True} if name == "adamw" else {}
    stopped_and_gone_on("mlp", tmp_path, 8, optimizer=lm.optimizer(name, **more))


def test_the_list_of_optimizers_is_whole():
    """But SparseAdam, whose derivatives are sparse, and Muon, which takes matrices only."""
    known = {
        key.lower()
        for key, kind in vars(torch.optim).items()
        if isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)
    }
    assert known - {"optimizer", "sparseadam", "muon"} == set(OPTIMIZERS)


SCHEDULES = {
    "cosine": lm.schedule("cosine", T_max=5),
    "onecycle": lm.schedule("onecycle", max_lr=0.1, total_steps=18, each="step"),
    "cyclic": lm.schedule("cyclic", base_lr=0.01, max_lr=0.1, step_size_up=4, each="step"),
    "multistep": lm.schedule("multistep", milestones=[1, 2]),
    "plateau": lm.schedule("plateau", patience=0, factor=0.5),
    "restarts": lm.schedule("restarts", T_0=2, each="step"),
    "lambda": lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda epoch: 0.5**epoch),
    "sequential": lambda o: torch.optim.lr_scheduler.SequentialLR(
        o, [torch.optim.lr_scheduler.ConstantLR(o, 0.1), torch.optim.lr_scheduler.ExponentialLR(o, 0.9)], [1]
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_go_on(name, tmp_path):
    optimizer = lm.optimizer("sgd", lr=0.05, momentum=0.9)
    stopped_and_gone_on("mlp", tmp_path, 14, optimizer=optimizer, schedule=SCHEDULES[name], validation=0.2)


@pytest.mark.parametrize("at", [4, 6, 7])
def test_derivatives_that_wait_for_more_batches_are_kept(at, tmp_path):
    """Four batches to a step, six to an epoch: places inside an accumulation, and between two epochs of one."""
    stopped_and_gone_on("cnn", tmp_path, at, accumulate=4, clip_norm=0.5, every=5)


@pytest.mark.parametrize(
    "more",
    [
        {"average": 0.9},
        {"precision": "bf16"},
        {"freeze": ["0.*"], "clip_value": 0.01},
        {"optimizer": lm.optimizer("adamw", lr=1e-2, groups={"2.*": {"lr": 1e-3}})},
        {"shuffle": False},
        {"patience": 1, "optimizer": lm.optimizer("adam", lr=0.3), "epochs": 9},
        {"patience": 2, "optimizer": lm.optimizer("adam", lr=0.3), "epochs": 9, "validation": 0.3, "keep": 1},
    ],
    ids=lambda more: "+".join(more),
)
def test_every_other_way_of_learning_goes_on(more, tmp_path):
    whole, again = stopped_and_gone_on("mlp", tmp_path, 8, **more)
    assert {k: v for k, v in whole.items() if "epoch" in k} == {k: v for k, v in again.items() if "epoch" in k}


def test_objects_of_torch_go_on(tmp_path):
    """An optimizer over the module's own parameters, made anew each time."""
    from tests.learn.modules import made

    def make():
        module, batch = made("mlp")
        x = batch()
        optimizer = torch.optim.AdamW(module.parameters(), lr=0.01)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        return {"model": lm.open(module, example=(x,), dynamic=(x[:3],)), "optimizer": optimizer, "schedule": schedule}

    stopped_and_gone_on("mlp", tmp_path, 8, make=make)


def loader(shuffle=True, generator=None, workers=0, augmented=False):
    """A DataLoader; augmented: with noise drawn by torch and by NumPy for each item."""

    class Noisy(torch.utils.data.Dataset):
        x, y = data_of("mlp")

        def __len__(self):
            return len(self.x)

        def __getitem__(self, place):
            noise = np.random.normal(size=6) + torch.randn(6).numpy() if augmented else 0
            return (self.x[place] + noise).astype(np.float32), self.y[place]

    given = torch.Generator().manual_seed(5) if generator else None
    return torch.utils.data.DataLoader(Noisy(), BATCH, shuffle=shuffle, generator=given, num_workers=workers)


def as_list():
    return [tuple(pair) for pair in loader(shuffle=False)]


LOADERS = {
    "shuffled by torch's generator": lambda: loader(),
    "shuffled by its own": lambda: loader(generator=True),
    "with noise": lambda: loader(augmented=True),
    "a dataset with noise": lambda: loader(augmented=True).dataset,
    "a function of the epoch": lambda: lambda epoch: loader(shuffle=False) if epoch else as_list()[::-1],
    "a list of batches": lambda: as_list(),
}


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("at", [2, 6, 9])
def test_batches_as_they_come_go_on(name, at, tmp_path):
    def make():
        np.random.seed(0)
        return {"data": LOADERS[name]()}

    stopped_and_gone_on("mlp", tmp_path, at, make=make)


def test_batches_made_by_other_processes_go_on(tmp_path):
    stopped_and_gone_on("mlp", tmp_path, 8, make=lambda: {"data": loader(workers=1)})


def test_one_epoch_of_an_iterator_goes_on(tmp_path):
    stopped_and_gone_on("mlp", tmp_path, 3, epochs=1, make=lambda: {"data": iter(loader(shuffle=False))})


def test_buffers_beside_the_state_of_a_module_and_tensors_of_nothing_go_on(tmp_path):
    """A buffer that is counted on and in no state_dict, an empty one, a scalar, and tied weights."""

    class Counts(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.a, self.b = torch.nn.Linear(6, 6, bias=False), torch.nn.Linear(6, 6, bias=False)
            self.b.weight = self.a.weight
            self.scale = torch.nn.Parameter(torch.tensor(1.0))
            self.register_buffer("seen", torch.zeros(()), persistent=False)
            self.register_buffer("nothing", torch.zeros(0, 3))

        def forward(self, x):
            self.seen.add_(1)
            return self.b(self.a(x)) * self.scale / self.seen

    x = data_of("mlp")[0]

    def make():
        return {"model": lm.open(Counts().train(), example=(torch.as_tensor(x[:8]),), dynamic=(torch.as_tensor(x[:3]),))}

    whole, again = stopped_and_gone_on("mlp", tmp_path, 8, make=make, data=(x, x), loss="mse", average=0.5, every=4)
    assert whole == again
    assert b"beside/seen" in again["step-00000018-epoch-0003/state.safetensors"]


def test_batches_that_are_cut_otherwise_are_said(tmp_path):
    fit("mlp", tmp_path / "run", data=as_list(), callbacks=[stopping_at(2)])
    x, y = data_of("mlp")
    others = [(x[:4], y[:4]), (x[4:12], y[4:12]), (x[12:], y[12:])]
    with pytest.raises(lm.UsageError, match="first 2 batches of epoch 1"):
        fit("mlp", tmp_path / "run", data=others, resume=True)


def test_a_finished_run_gives_its_history_at_once_and_goes_on_for_more_epochs(tmp_path):
    weights, history = fit("cnn", tmp_path / "run", epochs=2)
    calls = []
    again = fit("cnn", tmp_path / "run", epochs=2, resume=True, callbacks=[calls.append])
    assert same(weights, again[0])
    assert list(history) == list(again[1]), "times too"
    assert not calls
    more, longer = fit("cnn", tmp_path / "run", epochs=4, resume=True, callbacks=[calls.append])
    whole, uninterrupted = fit("cnn", tmp_path / "whole", epochs=4)
    assert same(more, whole)
    assert timeless(longer) == timeless(uninterrupted)
    assert len(calls) == 2 * 6 + 2
    assert content(tmp_path / "run") == content(tmp_path / "whole")


def test_a_run_that_patience_ended_stays_ended_and_brings_the_best_weights_back(tmp_path):
    more = {"patience": 1, "optimizer": lm.optimizer("adam", lr=0.5), "epochs": 30, "validation": 0.3}
    weights, history = fit("mlp", tmp_path / "run", **more)
    assert "no better loss for 1 epochs" in history.stopped
    again, same_history = fit("mlp", tmp_path / "run", resume=True, **more)
    assert same(weights, again)
    assert (same_history.stopped, same_history.best) == (history.stopped, history.best)
    best = model_of("mlp")
    best.load(tmp_path / "run" / "best")
    assert all(torch.equal(torch.as_tensor(np.array(box)), weights[name]) for name, box in best._weights().items())


def test_without_a_run_there_resuming_begins_at_the_start(tmp_path):
    (tmp_path / "empty").mkdir()
    whole = fit("mlp", tmp_path / "whole")
    for name in ("empty", "missing"):
        weights, history = fit("mlp", tmp_path / name, resume=True)
        assert same(weights, whole[0])
        assert not history.notes


def test_it_goes_on_with_as_many_threads_as_it_began(tmp_path):
    torch.set_num_threads(1)
    whole = fit("cnn", tmp_path / "whole")
    fit("cnn", tmp_path / "run", callbacks=[stopping_at(8)])
    torch.set_num_threads(2)
    during = []
    again = fit("cnn", tmp_path / "run", resume=True, callbacks=[lambda _: during.append(torch.get_num_threads())])
    assert set(during) == {1}
    assert torch.get_num_threads() == 2
    assert same(whole[0], again[0])


def test_checkpoints_change_no_bit_of_what_is_learned(tmp_path):
    model = model_of("cnn")
    lm.fit(model, data_of("cnn"), loss="cross_entropy", epochs=3, batch=BATCH, seed=3)
    weights, _ = fit("cnn", tmp_path / "run", every=1)
    assert all(torch.equal(torch.as_tensor(np.array(box)), weights[name]) for name, box in model._weights().items())
