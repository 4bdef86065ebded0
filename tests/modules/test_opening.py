"""Opening a module: names, sharing, arguments and results, sizes that vary, phases, edits."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import torch
from torch import nn

import laminae as lm
from tests.modules.held import same


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(4, 4)
        self.relu = nn.ReLU()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return x + self.drop(self.relu(self.query(self.relu(x))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def net():
    torch.manual_seed(0)
    return Net()


X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


def test_layers_bear_the_path_of_their_module_and_their_operator():
    model = lm.open(net().eval(), example=(X,))
    assert [layer.name for layer in model.layers] == [
        "x",
        "blocks/0/relu#1/relu", "blocks/0/query/linear", "blocks/0/relu#2/relu", "blocks/0/drop/dropout", "blocks/0/add",
        "blocks/1/relu#1/relu", "blocks/1/query/linear", "blocks/1/relu#2/relu", "blocks/1/drop/dropout", "blocks/1/add",
        "norm/batch_norm", "head/linear",
    ]  # fmt: skip
    assert model["blocks/0/query/linear"].parameters.keys() == {"blocks.0.query.weight", "blocks.0.query.bias"}
    assert model.graph.notes["classes"]["blocks/0"].endswith("Block")
    assert set(model.parameters) == set(net().state_dict())


def test_parameters_are_the_modules_own():
    module = net().eval()
    model = lm.open(module, example=(X,))
    for name, tensor in module.named_parameters():
        assert model.parameters[name].array is tensor
    with torch.no_grad():
        module.head.bias.fill_(3)
    assert torch.equal(model(X), module(X))
    model.parameters["head.bias"].assign(np.array([1, 2], np.float32))
    assert module.head.bias.tolist() == [1, 2]
    assert torch.equal(model(X), module(X))


def test_tied_weights_are_one_parameter():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(7, 4)
            self.out = nn.Linear(4, 7, bias=False)
            self.out.weight = self.embed.weight

        def forward(self, ids):
            return self.out(self.embed(ids))

    module = Tied()
    model = lm.open(module, example=torch.tensor([1, 2]))
    assert len(model.parameters) == 1
    back = model.to_torch()
    assert set(back.state_dict()) == {"embed.weight", "out.weight"}
    assert back.embed.weight is back.out.weight is module.embed.weight


def test_the_output_of_every_module_is_what_a_cloning_hook_sees():
    module = net().eval()
    seen = {}

    def keep(name):
        def hook(_, __, output):
            seen.setdefault(name, []).append(output.clone())

        return hook

    leaves = [(name, inner) for name, inner in module.named_modules() if name and not list(inner.children())]
    handles = [inner.register_forward_hook(keep(name)) for name, inner in leaves]
    with torch.no_grad():
        module(X)
    for handle in handles:
        handle.remove()
    trace = lm.open(module, example=(X,)).run(X)
    assert len(seen) == 8
    for name, outputs in seen.items():
        path = name.replace(".", "/")
        for turn, output in enumerate(outputs, 1):
            group = path if len(outputs) == 1 else f"{path}#{turn}"
            assert torch.equal(trace[group], output), group


def test_in_place_operators_overwrite_nothing_that_is_stored():
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True)).eval()
    x = torch.randn(1, 1, 6, 6)
    hooked = []
    module[0].register_forward_hook(lambda _, __, out: hooked.append(out))
    with torch.no_grad():
        module(x)
        convolved = nn.functional.conv2d(x, module[0].weight, module[0].bias)
    assert not torch.equal(hooked[0], convolved), "a hook keeps what the next layer has overwritten"
    trace = lm.open(module, example=(x,)).run(x)
    assert torch.equal(trace["0"], convolved)
    assert torch.equal(trace["1"], convolved.relu())


# -- arguments and results -----------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Pair:
    left: torch.Tensor
    right: torch.Tensor


class Nested(nn.Module):
    def forward(self, x, masks=None, *, scale: float = 2.0, rest=()):
        y = x * scale
        if masks is not None:
            y = y + masks["a"]
        for part in rest:
            y = y + part
        return {"y": y, "pair": Pair(y + 1, x), "both": (y, [x]), "none": None, "number": 3}


def test_arguments_and_results_are_nested_as_the_modules():
    module = Nested()
    rest, masks = [torch.ones(5, 4), torch.zeros(5, 4)], {"a": X}
    model = lm.open(module, example=(X, masks), kwargs={"rest": rest, "scale": 2.0})
    assert [v.name for v in model.graph.inputs] == ["x", "masks.a", "rest.0", "rest.1"]
    expected = module(X, masks, rest=rest)
    for found in (
        model(X, masks, rest=rest),
        model(X, masks=masks, rest=rest, scale=2.0),
        model(x=X, masks=masks, rest=rest),
        model.run(X, masks, rest=rest).output,
        model.to_torch()(X, masks, rest=rest, scale=2.0),
    ):
        assert isinstance(found["pair"], Pair)
        assert torch.equal(found["pair"].left, expected["pair"].left)
        assert torch.equal(found["y"], expected["y"])
        assert (found["none"], found["number"], len(found["both"])) == (None, 3, 2)
    assert {"y", "pair.left"} <= set(model.run(X, masks, rest=rest).outputs)


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((X,), {"scale": 3.0}, ["'scale' was 2.0", "it is 3.0", "open the module again"]),
        ((X, {"a": X}), {}, ["'masks' was not in the example"]),
        ((), {}, ["missing a required argument: 'x'"]),
        ((X,), {"nothing": 1}, ["unexpected keyword argument 'nothing'"]),
        ((X[:, :2],), {}, ["input 'x'", "expected", "[5, 4]", "[5, 2]"]),
        ((X.double(),), {}, ["input 'x'", "float32", "float64"]),
    ],
)
def test_arguments_unlike_the_example_are_refused(args, kwargs, words):
    model = lm.open(Nested(), example=(X,), kwargs={"scale": 2.0})
    with pytest.raises(lm.InputError) as error:
        model(*args, **kwargs)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_numpy_arrays_and_lists_are_taken_as_elsewhere():
    module = net().eval()
    model = lm.open(module, example=(X.numpy(),))
    assert torch.equal(model(X.numpy()), model(X))
    assert torch.equal(model(X.tolist()), model(X))


# -- sizes that vary -----------------------------------------------------------------------------------------------------


def test_sizes_that_were_said_to_vary_do():
    module = net().eval()
    model = lm.open(module, example=(X,), dynamic={"x": {0: "batch"}})
    assert model.graph.inputs[0].shape == ("batch", 4)
    assert model.records()[-1].outputs[0].shape == ("batch", 2)
    for n in (2, 9):
        x = torch.randn(n, 4)
        with torch.no_grad():
            assert torch.equal(model(x), module(x))
    with pytest.raises(lm.InputError):
        model(torch.randn(3, 5))


def test_sizes_that_vary_are_found_from_two_examples():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(11, 6)

        def forward(self, ids, mask):
            x = self.embed(ids) * mask.unsqueeze(-1)
            return x.reshape(x.shape[0], x.shape[1] * 2, 3).mean(1)

    def example(batch, length):
        return torch.randint(0, 11, (batch, length)), torch.ones(batch, length)

    module = Tokens().eval()
    model = lm.open(module, example=example(2, 5), dynamic=example(3, 7))
    assert [v.shape for v in model.graph.inputs] == [("n0", "n1"), ("n0", "n1")]
    for size in ((2, 5), (4, 9)):
        args = example(*size)
        assert torch.equal(model(*args), module(*args).detach())
        trace = model.run(*args)
        assert torch.equal(trace.output, module(*args).detach())
        assert "size" in str(trace.table()) or len(trace) > 5
    with pytest.raises(lm.InputError, match="disagrees about 'n1'"):
        model(example(2, 5)[0], example(2, 6)[1])


def test_a_size_that_the_module_fixes_is_named():
    class Fixed(nn.Module):
        def forward(self, x):
            return x.reshape(5, 4).sum(0) + torch.ones(5)[: x.shape[0]].sum()

    with pytest.raises(lm.ExportError) as error:
        lm.open(Fixed(), example=(X,), dynamic={"x": {0: "batch"}})
    assert "fixes a size" in str(error.value)
    assert len(str(error.value)) < 1000
    with pytest.raises(lm.UsageError, match="'y'"):
        lm.open(net(), example=(X,), dynamic={"y": {0: "batch"}})


# -- phases --------------------------------------------------------------------------------------------------------------


def test_a_phase_is_read_once_and_layers_keep_their_names():
    module = net().eval()
    model = lm.open(module, example=(X,))
    names = [layer.name for layer in model.layers]
    assert not model.training
    assert model.train() is model
    assert module.training
    assert model.training
    assert set(names) <= {layer.name for layer in model.layers}
    torch.manual_seed(3)
    found = model(X)
    again = copy.deepcopy(module.state_dict())
    fresh = net().train()
    torch.manual_seed(3)
    assert torch.equal(found, fresh(X).detach())
    assert all(same(again[name], tensor) for name, tensor in fresh.state_dict().items()), "running statistics"
    graph = model.graph
    model.eval()
    assert [layer.name for layer in model.layers] == names
    assert torch.equal(model(X), module(X).detach())
    assert model.graph is not graph


def test_edits_hold_in_both_phases():
    module = net().eval()
    model = lm.open(module, example=(X,))
    model.insert(after="blocks/0/add", layer=lm.Linear(4, name="extra"))
    weights = model["extra"].parameters
    evaluated = model(X)
    model.train()
    assert model["extra"].parameters == weights
    assert all(model["extra"].parameters[name] is box for name, box in weights.items())
    model.eval()
    assert torch.equal(model(X), evaluated)


def test_an_edit_without_a_place_in_the_other_phase_is_refused():
    module = net().train()
    model = lm.open(module, example=(X,))
    update = next(layer.name for layer in model.layers if "update" in layer.name)
    model.rename(update, "counted")
    with pytest.raises(lm.EditError) as error:
        model.eval()
    assert update in str(error.value)
    assert module.training
    assert "counted" in model


# -- edits, and back again -----------------------------------------------------------------------------------------------


def test_edits_are_in_the_module_given_back():
    module = net().eval()
    model = lm.open(module, example=(X,))
    model.remove("blocks/1")
    model.replace("head", lm.Linear(3, name="head"), seed=1)
    back = model.to_torch()
    assert torch.equal(back(X).detach(), model(X))
    assert back(X).shape == (5, 3)
    assert {name for name, _ in back.named_parameters()} >= {"blocks.0.query.weight", "head.weight"}
    back(X).sum().backward()
    assert back.blocks.get_submodule("0").query.weight.grad is not None


def test_the_module_given_back_trains_compiles_and_is_copied():
    module = net().train()
    back = lm.open(module, example=(X,)).to_torch()
    optimizer = torch.optim.SGD(back.parameters(), lr=0.1)
    before = module.head.weight.detach().clone()
    back(X).square().mean().backward()
    optimizer.step()
    assert not torch.equal(module.head.weight, before), "the weights are the module's own"
    quiet = lm.open(net().eval(), example=(X,)).to_torch()
    wanted = quiet(X).detach()
    assert torch.equal(torch.compile(quiet, backend="eager", fullgraph=True)(X).detach(), wanted)
    assert torch.equal(copy.deepcopy(quiet)(X).detach(), wanted)
    assert torch.equal(pickle.loads(pickle.dumps(quiet))(X).detach(), wanted)


def test_an_onnx_model_becomes_a_module_too():
    model = lm.Model.chain(lm.Input((1, 6, 6)), lm.Conv(2, 3), lm.BatchNorm(), lm.ReLU(), lm.Flatten(), lm.Linear(3), seed=0)
    x = torch.randn(4, 1, 6, 6)
    back = model.to_torch()
    assert torch.allclose(back(x).detach(), model(x))
    assert {name for name, _ in back.named_parameters()} == {p.name for p in model.parameters.values() if p.is_weight}
    back(x).sum().backward()
    assert all(p.grad is not None for p in back.parameters())


@pytest.mark.timeout(120)
def test_distributed_data_parallel_takes_it(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/rendezvous", rank=0, world_size=1)
    try:
        back = lm.open(net().train(), example=(X,)).to_torch()
        wrapped = nn.parallel.DistributedDataParallel(back)
        wrapped(X).sum().backward()
        assert all(p.grad is not None for p in back.parameters())
    finally:
        torch.distributed.destroy_process_group()


# -- exported programs ---------------------------------------------------------------------------------------------------


def test_programs_and_their_files(tmp_path):
    module = net().eval()
    program = torch.export.export(module, (X,))
    torch.export.save(program, tmp_path / "net.pt2")
    for source in (program, tmp_path / "net.pt2", str(tmp_path / "net.pt2")):
        model = lm.open(source)
        assert torch.equal(model(X), module(X).detach())
        assert "blocks/0/query/linear" in model
    (tmp_path / "broken.pt2").write_bytes(b"no archive")
    with pytest.raises(lm.FileError, match="broken"):
        lm.open(tmp_path / "broken.pt2")
    with pytest.raises(lm.FileError, match="no file"):
        lm.open(tmp_path / "missing.pt2")
    with pytest.raises(lm.UsageError, match="are for modules"):
        lm.open(program, example=(X,))
    with pytest.raises(lm.UsageError, match="example"):
        lm.open(module)
