"""Folders of images by class: what Pillow decodes, in the order of the names, by any number of worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from laminae.base.errors import FileError, LaminaeError, ShapeError, UsageError
from laminae.data import Classes, Preparation, Workers, batches, samples
from laminae.data.arrays import Arrays

RNG = np.random.default_rng(0)
COLOUR = Preparation(size=(6, 5), channels=3, scale=1 / 255, mean=(0.5,), std=(0.25,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pets")
    for name, count in (("cat", 5), ("dog", 3), ("ape", 4)):
        (root / name / "deeper").mkdir(parents=True)
        for i in range(count):
            pixels = RNG.integers(0, 256, (7 + i, 9, 3), np.uint8)
            image = Image.fromarray(pixels if i else pixels[..., 0])
            image.save(root / name / ("deeper" if i == 2 else "") / f"{i}.png")
    (root / ".DS_Store").write_text("")
    (root / "cat" / "Thumbs.db").write_text("")
    return root


def oracle(path: Path) -> np.ndarray:
    """torchvision's usual: resized, to colour, scaled, moved, channels first."""
    grey = Image.open(path)
    pixels = np.asarray(grey.resize((5, 6), Image.Resampling.BILINEAR).convert("RGB"), np.float64)
    return np.moveaxis((pixels / 255 - 0.5) / 0.25, 2, 0).astype(np.float32)


