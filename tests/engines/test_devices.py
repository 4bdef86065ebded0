"""Moving a model to a GPU and running there once, beside the CPU."""

import numpy as np
import pytest
import torch

import laminae as lm

gpu = pytest.mark.gpu
X = np.random.default_rng(0).standard_normal((4, 1, 8, 8)).astype(np.float32)


def model():
    return lm.Model.chain(lm.Input((1, 8, 8)), lm.Conv(4, 3), lm.BatchNorm(), lm.ReLU(), lm.Flatten(), lm.Linear(3), lm.Softmax())


def test_a_device_that_is_not_here_is_said():
    if torch.cuda.is_available():
        pytest.skip("this machine has the device")
    with pytest.raises(lm.UsageError, match="'cuda'"):
        model().to("cuda")
    with pytest.raises(lm.UsageError, match="device 'gpu' is not here"):
        model()(X, device="gpu")


@gpu
def test_a_model_moved_runs_there_and_back():
    m, there = model(), model().to("cuda")
    trace = there.run(X)
    assert all(v.device.type == "cuda" for entry in trace.layers for v in entry.values)
    torch.testing.assert_close(there(X).cpu(), m(X), rtol=1e-3, atol=1e-4)
    assert torch.equal(there.to("cpu")(X), m(X))


@gpu
def test_running_there_once_leaves_the_model_here():
    m = model()
    y = m(X, device="cuda")
    assert y.device.type == "cuda"
    assert all(p.tensor().device.type == "cpu" for p in m.parameters.values())
