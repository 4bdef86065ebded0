"""Patches on the disk: any comes back equal, bit for bit; files that are bad or hostile are refused; nothing is half-written."""

import json
import os
import resource
import struct

import ml_dtypes
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import laminae as lm
from laminae.base.host import HostArray

DTYPES = ["bool", "uint8", "int8", "int16", "uint16", "int32", "int64", "uint64", "float16", "bfloat16", "float32", "float64",
          "complex64", "complex128", "float8_e4m3fn", "float8_e5m2"]  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "p.json"


def every_kind():
    return [
        lm.patch.zero("h/3/attn", heads=[2, -1], of=12), lm.patch.zero("a", output=2), lm.patch.mean("b", (0, -1)),
        lm.patch.swap("b", [0, 1], [2, 3], over=1, axis=0, index=slice(1, None, 2)), lm.patch.swap("b", slice(0, 2), slice(2, 4)),
        lm.patch.project("c", np.ones((2, 3)), keep=True), lm.patch.add("ü/层", torch.ones(3, requires_grad=True), axis=1, index=-1),
        lm.patch.scale("w", 0.1), lm.patch.scale("w", float("nan")), lm.patch.scale("w", -float("inf")), lm.patch.scale("w", 2**70),
        lm.patch.scale("w", True), lm.patch.scale("w", 1 + 2j), lm.patch.scale("w", complex(0, float("inf"))),
        lm.patch.replace("s", [torch.ones(2), torch.zeros(0, 3)]), lm.patch.replace("t", [["a", "é"], ["", "\n"]]),
        lm.patch.replace("m", {"x": torch.ones(2), 3: 1.5}), lm.patch.replace("z", np.array([[1, -2, 3]], dtype=ml_dtypes.int4)),
        lm.patch.replace("z", np.zeros((0, 2), dtype=ml_dtypes.uint2)), lm.patch.replace("r", torch.tensor(3.0)),
    ]  # fmt: skip


def test_every_kind_comes_back_equal_and_prints_as_before(path):
    patches = every_kind()
    lm.patch.save(path, patches)
    found = lm.patch.load(path)
    assert found == tuple(patches)
    assert [repr(patch) for patch in found] == [repr(patch) for patch in patches]
    lm.patch.save(path, found)
    assert lm.patch.load(str(path)) == tuple(patches)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back_bit_for_bit(path, dtype):
    raw = torch.from_numpy(np.random.default_rng(0).integers(0, 256, 16 * 6, dtype=np.uint8))
    bits = raw % 2 == 0 if dtype == "bool" else raw.view(getattr(torch, dtype)).reshape(2, -1).T  # NaN payloads and all
    lm.patch.save(path, lm.patch.replace("a", bits))
    (found,) = lm.patch.load(path)
    assert found.value.dtype == bits.dtype
    assert found.value.contiguous().view(torch.uint8).tolist() == bits.contiguous().view(torch.uint8).tolist()
    assert found == lm.patch.replace("a", bits)


@given(arrays.arrays(np.float32, arrays.array_shapes(min_dims=0, min_side=0)), st.text(min_size=1), st.integers(-3, 3))
def test_any_array_of_any_layer_comes_back(tmp_path_factory, array, name, axis):
    path = tmp_path_factory.mktemp("any") / "p.json"
    patches = [lm.patch.replace(name, array, axis=axis, index=[0]), lm.patch.add(name, array)]
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        with pytest.raises(lm.UsageError, match="no UTF-8 text"):
            lm.patch.save(path, patches)
        return
    lm.patch.save(path, patches)
    assert lm.patch.load(path) == tuple(patches)


def test_loaded_patches_do_what_they_did_on_any_model_that_has_the_layer(path):
    x = np.ones((2, 4), np.float32)
    patches = [lm.patch.add("r", torch.randn(6), axis=0, index=1), lm.patch.scale("o.weight", 0.5)]
    lm.patch.save(path, patches)
    for seed in (0, 1):
        model = lm.Model.chain(lm.Input(4), lm.Linear(6), lm.ReLU(name="r"), lm.Linear(2, name="o"), seed=seed)
        assert torch.equal(model.run(x, patch=list(lm.patch.load(path))).output, model.run(x, patch=patches).output)


def test_people_can_read_and_write_it(path):
    lm.patch.save(path, [lm.patch.zero("h/3/attn", heads=[2]), lm.patch.scale("w", 0.5, axis=1, index=slice(0, 4))])
    text = path.read_text()
    assert '  {"patch": "zero", "layer": "h/3/attn", "heads": [2]},\n' in text
    assert '{"patch": "scale", "layer": "w", "value": 0.5, "axis": 1, "index": "0:4"}' in text
    assert not path.with_suffix(".safetensors").exists(), "no tensors, no second file"
    path.write_text(
        '{"format": "laminae patches", "version": 1, "patches": [{"patch": "replace", "layer": "a", "value": [[1, 2.5]]},'
        ' {"patch": "project", "layer": "a", "directions": [1.0, 0.0], "keep": false}, {"patch": "zero", "layer": "b"}]}'
    )
    assert lm.patch.load(path) == (lm.patch.replace("a", [[1, 2.5]]), lm.patch.project("a", [1.0, 0.0]), lm.patch.zero("b"))


