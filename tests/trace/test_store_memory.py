"""What is not kept is freed at its last use: the most bytes of tensors alive at once, counted in a process of its own."""

import json
import subprocess
import sys

import pytest

LAYERS, ROWS, WIDTH = 80, 2048, 256
ONE = ROWS * WIDTH * 4
PART = max(ROWS, WIDTH) * 4 * (LAYERS + 1)
"""Bytes of all parts that are kept, where a part is a row or a column."""

PROGRAM = f"""
import gc, json
import numpy as np, torch
import laminae as lm

torch.set_num_threads(1)
layers = [lm.Input({WIDTH}, name="x")]
for i in range({LAYERS // 2}):
    layers += [lm.ReLU(name=f"r{{i}}"), lm.Tanh(name=f"t{{i}}")]
model = lm.Model.chain(*layers, seed=0)
x = np.random.default_rng(0).standard_normal(({ROWS}, {WIDTH})).astype(np.float32)

def alive():
    found = [t.untyped_storage() for t in gc.get_objects() if isinstance(t, torch.Tensor)]
    return sum({{s.data_ptr(): s.nbytes() for s in found}}.values())

peak = 0
def watch(value):
    global peak
    peak = max(peak, alive())
    return value

probe = [lm.patch.function(f"r{{i}}", watch) for i in range(0, {LAYERS // 2}, 3)]
first = [lm.patch.scale("r0", 2.0), *probe]
means = lm.Store("all", reduce="mean")
runs = {{
    "none": lambda: model.run(x, store=False, patch=probe),
    "three": lambda: model.run(x, store=["t5", "t20", "t35"], patch=probe),
    "means": lambda: model.run(x, store=means, patch=probe),
    "column": lambda: model.run(x, store=lm.Store("all", axis=1, index=-1), patch=probe),
    "all": lambda: model.run(x, patch=probe),
    "resumed": lambda: model.run(x, store=False).resume(first),
    "resumed means": lambda: model.run(x, store=means).resume(first),
}}
found = {{}}
for what, run in runs.items():
    gc.collect()
    before, peak = alive(), 0
    trace = run()
    found[what] = {{"peak": peak - before, "after": alive() - before}}
    del trace
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def bytes_of():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_of_eighty_layers_a_few_are_alive_at_once(bytes_of):
    assert bytes_of["none"]["peak"] <= 4 * ONE
    assert bytes_of["none"]["after"] <= 2 * ONE, "x and the output"


def test_storing_three_layers_takes_their_own_bytes_more(bytes_of):
    assert bytes_of["three"]["peak"] <= bytes_of["none"]["peak"] + 3 * ONE
    assert bytes_of["three"]["after"] <= bytes_of["none"]["after"] + 3 * ONE
    assert bytes_of["all"]["after"] >= LAYERS * ONE


@pytest.mark.parametrize("what", ["means", "column"])
def test_storing_a_part_of_every_layer_takes_the_bytes_of_the_parts_more(bytes_of, what):
    assert bytes_of[what]["peak"] <= bytes_of["none"]["peak"] + PART
    assert bytes_of[what]["after"] <= bytes_of["none"]["after"] + PART


@pytest.mark.parametrize("what", ["resumed", "resumed means"])
def test_resuming_frees_as_early(bytes_of, what):
    assert bytes_of[what]["peak"] <= bytes_of["none"]["peak"] + 2 * ONE + 2 * PART, (
        "the trace it goes on from holds x and the output"
    )
    assert bytes_of[what]["after"] <= bytes_of["none"]["after"] + PART
