"""Activations for other tools: what zarr and pyarrow read of them is what was harvested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import laminae as lm
from tests.trace.disk.small import chain, reader, samples, texts

zarr = pytest.importorskip("zarr", reason="zarr is not installed: no store can be read back")
pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: no file can be read back")


@pytest.fixture
def even(tmp_path) -> lm.Activations:
    return chain().harvest(samples(30), store=["L2", "L3"], out=tmp_path / "even", batch=7, shard_bytes=300)


@pytest.fixture
def ragged(tmp_path) -> lm.Activations:
    return reader().harvest(texts(30), store=["1/linear", "2/gelu"], out=tmp_path / "ragged", batch=4)


def test_zarr_has_samples_first(even, tmp_path):
    even.export(tmp_path / "a.zarr", "zarr")
    held = zarr.open(tmp_path / "a.zarr", mode="r")
    for layer in even.layers:
        np.testing.assert_array_equal(held[f"{layer}/values"][:], even[layer].numpy())
        assert held[f"{layer}/samples"][:].tolist() == list(range(30))
    assert held["L2"].attrs["operator"] == "Gemm"


def test_zarr_of_unequal_lengths_is_cut_by_offsets(ragged, tmp_path):
    ragged.export(tmp_path / "a.zarr", "zarr", "2/*")
    held = zarr.open(tmp_path / "a.zarr", mode="r")
    group = held["2/gelu"]
    values, offsets, shapes = group["values"][:], group["offsets"][:], group["shapes"][:]
    for i, sample in enumerate(ragged["2/gelu"]):
        np.testing.assert_array_equal(values[offsets[i] : offsets[i + 1]].reshape(shapes[i]), sample.numpy())
    assert "1" not in held


def test_parquet_has_a_row_for_each_sample(even, ragged, tmp_path, monkeypatch):
    monkeypatch.setattr("laminae.trace.disk.to_parquet.ROWS", 8)
    even.export(tmp_path / "a.parquet", "parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column_names == ["sample", "L2", "L3"]
    assert np.array_equal(np.array(table["L2"].to_pylist(), np.float32), even["L2"].numpy())
    assert table.schema.field("L2").metadata[b"shape"] == b"[4]"
    ragged.export(tmp_path / "b.parquet", "parquet", ["2/gelu"])
    rows = pq.read_table(tmp_path / "b.parquet").to_pylist()
    for row, sample in zip(rows, ragged["2/gelu"], strict=True):
        np.testing.assert_array_equal(np.array(row["2/gelu"], np.float32).reshape(row["2/gelu.shape"]), sample.numpy())


def test_bfloat16_is_its_values_or_its_bits(tmp_path):
    acts = chain().harvest(samples(5), store=[lm.Store("L2", dtype="bf16")], out=tmp_path / "acts")
    for to in ("zarr", "parquet"):
        for kind in ("float32", "uint16"):
            acts.export(tmp_path / f"{kind}.{to}", to, bfloat16=kind)
    values = zarr.open(tmp_path / "float32.zarr", mode="r")["L2/values"][:]
    assert np.array_equal(values, acts["L2"].tensor().float().numpy())
    bits = zarr.open(tmp_path / "uint16.zarr", mode="r")["L2/values"][:]
    assert torch.equal(torch.from_numpy(bits.view(np.int16)).view(torch.bfloat16), acts["L2"].tensor())
    rows = np.array(pq.read_table(tmp_path / "uint16.parquet")["L2"].to_pylist(), np.uint16)
    assert np.array_equal(rows, bits)
    with pytest.raises(lm.UsageError, match="bfloat16 as"):
        acts.export(tmp_path / "x", "zarr", bfloat16="int8")


def test_what_cannot_be_exported_is_said_and_nothing_is_left(even, tmp_path):
    rules = [lm.Store("L2", reduce="stats"), lm.Store("L3", axis=0, index=0), "L4"]
    odd = chain().harvest(samples(6), store=rules, out=tmp_path / "odd", batch=3)
    (tmp_path / "there").write_text("mine")
    cases = [
        (lambda: even.export(tmp_path / "x", "hdf5"), lm.UsageError, "no export to 'hdf5'"),
        (lambda: even.export(tmp_path / "there", "zarr"), lm.FileError, "is there already"),
        (lambda: even.export(tmp_path / "no" / "x", "zarr"), lm.FileError, "cannot be written"),
        (lambda: even.export(tmp_path / "no" / "x", "parquet"), lm.FileError, "cannot be written"),
        (lambda: even.export(tmp_path / "x", "zarr", "nobody"), lm.UnknownNameError, "nobody"),
        (lambda: odd.export(tmp_path / "x", "zarr", "L*"), lm.DTypeError, "statistics"),
        (lambda: odd.export(tmp_path / "x", "parquet", ["L3", "L4"]), lm.UsageError, "no axis of samples"),
    ]
    before = sorted(p.name for p in tmp_path.iterdir())
    for call, kind, match in cases:
        with pytest.raises(kind, match=match):
            call()
        assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert (tmp_path / "there").read_text() == "mine"
    assert [layer.name for layer in odd.export(tmp_path / "y", "parquet")] == ["L4"]
    assert [layer.name for layer in odd.export(tmp_path / "x", "zarr")] == ["L3", "L4"]
    assert zarr.open(tmp_path / "x", mode="r")["L3/batch_1"][:].shape == (4,)


def test_a_missing_package_says_what_to_install(even, tmp_path):
    for package, to, extra in (("zarr", "zarr", "zarr"), ("pyarrow", "parquet", "data")):
        script = (
            f"import sys; sys.modules[{package!r}] = None\nimport laminae as lm\nlm.load({str(even.path)!r}).export('x', {to!r})"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
        assert "MissingPackageError" in done.stderr
        assert f"pip install 'laminae[{extra}]'" in done.stderr
        assert not Path(tmp_path / "x").exists()
