"""Runs of files that others wrote are gone on from: merged weights come apart first, statistics are counted on."""

import numpy as np
import pytest
import torch

import laminae as lm
from tests.learn.test_opened import file_of, held


def fresh():
    """Two BatchNorms whose parameters the file holds once, a Dropout, a product."""
    rng = np.random.default_rng(0)
    nodes = [
        ("BatchNormalization", ["x", "ones", "zeros", "zeros", "ones"], ["a"], "first"),
        ("Relu", ["a"], ["r"], "relu"),
        ("BatchNormalization", ["r", "ones", "zeros", "zeros", "ones"], ["b"], "second"),
        ("Dropout", ["b", "ratio"], ["d"], "drop"),
        ("MatMul", ["d", "w"], ["y"], "product"),
    ]
    weights = held(ones=np.ones(4), zeros=np.zeros(4), ratio=0.25, w=rng.normal(size=(4, 3)))
    return lm.open(file_of(nodes, weights))


@pytest.mark.filterwarnings("ignore:Equal weights")
def test_a_run_of_a_file_goes_on_with_the_same_bits(tmp_path):
    rng = np.random.default_rng(1)
    data = rng.normal(size=(64, 4)).astype(np.float32), rng.integers(0, 3, 64)
    told = {"loss": "cross_entropy", "batch": 8, "seed": 3}
    whole, parted = fresh(), fresh()
    lm.fit(whole, data, epochs=4, **told)
    lm.fit(parted, data, epochs=2, out=tmp_path / "run", **told)
    again = fresh()
    lm.fit(again, data, epochs=4, out=tmp_path / "run", resume=True, **told)
    assert set(again.parameters) == set(whole.parameters)
    for name, box in whole.parameters.items():
        assert torch.equal(again.parameters[name].tensor(), box.tensor()), name
    assert not again.training
