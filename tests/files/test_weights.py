"""Weights alone, saved and loaded. The oracles: the safetensors library, torch's state_dict, transformers' own checkpoints."""

from __future__ import annotations

import copy
import errno
import json
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc

import hypothesis.strategies as st
import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from onnx import helper
from safetensors import safe_open
from safetensors.torch import load_file, load_model, save_file
from torch import nn

import laminae as lm
from laminae.base.arrays import as_numpy, as_value
from laminae.base.dtypes import nbytes, numpy_dtype
from laminae.base.errors import DTypeError, FileError, ModelError
from laminae.files import atomic, weights
from laminae.files.loading import load
from laminae.files.weights import CODES, save
from laminae.graph import Parameter
from laminae.graph.equality import same_bits
from tests.files import small

FLOATS = [dtype for dtype in CODES if "float" in dtype]


class Tied(nn.Module):
    """Tied weights, a BatchNorm, an unused layer, a buffer that is saved and one that is not."""

    def __init__(self, *, seed=0, tie=True):
        torch.manual_seed(seed)
        super().__init__()
        self.b = nn.Linear(3, 3)
        self.a = nn.Linear(3, 3)
        if tie:
            self.a.weight = self.b.weight
        self.norm = nn.BatchNorm1d(3)
        self.unused = nn.Linear(2, 2)
        self.register_buffer("scale", torch.rand(3))
        self.register_buffer("passing", torch.ones(3), persistent=False)

    def forward(self, x):
        return self.norm(self.a(self.b(x))) * self.scale + self.passing


X = torch.linspace(-1, 1, 6).reshape(2, 3)


def opened(**how):
    module = Tied(**how).eval()
    return module, lm.open(module, example=(X,))


def built(seed=0):
    return lm.Model.chain(lm.Input(3, name="x"), lm.Linear(4, name="a"), lm.ReLU(), lm.Linear(2, name="b"), seed=seed)


def arrays(model):
    return {name: np.array(parameter, copy=True) for name, parameter in model.parameters.items()}


def bits(tensor):
    return as_value(np.ascontiguousarray(as_numpy(tensor)).reshape(-1).view(np.uint8))


def same(state, other):
    return state.keys() == other.keys() and all(torch.equal(bits(state[name]), bits(other[name])) for name in state)


def file_of(path, tensors, metadata=None):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata=metadata)
    return path


# -- what is written ---------------------------------------------------------------------------------------------------


@st.composite
def tensors(draw):
    """Any bits in any dtype and shape, as NumPy arrays."""
    dtype, shape = draw(st.sampled_from(list(CODES))), tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    size = int(np.prod(shape, dtype=int))
    data = draw(st.binary(min_size=nbytes(dtype, size), max_size=nbytes(dtype, size)))
    if dtype == "bool":
        data = bytes(byte & 1 for byte in data)
    return np.frombuffer(bytearray(data), numpy_dtype(dtype)).reshape(shape)


