"""The document of a page: true numbers, every layer in its place, and levels that fit together."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laminae.base import torch
from laminae.base.records import LayerRecord, OutputRecord
from laminae.base.statistics import statistics
from laminae.see.document import Document, add_previews, document
from laminae.see.document.boxes import slot
from laminae.see.picture import picture
from laminae.see.preview import preview
from tests.see.records import network, record


def told(records: tuple[LayerRecord, ...] | list[LayerRecord], **more: Any) -> dict[str, Any]:
    """As it goes to the page: through JSON, which has no NaN."""
    given = Document(records, title="t", **more)
    made = document(given)
    add_previews(made, given, preview)
    return json.loads(json.dumps(made, allow_nan=False))  # type: ignore[no-any-return]


def test_every_layer_stands_in_one_box_in_forward_order() -> None:
    made = told(network())
    names = [layer["name"] for layer in made["layers"]]
    assert names == [one.name for one in network()]
    for place, layer in enumerate(made["layers"]):
        node = made["nodes"][layer["node"]]
        assert not node["children"]
        assert node["layer"] == place
        assert all(read < place for read in layer["reads"])


def test_equal_groups_share_one_level() -> None:
    made = told(network())
    blocks = [node for node in made["nodes"][1:] if node["children"] and node["name"].isdigit()]
    assert len(blocks) == 12
    assert len({node["level"] for node in blocks}) == 1


def test_each_level_has_a_corner_for_each_child_and_a_way_for_each_arrow_through_it() -> None:
    made = told(network())
    for node in made["nodes"]:
        if not node["children"]:
            continue
        level = made["levels"][node["level"]]
        assert len(level["corners"]) == len(node["children"])
        assert len(level["entries"]) == len(node["entries"])
        assert len(level["exits"]) == len(node["exits"])
        assert len(level["links"]) == len(level["ways"])
    parents = {i: node["parent"] for i, node in enumerate(made["nodes"])}
    for a, b in made["arrows"]:
        for group, source, target in _way(parents, a, b):
            node = made["nodes"][group]
            level = made["levels"][node["level"]]
            ends = [
                -1 - 2 * node["entries"].index(a) if source is None else node["children"].index(source),
                -2 - 2 * node["exits"].index(a) if target is None else node["children"].index(target),
            ]
            assert ends in level["links"]


def _way(parents: dict[int, int | None], a: int, b: int) -> list[tuple[int, int | None, int | None]]:
    """The groups that an arrow goes through, and from which child to which."""
    above = {}
    child, at = b, parents[b]
    while at is not None:
        above[at], child, at = child, at, parents[at]
    found = []
    child, at = a, parents[a]
    while at not in above:
        assert at is not None
        found.append((at, child, None))
        child, at = at, parents[at]
    found.append((at, child, above[at]))
    down = above[at]
    while down != b:
        found.append((down, None, above[down]))
        down = above[down]
    return found


def test_what_is_not_finite_becomes_words_that_javascript_reads() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 2.0]], np.float32)
    tensor = torch.from_numpy(values)
    out = OutputRecord("y", (1, 4), "float32", 16, statistics(tensor))
    made = told([LayerRecord(1, "y", "Relu", "y", (), (), (out,), values=(tensor,), ms=float("nan"))])
    output = made["layers"][0]["outputs"][0]
    assert output["statistics"] == {"mean": 2.0, "std": 0.0, "min": 2.0, "max": 2.0, "zeros": 0.0, "nan": 1, "inf": 2}
    assert output["histogram"]["others"] == 3
    assert made["layers"][0]["ms"] == "NaN"


def test_an_expectation_stands_beside_the_layer_and_classes_are_held_against_the_greatest_score() -> None:
    scores = np.array([[0.1, 0.9], [0.8, 0.2]], np.float32)
    made = told([record(1, "y", "Softmax", (), scores)], expected=np.array([1, 1]))
    (wish,) = made["expected"]
    assert wish["samples"] == [True, False]
    assert not wish["correct"]
    assert made["nodes"][wish["node"]]["kind"] == "expected"
    assert [made["layers"][0]["node"], wish["node"]] in made["arrows"]


shapes = st.lists(st.integers(0, 40), max_size=5).map(tuple)


@settings(max_examples=150, deadline=None)
@given(shapes, st.integers(0, 2**32 - 1))
def test_a_box_has_a_place_for_a_picture_exactly_where_there_is_one(shape: tuple[int, ...], seed: int) -> None:
    value = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    place = slot(record(1, "y", "Relu", (), value))
    drawn = picture(value)
    assert (place is None) == (drawn is None)
    if place is not None and drawn is not None:
        assert place[0] >= drawn.width * 0.6
        assert abs(place[1] - 13 * bool(drawn.caption) - drawn.height) <= 45


@pytest.mark.parametrize("value", [np.array(3.5), np.array(["a", "b"]), np.ones((1, 3), bool), np.full((1, 40), np.nan)])
def test_strange_values_go_through_json(value: Any) -> None:
    told([record(1, "y", "Relu", (), value)])
