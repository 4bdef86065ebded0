"""The same model is drawn with the same bytes, in any process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_twenty_models_are_drawn_alike_in_two_processes() -> None:
    """Whatever the order of sets is in each."""
    found = []
    for seed in ("1", "2"):
        run = [sys.executable, "-m", "tests.see.stable"]
        done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": seed}, check=True)
        found.append(json.loads(done.stdout))
    assert found[0] == found[1]
    assert len(set(found[0].values())) == len(found[0]) >= 20