def test_functions_are_refused_and_nothing_is_written(path):
    with pytest.raises(lm.UsageError, match="a function is code"):
        lm.patch.save(path, [lm.patch.zero("a"), lm.patch.function("b", torch.tanh)])
    assert os.listdir(path.parent) == []
    for odd in ([{"a": 1}], ["a"]):
        with pytest.raises(lm.UsageError, match="is no patch"):
            lm.patch.save(path, odd)


def test_another_file_beside_is_not_lost(path):
    weights = path.with_suffix(".safetensors")
    safetensors.torch.save_file({"w": torch.ones(2)}, weights)
    before = weights.read_bytes()
    with pytest.raises(lm.FileError, match="holds no patches"):
        lm.patch.save(path, lm.patch.add("a", torch.ones(2)))
    assert weights.read_bytes() == before
    assert not path.exists()
    lm.patch.save(path, lm.patch.zero("a"))
    assert weights.read_bytes() == before


def test_a_disk_that_is_full_leaves_what_was_there(path):
    first = [lm.patch.add("a", torch.ones(4))]
    lm.patch.save(path, first)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        with pytest.raises(lm.FileError, match="cannot be written"):
            lm.patch.save(path, lm.patch.add("a", torch.ones(100_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, old)
    assert lm.patch.load(path) == tuple(first)
    assert sorted(os.listdir(path.parent)) == ["p.json", "p.safetensors"]


def test_tensors_of_another_saving_are_refused(path, tmp_path):
    lm.patch.save(path, lm.patch.add("a", torch.ones(4)))
    lm.patch.save(tmp_path / "q.json", lm.patch.add("a", torch.zeros(4)))
    os.replace(tmp_path / "q.safetensors", path.with_suffix(".safetensors"))
    with pytest.raises(lm.FileError, match="was not saved with these patches"):
        lm.patch.load(path)
    os.remove(path.with_suffix(".safetensors"))
    with pytest.raises(lm.FileError, match=r"p\.safetensors"):
        lm.patch.load(path)


def test_a_cut_or_changed_file_is_refused_wherever_it_was_cut(path):
    lm.patch.save(path, every_kind())
    text, tensors = path.read_bytes(), path.with_suffix(".safetensors").read_bytes()
    for end in range(0, len(text) - 3, 97):
        path.write_bytes(text[:end])
        with pytest.raises(lm.FileError):
            lm.patch.load(path)
    path.write_bytes(text)
    for at in range(0, len(tensors), 61):
        path.with_suffix(".safetensors").write_bytes(tensors[:at] + bytes([tensors[at] ^ 1]) + tensors[at + 1 :])
        with pytest.raises(lm.FileError):
            lm.patch.load(path)


BAD = [
    "", "[]", "{}", "null", "[" * 100_000, '{"format": "laminae patches", "version": 2, "patches": []}',
    '{"format": "laminae patches", "version": 1, "patches": {}}', '{"format": "laminae patches", "version": 1, "patches": [], "x": 1}',
    '{"format": "laminae patches", "format": "laminae patches", "version": 1, "patches": []}', "\xff\xfe",
]  # fmt: skip
BAD_PATCHES = [
    "3", "{}", '{"patch": "zero"}', '{"patch": "function", "layer": "a", "value": "os.system"}', '{"patch": ["zero"], "layer": "a"}',
    '{"patch": "zero", "layer": 3}', '{"patch": "zero", "layer": ""}', '{"patch": "zero", "layer": "a", "value": 1}',
    '{"patch": "zero", "layer": "a", "axis": 1}', '{"patch": "zero", "layer": "a", "axis": 1, "index": "0:4:x"}',
    '{"patch": "zero", "layer": "a", "axis": 1, "index": {"a": 1}}', '{"patch": "zero", "layer": "a", "axis": 1.5, "index": 0}',
    '{"patch": "zero", "layer": "a", "heads": ["a"]}', '{"patch": "zero", "layer": "a", "heads": [0], "of": "b"}',
    '{"patch": "zero", "layer": "a", "output": "b"}', '{"patch": "mean", "layer": "a"}', '{"patch": "mean", "layer": "a", "over": [[0]]}',
    '{"patch": "swap", "layer": "a", "a": 0, "b": 1, "over": [0, 1]}', '{"patch": "add", "layer": "a", "value": NaN}',
    '{"patch": "add", "layer": "a", "value": null}', '{"patch": "add", "layer": "a", "value": {"number": "1e5"}}',
    '{"patch": "add", "layer": "a", "value": {"tensor": "1", "dtype": "float32", "shape": [2]}}',
    '{"patch": "add", "layer": "a", "value": {"tensor": ["1"], "dtype": "float32", "shape": [2]}}',
    '{"patch": "add", "layer": "a", "value": {"complex": [1]}}', '{"patch": "add", "layer": "a", "value": {"complex": [1, {"sequence": []}]}}',
    '{"patch": "replace", "layer": "a", "value": {"strings": ["a"], "shape": [1099511627776]}}',
    '{"patch": "replace", "layer": "a", "value": {"strings": ["a"], "shape": [-1]}}',
    '{"patch": "replace", "layer": "a", "value": {"strings": [1], "shape": [1]}}', '{"patch": "replace", "layer": "a", "value": {"map": [[[], 1]]}}',
    '{"patch": "replace", "layer": "a", "value": {"sequence": {}}}', '{"patch": "replace", "layer": "a", "value": [[1], [1, 2]]}',
    '{"patch": "replace", "layer": "a", "value": [null]}', '{"patch": "replace", "layer": "a", "value": {"what": 1}}',
    '{"patch": "project", "layer": "a", "directions": 1, "keep": false}', '{"patch": "project", "layer": "a", "directions": [[["a"]]], "keep": 1}',
    '{"patch": "add", "layer": "a", "value": 1' + "0" * 5000 + "}", '{"patch": "replace", "layer": "a", "value": ' + "[" * 500 + "]" * 500 + "}",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:40])
def test_what_is_no_file_of_patches_is_refused(path, text):
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(lm.FileError):
        lm.patch.load(path)


@pytest.mark.parametrize("text", BAD_PATCHES, ids=lambda text: text[:90])
def test_what_is_no_patch_is_refused(path, text):
    path.write_text('{"format": "laminae patches", "version": 1, "patches": [' + text + "]}")
    with pytest.raises(lm.FileError, match=r"p\.json"):
        lm.patch.load(path)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["1", "a", "0:2", "float32", "nan"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["tensor", "dtype", "shape", "strings", "map", "sequence", "number", "complex"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(
    st.sampled_from(["replace", "add", "scale", "zero", "mean", "swap", "project"]),
    st.dictionaries(
        st.sampled_from(["layer", "value", "over", "a", "b", "directions", "keep", "axis", "index", "heads", "of", "output"]), ANY
    ),
)
def test_whatever_json_says_is_a_patch_or_refused(kind, words):
    from laminae.trace.patch_words import patch_of

    try:
        patch = patch_of({"patch": kind, "layer": "a", **words}, {"1": torch.ones(2)})
    except lm.LaminaeError:
        return
    assert isinstance(repr(patch), str)
    assert patch == patch_of({"patch": kind, "layer": "a", **words}, {"1": torch.ones(2)})


@pytest.mark.parametrize(
    "change",
    [{"dtype": "int32"}, {"shape": [3]}, {"dtype": "int4"}, {"dtype": "complex128"}, {"dtype": 3}, {"shape": [2**60] * 60}],
)
def test_a_tensor_that_is_another_than_the_patch_says_is_refused(path, change):
    lm.patch.save(path, lm.patch.add("a", torch.ones(4)))
    content = json.loads(path.read_text())
    content["patches"][0]["value"] |= change
    path.write_text(json.dumps(content))
    with pytest.raises(lm.FileError, match="patch 1"):
        lm.patch.load(path)


def test_hostile_tensors_and_odd_places_are_refused(path, tmp_path):
    import hashlib

    header = json.dumps({"1": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode()
    hostile = struct.pack("<Q", len(header)) + header
    path.with_suffix(".safetensors").write_bytes(hostile)
    value = {"tensor": "1", "dtype": "float32", "shape": [1 << 40]}
    content = {
        "format": "laminae patches",
        "version": 1,
        "tensors": hashlib.sha256(hostile).hexdigest(),
        "patches": [{"patch": "add", "layer": "a", "value": value}],
    }
    path.write_text(json.dumps(content))
    with pytest.raises(lm.FileError):
        lm.patch.load(path)
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("folder.json", "pipe.json", "missing.json", "p.txt", "a\0.json"):
        with pytest.raises(lm.FileError):
            lm.patch.load(tmp_path / name)
    for name in ("folder.json", "nowhere/p.json", "p.safetensors"):
        with pytest.raises(lm.FileError):
            lm.patch.save(tmp_path / name, lm.patch.zero("a"))


def test_what_was_loaded_does_not_hang_on_the_file(path):
    lm.patch.save(path, lm.patch.add("a", torch.ones(1000)))
    (found,) = lm.patch.load(path)
    path.with_suffix(".safetensors").write_bytes(b"")
    assert found.value.sum() == 1000


def test_a_tensor_used_twice_is_kept_once(path):
    import dataclasses

    one = lm.patch.add("a", torch.ones(1000))
    lm.patch.save(path, [one, dataclasses.replace(one, layer="b")])
    assert path.with_suffix(".safetensors").stat().st_size < 6000
    assert [p.layer for p in lm.patch.load(path)] == ["a", "b"]


def test_small_texts_are_host_arrays_again(path):
    lm.patch.save(path, lm.patch.replace("t", "word", axis=0, index=0))
    (found,) = lm.patch.load(path)
    assert isinstance(found.value, HostArray)
