"""Hostile files: refused, or read, in little time and little memory. Each in a process that may take 400 MB more than it has."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from onnx import TensorProto

from laminae.base.errors import LaminaeError
from laminae.files.onnx_reader import read
from laminae.files.onnx_writer import to_bytes
from laminae.graph.equality import differences
from tests.files import small

MEMORY = 400 << 20
SECONDS = 30


def with_parameter(tensor: TensorProto) -> bytes:
    proto = small.sound()
    proto.graph.initializer.append(tensor)
    return proto.SerializeToString()


def many_layers_of_one_name(count: int = 20_000) -> bytes:
    nodes = [small.node("Relu", ["x"], [f"v{i}"], "same") for i in range(count)]
    return small.model(nodes, outputs=[small.value("v0")]).SerializeToString()


def tiny_fields() -> bytes:
    """A graph with seven million fields that mean nothing."""
    return small.sound().SerializeToString() + small.field(7, b"\xf8\x01\x00" * 7_000_000)


def far_away_names() -> bytes:
    nodes = [small.node("Relu", ["n" * 100_000], ["y"])]
    return small.model(nodes, outputs=[small.value("y")]).SerializeToString()


def parentheses() -> bytes:
    proto = small.sound()
    proto.graph.node[0].metadata_props.add(key="pkg.torch.onnx.name_scopes", value="(" * 9000)
    return proto.SerializeToString()


HOSTILE: dict[str, tuple[Callable[[], bytes], bool]] = {
    "a terabyte by its dims": (lambda: with_parameter(small.raw("p", [2**38], bytes(16))), False),
    "a terabyte of int4": (lambda: with_parameter(small.raw("p", [2**40], bytes(16), TensorProto.INT4)), False),
    "a terabyte of strings": (
        lambda: with_parameter(TensorProto(name="p", dims=[2**40], data_type=8, string_data=[b"a"])),
        False,
    ),
    "a terabyte in a typed field": (
        lambda: with_parameter(TensorProto(name="p", dims=[2**40], data_type=7, int64_data=[1])),
        False,
    ),
    "a terabyte of nothing": (lambda: with_parameter(small.raw("p", [0, 2**62])), False),
    "dims whose product overflows to 16": (lambda: with_parameter(small.raw("p", [2**32, 2**32 + 1], bytes(16))), False),
    "a million dims": (lambda: with_parameter(small.raw("p", [1] * 1_000_000, bytes(4))), False),
    "graphs nested 5000 deep": (lambda: small.nested_bytes(5000), False),
    "functions that double 40 times": (lambda: small.doubling(40).SerializeToString(), True),
    "20,000 layers of one name": (many_layers_of_one_name, True),
    "millions of tiny fields": (tiny_fields, False),
    "names of 100,000 letters": (far_away_names, False),
    "metadata of parentheses": (parentheses, True),
}


def limited(name: str) -> None:
    """Read one of them under the limits; run in a process of its own."""
    data = HOSTILE[name][0]()
    read(small.sound())
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, resource.RLIM_INFINITY))
    start = time.perf_counter()
    try:
        graph = read(data)
        print("read", len(graph.layers), time.perf_counter() - start)
    except LaminaeError as refused:
        print("refused", type(refused).__name__, time.perf_counter() - start)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS bounds memory on Linux only")
def test_hostile_files_take_little_time_and_memory():
    """All in one process, one after another: starting Python for each would take longer than the files do."""
    program = "from tests.files.test_bounds import HOSTILE, limited\nfor name in HOSTILE: print(name, end=': '); limited(name)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    lines = ran.stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == list(HOSTILE)
    for line, (_, is_read) in zip(lines, HOSTILE.values(), strict=True):
        assert ("read" if is_read else "refused") in line, line
        assert float(line.split()[-1]) < 5, line


def test_doubling_functions_are_written_as_they_were_read():
    graph = read(small.doubling(40))
    assert len(graph.functions) == 41
    assert graph.layers[-1].function is graph.functions["local", "f0", ""]
    assert differences(graph, read(to_bytes(graph))) == []
