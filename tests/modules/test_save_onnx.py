"""Models read from modules as .onnx files: held against the module, by the files' own reader and by ONNX Runtime."""

import builtins
import copy
import inspect

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

import laminae as lm
from tests.modules.samples import EXPECTED_FAILURES, SAMPLES
from tests.modules.zoo import ARCHITECTURES

RTOL, ATOL = 1e-4, 1e-5

OTHERWISE = {
    **EXPECTED_FAILURES,
    "mapped": "torch.vmap inside a module leaves no operators of its own",
    "parametrized": "ONNX has no matrix exponential",
    "random-noise": "its result is random",
    "complex": "a complex buffer is written as its two real parts",
    "switch-transformers": "it puts a parameter in the place of another while it runs",
    "vilt": "its sizes are read from the data",
    "longformer": "Python `if` on a value of the data",
    "rt-detr": "it takes the best of scores that differ in the last digit only",
}
"""Samples and architectures that are not saved, or not to the same result → why."""

NOT_IN_RUNTIME = {
    "autocast": "ONNX Runtime has no Gemm of bfloat16 for CPUs",
    "mixed-precision": "ONNX Runtime has no Gemm of bfloat16 for CPUs",
    "training": "ONNX Runtime takes the running statistics in training too, on CPUs",
    "falcon-alibi": "ONNX Runtime has no Mul of bfloat16 for CPUs",
}


LOOSE = {"clipseg": 5e-4}
"""Architectures whose results are small differences of large numbers → rtol."""


class Saved:
    """A model beside the file it was saved as."""

    def __init__(self, path, module, args=(), kwargs=None, dynamic=None, edit=None):
        self.path, self.module = str(path / "m.onnx"), module
        self.model = lm.open(module, example=args, kwargs=kwargs or {}, dynamic=dynamic)
        if edit is not None:
            edit(self.model)
        self.model.save(self.path)
        self.proto = onnx.load(self.path)
        onnx.checker.check_model(self.proto)
        self.again = lm.open(self.path)

    @property
    def initializers(self):
        return {x.name: onnx.numpy_helper.to_array(x) for x in self.proto.graph.initializer}

    @property
    def operators(self):
        return [node.op_type for node in self.proto.graph.node]

    def require_names(self):
        """Inputs, outputs and every parameter that is read, under their names and with their values."""
        graph = self.model.graph
        assert [x.name for x in self.proto.graph.input] == [x.name for x in graph.inputs]
        distinct = dict.fromkeys(x.name for x in graph.outputs)
        assert [x.name for x in self.proto.graph.output if x.name in distinct] == list(distinct)
        read = {name: p for layer in graph.layers for name, p in layer.parameters.items()}
        assert len(self.initializers) == len(self.proto.graph.initializer)
        assert read.keys() <= self.initializers.keys()
        assert {name: tuple(self.initializers[name].shape) for name in read} == {name: p.shape for name, p in read.items()}
        assert set(self.again.groups) <= set(self.model.groups)

    def require_agreement(self, *args, runtime=True, rtol=RTOL, **kwargs):
        try:
            module = copy.deepcopy(self.module)
        except RuntimeError:  # one that holds a derived tensor
            module = self.module
        with torch.no_grad():
            wanted = torch.utils._pytree.tree_leaves(module(*copy.deepcopy(args), **copy.deepcopy(kwargs)))
        wanted = [x.detach().numpy() for x in wanted if isinstance(x, torch.Tensor)]
        arrays = [torch.as_tensor(x) for x in self.model._session.interface.flatten(args, kwargs)]
        given = {v.name: x for v, x in zip(self.model.graph.inputs, arrays, strict=True)}
        found = self.again(**given)
        close(wanted, [x.detach().numpy() for x in (found if isinstance(found, tuple) else (found,))], rtol)
        if runtime:
            close(wanted, self.in_runtime({name: x.numpy() for name, x in given.items()}), rtol)

    def in_runtime(self, given):
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, 1
        return onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"]).run(None, given)


def close(wanted, found, rtol=RTOL):
    assert len(wanted) == len(found)
    for x, y in zip(wanted, found, strict=True):
        assert x.shape == np.asarray(y).shape
        np.testing.assert_allclose(y, x, rtol=rtol, atol=rtol / 10)


@pytest.fixture
def network():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(4 * 36, 5)
    return nn.Sequential(*layers).eval()


