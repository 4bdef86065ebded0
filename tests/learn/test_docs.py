"""The examples of docs/learning.md run, one after another."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "learning.md"


def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        exec(block, names)
    assert names["back"].loss > 0
    assert names["history"]["mae"][-1] < 10  # of prices from 200 to 410
