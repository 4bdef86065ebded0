"""The examples of docs/learning.md run, one after another."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "learning.md"


def test_the_examples_run():
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        exec(block, names)
    assert names["back"].loss > 0
