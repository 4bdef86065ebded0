"""The folder of a run: what is kept in it, what damage is found, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import laminae as lm
from laminae.learn.checkpoints.folder import writing
from tests.learn.checkpoints.runs import content, data_of, fit, model_of, same, stopping_at, timeless

ROOT = Path(__file__).parents[3]


def checkpoints(run):
    return sorted(path.name for path in run.glob("step-*"))


def test_the_last_and_the_best_are_kept_and_weights_are_loaded_from_them(tmp_path):
    run, kept = tmp_path / "run", {}

    def keep(told):
        if hasattr(told, "validation"):
            kept[told.epoch] = {name: value.clone() for name, value in model_of_run.to_torch().state_dict().items()}

    model_of_run = model_of("mlp")
    more = {"optimizer": lm.optimizer("adam", lr=0.5), "validation": 0.3, "callbacks": [keep]}
    _, history = fit("mlp", run, model=model_of_run, epochs=8, keep=2, **more)
    losses = history["validation"]
    best = losses.index(min(losses)) + 1
    assert history.best == best < 7, "so that the best is none of the last two"
    assert checkpoints(run) == [f"step-{4 * epoch:08d}-epoch-{epoch:04d}" for epoch in (best, 7, 8)]
    assert os.readlink(run / "best") == f"step-{4 * best:08d}-epoch-{best:04d}"
    assert os.readlink(run / "last") == "step-00000032-epoch-0008"
    other = model_of("mlp")
    for name, epoch in {"best": best, "last": 8}.items():
        for path in (run / name, run / name / "model.safetensors"):
            assert not other.load(path)
            assert all(torch.equal(value, kept[epoch][name]) for name, value in other.to_torch().state_dict().items())


def test_the_history_is_lines_of_json_without_times(tmp_path):
    _, history = fit("cnn", tmp_path, validation=0.2, metrics="accuracy")
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert [line["loss"] for line in lines] == history["loss"]
    assert [line["validation"] for line in lines] == history["validation"]
    assert [line["metrics"]["accuracy"] for line in lines] == history["accuracy"]
    assert not any("seconds" in line for line in lines)
    times = [json.loads(line)["seconds"] for line in (tmp_path / "times.jsonl").read_text().splitlines()]
    assert times == [record.seconds for record in history]


def test_the_running_average_is_a_file_of_weights(tmp_path):
    module = torch.nn.Linear(3, 1)
    model = lm.open(module, example=(torch.randn(4, 3),))
    means, weights = module.weight.detach().clone(), torch.zeros(1, 3)

    def average(told):
        if hasattr(told, "batch"):
            weights.copy_(module.weight.detach())
            means.lerp_(weights, 0.25)

    x = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    lm.fit(model, (x, x[:, :1]), loss="mse", epochs=3, batch=4, average=0.75, out=tmp_path / "run", callbacks=[average])
    assert torch.equal(module.weight, means)
    assert torch.equal(load_file(tmp_path / "run/last/model.safetensors")["weight"], weights)
    model.load(tmp_path / "run/last/model.safetensors")
    assert torch.equal(module.weight, weights)
    assert not torch.equal(weights, means)
    model.load(tmp_path / "run/last/average.safetensors")
    assert torch.equal(module.weight, means)


FILES = ["model.safetensors", "state.safetensors", "manifest.json"]
DAMAGES = {
    "a bit of it is another": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "its end is cut off": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "it is empty": lambda path: path.write_bytes(b""),
    "it is missing": lambda path: path.unlink(),
}


def flipped(data: bytes) -> bytes:
    place = len(data) * 2 // 3
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run stopped after 14 batches with checkpoints after 5 and 10, and what it is to end as."""
    folder = tmp_path_factory.mktemp("runs")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    whole = fit("mlp", folder / "whole", **MORE)
    fit("mlp", folder / "run", callbacks=[stopping_at(14)], **MORE)
    torch.set_num_threads(before)
    return folder / "run", whole


MORE = {"every": 5, "epochs": 4, "keep": 9}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_checkpoint_is_said_and_the_one_before_it_used(file, damage, stopped, tmp_path):
    run, (weights, history) = stopped
    shutil.copytree(run, tmp_path / "run", symlinks=True)
    DAMAGES[damage](tmp_path / "run/step-00000014" / file)
    with pytest.warns(UserWarning, match=f"'step-00000014' is damaged .*{file}.*'step-00000012-epoch-0002' was used"):
        again = fit("mlp", tmp_path / "run", resume=True, **MORE)
    assert same(weights, again[0])
    assert timeless(again[1]) == timeless(history)
    assert "damaged" in again[1].notes[0]
    assert "step-00000012-epoch-0002" in str(again[1])


