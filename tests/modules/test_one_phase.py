"""Models with one phase: an exported program has that of its export, a part that of its whole."""

import pytest
import torch
from torch import nn

import laminae as lm

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))


@pytest.mark.parametrize(("training", "held", "other"), [(False, "evaluation", "training"), (True, "training", "evaluation")])
@pytest.mark.parametrize("way", ["program", "pt2"])
def test_a_program_says_its_phase_and_the_way_to_the_other(training, held, other, way, tmp_path):
    source = torch.export.export(net().train(training), (X,))
    if way == "pt2":
        torch.export.save(source, tmp_path / "m.pt2")
        source = tmp_path / "m.pt2"
    model = lm.open(source)
    assert model.training is training
    assert model.train(training) is model
    with pytest.raises(lm.UsageError, match="exported program") as error:
        model.train(not training)
    text = str(error.value)
    assert f"it was exported in  {held}" in text
    assert f"for {other}" in text
    assert "torch.export.export(module." in text
    assert "ONNX" not in text
    assert model.to_torch().training is training


def test_a_program_without_layers_of_two_kinds_says_that_nothing_tells():
    model = lm.open(torch.export.export(nn.Linear(4, 2), (X,)))
    assert not model.training
    assert model.eval() is model
    with pytest.raises(lm.UsageError, match="no layer tells"):
        model.train()


def test_a_part_has_the_phase_of_the_whole():
    model = lm.open(net().eval(), example=(X,))
    part = model["1":"2"]
    assert part.eval() is part
    with pytest.raises(lm.UsageError, match="part of another"):
        part.train()
    assert model.train()["1":"2"].training
