"""What `train` adds to the folder of a run so that `predict` can answer from it: the layers, and how data become numbers."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laminae.base.errors import FileError, LaminaeError
from laminae.files.atomic import saving

if TYPE_CHECKING:
    from laminae.api.model import Model

MODEL, RECORD = "model.onnx", "data.json"
CHECKPOINTS = ("best", "last")
LARGEST = 1 << 28


@dataclass(frozen=True)
class Record:
    """How data become numbers: plain JSON. loss: as its `as_json`. names: of the classes, or of the numbers that are expected."""

    data: Mapping[str, Any]
    loss: Mapping[str, Any]
    names: tuple[str, ...]
    output: str | int | None = None

    def text(self) -> bytes:
        held = {
            "laminae": "data",
            "format": 1,
            "data": self.data,
            "loss": self.loss,
            "names": list(self.names),
            "output": self.output,
        }
        return json.dumps(held, ensure_ascii=False).encode()

    @classmethod
    def read(cls, path: Path) -> Record:
        """Raises FileError for what is no such record."""
        try:
            if path.stat().st_size > LARGEST:
                raise FileError("it is too large")
            held = json.loads(path.read_bytes())
            if held["laminae"] != "data" or held["format"] != 1:
                raise FileError("it is of another version of Laminae")
            return cls(dict(held["data"]), dict(held["loss"]), tuple(map(str, held["names"])), held["output"])
        except FileError as error:
            raise FileError(f"{str(path)!r} cannot be read", {"because": error.message}) from None
        except OSError as error:
            raise FileError(f"{str(path)!r} cannot be read", {"because": error.strerror or str(error)}) from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise FileError(f"{str(path)!r} is no record of data", {"expected": "what laminae train wrote"}) from None


class Keeping:
    """A callback of learning: at the first step, when the folder is the run's, it puts there what predict needs.

    The layers are written beside the folder before anything is learned; `ended` puts what was learned in their place.
    """

    def __init__(self, folder: Path, model: Model, record: Record, description: bytes | None) -> None:
        self._folder, self._model, self._record, self._description = folder, model, record, description
        self._made: Path | None = None
        self.without = ""

    def __enter__(self) -> Keeping:
        parent = self._folder.absolute().parent
        if not parent.is_dir():
            raise FileError(f"{str(self._folder)!r} cannot be written to", {"because": f"there is no folder {str(parent)!r}"})
        try:
            self._made = Path(tempfile.mkdtemp(prefix=".laminae-", dir=parent))
        except OSError as error:
            raise FileError(f"{str(self._folder)!r} cannot be written to", {"because": error.strerror or str(error)}) from None
        try:
            self._model.save(self._made / MODEL)
        except LaminaeError as error:
            self.without = error.message
        return self

    def __call__(self, told: Any) -> None:
        if self._made is None:
            return
        if not (self._folder / MODEL).exists():
            for name in os.listdir(self._made):
                os.replace(self._made / name, self._folder / name)
        _put(self._folder / RECORD, self._record.text())
        if self._description is not None:
            _put(self._folder / "description.yaml", self._description)
        self._away()

    def ended(self) -> None:
        """The model with the weights it has now."""
        if not self.without:
            self._model.save(self._folder / MODEL)

    def __exit__(self, kind: Any, *_: Any) -> None:
        """Where nothing was learned that was kept, nothing stays."""
        self._away()
        if kind is not None and self._folder.is_dir() and checkpoint(self._folder) is None:
            for name in (MODEL, f"{MODEL}.data", RECORD, "description.yaml"):
                with suppress(OSError):
                    (self._folder / name).unlink()
            with suppress(OSError):
                self._folder.rmdir()

    def _away(self) -> None:
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)
        self._made = None


def _put(path: Path, data: bytes) -> None:
    with saving([path]) as (file,):
        file.write(data)


def weights(checkpoint: Path) -> Path:
    """What a model is to have of a checkpoint: the averages of its weights where those are kept, for they were measured."""
    average = checkpoint / "average.safetensors"
    return average if average.is_file() else checkpoint / "model.safetensors"


def checkpoint(folder: Path) -> Path | None:
    """The best of a run, else the last; None where there is none yet."""
    for name in CHECKPOINTS:
        if (folder / name / "model.safetensors").is_file():
            return folder / name
    there = sorted(folder.glob("step-*/model.safetensors"))
    return there[-1].parent if there else None


def opened(folder: Path) -> tuple[Model, Record, str]:
    """The model of a run with the weights of its best checkpoint, its record, and which checkpoint that was.

    Raises FileError where the folder is none of a run, or has no model.
    """
    import laminae as lm

    if not (folder / RECORD).is_file():
        rows = {"expected": "what laminae train --out wrote", "otherwise": "laminae predict model.onnx --data FILE --out FILE"}
        raise FileError(f"{str(folder)!r} is no folder of a run that predict knows", rows)
    record = Record.read(folder / RECORD)
    if not (folder / MODEL).is_file():
        because = "the model could not be written as ONNX"
        raise FileError(
            f"{str(folder)!r} has no {MODEL}", {"because": because, "the way out": "predict MODEL, and --trust for code"}
        )
    model = lm.open(folder / MODEL)
    found = checkpoint(folder)
    if found is None:
        return model, record, ""
    model.load(weights(found))
    return model, record, found.resolve().name