def test_every_bit_of_a_checkpoint_counts(stopped, tmp_path):
    """Bits drawn from every file but the one of times."""
    run, _ = stopped
    draw = np.random.default_rng(0)
    with writing(run) as folder:
        for file in FILES:
            path = run / "step-00000014" / file
            data = path.read_bytes()
            for place in draw.integers(0, len(data), 60):
                path.write_bytes(data[:place] + bytes([data[place] ^ (1 << draw.integers(8))]) + data[place + 1 :])
                with pytest.raises(lm.FileError, match=file):
                    folder.read("step-00000014")
            path.write_bytes(data)
        folder.read("step-00000014")


def test_times_that_are_lost_change_nothing_else(stopped, tmp_path):
    run, (weights, _) = stopped
    shutil.copytree(run, tmp_path / "run", symlinks=True)
    (tmp_path / "run/step-00000014/times.json").write_bytes(b"[")
    assert same(weights, fit("mlp", tmp_path / "run", resume=True, **MORE)[0])


def test_where_nothing_is_whole_each_damage_is_told(stopped, tmp_path):
    run, _ = stopped
    shutil.copytree(run, tmp_path / "run", symlinks=True)
    for name in checkpoints(tmp_path / "run"):
        (tmp_path / "run" / name / "state.safetensors").unlink()
    with pytest.raises(lm.FileError, match=r"no checkpoint in .* is whole") as caught:
        fit("mlp", tmp_path / "run", resume=True, **MORE)
    assert all("state.safetensors: it is missing" in caught.value.details[name] for name in checkpoints(run))


def test_a_damaged_best_is_gone_behind_where_patience_needs_it(tmp_path):
    more = {"patience": 2, "optimizer": lm.optimizer("adam", lr=0.3), "epochs": 9, "validation": 0.3, "keep": 9}
    whole = fit("mlp", tmp_path / "whole", **more)
    assert 1 < whole[1].best < len(whole[1])
    shutil.copytree(tmp_path / "whole", tmp_path / "run", symlinks=True)
    (tmp_path / "run" / os.readlink(tmp_path / "run/best") / "model.safetensors").unlink()
    with pytest.warns(UserWarning, match="the best"):
        again = fit("mlp", tmp_path / "run", resume=True, **more)
    assert same(whole[0], again[0])
    assert content(tmp_path / "run") == content(tmp_path / "whole")


@pytest.mark.parametrize("damage", ["a bit of it is another", "its end is cut off", "it is empty"])
def test_a_damaged_word_on_what_the_run_is_of_is_written_again_where_the_checkpoints_vouch(damage, stopped, tmp_path):
    run, (weights, _) = stopped
    shutil.copytree(run, tmp_path / "run", symlinks=True)
    DAMAGES[damage](tmp_path / "run/run.json")
    with pytest.raises(lm.FileError, match="cannot be told"):
        fit("mlp", tmp_path / "run", resume=True, **MORE, optimizer="sgd")
    with pytest.warns(UserWarning, match="run.json was damaged"):
        again = fit("mlp", tmp_path / "run", resume=True, **MORE)
    assert same(weights, again[0])
    assert (tmp_path / "run/run.json").read_bytes() == (run / "run.json").read_bytes()


OTHERWISE = {
    "batch": {"batch": 4},
    "seed": {"seed": 4},
    "shuffle": {"shuffle": False},
    "loss": {"loss": lm.loss.cross_entropy(smoothing=0.1)},
    "optimizer kind": {"optimizer": "sgd"},
    "optimizer group 1 lr": {"optimizer": lm.optimizer("adam", lr=0.1)},
    "schedule": {"schedule": "cosine", "optimizer": "adam"},
    "accumulate": {"accumulate": 2},
    "average": {"average": 0.5},
    "precision": {"precision": "bf16"},
    "clip_norm": {"clip_norm": 1.0},
    "learning": {"freeze": ["0.*"]},
    "validation kind": {"validation": 0.2},
    "data checksum": {"data": data_of("mlp", seed=1)},
    "patience": {"patience": 3},
}


@pytest.mark.parametrize("word", OTHERWISE)
def test_what_differs_from_the_run_is_said(word, stopped):
    run, _ = stopped
    before = content(run)
    more = {**MORE, **OTHERWISE[word]}
    if word == "schedule":
        more["schedule"] = lm.schedule("cosine", T_max=4)
    with pytest.raises(lm.FileError, match="was another") as caught:
        fit("mlp", run, resume=True, **more)
    assert word in caught.value.details, caught.value
    assert content(run) == before


@pytest.mark.parametrize("word", ["versions torch", "device"])
def test_another_version_or_device_is_said(word, stopped, tmp_path):
    from laminae.learn.checkpoints import manifest

    run, _ = stopped
    shutil.copytree(run, tmp_path / "run", symlinks=True)
    told = manifest.parse((run / "run.json").read_bytes())
    odd = {"versions": {**told["versions"], "torch": "1.0"}} if word == "versions torch" else {"device": "cpu NONE"}
    (tmp_path / "run/run.json").write_bytes(manifest.text(told | odd))
    with pytest.raises(lm.FileError, match="was another") as caught:
        fit("mlp", tmp_path / "run", resume=True, **MORE)
    assert set(caught.value.details) == {word, "the way out"}


