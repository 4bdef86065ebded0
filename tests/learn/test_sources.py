"""Every kind of data learns through `fit`: one small task, four coloured classes, told in many ways."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

import laminae as lm

COLOURS = np.array([[40, 60, 220], [40, 200, 60], [220, 40, 40], [230, 220, 60]], np.uint8)
NAMES = ("blue", "green", "red", "yellow")


def pictures(count=48, seed=0):
    """[count, 3, 8, 8] of noise around one colour each, 0 to 1, and which."""
    draw = np.random.default_rng(seed)
    ids = np.arange(count) % 4
    noise = draw.normal(0, 25, (count, 3, 8, 8))
    return (np.clip(COLOURS[ids][:, :, None, None] + noise, 0, 255) / 255).astype(np.float32), ids


def network(seed=0, drop=False):
    layers = [lm.Conv(6, 3, name="conv"), lm.ReLU(), lm.GlobalAvgPool(), lm.Flatten()]
    layers += [lm.Dropout(0.2)] if drop else []
    return lm.Model.chain(lm.Input((3, 8, 8), name="image"), *layers, lm.Linear(4, name="scores"), name="net", seed=seed)


def folder_of_images(folder, count=48, seed=0):
    from PIL import Image

    x, ids = pictures(count, seed)
    for i, (image, id) in enumerate(zip(x, ids, strict=True)):
        path = folder / NAMES[id] / f"{i:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image.transpose(1, 2, 0) * 255).astype(np.uint8)).save(path)
    return folder


LEARNING = {"loss": "cross_entropy", "optimizer": lm.optimizer("adam", lr=0.03), "epochs": 12, "batch": 12}


def as_folder(tmp_path):
    return folder_of_images(tmp_path / "images"), {"images": lm.data.Preparation(scale=1 / 255)}


def as_folder_by_workers(tmp_path):
    data, more = as_folder(tmp_path)
    return data, {**more, "workers": 2}


def as_hugging_face(tmp_path):
    datasets = pytest.importorskip("datasets")
    x, ids = pictures()
    return datasets.Dataset.from_dict({"image": x.tolist(), "label": ids.tolist()}), {"target": "label"}


class Pictures(torch.utils.data.Dataset):
    def __init__(self):
        self.x, self.ids = pictures()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]), int(self.ids[i])


def as_torch_dataset(tmp_path):
    return Pictures(), {}


def as_data_loader(tmp_path):
    return torch.utils.data.DataLoader(Pictures(), 12, shuffle=True), {}


def as_generator_for_each_epoch(tmp_path):
    def batches(epoch):
        x, ids = pictures(seed=epoch)
        for at in range(0, len(x), 12):
            yield x[at : at + 12], ids[at : at + 12]

    return batches, {}


def as_npz(tmp_path):
    x, ids = pictures()
    np.savez(tmp_path / "d.npz", x=x, y=ids)
    return tmp_path / "d.npz", {}


WAYS = (
    as_folder,
    as_folder_by_workers,
    as_hugging_face,
    as_torch_dataset,
    as_data_loader,
    as_generator_for_each_epoch,
    as_npz,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__[3:])
def test_it_learns_from(way, tmp_path):
    data, more = way(tmp_path)
    model = network()
    lm.fit(model, data, **LEARNING, **more)
    assert lm.evaluate(model, pictures(40, seed=99))["accuracy"] > 0.95


def test_it_learns_from_a_generator_once_and_says_that_there_is_no_second_epoch():
    model = network()
    x, ids = pictures(96)
    lm.fit(model, iter([(x[i : i + 4], ids[i : i + 4]) for i in range(0, 96, 4)]), **{**LEARNING, "epochs": 1})
    assert lm.evaluate(model, pictures(40, seed=99))["accuracy"] > 0.7
    with pytest.raises(lm.UsageError, match=r"(?s)second epoch.*lambda epoch"):
        lm.fit(model, iter([(x, ids)]), **LEARNING)


def weights(model):
    return {name: box.numpy().tobytes() for name, box in model.parameters.items()}


def test_workers_change_no_bit_and_leave_no_process(tmp_path):
    data, more = as_folder(tmp_path)
    found = []
    for workers in (0, 1, 2, 2):
        model = network()
        lm.fit(model, data, **{**LEARNING, "epochs": 3}, **more, workers=workers)
        found.append(weights(model))
        assert children() == []
    assert all(each == found[0] for each in found[1:])


def children():
    """The processes that make batches for this one."""
    here = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not here.exists():
        pytest.skip("no /proc here to look at")
    lines = {number: Path(f"/proc/{number}/cmdline") for number in here.read_text().split()}
    return [number for number, path in lines.items() if path.exists() and b"laminae.data.worker" in path.read_bytes()]


def test_a_broken_image_says_its_file_and_no_process_is_left(tmp_path):
    data, more = as_folder(tmp_path)
    (data / "blue" / "000.png").write_bytes(b"no image")
    model = network()
    for workers in (0, 2):
        with pytest.raises(lm.FileError, match=r"blue.000\.png"):
            lm.fit(model, data, **LEARNING, **more, workers=workers)
        assert children() == []


def test_a_class_that_was_not_learned_is_an_error_or_a_choice(tmp_path):
    data, more = as_folder(tmp_path)
    held = folder_of_images(tmp_path / "held", 8, seed=5)
    (held / "red").rename(held / "purple")
    model = network()
    before = weights(model)
    with pytest.raises(lm.LaminaeError, match="purple"):
        lm.fit(model, data, **LEARNING, **more, validation=held)
    assert weights(model) == before
    apart = lm.data.samples(held, **more)
    with pytest.raises(lm.UsageError, match=r"(?s)other classes.*red.*purple"):
        lm.fit(model, data, **LEARNING, **more, validation=apart)
    assert weights(model) == before
    history = lm.fit(model, data, **LEARNING, **more, validation=held, unseen="drop", metrics="accuracy")
    assert history["accuracy"][-1] > 0.9


SCRIPT = """
import sys
import laminae as lm
from tests.learn.test_sources import LEARNING, children, network

