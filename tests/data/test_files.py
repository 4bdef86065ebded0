"""Array files: read as NumPy reads them, mapped where they can be, refused where they lie."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from laminae.base.errors import FileError
from laminae.data import mapped
from laminae.data.files import read, read_bytes

X = np.arange(20, dtype=np.float32).reshape(10, 2)


def test_fortran_order_scalars_and_empty_arrays_are_read_as_numpy_does(tmp_path: Path) -> None:
    for array in (np.asfortranarray(X), np.float64(3.5), np.zeros((0, 4)), np.array(["a", "bc"]), X.astype(">f4")):
        np.save(tmp_path / "a.npy", array)
        found, wanted = read(tmp_path / "a.npy"), np.load(tmp_path / "a.npy")
        np.testing.assert_array_equal(found, wanted)
        assert (found.dtype, found.shape, found.flags.writeable) == (wanted.dtype, wanted.shape, True)


def test_a_csv_may_use_semicolons_and_have_names() -> None:
    np.testing.assert_array_equal(read_bytes(b"a;b\n1;2\n3;4\n", "stdin").array, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(read_bytes("\ufeff1\t2\n".encode(), "stdin").array, [[1, 2]])


arrays = nps.arrays(st.sampled_from(["<f4", ">f8", "i2", "?", "<U3"]), nps.array_shapes(min_dims=0, min_side=0, max_side=4))


@given(st.dictionaries(st.sampled_from(["x", "y", "été", "a b"]), arrays, min_size=1), st.booleans(), st.booleans())
def test_a_mapped_npz_holds_what_numpy_reads(
    tmp_path_factory: pytest.TempPathFactory, held: dict[str, np.ndarray], compressed: bool, fortran: bool
) -> None:
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    held = {name: np.asfortranarray(array) if fortran else array for name, array in held.items()}
    (np.savez_compressed if compressed else np.savez)(path, **held)
    found, wanted = mapped.map_npz(path), np.load(path)
    assert set(found) == set(wanted.files)
    for name in wanted.files:
        assert (found[name].dtype, found[name].shape) == (wanted[name].dtype, wanted[name].shape)
        np.testing.assert_array_equal(found[name], wanted[name])
        assert compressed or not found[name].size or not found[name].ndim or isinstance(found[name], np.memmap)


def test_a_big_compressed_array_goes_to_a_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "IN_MEMORY", 100)
    for x in (np.random.default_rng(0).random((50, 7)), np.asfortranarray(np.arange(5000).reshape(50, 100))):
        np.savez_compressed(tmp_path / "a.npz", x=x)
        found = mapped.map_npz(tmp_path / "a.npz")["x"]
        np.testing.assert_array_equal(found, x)
        assert isinstance(found, np.memmap)


def test_headers_that_lie_and_pickles_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "lie.npz", "w", method) as archive:
            archive.writestr("x.npy", buffer.getvalue() + bytes(64))
        with pytest.raises(FileError, match="cut off"):
            mapped.map_npz(tmp_path / "lie.npz")
    np.savez(tmp_path / "objects.npz", x=np.array([{}], dtype=object))
    with pytest.raises(FileError, match="Python objects"):
        mapped.map_npz(tmp_path / "objects.npz")
    whole = (tmp_path / "objects.npz").read_bytes()
    for bad in (b"", b"PK", whole[:60], whole[:-30], b"\0" * 100):
        (tmp_path / "bad.npz").write_bytes(bad)
        with pytest.raises(FileError):
            mapped.map_npz(tmp_path / "bad.npz")
