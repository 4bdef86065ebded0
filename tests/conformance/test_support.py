"""docs/operators.md says what the code says; `make operators` writes it anew."""

from pathlib import Path

import onnx
import pytest

from laminae.ops.registry import FOLDERS, versions
from tests.conformance.element_types import GROUPS, cell, tried, words
from tests.conformance.support import derivative, names, types

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"


def test_the_table_of_operators_is_the_codes():
    rows, domain = {}, ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            domain = line[3:].replace("ai.onnx", "", 1) if line == "## ai.onnx" else line[3:]
        elif line.startswith("| ") and "operator | since" not in line:
            name, since, kinds, gradient, _ = (cell.strip() for cell in line.strip("|").split("|"))
            rows[domain, name] = since, kinds, gradient
    expected = {
        (domain, name): (", ".join(str(o.since) for o in versions(domain, name)), types(domain, name), derivative(name, None))
        for domain in FOLDERS
        for name in names(domain)
    }
    assert rows == expected


SENSELESS = {
    "Col2Im": ("string", "texts cannot be added"),
    "GridSample": ("string", "between two texts there is nothing"),
    "Resize": ("string", "between two texts there is nothing"),
    "ScatterElements": ("string complex64 complex128", "texts cannot be added, complex numbers have no order"),
    "ScatterND": ("string complex64 complex128", "texts cannot be added, complex numbers have no order"),
}
"""Types that the standard allows though the operator, or a form of it, means nothing for them."""

WITHOUT = {
    "CastMap": "reads a map", "Constant": "reads nothing", "DictVectorizer": "reads a map", "FlexAttention": "has no case of one layer",
    "Gradient": "runs the graph around", "If": "runs bodies", "Loop": "runs bodies", "Optional": "wraps whatever it reads",
    "RandomNormal": "reads nothing", "RandomUniform": "reads nothing", "Scan": "runs bodies", "SequenceEmpty": "reads nothing",
    "SequenceMap": "runs bodies", "ZipMap": "makes maps",
}  # fmt: skip
"""Operators that are tried with no type, and why."""


def test_every_type_that_the_standard_allows_runs_in_every_operator():
    wrong, untried = [], set()
    for schema in onnx.defs.get_all_schemas():
        if schema.deprecated:
            continue
        found = tried(schema.domain, schema.name)
        if not found:
            untried.add(schema.name)
        senseless = SENSELESS.get(schema.name, ("", ""))[0].split()
        wrong += [
            f"{schema.name}, {v} as {kind}: {next(filter(None, p))}" for v, kind, p in found if any(p) and kind not in senseless
        ]
    assert wrong == []
    assert untried == set(WITHOUT)


def test_types_are_told_in_few_words():
    assert words(["float32", "int8", "bool"]) == "float32, int8, bool"
    assert words(["bool", *GROUPS["int"], "uint8"]) == "int, bool, uint8"
    assert words(["int32", "int64"]) == "int32, int64"
    assert cell("", "Col2Im") == "float, int, uint, complex, bool; not string"
    assert cell("", "If") == "–"
