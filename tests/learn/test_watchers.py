"""Who watches a run: what each is told when, against plain torch; what the layers did, against hooks on the module."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import laminae as lm
from laminae.base.learned import EpochRecord
from laminae.data import batches, samples
from tests.learn.modules import CLASSES, made
from tests.learn.test_fit import blobs, model_of


class Notes:
    """Writes down what it is told."""

    def __init__(self, fail_at=None):
        self.seen, self.fail_at = [], fail_at

    def _note(self, what):
        self.seen.append(what)
        if what == self.fail_at:
            raise ZeroDivisionError("mine")

    def begin(self, fitting):
        assert fitting.batches == 4
        self._note("begin")

    def backward(self, batch):
        self._note(f"backward {batch.number}")

    def __call__(self, told):
        self._note(f"epoch {told.epoch}" if isinstance(told, EpochRecord) else f"step {told.batch}")

    def end(self):
        self.seen.append("end")


def test_all_is_told_in_order():
    notes = Notes()
    lm.fit(model_of()[0], blobs(), loss="cross_entropy", batch=16, callbacks=[notes])
    steps = [f"{what} {n}" for n in (1, 2, 3, 4) for what in ("backward", "step")]
    assert notes.seen == ["begin", *steps, "epoch 1", "end"]


@pytest.mark.parametrize("at", ["begin", "backward 2", "step 3", "epoch 1"])
def test_an_error_of_a_callback_goes_on_as_it_is_with_a_note_of_whose_it_is_and_all_are_told_of_the_end(at):
    first, failing = Notes(), Notes(at)
    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        lm.fit(model_of()[0], blobs(), loss="cross_entropy", batch=16, callbacks=[first, failing])
    (note,) = caught.value.__notes__
    assert "'Notes'" in note
    assert "batch" in note or "epoch" in note or "first step" in note
    assert first.seen[-1] == failing.seen[-1] == "end"


def test_what_cannot_be_called_is_refused_before_anything_is_learned():
    model, module = model_of()
    before = module[0].weight.detach().clone()
    with pytest.raises(lm.UsageError, match=r"lm\.watch"):
        lm.fit(model, blobs(), loss="cross_entropy", callbacks=["curves.svg"])
    assert torch.equal(module[0].weight, before)


def test_between_the_passes_the_derivatives_are_torchs_and_the_weights_have_not_moved():
    model, module = model_of()
    theirs = copy.deepcopy(module)
    optimizer = torch.optim.Adam(theirs.parameters())
    checked = []

    class Looks:
        def begin(self, fitting):
            self.step = fitting.step

        def backward(self, batch):
            optimizer.zero_grad()
            loss = F.cross_entropy(theirs(torch.as_tensor(batch.x)), torch.as_tensor(batch.expected))
            loss.backward()
            assert torch.equal(loss.detach(), batch.loss)
            for name, parameter in theirs.named_parameters():
                assert torch.equal(self.step.weights[name], parameter)
                assert torch.equal(self.step.weights[name].grad, parameter.grad)
            optimizer.step()
            checked.append(batch.where)

        def __call__(self, told):
            pass

    lm.fit(model, blobs(), loss="cross_entropy", epochs=2, batch=16, callbacks=[Looks()])
    assert checked[0] == "batch 1 of epoch 1"
    assert len(checked) == 8


@pytest.mark.parametrize("name", ["mlp", "cnn", "transformer"])
def test_layers_are_measured_as_hooks_on_the_module_measure_them(name):
    """Of the one loop in torch: outputs and deltas by hooks, weights before and after the step."""
    module, batch = made(name, seed=1)
    x, y = torch.cat([batch() for _ in range(3)]), torch.arange(24) % CLASSES
    theirs, model = copy.deepcopy(module), lm.open(module, example=(x[:8],), dynamic=(x[:3],))
    watched = lm.watch.layers(every=2)
    lm.fit(model, (x, y), loss="cross_entropy", epochs=2, batch=8, seed=7, callbacks=[watched])
    torch.manual_seed(7)
    optimizer, steps = torch.optim.Adam(theirs.parameters()), 0
    last, outputs = list(theirs.modules())[-1], []

    def keep(module, given, made):
        made.retain_grad()
        outputs.append(made)

    last.register_forward_hook(keep)
    for epoch in range(2):
        for bx, by in batches(samples((x.numpy(), y.numpy())), 8, shuffle=7, epoch=epoch):
            outputs.clear()
            F.cross_entropy(theirs(torch.as_tensor(bx)), torch.as_tensor(by)).backward()
            before = {k: (p.detach().clone(), p.grad.clone()) for k, p in theirs.named_parameters()}
            optimizer.step()
            optimizer.zero_grad()
            if steps % 2 == 0:
                mine = [record for record in watched.records if record.step == steps]
                output = next(record for record in mine if any(w.name.endswith(_last(theirs)) for w in record.weights))
                assert output.output == pytest.approx(float(outputs[0].detach().norm()), rel=1e-5)
                assert output.delta == pytest.approx(float(outputs[0].grad.norm()), rel=1e-5)
                weights = {w.name: w for record in mine for w in record.weights}
                assert set(weights) == set(before)
                for k, p in theirs.named_parameters():
                    was, grad = before[k]
                    assert weights[k].norm == pytest.approx(float(was.norm()), rel=1e-5)
                    assert weights[k].derivative == pytest.approx(float(grad.norm()), rel=1e-5, abs=1e-9)
                    assert weights[k].update == pytest.approx(float((p.detach() - was).norm()), rel=1e-4)
            steps += 1
    assert watched.steps == [0, 2, 4]


def _last(module):
    return list(dict(module.named_parameters()))[-1]


@pytest.mark.parametrize("name", ["cnn", "transformer"])
def test_looking_changes_no_bit_of_what_is_learned(name):
    """With Dropout, and statistics that BatchNorm moves."""
    found = []
    for callbacks in ([], [lm.watch.layers(every=1)]):
        module, batch = made(name, seed=1)
        x, y = torch.cat([batch() for _ in range(3)]), torch.arange(24) % CLASSES
        model = lm.open(module, example=(x[:8],), dynamic=(x[:3],))
        lm.fit(model, (x, y), loss="cross_entropy", epochs=2, batch=8, callbacks=callbacks, validation=(x, y))
        found.append({k: v.clone() for k, v in module.state_dict().items()})
    assert all(torch.equal(found[0][key], found[1][key]) for key in found[0])


def test_of_accumulated_batches_the_one_by_which_the_weights_move_is_looked_at():
    model, _ = model_of()
    watched = lm.watch.layers(every=1)
    lm.fit(model, blobs(), loss="cross_entropy", batch=16, accumulate=2, epochs=2, callbacks=[watched])
    assert watched.steps == [0, 1, 2, 3]
    assert all(weight.update > 0 for record in watched.records for weight in record.weights)


def test_only_some_layers_and_what_a_rule_keeps_of_them():
    model, _ = model_of()
    watched = lm.watch.layers("1", every=2, store=lm.Store("1/relu", reduce="stats"))
    lm.fit(model, blobs(), loss="cross_entropy", batch=16, callbacks=[watched])
    assert {record.name for record in watched.records} == {"1/relu"}
    assert watched["1"][0].kept_output.min == 0  # a ReLU
    assert watched["1"][0].kept_delta.zeros is not None
    with pytest.raises(lm.UnknownNameError, match="watched layer"):
        watched["0"]
    with pytest.raises(lm.UnknownNameError):
        lm.fit(model, blobs(), loss="cross_entropy", callbacks=[lm.watch.layers("nobody")])


def test_layers_are_a_table_of_80_columns():
    model, _ = model_of()
    watched = lm.watch.layers(every=3)
    assert "no step" in str(watched)
    lm.fit(model, blobs(), loss="cross_entropy", batch=16, callbacks=[watched])
    text = watched.table().text(80)
    assert max(map(len, text.splitlines())) <= 80
    assert "layers at step 3" in text
    assert "moved by" in text
    assert "layers at step 0" in watched.table(0).text(80)
    with pytest.raises(lm.UsageError, match="not looked at"):
        watched.table(1)


def test_bf16_is_looked_at_in_bf16():
    model, _ = model_of()
    watched = lm.watch.layers(every=1, store="0/linear")
    lm.fit(model, blobs(), loss="cross_entropy", batch=64, precision="bf16", callbacks=[watched])
    assert watched["0"][0].kept_output.dtype == torch.bfloat16


def test_lbfgs_is_watched_too():
    model, _ = model_of()
    watched = lm.watch.layers(every=1)
    lm.fit(model, blobs(), loss="cross_entropy", optimizer="lbfgs", batch=32, callbacks=[watched])
    assert watched.steps == [0, 1]
    x, y = blobs()
    with pytest.raises(lm.LayerError, match="input 'input' is the first"):
        lm.fit(model, (x * np.float32("nan"), y), loss="cross_entropy", optimizer="lbfgs")
