"""Models and inputs on disk, and a command line run in this process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from laminae.cli.main import run

X = np.array([[100, 2000, 100], [200, 0, 0], [0, 2000, 3000]], np.float32)


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


class Desk:
    """A folder with files to run commands in."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture

    def run(self, *arguments: str) -> Answer:
        """Run a command line; times are written as 0, at one place."""
        self.capture.readouterr()
        code = run(arguments)
        out, err = self.capture.readouterr()
        return Answer(code, re.sub(r" *(forward pass.*) [\d,]+\.\d+ ms", r"   \1 0.00 ms", out), err)

    def save(self, name: str, array: np.ndarray) -> str:
        np.save(self.folder / name, array)
        return name

    def write(self, name: str, text: str | bytes) -> str:
        (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name


def process(*arguments: str, cwd: Path, **given: object) -> subprocess.CompletedProcess[bytes]:
    """The command line as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "laminae", *arguments], cwd=cwd, capture_output=True, env=dict(os.environ), **given
    )