def test_evaluation_is_written_in_inference_forms(network, tmp_path):
    saved = Saved(tmp_path, network, (torch.randn(2, 3, 8, 8),), dynamic={"input": {0: "batch"}})
    assert saved.operators == ["Conv", "BatchNormalization", "Relu", "Flatten", "Gemm"]
    assert [node.name for node in saved.proto.graph.node] == [x.name for x in saved.again.layers[1:]]
    assert [x.name for x in saved.again.layers[1:]] == ["0/conv2d", "1/batch_norm", "2/relu", "4/flatten", "5/linear"]
    assert list(saved.again.groups) == ["0", "1", "2", "4", "5"]
    assert saved.again.graph.inputs[0].shape == ("batch", 3, 8, 8)
    assert saved.again.graph.outputs[0].shape == ("batch", 5)
    saved.require_names()
    saved.require_agreement(torch.randn(7, 3, 8, 8))


def test_training_is_written_in_training_forms(network, tmp_path):
    x = torch.randn(4, 3, 8, 8)
    saved = Saved(tmp_path, network.train(), (x,))
    saved.require_names()
    nodes = {node.op_type: node for node in saved.proto.graph.node}
    norm, dropout = nodes["BatchNormalization"], nodes["Dropout"]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in norm.attribute}
    assert attributes["training_mode"] == 1
    assert attributes["momentum"] == pytest.approx(0.9)
    assert len(norm.output) == 3
    assert [float(saved.initializers[name]) for name in dropout.input[1:]] == [0.5, 1.0]
    before = {name: p.numpy().copy() for name, p in saved.model.parameters.items()}
    run = saved.again.run(x)
    changed = {name: p.numpy() for name, p in saved.again.parameters.items() if name in before}
    assert all(np.array_equal(changed[name], old) for name, old in before.items()), "nothing in the file is written to"
    other = copy.deepcopy(network)
    wanted = other[1](other[0](x)).detach()
    y, mean, _ = run["1/batch_norm"]
    torch.testing.assert_close(y, wanted, rtol=RTOL, atol=ATOL)
    torch.testing.assert_close(mean, other[1].running_mean, rtol=RTOL, atol=ATOL)
    dropped, relu = run["3/dropout"], run["2/relu"]
    kept = (dropped != 0) & (relu != 0)
    torch.testing.assert_close(dropped[kept], 2 * relu[kept])
    assert 0.3 < kept.sum() / (relu != 0).sum() < 0.7


def test_dropout_of_whole_channels_and_of_attention_weights(tmp_path):
    class Dropped(nn.Module):
        def forward(self, x):
            y = nn.functional.scaled_dot_product_attention(x, x, x, dropout_p=0.25, is_causal=True)
            return nn.functional.dropout2d(x, 0.5), y

    x = torch.randn(2, 8, 5, 4)
    saved = Saved(tmp_path, Dropped().train(), (x,))
    assert saved.operators.count("Dropout") == 2
    channels, _ = saved.again(x)
    wholes = channels.flatten(2) == 0
    assert bool((wholes.all(-1) | ~wholes.any(-1)).all())
    assert wholes.any()
    assert not wholes.all()


