"""What is harvested is what `model.run` gives at that batch, bit for bit; oracles are plain runs and the safetensors library."""

from __future__ import annotations

import hashlib
import os
from itertools import groupby
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from safetensors.torch import load_file

import laminae as lm
from tests.trace.disk.small import chain, content, lines, reader, samples, texts


def same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    return (
        a.dtype == b.dtype
        and a.shape == b.shape
        and torch.equal(a.contiguous().view(torch.uint8), b.contiguous().view(torch.uint8))
    )


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 2000), st.sampled_from([None, "bfloat16", "float64"]))
@settings(max_examples=25, deadline=None)
def test_every_sample_is_that_of_the_run_of_its_batch(tmp_path_factory, count, batch, shard_bytes, dtype):
    model, x = chain(), samples(count)
    rule = [lm.Store("L*", dtype=dtype)]
    acts = model.harvest(x, store=rule, out=tmp_path_factory.mktemp("h") / "acts", batch=batch, shard_bytes=shard_bytes)
    assert acts.layers == ("L1", "L2", "L3", "L4")
    assert acts.finished
    assert acts.samples == count
    for start in range(0, count, batch):
        trace = model.run(x[start : start + batch], store=rule)
        for layer in acts.layers:
            assert same_bits(acts[layer][start : start + batch], trace[layer])
            assert same_bits(acts[layer].batch(start // batch), trace[layer])
            assert same_bits(acts[layer][start], trace[layer][0])


@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 5), st.integers(1, 4000))
@settings(max_examples=20, deadline=None)
def test_texts_of_unequal_length_are_those_of_runs_without_padding(tmp_path_factory, count, batch, seed, shard_bytes):
    model, data = reader(), texts(count, seed)
    acts = model.harvest(data, store=["**"], out=tmp_path_factory.mktemp("h") / "acts", batch=batch, shard_bytes=shard_bytes)
    name = "2/gelu"
    assert acts.facts["order"] == ("as given" if [len(t) for t in data] == sorted(map(len, data)) else "by shape")
    assert list(acts[name].ids) == list(range(count))
    by_length = sorted(range(count), key=lambda i: len(data[i]))
    for _, group in groupby(by_length, key=lambda i: len(data[i])):
        places = list(group)
        for at in range(0, len(places), batch):
            chosen = places[at : at + batch]
            made = model.run(torch.tensor([data[i] for i in chosen]))[name]
            for row, place in enumerate(chosen):
                assert same_bits(acts[name][place], made[row])
    whole = acts[name][:]
    assert [tuple(part.shape) for part in whole] == [(len(text), 5) for text in data]


def test_the_files_are_safetensors_with_rows_of_what_all_samples_share(tmp_path):
    model, data = reader(), texts(20)
    acts = model.harvest(data, store=["2/gelu"], out=tmp_path / "acts")
    tensors = load_file(tmp_path / "acts" / "000000.safetensors")
    assert tuple(tensors["2/gelu"].shape) == (sum(map(len, data)), 5)
    in_order = sorted(range(20), key=lambda i: len(data[i]))
    assert same_bits(tensors["2/gelu"], torch.cat([acts["2/gelu"][i] for i in in_order]))


