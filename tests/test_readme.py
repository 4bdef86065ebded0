"""The code of the README and of the docs runs as written."""

import re

import pytest

from tests.pages import DOCS, ROOT, python_of

README = ROOT / "README.md"


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(python_of(README), {})
    printed = _shown(capsys.readouterr().out)
    assert printed in _shown(README.read_text()), "what it prints is what the README shows"
    assert (tmp_path / "model.svg").exists()


PAGES = ["activations", "data", "drawing", "engines", "index", "modules", "ten-questions", "tour", "viewer"]


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(python_of(DOCS / f"{page}.md"), {})


def _shown(text):
    """Without what the last bits decide, which are the processor's own: numbers that are rounding, and the room they take."""
    return " ".join(re.sub(r"\b\d(\.\d+)?e-0[789]\b", "rounding", text).split())