def test_checkpoints_of_another_model_say_names_and_shapes(stopped):
    run, _ = stopped
    wider = lm.open(
        torch.nn.Sequential(torch.nn.Linear(6, 9), torch.nn.ReLU(), torch.nn.Linear(9, 5)), example=(torch.randn(8, 6),)
    )
    with pytest.raises(lm.FileError, match="another model") as caught:
        fit("mlp", run, resume=True, model=wider, **MORE)
    assert "0.weight [16, 6] float32 there, [9, 6] float32 here" in caught.value.details["of other shapes"]
    longer = torch.nn.Sequential(*[torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 5), torch.nn.Linear(5, 5)])
    with pytest.raises(lm.FileError, match="another model") as caught:
        fit("mlp", run, resume=True, model=lm.open(longer, example=(torch.randn(8, 6),)), **MORE)
    assert caught.value.details["only in the model"].startswith("3.weight [5, 5] float32")
    other = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 5))
    x = torch.randn(8, 6)
    with pytest.raises(lm.FileError, match="was another") as caught:
        fit("mlp", run, resume=True, model=lm.open(other, example=(x,), dynamic=(x[:3],)), **MORE)
    assert "layers" in caught.value.details["model structure"]


def test_a_run_is_not_begun_anew_over_another(stopped):
    run, _ = stopped
    before = content(run)
    with pytest.raises(lm.FileError, match="there is a run in") as caught:
        fit("mlp", run, **MORE)
    assert "resume=True" in caught.value.details["to go on from it"]
    assert content(run) == before


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/thesis.txt").write_text("years of work")
    (tmp_path / "json").mkdir()
    (tmp_path / "json/run.json").write_text('{"race": "marathon"}')
    (tmp_path / "file").write_text("x")
    before = content(tmp_path)
    for name, words in {"other": "no folder of a run", "json": "another program's", "file": "cannot be written to"}.items():
        for resume in (False, True):
            with pytest.raises(lm.FileError, match=words):
                fit("built", tmp_path / name, resume=resume)
    with pytest.raises(lm.FileError, match="cannot be written to"):
        fit("built", tmp_path / "no" / "folder")
    assert content(tmp_path) == before


def test_there_is_one_writer(tmp_path):
    fit("built", tmp_path / "run", epochs=1)
    script = f"from pathlib import Path; from tests.learn.checkpoints.runs import fit; fit('built', Path({str(tmp_path / 'run')!r}), resume=True)"
    with writing(tmp_path / "run"):
        second = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
        assert "another process is writing" in second.stderr
        with pytest.raises(lm.FileError, match="another process is writing"):
            fit("built", tmp_path / "run", epochs=2, resume=True)
    fit("built", tmp_path / "run", epochs=2, resume=True)


def test_what_is_wrong_with_the_call_leaves_no_folder(tmp_path):
    for more in (
        {"every": 0},
        {"keep": 0},
        {"every": 1.5},
        {"optimizer": "adm"},
        {"epochs": 0},
        {"data": (np.ones((4, 7), np.float32),) * 2},
    ):
        with pytest.raises(lm.LaminaeError):
            fit("built", tmp_path / "run", **more)
        assert not (tmp_path / "run").exists(), more
    for more in ({"resume": True}, {"every": 3}):
        with pytest.raises(lm.UsageError, match="out="):
            fit("built", None, **more)


def test_state_that_no_file_can_hold_is_named(tmp_path):
    class Odd(torch.optim.SGD):
        def step(self, closure=None):
            self.state[self.param_groups[0]["params"][0]]["odd"] = object()

    with pytest.raises(lm.UsageError, match="optimizer/state/0/odd cannot be written"):
        fit("built", tmp_path / "run", optimizer=lambda weights: Odd(weights, lr=0.1))


def test_a_whole_run_asked_for_fewer_epochs_says_that_nothing_was_left_to_learn(tmp_path):
    fit("mlp", tmp_path, epochs=3)
    _, history = fit("mlp", tmp_path, epochs=2, resume=True)
    assert len(history) == 3
    assert history.notes[-1] == "2 epochs were asked for, 3 learned already."
    _, history = fit("mlp", tmp_path, epochs=4, resume=True)
    assert not any("already" in note for note in history.notes)


def test_weights_of_a_run_are_asked_of_one_of_its_checkpoints(tmp_path):
    fit("mlp", tmp_path, epochs=1)
    model = model_of("mlp")
    with pytest.raises(lm.FileError) as caught:
        model.load(tmp_path)
    assert f"{str(tmp_path / 'best')!r}" in caught.value.details["way out"]
    model.load(tmp_path / "best")