def test_the_manifest_says_what_the_bits_depend_on_and_no_time(tmp_path):
    model, x = chain(), samples(10)
    model.harvest(x, store=[lm.Store("L2", dtype="bf16"), "L3"], out=tmp_path / "acts", batch=4, shard_bytes=1)
    header, *shards, end = lines(tmp_path / "acts")
    assert header["store"] == [{"layers": "L2", "dtype": "bfloat16"}, {"layers": "L3"}]
    assert header["layers"] == ["L2", "L3"]
    assert (header["batch"], header["samples"], header["threads"]) == (4, 10, torch.get_num_threads())
    assert header["versions"]["torch"] == torch.__version__
    assert end == {"end": {"batches": 3, "samples": 10}}
    assert [line["batches"] for line in shards] == [[[[0, 4]]], [[[4, 4]]], [[[8, 2]]]]
    for line in shards:
        data = (tmp_path / "acts" / line["shard"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (line["bytes"], line["sha256"])
    again = tmp_path / "again"
    model.harvest(x, store=[lm.Store("L2", dtype="bf16"), "L3"], out=again, batch=4, shard_bytes=1)
    assert content(again) == content(tmp_path / "acts")


def test_the_fingerprint_is_of_structure_and_weights(tmp_path):
    prints = set()
    for n, model in enumerate((chain(), chain())):
        model.harvest(samples(2), out=tmp_path / f"{n}")
        prints.add(lines(tmp_path / f"{n}")[0]["model"]["fingerprint"])
    assert len(prints) == 1
    weight = model["L2"].parameters["L2.weight"]
    weight.assign(np.nextafter(weight.numpy(), np.float32(9)))
    model.harvest(samples(2), out=tmp_path / "2")
    prints.add(lines(tmp_path / "2")[0]["model"]["fingerprint"])
    other = chain()
    other.rename("L3", "other")
    other.harvest(samples(2), out=tmp_path / "3")
    prints.add(lines(tmp_path / "3")[0]["model"]["fingerprint"])
    assert len(prints) == 3


@pytest.mark.parametrize("every", [2, 3, 7])
def test_every_counts_the_samples_of_the_dataset_through(tmp_path, every):
    model, x = chain(), samples(23)
    acts = model.harvest(x, store=[lm.Store("L2", every=every), "L3"], out=tmp_path / "acts", batch=5, shard_bytes=100)
    assert list(acts["L2"].ids) == list(range(0, 23, every))
    assert same_bits(acts["L2"].tensor(), acts["L2"][list(range(len(acts["L2"])))])
    for place, sample in enumerate(range(0, 23, every)):
        start = sample // 5 * 5
        assert same_bits(acts["L2"][place], model.run(x[start : start + 5])["L2"][sample - start])


def test_reductions_positions_and_records_are_kept_as_the_rule_says(tmp_path):
    model, data = reader(), texts(12)
    rules = [lm.Store("0/embedding", tokens=-1), lm.Store("1/linear", reduce="mean"), lm.Store("2/gelu", reduce="stats")]
    acts = model.harvest(data, store=rules, out=tmp_path / "acts", batch=4)
    assert acts["0/embedding"].tensor().shape == (12, 6)
    assert acts["1/linear"].shape == (12,)
    assert not acts["2/gelu"].by_sample
    shortest = min(range(12), key=lambda i: len(data[i]))
    chosen = [i for i in range(12) if len(data[i]) == len(data[shortest])][:4]
    trace = model.run(torch.tensor([data[i] for i in chosen]))
    assert same_bits(acts["0/embedding"][shortest], trace["0/embedding"][0, -1])
    assert acts["2/gelu"].batch(0)["max"] == pytest.approx(float(trace["2/gelu"].max()))
    with pytest.raises(lm.UsageError, match="no axis of samples"):
        acts["2/gelu"][0]


def test_only_what_is_named_is_written_not_the_output(tmp_path):
    acts = chain().harvest(samples(3), store=["L2"], out=tmp_path / "acts")
    assert acts.layers == ("L2",)
    model = chain()
    assert "L4" in model.run(samples(3), store=["L2"], out=tmp_path / "run")
    assert lm.load(tmp_path / "run").layers == ("L2",)


def test_a_run_and_a_harvest_are_one_format(tmp_path):
    model, x = chain(), samples(6)
    trace = model.run(x, out=tmp_path / "run")
    acts = lm.load(tmp_path / "run")
    assert acts.samples == 6
    for layer in trace.layers:
        assert same_bits(acts[layer.name].tensor(), layer.output)
    model.harvest(x, out=tmp_path / "acts", batch=6)
    assert content(tmp_path / "run") == content(tmp_path / "acts")
    before = content(tmp_path / "run")
    model.run(x, out=tmp_path / "run")
    trace.save(tmp_path / "run")
    assert content(tmp_path / "run") == before
    with pytest.raises(lm.FileError, match="another run"):
        model.run(x + 1, out=tmp_path / "run")
    with pytest.raises(lm.FileError, match="otherwise") as caught:
        model.run(x, patch=lm.patch.zero("L2"), out=tmp_path / "run")
    assert "patches" in caught.value.details
    assert content(tmp_path / "run") == before


def several() -> lm.Model:
    """Texts, a sequence, several outputs and a loop, whose body runs as often as the sample says."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["s", "s"], ["t"], "twice")],
        "body",
        [helper.make_tensor_value_info(n, t, []) for n, t in (("i", TensorProto.INT64), ("go", TensorProto.BOOL))]
        + [helper.make_tensor_value_info("s", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []), helper.make_tensor_value_info("t", TensorProto.FLOAT, None)],
    )
    nodes = [
        helper.make_node("Split", ["x"], ["a", "b"], "split", axis=1, num_outputs=2),
        helper.make_node("SplitToSequence", ["x"], ["seq"], "pieces", axis=1),
        helper.make_node("Shape", ["a"], ["shape"], "shape"),
        helper.make_node("Gather", ["shape", "zero"], ["n"], "n"),
        helper.make_node("Loop", ["n", "", "a"], ["looped"], "loop", body=body),
        helper.make_node("StringConcat", ["words", "words"], ["said"], "said"),
        helper.make_node("Add", ["looped", "b"], ["y"], "add"),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4]),
        helper.make_tensor_value_info("words", TensorProto.STRING, ["batch"]),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])]
    zero = helper.make_tensor("zero", TensorProto.INT64, [], [0])
    graph = helper.make_graph(nodes, "several", inputs, outputs, [zero])
    return lm.open(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10))


def test_texts_sequences_several_outputs_and_bodies(tmp_path):
    model = several()
    data = {"x": np.random.default_rng(0).random((5, 4), np.float32), "words": np.array(["é", "b", "", "d\n", "e"], object)}
    acts = model.harvest(data, out=tmp_path / "acts", batch=3, shard_bytes=1)
    first, last = (model.run({k: v[a:b] for k, v in data.items()}) for a, b in ((0, 3), (3, 5)))
    a, b = acts["split"]
    assert same_bits(b.tensor(), torch.cat([first["split"][1], last["split"][1]]))
    assert acts["said"].numpy().tolist() == ["éé", "bb", "", "d\nd\n", "ee"]
    assert acts["said"][3].item() == "d\nd\n"
    assert (a.dtype, acts["said"].dtype) == ("float32", "string")
    turns = acts["loop/**"]
    assert [name for name in turns if "twice" in name] == [f"loop/body/twice{n}" for n in ("", "#2", "#3")]
    assert same_bits(turns["loop/body/twice#3"].batch(0), first["loop/body/twice#3"])
    assert not turns["loop/body/twice#3"].by_sample
    assert acts["loop/body/twice#2"].by_sample
    with pytest.raises(lm.UnknownNameError, match="left nothing in batch 1"):
        turns["loop/body/twice#3"].batch(1)
    assert "pieces: a sequence of" in str(acts)
    assert acts["shape"].batch(1).tolist() == [2, 2]
    assert isinstance(onnx.__version__, str)


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int64", "float16", "bfloat16", "float8_e4m3fn", "int4", "complex64", "complex128"]
)
def test_every_dtype_comes_back_bit_for_bit(tmp_path, dtype):
    import ml_dtypes

    kind = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    x = np.random.default_rng(0).integers(0, 2 if dtype in ("bool", "int4") else 120, (7, 3)).astype(kind)
    code = {"complex128": 15, "complex64": 14}.get(dtype) or getattr(TensorProto, dtype.upper().replace("_E4M3", "E4M3"))
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"], "same")],
        "g",
        [helper.make_tensor_value_info("x", code, ["batch", 3])],
        [helper.make_tensor_value_info("y", code, ["batch", 3])],
    )
    model = lm.open(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10))
    acts = model.harvest(x, store=["same"], out=tmp_path / "acts", batch=2)
    assert acts["same"].dtype == dtype
    assert acts["same"].numpy().tobytes() == x.tobytes()
    assert acts["same"].numpy().dtype == x.dtype


def test_layers_that_draw_draw_the_same_again_and_leave_the_generator_as_it_was(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("RandomNormalLike", ["x"], ["noise"], "noise"), helper.make_node("Add", ["x", "noise"], ["y"], "add")],
        "g",
        [helper.make_tensor_value_info("x", 1, ["batch", 3])],
        [helper.make_tensor_value_info("y", 1, ["batch", 3])],
    )
    model = lm.open(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10))
    before = torch.get_rng_state()
    model.harvest(samples(9), out=tmp_path / "a", batch=2)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(5)
    model.harvest(samples(9), out=tmp_path / "b", batch=2)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    noise = lm.load(tmp_path / "a")["noise"]
    assert not torch.equal(noise[0:2], noise[2:4])


def test_data_that_are_drawn_are_those_that_the_caller_would_have_drawn(tmp_path):
    torch.manual_seed(5)
    acts = chain().harvest((torch.rand(4, 3) for _ in range(5)), store=["L1"], out=tmp_path / "acts")
    torch.manual_seed(5)
    assert same_bits(acts["L1"].tensor(), torch.cat([torch.rand(4, 3) for _ in range(5)]))


def test_a_model_of_a_fixed_number_of_samples_says_so_before_anything_runs(tmp_path):
    module = torch.nn.Linear(3, 2).eval()
    model = lm.open(module, example=(torch.zeros(4, 3),))
    model.harvest(samples(8), out=tmp_path / "even")
    with pytest.raises(lm.InputError, match="takes 4 samples at a time") as caught:
        model.harvest(samples(9), out=tmp_path / "odd")
    assert "dynamic" in caught.value.details["the way out"]
    with pytest.raises(lm.InputError, match="takes 4 samples"):
        model.harvest(samples(8), out=tmp_path / "odd", batch=2)
    assert not (tmp_path / "odd").exists()


def test_a_failing_batch_leaves_what_was_whole_and_is_explained(tmp_path):
    model = chain()

    def data():
        yield samples(4)
        yield samples(4)[:, :2]

    with pytest.raises(lm.InputError, match="another size"):
        model.harvest(data(), out=tmp_path / "acts", shard_bytes=1)
    acts = lm.load(tmp_path / "acts")
    assert not acts.finished
    assert acts.samples in (0, 4)
    assert "Not finished" in str(acts)


def test_a_model_in_its_training_phase_is_refused(tmp_path):
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout())
    model = lm.open(module.train(), example=(torch.zeros(4, 3),))
    with pytest.raises(lm.UsageError, match="training phase"):
        model.harvest(samples(4), out=tmp_path / "acts")


def test_the_caller_may_write_into_his_batch_again(tmp_path):
    model, buffer = chain(), np.zeros((4, 3), np.float32)

    def data():
        for i in range(20):
            buffer[:] = i
            yield buffer

    acts = model.harvest(data(), store=["L1"], out=tmp_path / "acts")
    assert acts["L1"].numpy()[::4, 0].tolist() == list(range(20))


def test_memory_does_not_grow_with_the_data(tmp_path):
    model = lm.Model.chain(lm.Input(1000, name="x"), lm.ReLU(name="relu"), name="wide")
    seen: list[int] = []

    def resident(_: int) -> None:
        seen.append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))

    def data():
        for i in range(300):
            yield np.full((500, 1000), i, np.float32)  # 2 MB a batch, 600 MB in all

    if not Path("/proc/self/statm").exists():
        pytest.skip("no /proc here to read the memory in use from")
    model.harvest(data(), store=["relu"], out=tmp_path / "acts", shard_bytes=1 << 23, progress=resident)
    assert max(seen) - seen[len(seen) // 4] < 60e6


def test_other_engines_are_harvested_and_told(tmp_path):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    model, x = chain(), samples(10)
    acts = model.harvest(x, store=["L3"], out=tmp_path / "acts", batch=4, engine="onnxruntime")
    assert (acts.facts["engine"], acts.facts["exact"]) == ("onnxruntime", False)
    assert same_bits(acts["L3"][4:8], model.run(x[4:8], store=["L3"], engine="onnxruntime")["L3"])
    with pytest.raises(lm.FileError, match="otherwise") as caught:
        model.harvest(x, store=["L3"], out=tmp_path / "acts", batch=4)
    assert caught.value.details["engine"] == "onnxruntime there, torch now"


def test_several_inputs_by_name_and_by_place(tmp_path):
    class Two(torch.nn.Module):
        def forward(self, a, b=None):
            return a @ b.transpose(-1, -2)

    example = (torch.randn(2, 3, 4), torch.randn(2, 3, 4))
    model = lm.open(Two().eval(), example=example, dynamic={"a": {0: "n"}, "b": {0: "n"}})
    a, b = torch.randn(7, 3, 4), torch.randn(7, 3, 4)
    wanted = model.run(a[4:], b[4:])
    name = wanted.layers[-1].name
    for number, data in enumerate(((a, b), {"b": b, "a": a}, [{"a": p, "b": q} for p, q in zip(a, b, strict=True)])):
        acts = model.harvest(data, out=tmp_path / f"{number}", batch=4)
        assert same_bits(acts[name][4:], wanted[name])
    assert content(tmp_path / "0") == content(tmp_path / "1") == content(tmp_path / "2")


def test_sizes_that_a_module_computes_with_are_numbers(tmp_path):
    class Pooled(torch.nn.Module):
        def forward(self, x):
            return x.reshape(x.shape[0], x.shape[1] * 2)

    model = lm.open(Pooled().eval(), example=(torch.randn(2, 3, 2),), dynamic={"x": {0: "batch", 1: "tokens"}})
    acts = model.harvest(torch.randn(5, 7, 2), out=tmp_path / "acts", batch=3)
    trace = model.run(torch.randn(2, 7, 2))
    numbers = [layer.name for layer in trace.layers if isinstance(layer.output, int)]
    assert numbers
    for name in numbers:
        assert acts[name].dtype == "number"
        assert acts[name].batch(1) == trace[name]


@pytest.mark.gpu
def test_on_a_gpu_the_values_are_those_of_its_runs(tmp_path):
    model, x = chain().to("cuda"), samples(40)
    acts = model.harvest(x, out=tmp_path / "acts", batch=8, shard_bytes=400)
    assert acts.facts["device"].startswith("cuda:0 ")
    for start in range(0, 40, 8):
        trace = model.run(x[start : start + 8])
        assert all(same_bits(acts[n][start : start + 8], trace[n].cpu()) for n in acts.layers)
