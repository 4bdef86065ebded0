"""The code of the README and of the docs runs as written."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    exec("\n".join(blocks), {})
    printed = _shown(capsys.readouterr().out)
    assert printed in _shown(README.read_text()), "what it prints is what the README shows"
    assert (tmp_path / "model.svg").exists()


@pytest.mark.parametrize("page", ["activations", "data", "drawing", "modules", "ten-questions", "viewer"])
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = README.parent / "docs" / f"{page}.md"
    exec("\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)), {})


def _shown(text):
    """Without what the last bits decide, which are the processor's own: numbers that are rounding, and the room they take."""
    return " ".join(re.sub(r"\b\d(\.\d+)?e-0[789]\b", "rounding", text).split())
