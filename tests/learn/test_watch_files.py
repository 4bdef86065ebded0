"""What a run leaves in files, read by others: pandas, TensorBoard's own reader, Pillow, an XML parser."""

import io
import json
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas
import pytest
import torch
from google_crc32c import value as their_crc
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import laminae as lm
from laminae.base.learned import EpochRecord
from laminae.base.records import Histogram, Statistics
from laminae.files.events import Events, crc32c
from laminae.see.plotting import wants_log
from tests.learn.test_fit import blobs, model_of


def learn(*callbacks, epochs=3, **more):
    return lm.fit(
        model_of()[0],
        blobs(),
        loss="cross_entropy",
        batch=16,
        epochs=epochs,
        validation=blobs(1),
        metrics=["accuracy", "f1"],
        callbacks=callbacks,
        **more,
    )


def read(folder):
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0})
    found.Reload()
    return found


def test_tensorboard_reads_what_was_learned(tmp_path):
    steps = []
    history = learn(lm.watch.tensorboard(tmp_path / "logs"), lambda told: steps.append(getattr(told, "batch", 0) and told.loss))
    found = read(tmp_path / "logs")
    losses = [loss for loss in steps if loss]
    assert [event.value for event in found.Scalars("loss/batch")] == pytest.approx(losses, rel=1e-6)
    assert [event.step for event in found.Scalars("loss/batch")] == list(range(1, 13))
    for tag, name in {"loss/epoch": "loss", "loss/held out": "validation", "metrics/f1": "f1"}.items():
        assert [event.value for event in found.Scalars(tag)] == pytest.approx(history[name], rel=1e-6)
        assert [event.step for event in found.Scalars(tag)] == [4, 8, 12]
    assert [event.value for event in found.Scalars("rate")] == pytest.approx([1e-3], rel=1e-6)
    times = [event.wall_time for event in found.Scalars("loss/batch")]
    assert times == sorted(times)


def test_the_rate_is_told_where_it_changes(tmp_path):
    history = learn(lm.watch.tensorboard(tmp_path), schedule=lm.schedule("exponential", gamma=0.5))
    found = [(event.step, event.value) for event in read(tmp_path).Scalars("rate")]
    assert [step for step, _ in found] == [1, 5, 9]
    assert [value for _, value in found] == pytest.approx([1e-3, *history["rate"][:2]])


def test_histograms_count_the_weights_and_derivatives_there_are(tmp_path):
    learn(lm.watch.tensorboard(tmp_path, histograms="0.*", every=5))
    found = read(tmp_path)
    assert set(found.Tags()["histograms"]) == {
        f"{kind}/0.{name}" for kind in ("weights", "derivatives") for name in ("weight", "bias")
    }
    module = model_of()[1]
    (first, *_rest) = found.Histograms("weights/0.weight")
    assert [event.step for event in found.Histograms("weights/0.weight")] == [0, 5, 10]
    told, weight = first.histogram_value, module[0].weight.detach().double()
    assert told.num == sum(told.bucket) == weight.numel()
    assert told.sum == pytest.approx(float(weight.sum()))
    assert told.sum_squares == pytest.approx(float((weight**2).sum()))
    assert (told.min, told.max) == (float(weight.min()), float(weight.max()))
    edges = torch.tensor([told.min, *told.bucket_limit], dtype=torch.float64)
    assert torch.histogram(weight.flatten(), edges)[0].tolist() == told.bucket


@given(st.lists(st.tuples(st.text(min_size=1), st.integers(0, 2**62), st.floats(width=32)), max_size=5))
def test_any_number_under_any_tag_is_read_back(told):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        events = Events(folder)
        for place, (tag, step, value) in enumerate(told):
            events.scalar(f"{place} {tag}", step, value)
        events.histogram("none", 0, Histogram((0,) * 64, (0.0,) * 65), Statistics())
        events.close()
        found = read(folder)
        for place, (tag, step, value) in enumerate(told):
            (event,) = found.Scalars(f"{place} {tag}")
            assert event.step == step
            assert event.value == value or (event.value != event.value and value != value)


def test_a_number_too_large_for_float32_is_infinite(tmp_path):
    events = Events(tmp_path)
    events.scalar("a", 1, -1e300)
    events.close()
    assert read(tmp_path).Scalars("a")[0].value == float("-inf")


@given(st.binary(max_size=300))
def test_the_checksum_is_googles(content):
    assert crc32c(content) == their_crc(content)


