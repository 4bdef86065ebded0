"""Two functions that do something else are told apart; the same one is the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from itertools import pairwise

import torch

from laminae.base.code import code_of

K = 3


def top(value, k=2):
    return value.topk(k)


def number(k):
    return lambda value: value.topk(k)


def helper(value):
    return value + 1


def other(value):
    return value + 2


def told_apart(*functions):
    return all(code_of(a) != code_of(b) for a, b in pairwise(functions)) and all(code_of(f) == code_of(f) for f in functions)


def test_constants_of_every_kind_are_told_apart():
    assert told_apart(lambda v: v * 2, lambda v: v * 3, lambda v: v * 2.0, lambda v: v * True)
    assert told_apart(lambda v: v.amax((2, 3)), lambda v: v.amax((1, 2)))
    assert told_apart(lambda v: v in {"a", "b"}, lambda v: v in {"a", "c"})
    assert told_apart(lambda v: v[0:2], lambda v: v[0:3])


def test_functions_within_defaults_and_what_is_around_are_told_apart():
    assert told_apart(lambda v: [x * 2 for x in v], lambda v: [x * 3 for x in v])
    assert told_apart(lambda v: (lambda: v + 1)(), lambda v: (lambda: v + 2)())
    assert told_apart(lambda v, k=1: v.topk(k), lambda v, k=2: v.topk(k))
    assert told_apart(lambda v, *, k=1: v.topk(k), lambda v, *, k=2: v.topk(k))
    assert told_apart(number(1), number(2))
    assert code_of(number(1)) == code_of(number(1))


def test_what_the_module_holds_under_a_name_counts(monkeypatch):
    def reduce(value):
        return helper(value) * K

    before = code_of(reduce)
    monkeypatch.setitem(globals(), "K", 4)
    with_other_number = code_of(reduce)
    monkeypatch.undo()
    monkeypatch.setitem(globals(), "helper", other)
    assert before != with_other_number
    assert before != code_of(reduce)
    monkeypatch.undo()
    assert before == code_of(reduce)


def test_partials_methods_and_what_is_no_python_function():
    assert told_apart(partial(top, k=1), partial(top, k=2), partial(helper), helper)
    assert told_apart(torch.sum, torch.mean, torch.nn.functional.relu)
    assert told_apart(torch.nn.ReLU(), torch.nn.GELU())


def test_a_function_that_refers_to_itself_ends():
    def again(value):
        return again(value - 1) if value else value

    assert code_of(again) == code_of(again)


IN_A_PROCESS = """
from functools import partial
from laminae.base.code import code_of

def number(k):
    return lambda value: value.topk(k) if value in {"a", "b", "c", 1, None} else k

print(code_of(number(1)), code_of(partial(number, k=2)))
"""


def test_it_is_the_same_in_every_process():
    found = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, env=environment, check=True)
        found.add(done.stdout)
    assert len(found) == 1
