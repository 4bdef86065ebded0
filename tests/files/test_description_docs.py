"""The descriptions of docs/descriptions.md are models."""

from __future__ import annotations

import re
from pathlib import Path

import laminae as lm

PAGE = Path(__file__).resolve().parents[2] / "docs" / "descriptions.md"


def test_the_examples_open(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 2
    for block in blocks:
        (tmp_path / "model.yaml").write_text(block, encoding="utf-8")
        assert lm.open(tmp_path / "model.yaml").check() == []
