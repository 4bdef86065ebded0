"""A body that took several turns: every layer of each turn has its place on the page, in the box of the first."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx.parser

import laminae as lm
from laminae.see.document import Document, document

CHOOSES = """
<ir_version: 8, opset_import: ["": 18]>
chooses (float[2] x, int64 n) => (float[2] total)
{
  going = Constant<value = bool {1}>()
  total = Loop<body = body (int64 i, bool c, float[2] s) => (bool c2, float[2] s2)
    { c2 = Identity(c)
      one = Constant<value = int64 {1}>()
      up = Less(i, one)
      y = If<then_branch = yes () => (float[2] t) { a = Relu(s)  t = Add(a, x) },
             else_branch = no () => (float[2] e) { b = Neg(s)  e = Abs(b) }>(up)
      s2 = Tanh(y) }>(n, going, x)
}
"""


def told() -> dict[str, Any]:
    """The first turn takes one branch, the second and third the other."""
    trace = lm.open(onnx.parser.parse_model(CHOOSES)).run(np.array([-1.0, 2.0], np.float32), np.array(3))
    made = document(Document(trace.records(), title="t"))
    return json.loads(json.dumps(made, allow_nan=False))  # type: ignore[no-any-return]


def test_layers_of_later_turns_stand_in_the_box_of_the_first() -> None:
    made = told()
    names = [layer["name"] for layer in made["layers"]]
    boxes = {node["id"]: node for node in made["nodes"][1:] if not node["children"]}
    box = boxes["total/body/s2"]
    assert [names[place] for place in (box["layer"], *box["turns"])] == ["total/body/s2", "total/body/s2#2", "total/body/s2#3"]
    shown = [place for node in boxes.values() for place in (node["layer"], *node.get("turns", ()))]
    assert sorted(shown) == list(range(len(names)))
    assert all(
        i in (made["nodes"][layer["node"]]["layer"], *made["nodes"][layer["node"]].get("turns", ()))
        for i, layer in enumerate(made["layers"])
    )


def test_a_branch_first_taken_in_a_later_turn_stands_with_the_others_of_its_if_and_is_joined_to_them() -> None:
    made = told()
    nodes = made["nodes"]
    numbers = {node["id"]: i for i, node in enumerate(nodes)}
    inside = nodes[nodes[numbers["total/body/y/else/b"]]["parent"]]
    assert inside["name"] == "else"
    arrows = {(nodes[a]["id"], nodes[b]["id"]) for a, b in made["arrows"]}
    assert ("total/body/s", "total/body/y/else/b") in arrows
    assert ("total/body/y/else/e", "total/body/y") in arrows
    assert ("total/body/y/then/t", "total/body/y") in arrows