def test_where_no_event_file_can_be_nothing_is_learned(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(lm.FileError, match="no event file"):
        learn(lm.watch.tensorboard(tmp_path / "file"))


def test_csv_is_what_the_history_has(tmp_path):
    steps = []
    history = learn(
        lm.watch.csv(tmp_path / "epochs.csv"),
        lm.watch.csv(tmp_path / "steps.csv", each="step"),
        lambda told: None if isinstance(told, EpochRecord) else steps.append(told.loss),
    )
    epochs = pandas.read_csv(tmp_path / "epochs.csv")
    assert epochs.to_dict("records") == [pytest.approx(epoch, rel=1e-14) for epoch in history.as_json()["epochs"]]
    found = pandas.read_csv(tmp_path / "steps.csv")
    assert found["loss"].tolist() == pytest.approx(steps, rel=1e-14)
    assert found["step"].tolist() == list(range(1, 13))
    with pytest.raises(lm.UsageError, match="'epoch' or 'step'"):
        lm.watch.csv("a.csv", each="day")
    with pytest.raises(lm.FileError, match="no folder"):
        learn(lm.watch.csv(tmp_path / "nowhere" / "a.csv"))


def test_where_a_run_is_gone_on_with_all_of_it_is_there_once(tmp_path):
    """Against one that was never stopped; the first left off after the checkpoint that the second goes on from."""

    def told(folder):
        folder.mkdir(exist_ok=True)
        files = [lm.watch.csv(folder / f"{each}.csv", each=each) for each in ("epoch", "step")]
        return [*files, lm.watch.tensorboard(folder / "events"), lm.watch.curves(folder / "curves.png")]

    def stop(told):
        return getattr(told, "epoch", 0) == 3 and getattr(told, "batch", 0) == 2

    def fail(told):
        if stop(told):
            raise KeyboardInterrupt

    learn(*told(tmp_path / "whole"), epochs=4)
    with pytest.raises(KeyboardInterrupt):
        learn(*told(tmp_path / "part"), fail, epochs=4, out=tmp_path / "run")
    learn(*told(tmp_path / "part"), epochs=4, out=tmp_path / "run", resume=True)
    whole, part = (
        {
            each: pandas.read_csv(tmp_path / name / f"{each}.csv").drop(columns="seconds", errors="ignore")
            for each in ("epoch", "step")
        }
        for name in ("whole", "part")
    )
    for each in ("epoch", "step"):
        pandas.testing.assert_frame_equal(whole[each], part[each])
    ours, theirs = read(tmp_path / "part/events"), read(tmp_path / "whole/events")
    for tag in ("loss/batch", "loss/epoch", "metrics/f1"):
        assert [(e.step, e.value) for e in ours.Scalars(tag)] == [(e.step, e.value) for e in theirs.Scalars(tag)]
    pictures = [np.asarray(Image.open(tmp_path / name / "curves.png")) for name in ("whole", "part")]
    assert np.array_equal(*pictures)


def test_a_history_is_a_frame_and_plain_json():
    history = learn()
    assert json.loads(json.dumps(history.as_json()))["epochs"][1]["f1"] == history["f1"][1]
    frame = history.frame()
    assert frame["validation"].tolist() == history["validation"]
    assert frame.index.tolist() == [1, 2, 3]
    with pytest.raises(lm.UsageError, match=r"there are.*accuracy"):
        history["recall"]


def test_a_history_of_no_epoch_says_so():
    history = learn(lambda told: True)
    assert len(history) == 0
    assert history["loss"] == []
    assert history.frame().empty
    assert "callback" in str(history)
    with pytest.raises(lm.UsageError, match="no epoch"):
        history.draw("a.svg")


def test_curves_are_pictures_that_others_read_the_same_bytes_each_time(tmp_path):
    history = learn(schedule=lm.schedule("exponential", gamma=0.5))
    history.draw(tmp_path / "a.svg")
    texts = [text for element in ElementTree.parse(tmp_path / "a.svg").iter() for text in [element.text or ""]]
    best = 1 + history["validation"].index(min(history["validation"]))
    for word in ("loss", "training", "held out", "accuracy", "f1", "learning rate", "epoch", f"best: {best}"):
        assert word in texts
    history.draw(tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    history.draw(tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").size[0] == 1050
    history.draw(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(lm.UsageError, match="svg"):
        history.draw(tmp_path / "a.jpg")


def test_without_what_does_not_change_there_is_no_panel_of_it(tmp_path):
    history = lm.fit(model_of()[0], blobs(), loss="cross_entropy", epochs=2)
    history.draw(tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert "rate 0.001" in text
    assert not any(word in text for word in (">learning rate<", ">held out<", ">best"))


def test_curves_are_drawn_while_it_learns(tmp_path):
    place, there = tmp_path / "live.png", []

    def look(told):
        if isinstance(told, EpochRecord):
            there.append(Image.open(io.BytesIO(place.read_bytes())).size)

    history = learn(lm.watch.curves(place), look)
    assert len(there) == 3
    history.draw(tmp_path / "end.png")
    live, end = (np.asarray(Image.open(path)) for path in (place, tmp_path / "end.png"))
    assert np.array_equal(live, end)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_layers_are_drawn(tmp_path):
    watched = lm.watch.layers(every=4)
    learn(watched)
    watched.draw(tmp_path / "layers.svg")
    text = (tmp_path / "layers.svg").read_text()
    assert all(word in text for word in ("‖output‖", "‖delta‖", "moved by", "0.weight", "step"))
    with pytest.raises(lm.UsageError, match="no step"):
        lm.watch.layers().draw(tmp_path / "none.svg")


def test_without_matplotlib_the_way_out_is_told_before_anything_is_learned(tmp_path, monkeypatch):
    history = learn()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(lm.MissingPackageError, match=r"laminae\[plot\]"):
        history.draw(tmp_path / "a.svg")
    with pytest.raises(lm.MissingPackageError, match=r"laminae\[plot\]"):
        learn(lm.watch.curves(tmp_path / "a.svg"), lambda told: pytest.fail("it learned"))


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ([1.0, 0.5, 0.11], False),
        ([1.0, 0.01], True),
        ([1.0, 0.0], False),
        ([1.0, -1.0], False),
        ([float("nan"), 1.0, 0.01], True),
        ([], False),
    ],
)
def test_a_logarithm_is_taken_where_it_shows_more(values, log):
    assert wants_log(values) is log