def zeros(box):
    array = np.zeros(box.shape, numpy_dtype(box.dtype))
    return as_value(array) if isinstance(box.array, torch.Tensor) else array


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda name: name != "__metadata__")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, st.tuples(tensors(), st.booleans()), max_size=6))
def test_any_bits_are_what_the_safetensors_library_reads_and_writes(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("weights")
    path, theirs = folder / "m.safetensors", folder / "their.safetensors"
    boxes = {name: Parameter(name, as_value(array) if torches else array) for name, (array, torches) in drawn.items()}
    save(boxes, path)
    expected = {name: as_value(np.array(array)) for name, (array, _) in drawn.items()}
    assert same(load_file(path), expected)
    save_file(expected, theirs, metadata={"format": "pt"})
    assert path.read_bytes() == theirs.read_bytes()
    empty = {name: Parameter(name, zeros(box)) for name, box in boxes.items()}
    assert not load(empty, path)
    assert all(same_bits(boxes[name].array, box.array) for name, box in empty.items())


def test_a_modules_weights_are_its_state_dict(tmp_path):
    module, model = opened()
    model.save(tmp_path / "m.safetensors")
    found, expected = load_file(tmp_path / "m.safetensors"), module.state_dict()
    assert expected.keys() - found.keys() == {"b.weight"}
    assert same(found, {name: tensor for name, tensor in expected.items() if name != "b.weight"})
    with safe_open(tmp_path / "m.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt", "b.weight": "a.weight"}
    other = Tied(seed=1).eval()
    assert load_model(other, tmp_path / "m.safetensors") == (set(), [])
    assert same(other.state_dict(), expected)


def test_the_safetensors_librarys_own_file_of_a_tied_module_is_loaded(tmp_path):
    from safetensors.torch import save_model

    module = Tied()
    save_model(module, tmp_path / "m.safetensors")
    other, model = opened(seed=1)
    assert not model.load(tmp_path / "m.safetensors")
    assert same(other.state_dict(), module.state_dict())


def test_tensors_that_are_no_plain_memory_are_written_by_their_values(tmp_path):
    tensor = torch.arange(12.0).reshape(3, 4)
    views = {"t": tensor.t(), "part": tensor[1:, ::2], "wide": torch.ones(1).expand(5), "conj": (tensor * 1j).conj()}
    save({name: Parameter(name, view) for name, view in views.items()}, tmp_path / "m.safetensors")
    assert all(torch.equal(found, views[name]) for name, found in load_file(tmp_path / "m.safetensors").items())


def test_what_an_edit_has_added_is_saved_and_loaded(tmp_path):
    _, model = opened()
    model.insert(lm.Linear(3, name="new"), after="a", seed=5)
    model.save(tmp_path / "m.safetensors")
    assert {"new.weight", "new.bias", "unused.weight"} <= load_file(tmp_path / "m.safetensors").keys()
    _, other = opened(seed=1)
    other.insert(lm.Linear(3, name="new"), after="a", seed=6)
    other.load(tmp_path / "m.safetensors")
    assert torch.equal(other(X), model(X))


def test_the_same_weights_are_the_same_bytes(tmp_path):
    _, model = opened()
    for name in ("a", "b"):
        model.save(tmp_path / f"{name}.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    turned = dict(reversed(weights.weights_of(built().graph).items()))
    save(turned, tmp_path / "c.safetensors")
    built().save(tmp_path / "d.safetensors")
    assert (tmp_path / "c.safetensors").read_bytes() == (tmp_path / "d.safetensors").read_bytes()


@pytest.mark.parametrize("used", [False, True], ids=["as opened", "after a run"])
@pytest.mark.parametrize("kind", ["built", "onnx"])
def test_a_built_model_and_an_onnx_model(tmp_path, kind, used):
    built(1).save(tmp_path / "m.onnx")
    model, other = built(0), built(1) if kind == "built" else lm.open(tmp_path / "m.onnx")
    if used:
        other(X)
    model.save(tmp_path / "m.safetensors")
    assert not other.load(tmp_path / "m.safetensors")
    assert torch.equal(other(X), model(X))
    assert all(same_bits(other.parameters[name].array, box.array) for name, box in model.parameters.items())
    assert lm.open(tmp_path / "m.onnx").equals(built(1))


def test_the_weights_of_bodies_are_among_them(tmp_path):
    weight = small.tensor("w", (4,), seed=1)
    body = [
        helper.make_graph([small.node("Add", ["x", "w"], [name])], name, [], [small.value(name)], [weight]) for name in ("t", "e")
    ]
    node = small.node("If", ["c"], ["y"], "if", then_branch=body[0], else_branch=body[1])
    graph = helper.make_graph([node], "g", [small.value("c", (), onnx.TensorProto.BOOL), small.value("x")], [small.value("y")])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    model, x = lm.open(proto), np.zeros((1, 4), np.float32)
    model.save(tmp_path / "m.safetensors")
    found = load_file(tmp_path / "m.safetensors")
    assert set(found) == {"if/then/w", "if/else/w"}
    file_of(tmp_path / "m.safetensors", {name: tensor + i for i, (name, tensor) in enumerate(sorted(found.items()), 1)})
    model.load(tmp_path / "m.safetensors")
    plain = onnx.numpy_helper.to_array(weight)
    np.testing.assert_array_equal(model(c=np.array(False), x=x)[0], plain + 1)
    np.testing.assert_array_equal(model(c=np.array(True), x=x)[0], plain + 2)


@pytest.mark.parametrize(
    ("dtype", "array"),
    [
        ("string", np.array(["a"], object)),
        ("int4", np.zeros(2, numpy_dtype("int4"))),
        ("float4_e2m1fn", np.zeros(2, numpy_dtype("float4_e2m1fn"))),
        ("complex128", np.zeros(2, complex)),
    ],
)
def test_a_dtype_that_no_such_file_holds(tmp_path, dtype, array):
    with pytest.raises(DTypeError, match=rf"'p' is {dtype}[\s\S]*way out"):
        save({"p": Parameter("p", array)}, tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "tensor", "error"),
    [
        ("__metadata__", torch.zeros(1), ModelError),
        ("\ud800", torch.zeros(1), FileError),
        ("p", torch.zeros(1, device="meta"), ModelError),
        ("p", torch.zeros(1).to_sparse(), ModelError),
    ],
    ids=["metadata", "surrogate", "meta", "sparse"],
)
def test_what_else_cannot_be_written(tmp_path, name, tensor, error):
    with pytest.raises(error):
        save({name: Parameter(name, tensor)}, tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_state_that_is_more_than_tensors_is_refused(tmp_path):
    class Extra(Tied):
        def get_extra_state(self):
            return {"step": 1}

    model = lm.open(Extra().eval(), example=(X,))
    with pytest.raises(ModelError, match=r"'_extra_state' of the module's state[\s\S]*torch\.save"):
        model.save(tmp_path / "m.safetensors")


def test_saving_holds_no_tensor_twice(tmp_path):
    boxes = {str(i): Parameter(str(i), np.ones(1_000_000, np.float32)) for i in range(4)}
    tracemalloc.start()
    try:
        save(boxes, tmp_path / "m.safetensors")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


# -- writing that fails ------------------------------------------------------------------------------------------------

FAILURES = {"disk full": OSError(errno.ENOSPC, "No space left on device"), "Ctrl-C": KeyboardInterrupt()}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(("room", "place"), [(atomic.os, "fsync"), (atomic.os, "replace"), (weights, "raw_bytes")])
def test_after_a_failure_what_was_there_is_as_it_was(tmp_path, monkeypatch, room, place, failure):
    built().save(tmp_path / "m.safetensors")
    before = (tmp_path / "m.safetensors").read_bytes()

    def fail(*_args):
        raise FAILURES[failure]

    monkeypatch.setattr(room, place, fail)
    with pytest.raises(FileError if failure == "disk full" else KeyboardInterrupt) as caught:
        built(1).save(tmp_path / "m.safetensors")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
    assert (tmp_path / "m.safetensors").read_bytes() == before
    if failure == "disk full":
        assert "No space left on device" in str(caught.value)
        assert "is as it was" in str(caught.value)


SAVING = """
import os, resource, signal, sys
import numpy as np
from laminae.files.weights import save
from laminae.graph import Parameter
big = {"w": Parameter("w", np.ones(100_000, np.float32))}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits and signals on Windows")
@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)", 1),
        ("os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)", -9),
    ],
    ids=["no room", "killed"],
)
def test_a_process_that_cannot_end_the_writing_leaves_the_old_file(tmp_path, how, code):
    path = tmp_path / "m.safetensors"
    built().save(path)
    before = path.read_bytes()
    ended = subprocess.run([sys.executable, "-c", f"{SAVING}\n{how}\nsave(big, {str(path)!r})"], capture_output=True, text=True)
    assert ended.returncode == code
    assert path.read_bytes() == before
    if code == 1:
        assert "FileError" in ended.stderr
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write into a read-only folder")
def test_a_folder_that_is_read_only(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="Permission denied"):
        built().save(tmp_path / "m.safetensors")


def test_a_place_where_no_file_can_be(tmp_path):
    (tmp_path / "folder.safetensors").mkdir()
    for path in (tmp_path / "folder.safetensors", tmp_path / "none" / "m.safetensors"):
        with pytest.raises(FileError):
            built().save(path)


# -- loading in place --------------------------------------------------------------------------------------------------


def test_loading_writes_into_the_memory_that_the_module_shares(tmp_path):
    source, model = opened()
    model.save(tmp_path / "m.safetensors")
    module, model = opened(seed=1)
    y = model(X)
    held = {name: (tensor, tensor.data_ptr()) for name, tensor in module.state_dict(keep_vars=True).items()}
    mismatch = model.load(tmp_path / "m.safetensors")
    assert not mismatch
    assert same(module.state_dict(), source.state_dict())
    for name, tensor in module.state_dict(keep_vars=True).items():
        assert tensor is held[name][0]
        assert tensor.data_ptr() == held[name][1]
        assert tensor.is_leaf
    assert module.a.weight is module.b.weight
    assert module.a.weight.requires_grad
    assert not torch.equal(model(X), y)
    torch.testing.assert_close(model(X), source(X))


def test_an_optimizer_goes_on_with_loaded_weights(tmp_path):
    model = built()
    weight = model.parameters["a.weight"].tensor().requires_grad_()
    optimizer = torch.optim.SGD([weight], lr=1.0)
    built(1).save(tmp_path / "m.safetensors")
    model.load(tmp_path / "m.safetensors")
    model.run(X, backward=True).output.sum().backward()
    optimizer.step()
    assert model.parameters["a.weight"].array is weight
    assert weight.is_leaf
    expected = torch.from_numpy(built(1).parameters["a.weight"].numpy()) - weight.grad
    torch.testing.assert_close(weight.detach(), expected)


def test_in_inference_mode_and_into_tensors_made_there(tmp_path):
    with torch.inference_mode():
        module = Tied(seed=1).eval()
    target = Parameter("scale", module.scale)
    file_of(tmp_path / "m.safetensors", {"scale": torch.full((3,), 7.0)})
    load({"scale": target}, tmp_path / "m.safetensors")
    assert module.scale.tolist() == [7, 7, 7]
    plain = Parameter("scale", torch.zeros(3))
    with torch.inference_mode():
        load({"scale": plain}, tmp_path / "m.safetensors")
    assert plain.array.tolist() == [7, 7, 7]
    assert not plain.array.is_inference()


def test_every_mismatch_is_told_at_once_and_nothing_is_changed(tmp_path):
    module, model = opened()
    before = copy.deepcopy(module.state_dict())
    state = {name: tensor + 1 for name, tensor in before.items() if name not in ("b.weight", "unused.bias", "unused.weight")}
    state |= {"b.bias": torch.zeros(4), "scale": torch.zeros(3).half(), "more": torch.zeros(1)}
    file_of(tmp_path / "m.safetensors", state)
    with pytest.raises(ModelError) as caught:
        model.load(tmp_path / "m.safetensors")
    assert caught.value.details == {
        "missing": "unused.bias, unused.weight",
        "unexpected": "more",
        "other shape": "b.bias (model [3], file [4])",
        "other dtype": "scale (model float32, file float16)",
        "way out": "cast=True rounds floats to the model's dtype",
        "the model": "is as it was",
    }
    assert same(module.state_dict(), before)
    mismatch = model.load(tmp_path / "m.safetensors", strict=False)
    assert mismatch
    assert (mismatch.missing, mismatch.unexpected) == (("unused.bias", "unused.weight"), ("more",))
    assert (mismatch.shapes, mismatch.dtypes) == ((("b.bias", "[3]", "[4]"),), (("scale", "float32", "float16"),))
    changed = {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == before.keys() - {"b.bias", "scale", "unused.bias", "unused.weight"}


def test_long_lists_are_shortened(tmp_path):
    file_of(tmp_path / "m.safetensors", {f"t{i:04}": torch.zeros(1) for i in range(3000)})
    with pytest.raises(ModelError) as caught:
        built().load(tmp_path / "m.safetensors")
    assert caught.value.details["unexpected"].endswith("t0007 and 2,992 more")


@pytest.mark.parametrize("found", FLOATS)
@pytest.mark.parametrize("expected", FLOATS)
def test_cast_rounds_floats_as_torch_does(tmp_path, expected, found):
    tensor = torch.tensor([0.5, 1.0, 2.0, 3.3]).to(getattr(torch, found))
    file_of(tmp_path / "m.safetensors", {"p": tensor})
    for array in (torch.zeros(4).to(getattr(torch, expected)), np.zeros(4, numpy_dtype(expected))):
        box = Parameter("p", array)
        load({"p": box}, tmp_path / "m.safetensors", cast=True)
        assert torch.equal(bits(box.tensor()), bits(tensor.to(getattr(torch, expected))))


@pytest.mark.parametrize("found", [torch.int64, torch.bool, torch.complex64])
def test_cast_makes_no_floats_of_other_things(tmp_path, found):
    file_of(tmp_path / "m.safetensors", {"p": torch.ones(2).to(found)})
    with pytest.raises(ModelError, match="other dtype"):
        load({"p": Parameter("p", torch.zeros(2))}, tmp_path / "m.safetensors", cast=True)


def test_a_prefix_takes_the_names_that_begin_with_it(tmp_path):
    module, model = opened()
    state = {f"net.{name}": tensor + 1 for name, tensor in module.state_dict().items()}
    expected = {name.removeprefix("net."): tensor for name, tensor in state.items()}
    file_of(tmp_path / "m.safetensors", {**state, "head.weight": torch.zeros(1)})
    with pytest.raises(ModelError, match=r"way out +prefix='net\.'"):
        model.load(tmp_path / "m.safetensors")
    assert not model.load(tmp_path / "m.safetensors", prefix="net.")
    assert same(module.state_dict(), expected)


# -- tied names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("present", [["a.weight"], ["b.weight"], ["a.weight", "b.weight"]])
def test_any_one_of_tied_names_will_do(tmp_path, present):
    module, model = opened()
    state = {name: tensor + 1 for name, tensor in module.state_dict().items()}
    absent = {"a.weight", "b.weight"} - set(present)
    file_of(tmp_path / "m.safetensors", {name: tensor for name, tensor in state.items() if name not in absent})
    assert not model.load(tmp_path / "m.safetensors")
    assert same(module.state_dict(), state)


def test_two_different_tensors_for_tied_names_are_refused(tmp_path):
    module, model = opened()
    before = copy.deepcopy(module.state_dict())
    file_of(tmp_path / "m.safetensors", {**before, "b.weight": before["b.weight"] + 1})
    with pytest.raises(
        ModelError, match=r"refused +a.weight, b.weight \(model one tensor, file two that differ\)|refused +b.weight"
    ):
        model.load(tmp_path / "m.safetensors")
    assert same(module.state_dict(), before)
    assert model.load(tmp_path / "m.safetensors", strict=False).refused
    assert same(module.state_dict(), before)


def test_a_tied_file_fills_a_model_that_is_not_tied(tmp_path):
    source, model = opened()
    model.save(tmp_path / "m.safetensors")
    module, model = opened(seed=1, tie=False)
    assert not model.load(tmp_path / "m.safetensors")
    assert same(module.state_dict(), source.state_dict())
    assert module.a.weight is not module.b.weight


def test_tensors_tied_through_data_are_tied(tmp_path):
    module = Tied(tie=False).eval()
    module.a.weight.data = module.b.weight.data
    lm.open(module, example=(X,)).save(tmp_path / "m.safetensors")
    assert "b.weight" not in load_file(tmp_path / "m.safetensors")


def test_weights_that_only_share_their_place_in_a_file_are_loaded_apart(tmp_path):
    proto = small.sound()
    old = proto.graph.initializer[0]
    for name in ("w", "v"):
        tensor = onnx.TensorProto(name=name, dims=[4, 4], data_type=1, data_location=1)
        tensor.external_data.add(key="location", value="w.data")
        proto.graph.initializer.append(tensor)
    assert old.name == "w"
    del proto.graph.initializer[0]
    proto.graph.node.append(small.node("Add", [proto.graph.output[0].name, "v"], ["z"], "last"))
    proto.graph.output[0].name = "z"
    (tmp_path / "w.data").write_bytes(np.ones(16, np.float32).tobytes())
    onnx.save(proto, tmp_path / "m.onnx")
    model = lm.open(tmp_path / "m.onnx")
    for parameter in model.parameters.values():
        parameter.tensor()
    state = {name: torch.full(box.shape, float(i)) for i, (name, box) in enumerate(model.parameters.items())}
    model.load(file_of(tmp_path / "m.safetensors", state))
    assert same({name: box.array for name, box in model.parameters.items()}, state)


# -- many files --------------------------------------------------------------------------------------------------------


def test_a_checkpoint_of_transformers_in_parts(tmp_path):
    transformers = pytest.importorskip("transformers", reason="transformers is not among the packages")
    config = transformers.GPT2Config(n_layer=2, n_head=2, n_embd=16, vocab_size=50, n_positions=8, use_cache=False)
    torch.manual_seed(0)
    theirs, module = (transformers.GPT2LMHeadModel(config).eval() for _ in range(2))
    theirs.save_pretrained(tmp_path / "parts", max_shard_size="10KB")
    theirs.save_pretrained(tmp_path / "whole")
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) > 2
    model = lm.open(module, kwargs={"input_ids": torch.arange(4)[None]})
    for path in ("parts", "parts/model.safetensors.index.json", "whole", "whole/model.safetensors"):
        for parameter in module.parameters():
            torch.nn.init.zeros_(parameter)
        assert not model.load(tmp_path / path)
        assert same(module.state_dict(), theirs.state_dict())
    model.save(tmp_path / "whole" / "model.safetensors")
    again = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "whole")
    assert same(again.state_dict(), theirs.state_dict())


def parts(folder, **changes):
    """A checkpoint in two parts of `built(1)`, and its index with changes."""
    folder.mkdir(exist_ok=True)
    state = {name: torch.from_numpy(array) for name, array in arrays(built(1)).items()}
    where = {name: f"model-{i % 2 + 1}.safetensors" for i, name in enumerate(sorted(state))}
    for shard in set(where.values()):
        file_of(folder / shard, {name: state[name] for name in state if where[name] == shard})
    index = {"metadata": {"total_size": 1}, "weight_map": {**where, **changes}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_a_folder_in_parts(tmp_path):
    model = built()
    assert not model.load(parts(tmp_path / "m"))
    assert torch.equal(model(X), built(1)(X))


def test_the_links_of_a_hugging_face_cache(tmp_path):
    snapshot = tmp_path / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    for path in parts(tmp_path / "blobs").iterdir():
        (snapshot / path.name).symlink_to(f"../../blobs/{path.name}")
    model = built()
    model.load(snapshot)
    assert torch.equal(model(X), built(1)(X))


INDEXES = {
    "out of the folder": ({"a.weight": "../model-1.safetensors"}, "outside the model's folder"),
    "absolute": ({"a.weight": "/etc/hostname"}, "outside the model's folder"),
    "windows": ({"a.weight": "..\\model-1.safetensors"}, "outside the model's folder"),
    "zero": ({"a.weight": "model\0"}, "names no data file"),
    "missing part": ({"a.weight": "model-3.safetensors"}, "is missing"),
    "another tensor's part": ({"c.weight": "model-1.safetensors"}, "no tensor 'c.weight'"),
    "a number": ({"a.weight": 3}, "no index"),
    "the index itself": ({"a.weight": "model.safetensors.index.json"}, "no .safetensors file"),
    "a folder": ({"a.weight": "."}, "no file"),
}


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_that_is_not_sound(tmp_path, name):
    changes, words = INDEXES[name]
    file_of(tmp_path / "model-1.safetensors", {"a.weight": torch.zeros(4, 3)})
    refused(parts(tmp_path / "m", **changes), words)


def test_a_link_that_leads_out_of_the_folder(tmp_path):
    folder = parts(tmp_path / "m")
    (folder / "model-1.safetensors").rename(tmp_path / "elsewhere.safetensors")
    (folder / "model-1.safetensors").symlink_to(tmp_path / "elsewhere.safetensors")
    refused(folder, "outside the model's folder")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"weight_map": []}', "[" * 100_000, '{"weight_map": 1' + "0" * 10_000 + "}", "\xff"]
)
def test_an_index_that_is_none(tmp_path, text):
    folder = parts(tmp_path / "m")
    (folder / "model.safetensors.index.json").write_bytes(text.encode("latin-1"))
    refused(folder, "is no index")


def test_a_part_cut_short_changes_nothing(tmp_path):
    folder = parts(tmp_path / "m")
    data = (folder / "model-2.safetensors").read_bytes()
    (folder / "model-2.safetensors").write_bytes(data[:-4])
    refused(folder, "no sound .safetensors file")


def test_a_folder_without_weights(tmp_path):
    refused(tmp_path, "holds no weights")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    refused(tmp_path, "weights_only=True")


# -- files that are none -----------------------------------------------------------------------------------------------


def refused(path, words):
    """Loading is refused in these words, and the model is as it was."""
    model = built()
    with pytest.raises(FileError) as caught:
        model.load(path)
    assert words in str(caught.value)
    assert model.equals(built())


def header(content, data=b""):
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(**changes):
    return {"a.weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


HOSTILE = {
    "empty": b"",
    "short": b"abc",
    "header larger than the file": struct.pack("<Q", 90_000_000) + b"{}",
    "header larger than any": struct.pack("<Q", 2**63) + b"{}",
    "no JSON": header(b"{nope"),
    "deep": header(b'{"a":' + b"[" * 100_000),
    "cut short": header(entry(), bytes(4)),
    "longer": header(entry(), bytes(9)),
    "offsets outside": header(entry(data_offsets=[0, 800]), bytes(8)),
    "offsets turned": header(entry(data_offsets=[8, 0]), bytes(8)),
    "negative": header(entry(data_offsets=[-1, 8]), bytes(8)),
    "overlap": header({**entry(), "b": entry()["a.weight"]}, bytes(8)),
    "another size": header(entry(shape=[3]), bytes(8)),
    "endless size": header(entry(shape=[2**63, 4]), bytes(8)),
    "no dtype": header(entry(dtype="Q4"), bytes(8)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_not_sound(tmp_path, name):
    (tmp_path / "m.safetensors").write_bytes(HOSTILE[name])
    refused(tmp_path / "m.safetensors", "no sound .safetensors file")


def test_dtypes_that_torch_lacks_are_told_by_name(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(header(entry(dtype="F6_E2M3", shape=[4], data_offsets=[0, 3]), bytes(3)))
    with pytest.raises(ModelError, match=r"a\.weight \(model float32, file F6_E2M3\)"):
        built().load(tmp_path / "m.safetensors", cast=True)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_byte_that_is_changed_brings_down_more_than_the_loading(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("weights")
    model = built()
    model.save(folder / "b.safetensors")
    raw = bytearray((folder / "b.safetensors").read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    (folder / "b.safetensors").write_bytes(raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    try:
        model.load(folder / "b.safetensors")
    except (FileError, ModelError):
        assert model.equals(built())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: torch.save({"w": torch.zeros(1)}, path), "weights_only=True"),
        (lambda path: torch.save({"w": torch.zeros(1)}, path, _use_new_zipfile_serialization=False), "weights_only=True"),
        (lambda path: path.write_bytes(pickle.dumps({"a": 1})), "weights_only=True"),
        (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid"), "git lfs pull"),
        (lambda path: path.write_text("<!DOCTYPE html>"), "raw file"),
        (lambda path: os.mkfifo(path), "is no file"),
        (lambda path: None, "is missing"),
    ],
    ids=["pt", "old pt", "pickle", "lfs", "html", "pipe", "missing"],
)
@pytest.mark.parametrize("suffix", [".bin", ".safetensors"])
def test_what_it_looks_like_and_the_way_out(tmp_path, make, words, suffix):
    make(tmp_path / f"m{suffix}")
    refused(tmp_path / f"m{suffix}", words)


# -- what cannot be written to -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.zeros(2, device="meta"), "to_empty"),
        (torch.zeros(1).expand(2), "one place"),
        (torch.zeros(2).to_sparse(), "layout"),
    ],
)
def test_tensors_without_memory_of_their_own_are_refused_before_anything_is_changed(tmp_path, tensor, words):
    boxes = {"a": Parameter("a", torch.zeros(2)), "b": Parameter("b", tensor)}
    file_of(tmp_path / "m.safetensors", {"a": torch.ones(2), "b": torch.ones(2)})
    with pytest.raises(ModelError, match=words):
        load(boxes, tmp_path / "m.safetensors")
    assert boxes["a"].array.tolist() == [0, 0]
    with pytest.raises(ModelError, match=words):
        boxes["b"].assign(torch.ones(2))