def told(progress):
    if (progress.epoch, getattr(progress, "batch", 0)) == (1, 1):
        print(*children(), flush=True)

more = {"images": lm.data.Preparation(scale=1 / 255), "workers": 2, "callbacks": [told]}
history = lm.fit(network(), sys.argv[1], **{**LEARNING, "epochs": 10_000}, **more)
print(history.stopped, flush=True)
"""


@pytest.mark.slow
def test_ctrl_c_ends_learning_and_its_workers(tmp_path):
    """A terminal sends it to the whole group: to the workers too."""
    data, _ = as_folder(tmp_path)
    root = Path(__file__).resolve().parents[2]
    run = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(data)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True) as process:
        workers = [int(number) for number in process.stdout.readline().split()]
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "interrupted after batch" in out
    assert len(workers) == 2
    for number in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def built(tmp_path):
    return network(drop=True)


def from_file(tmp_path):
    network(drop=True).save(tmp_path / "net.onnx")
    return lm.open(tmp_path / "net.onnx")


def from_module(tmp_path):
    torch.manual_seed(0)
    layers = torch.nn.Conv2d(3, 6, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Dropout(0.3), torch.nn.Linear(216, 4)
    x = torch.rand(3, 3, 8, 8)
    return lm.open(torch.nn.Sequential(*layers), example=(x,), dynamic=(x[:2],))


@pytest.mark.parametrize("make", [built, from_file, from_module], ids=lambda make: make.__name__)
@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_two_runs_with_one_seed_give_the_same_bits(make, workers, tmp_path):
    data, more = as_folder(tmp_path)
    told = {**LEARNING, "epochs": 2, **more, "workers": workers, "validation": 0.25, "metrics": "accuracy"}
    found, lost = [], []
    for seed in (3, 3, 4):
        model = make(tmp_path)
        torch.rand(seed)  # whatever has been drawn before
        history = lm.fit(model, data, **told, seed=seed)
        found.append(weights(model))
        lost.append((history["loss"], history["validation"], history["accuracy"]))
    assert found[0] == found[1]
    assert lost[0] == lost[1]
    assert found[0] != found[2]
