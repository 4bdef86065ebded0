"""`package.module:function` on the command line: run only when trusted."""

import sys

import pytest

CODE = """
import torch
from torch import nn

open("ran", "w").close()

def build():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).eval(), (torch.randn(3, 4),)

def sized():
    module, args = build()
    return {"module": module, "example": args, "dynamic": {"input": {0: "batch"}}}

def wrong():
    return 3

def fails():
    raise ValueError("no such weights")
"""


@pytest.fixture
def code(desk, monkeypatch):
    """The desk with the code in it; each test imports it anew."""
    desk.write("mine_of_this_test.py", CODE)
    monkeypatch.delitem(sys.modules, "mine_of_this_test", raising=False)
    monkeypatch.syspath_prepend(desk.folder)
    return desk


def test_code_is_not_run_unless_trusted(code):
    done = code.run("show", "mine_of_this_test:build")
    assert done.code == 2
    assert "--trust" in done.err
    assert not (code.folder / "ran").exists()


def test_a_trusted_function_is_shown_run_and_checked(code):
    shown = code.run("show", "mine_of_this_test:build", "--trust")
    assert shown.code == 0
    assert "0/linear" in shown.out
    run = code.run("run", "mine_of_this_test:build", "--trust")
    assert run.code == 0
    assert "[3, 2]" in run.out
    assert "[batch, 4]" in code.run("show", "mine_of_this_test:sized", "--trust").out
    assert code.run("run", "mine_of_this_test:sized", "--trust", "--random", "--dim", "batch=5").code == 0
    assert code.run("check", "mine_of_this_test:build", "--trust").code == 0


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("mine_of_this_test:wrong", ["gives a int", "(module, example)"]),
        ("mine_of_this_test:fails", ["failed", "ValueError: no such weights"]),
        ("mine_of_this_test:biuld", ["has no 'biuld'", "build"]),
        ("not_of_this_test:build", ["'not_of_this_test' cannot be imported"]),
    ],
)
def test_what_a_function_does_wrong_is_said(code, what, words):
    done = code.run("show", what, "--trust")
    assert done.code == 2
    assert all(word in done.err for word in words), done.err