def test_images_and_classes_in_the_order_of_their_names(folder: Path) -> None:
    made = samples(folder, images=COLOUR)
    paths = sorted(folder.glob("*/**/*.png"))
    assert (len(made), made.classes) == (12, Classes(("ape", "cat", "dog")))
    x, y = made.batch(np.arange(12))
    assert (x.shape, x.dtype, y.tolist()) == ((12, 3, 6, 5), np.float32, [0] * 4 + [1] * 5 + [2] * 3)
    assert [made.place(i) for i in range(12)] == [repr(str(path)) for path in paths]
    np.testing.assert_allclose(x, np.stack([oracle(path) for path in paths]), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(made.batch(np.array([7, 2]))[0], x[[7, 2]])


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_keep_the_order(folder: Path, workers: int) -> None:
    made = samples(folder, images=COLOUR)
    alone = list(batches(made, 5, shuffle=3, epoch=1))
    for (x, y), (a, b) in zip(batches(made, 5, shuffle=3, epoch=1, workers=workers), alone, strict=True):
        np.testing.assert_array_equal(x, a)
        np.testing.assert_array_equal(y, b)


def test_workers_serve_several_epochs_also_after_one_that_was_left(folder: Path) -> None:
    made = samples(folder, images=COLOUR)
    with Workers(made, 2) as workers:
        begun = batches(made, 2, workers=workers)
        next(begun)
        begun.close()
        for epoch in range(2):
            ids = [int(v) for _, y in batches(made, 5, shuffle=0, epoch=epoch, workers=workers, prefetch=1) for v in y]
            assert ids == [int(v) for _, y in batches(made, 5, shuffle=0, epoch=epoch) for v in y]
    with pytest.raises(UsageError, match="not begun"):
        next(workers.batches([np.arange(2)]))


def test_a_broken_image_is_named_also_by_a_worker(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for i in range(3):
        Image.fromarray(RNG.integers(0, 256, (9, 9), np.uint8)).save(tmp_path / "a" / f"{i}.png")
    whole = (tmp_path / "a" / "1.png").read_bytes()
    (tmp_path / "a" / "1.png").write_bytes(whole[: len(whole) // 2])
    for workers in (0, 2):
        made = batches(samples(tmp_path), 1, workers=workers)
        next(made)
        with pytest.raises(FileError, match=r"a/1\.png"):
            next(made)
    Image.new("L", (4, 4)).save(tmp_path / "a" / "1.png")
    with pytest.raises(ShapeError, match=r"(?s)a/1\.png.*another size.*9, 9.*a/0\.png"):
        list(batches(samples(tmp_path)))


@dataclass(frozen=True)
class Dying:
    """Samples whose reading ends the process that reads."""

    whole: Any
    slow: bool = True
    classes: Any = None
    inputs: tuple[str, ...] = ("x",)

    def __len__(self) -> int:
        return len(self.whole)

    def batch(self, indices: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    expected = place = origin = batch


def test_a_worker_that_dies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    arrays = Arrays(np.arange(4), np.arange(4), {})
    kind = Dying
    monkeypatch.setattr(kind, "__module__", "tests.data.test_folders")
    monkeypatch.setitem(sys.modules, "tests.data.test_folders", sys.modules[__name__])
    with pytest.raises(LaminaeError, match=r"(?s)worker process has died.*SIGKILL.*memory"):
        list(batches(kind(arrays), 2, workers=1))


def test_samples_that_no_other_process_can_have_are_refused(folder: Path) -> None:
    made = samples(folder)
    object.__setattr__(made, "how", lambda: None)
    with pytest.raises(UsageError, match=r"(?s)another process.*workers=0"):
        list(batches(made, workers=1))


def test_ctrl_c_ends_the_workers(folder: Path, tmp_path: Path) -> None:
    """A plain script without `if __name__ == "__main__"`, interrupted as a terminal does: parent and workers alike."""
    (tmp_path / "script.py").write_text(
        textwrap.dedent(f"""
        import time
        from laminae.data import Preparation, Workers, samples
        with Workers(samples({str(folder)!r}, images=Preparation(size=(6, 5), channels=3)), 2) as workers:
            print(*(worker._process.pid for worker in workers._workers), flush=True)
            time.sleep(60)
        """)
    )
    process = subprocess.Popen(
        [sys.executable, tmp_path / "script.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert said.decode().strip().endswith("KeyboardInterrupt")
    assert len(pids) == 2
    assert not any(map(_alive, pids))


def test_workers_do_not_outlive_a_parent_that_is_killed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        f"import time\nfrom laminae.data import Workers, samples\nworkers = Workers(samples({str(folder)!r}), 1).__enter__()\n"
        "print(workers._workers[0]._process.pid, flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, tmp_path / "script.py"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    until = time.monotonic() + 20
    while _alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
            if Path("/proc/self").exists()
            else not os.kill(pid, 0)
        )
    except OSError:
        return False


def test_what_is_no_folder_of_images_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"no classes"):
        samples(tmp_path)
    (tmp_path / "a").mkdir()
    with pytest.raises(FileError, match=r"a' has no images"):
        samples(tmp_path)
    (tmp_path / "a" / "notes.txt").write_text("x")
    with pytest.raises(FileError, match=r"notes\.txt' is no image"):
        samples(tmp_path)
    (tmp_path / "a" / "notes.txt").rename(tmp_path / "labels.csv")
    with pytest.raises(FileError, match=r"(?s)a file beside the classes.*labels\.csv"):
        samples(tmp_path)
    (tmp_path / "labels.csv").unlink()
    (tmp_path / "a" / "back").symlink_to(tmp_path / "a")
    with pytest.raises(FileError, match=r"too deep"):
        samples(tmp_path)


def test_classes_of_training_are_kept_and_others_are_an_error_or_left_out(folder: Path) -> None:
    known = Classes(("dog", "cat"))
    with pytest.raises(UsageError, match=r"(?s)ape' is a class that was not seen.*dog, cat"):
        samples(folder, classes=known)
    made = samples(folder, classes=known, unseen="drop", images=COLOUR)
    assert (len(made), made.batch(np.arange(8))[1].tolist()) == (8, [1] * 5 + [0] * 3)
    assert made.origin()["left out"] == 4
    plain = samples(folder / "dog", labelled=False, images=COLOUR)
    assert (len(plain), plain.batch(np.arange(2))[1]) == (3, None)


def test_the_origin_is_of_the_files_not_of_when_it_was_asked(folder: Path) -> None:
    before = samples(folder, images=COLOUR).origin()
    assert before == samples(str(folder), images=COLOUR).origin()
    os.utime(folder / "cat" / "1.png", ns=(1, 1))
    assert samples(folder, images=COLOUR).origin()["files"] != before["files"]