def test_tied_weights_are_one_and_equal_weights_two(tmp_path):
    class Equal(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
            self.b.load_state_dict(self.a.state_dict())
            self.tied = nn.Linear(4, 4)
            self.tied.weight = self.a.weight

        def forward(self, x):
            return self.tied(self.b(self.a(x)))

    saved = Saved(tmp_path, Equal(), (torch.randn(2, 4),))
    assert saved.initializers.keys() == {"a.weight", "a.bias", "b.weight", "b.bias", "tied.bias"}
    readers = [node.name for node in saved.proto.graph.node if "a.weight" in node.input]
    assert readers == ["a/linear", "tied/linear"]
    saved.require_agreement(torch.randn(3, 4)[:2])


def test_sizes_that_vary_keep_their_names(tmp_path):
    module, (x, *_), _ = SAMPLES["attention"]()
    dynamic = {next(iter(inspect.signature(module.forward).parameters)): {0: "batch", 1: "tokens"}}
    saved = Saved(tmp_path, module, (x,), dynamic=dynamic)
    (info,) = saved.proto.graph.input
    assert [d.dim_param for d in info.type.tensor_type.shape.dim][:2] == ["batch", "tokens"]
    saved.require_agreement(torch.randn(3, 9, 8))


def test_edits_are_in_the_file_as_what_they_are(network, tmp_path):
    def edit(model):
        model.insert(lm.GELU(), after="2/relu", name="smooth")
        model.insert(lm.Linear(6), after="5/linear", name="extra")

    saved = Saved(tmp_path, network, (torch.randn(2, 3, 8, 8),), edit=edit)
    assert saved.again["smooth"].operator == "Gelu"
    assert {"extra.weight", "extra.bias"} <= saved.initializers.keys()
    x = torch.randn(2, 3, 8, 8)
    close([saved.model(x).detach().numpy()], [saved.again(x).detach().numpy()])
    close([saved.model(x).detach().numpy()], saved.in_runtime({"input": x.numpy()}))


def test_a_part_of_a_model_is_saved(network, tmp_path):
    part = lm.open(network, example=(torch.randn(2, 3, 8, 8),), dynamic={"input": {0: "batch"}}).extract("1", "4")
    part.save(tmp_path / "part.onnx")
    x = torch.randn(5, 4, 6, 6)
    close([part(x).detach().numpy()], [lm.open(tmp_path / "part.onnx")(x).detach().numpy()])


def test_what_onnx_lacks_is_named_and_nothing_is_written(tmp_path):
    class Lacking(nn.Module):
        def forward(self, x):
            return torch.matrix_exp(x) + torch.linalg.svdvals(x)

    with pytest.raises(lm.ExportError) as error:
        lm.open(Lacking(), example=(torch.randn(3, 3),)).save(tmp_path / "m.onnx")
    assert "'matrix_exp' (aten.linalg_matrix_exp" in str(error.value)
    assert "'linalg_svdvals' (aten._linalg_svd" in str(error.value)
    assert len(str(error.value)) < 1000
    assert list(tmp_path.iterdir()) == []


def test_without_onnxscript_it_is_said_what_to_install(network, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "onnxscript":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    model = lm.open(network, example=(torch.randn(2, 3, 8, 8),))
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(lm.MissingPackageError, match=r"laminae\[export\]"):
        model.save(tmp_path / "m.onnx")


def test_arithmetic_that_torch_onnx_refuses_is_written(tmp_path):
    class Masked(nn.Module):
        def forward(self, x, mask):
            return x - 1e3 * (1.0 - mask)

    mask = torch.tensor([[0, 1], [1, 1]])
    saved = Saved(tmp_path, Masked(), (torch.randn(2, 2), mask))
    saved.require_agreement(torch.randn(2, 2), mask)


@pytest.mark.skipif(not hasattr(torch.nn.functional, "grouped_mm"), reason="this torch has no grouped_mm")
def test_grouped_matrices_are_written(tmp_path):
    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 8, 16, dtype=torch.bfloat16))

        def forward(self, x, ends):
            return torch.nn.functional.grouped_mm(x, self.weight, offs=ends)

    x, ends = torch.randn(7, 8, dtype=torch.bfloat16), torch.tensor([2, 2, 7], dtype=torch.int32)
    saved = Saved(tmp_path, Experts(), (x, ends))
    wanted = torch.cat([x[:2] @ saved.module.weight[0], x[2:] @ saved.module.weight[2]]).detach()
    torch.testing.assert_close(saved.again(x, ends), wanted, rtol=2e-2, atol=2e-2)


FAST = ("nested", "recurrent", "encoder", "condition", "scan", "identity", "returned", "tied", "unused")


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in FAST else pytest.mark.slow) for n in sorted(SAMPLES.keys() - OTHERWISE.keys())],
)
def test_samples_agree(name, tmp_path):
    module, args, kwargs = SAMPLES[name]()
    saved = Saved(tmp_path, module, args, kwargs)
    saved.require_names()
    saved.require_agreement(*args, runtime=name not in NOT_IN_RUNTIME, **kwargs)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("name", sorted(ARCHITECTURES.keys() - OTHERWISE.keys()))
def test_architectures_agree(name, tmp_path):
    module, args, kwargs = ARCHITECTURES[name]()
    saved = Saved(tmp_path, module.eval(), args, kwargs)
    saved.require_names()
    saved.require_agreement(*args, runtime=name not in NOT_IN_RUNTIME, rtol=LOOSE.get(name, RTOL), **kwargs)
