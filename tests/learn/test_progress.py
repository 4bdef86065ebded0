"""The progress bar: on a terminal, in a notebook, nowhere else; never wider than there is room."""

import os
import pty
import re
import subprocess
import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

import laminae as lm
from laminae.base.learned import EpochRecord
from laminae.base.watched import Fitting, Progress
from laminae.see import live
from laminae.see.progress_bar import State, bar, clock, lines, summary
from laminae.see.rendering import cells_of
from tests.learn.test_fit import blobs, model_of

PROGRAM = """
import numpy as np, time, laminae as lm
model = lm.Model.chain(lm.Input(3), lm.Linear(1), seed=0)
data = np.ones((40, 3), np.float32), np.ones((40, 1), np.float32)
slow = lambda told: time.sleep(0.02)
lm.fit(model, data, loss="mse", epochs=4, batch=4, validation=data, callbacks=[slow]{more})
"""


def on_a_terminal(more=""):
    """What a program writes to stderr where that is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(more=more)], stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait() == 0
    return seen.decode()


@pytest.mark.slow
def test_on_a_terminal_there_is_a_bar_and_one_line_in_the_end():
    seen = on_a_terminal()
    assert re.search(r"epoch \d/4 .*━.* batch \d+/10 · 0:0\d left", re.sub(r"\x1b\[[0-9;]*m", "", seen))
    assert re.search(r"4 epochs in 0:0\d · loss [\d.e-]+ · held out", seen)
    assert "\x1b[?25h" in seen  # the cursor is there again


@pytest.mark.slow
def test_on_a_terminal_with_progress_false_there_is_nothing():
    assert on_a_terminal(", progress=False") == ""


def test_elsewhere_it_is_quiet(capfd):
    lm.fit(model_of()[0], blobs(), loss="cross_entropy")
    assert capfd.readouterr() == ("", "")


def test_elsewhere_it_has_a_line_for_each_epoch_where_asked(capfd):
    lm.fit(model_of()[0], blobs(), loss="cross_entropy", epochs=2, validation=blobs(1), metrics="accuracy", progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(r"(epoch \d/2 · loss \S+ · held out \S+ · accuracy \S+ · \S+( k)? samples/s\n){2}", err)


def test_in_a_notebook_one_output_is_written_anew(monkeypatch):
    shown = []

    class Handle:
        def update(self, data, raw):
            shown.append(("update", data))

    def display(data, raw, display_id):
        shown.append(("display", data))
        return Handle()

    notebook = types.ModuleType("IPython")
    notebook.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    notebook.display = types.ModuleType("IPython.display")
    notebook.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook.display)
    monkeypatch.setattr(live, "PATIENCE", 0.0)
    monkeypatch.setattr(live, "PAUSE", 0.0)
    monkeypatch.setattr(live, "SHARE", float("inf"))
    lm.fit(model_of()[0], blobs(), loss="cross_entropy", batch=16)
    assert [how for how, _ in shown] == ["display"] + ["update"] * 5
    assert "batch 1/4" in shown[0][1]["text/html"]
    assert shown[-1][1]["text/plain"].startswith("1 epoch in 0:00")


numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.integers(1, 10**6), st.integers(1, 10**6), st.none() | st.integers(1, 10**6), numbers, numbers, st.text(max_size=20), st.integers(1, 200),
    st.booleans(),
)  # fmt: skip
def test_it_never_takes_more_than_the_width(epoch, batch, batches, loss, held_out, metric, width, ended):
    state = State(Fitting(None, max(epoch, 3), batches, "model"), began=0.0)
    state.take(Progress(epoch, batch, loss, 1000, 3.0))
    if ended:
        state.close(EpochRecord(epoch, loss, 1000, 3.0, 1e-3, held_out, ((metric, loss),)))
    assert all(cells_of(line) <= width for line in (*lines(state, 1e5, width), summary(state, 1e5, width)))


def test_the_time_left_is_that_of_the_part_left():
    state = State(Fitting(None, 4, 10, "model"), began=100.0)
    for batch in range(1, 11):
        state.take(Progress(1, batch, 1.0, batch, 1.0))
    assert state.left(110.0) == pytest.approx(30.0)
    state.take(Progress(2, 5, 1.0, 5, 1.0))
    assert state.left(115.0) == pytest.approx(25.0)


def test_where_a_run_is_gone_on_with_the_time_left_is_of_what_this_one_does():
    state = State(Fitting(None, 10, 10, "model"), began=0.0)
    for batch in range(1, 11):
        state.take(Progress(9, batch, 1.0, batch, 1.0))
    assert state.left(7.0) == pytest.approx(7.0)


def test_batches_that_were_counted_in_one_epoch_are_known_in_the_next():
    state = State(Fitting(None, 2, None, "model"), began=0.0)
    for batch in range(1, 8):
        state.take(Progress(1, batch, 1.0, batch, 1.0))
    assert state.left(1.0) is None
    state.take(Progress(2, 1, 1.0, 1, 1.0))
    assert state.batches == 7
    assert "batch 1/7" in lines(state, 1.0, 80)[0]


def test_the_smoothed_loss_begins_with_the_first():
    state = State(Fitting(None, 1, 3, "model"), began=0.0)
    state.take(Progress(1, 1, 5.0, 1, 1.0))
    assert state.loss == pytest.approx(5.0)
    for _ in range(1000):
        state.take(Progress(1, 2, 1.0, 1, 1.0))
    assert state.loss == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(("seconds", "text"), [(7, "0:07"), (59.6, "1:00"), (754, "12:34"), (11045, "3:04:05")])
def test_a_clock(seconds, text):
    assert clock(seconds) == text


@given(st.floats(0, 1), st.integers(1, 60))
def test_a_bar_is_as_long_as_it_is_to_be(share, width):
    assert len(bar(share, width)) == width
