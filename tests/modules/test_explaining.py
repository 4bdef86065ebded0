"""An uncaught error of an opening, as a terminal shows it: ours, with the user's line, and no traceback of torch's."""

import subprocess
import sys

import pytest
import torch
from torch import nn

import laminae as lm

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))

CODE = """
import torch
import laminae as lm

class Branch(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x

class Written(torch.nn.Module):
    def forward(self, x):
        y = torch.empty(4)
        torch.add(x, 1, out=y)
        return y.as_strided((3, 2), (1, 1)).add_(1)

lm.open({}(), example=(torch.ones(4),))
"""


@pytest.mark.parametrize(
    ("kind", "line", "last"), [("Branch", "if x.sum() > 0:", "the ways out"), ("Written", "add_(1)", "the way out")]
)
def test_a_terminal_shows_our_error_only(kind, line, last, tmp_path):
    (tmp_path / "net.py").write_text(CODE.format(kind))
    done = subprocess.run([sys.executable, tmp_path / "net.py"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    shown = done.stderr.strip().split("\n")
    assert done.stderr.count("Traceback") == 1
    assert len(shown) < 40, done.stderr
    assert "site-packages" not in done.stderr
    assert any(word.startswith("  at ") and "net.py, line" in word and line in word for word in shown), done.stderr
    assert shown[-1].startswith(f"  {last}")


class Branch(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


def test_torchs_own_error_is_its_context():
    with pytest.raises(lm.ExportError) as caught:
        lm.open(Branch(), example=(X,))
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None
    assert "GuardOnDataDependent" in type(caught.value.__context__).__name__


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_is_refused_as_torch_refuses_it_and_read_where_it_is_a_part():
    module = torch.jit.trace(nn.Sequential(nn.Linear(4, 4)), X)
    with pytest.raises(lm.ExportError, match="ScriptModule"):
        lm.open(module, example=(X,))
    around = nn.Sequential(module)
    assert torch.equal(lm.open(around, example=(X,))(X), around(X).detach())
