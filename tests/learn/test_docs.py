"""The examples of docs/learning.md run, one after another."""

from tests.pages import DOCS, python_of


def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(python_of(DOCS / "learning.md"), names)
    assert names["back"].loss > 0
    assert names["history"]["mae"][-1] < 10  # of prices from 200 to 410
