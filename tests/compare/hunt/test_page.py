"""The code of the page on hunting and stepping runs as written."""

import re

from tests.pages import DOCS, python_of


def test_the_python_of_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {}
    exec(python_of(DOCS / "hunting.md"), known)
    assert [f.layer for f in known["found"].problems] == ["relu2"]
    assert known["layer"].name == "relu2"
    assert re.search(r"problem +dead +relu2 +Relu +all zero", capsys.readouterr().out)
