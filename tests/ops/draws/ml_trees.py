"""ai.onnx.ml, ensembles of trees: TreeEnsemble, and TreeEnsembleRegressor and TreeEnsembleClassifier, which it replaces."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from onnx import numpy_helper

from tests.ops.draws.drawing import Draw, Drawn, Fault, draws, some
from tests.ops.draws.forests import FUNCTIONS, MODES, Leaf, Node, rows_for, totals, tree_of
from tests.ops.draws.ml_models import TRANSFORMS, labels_of, transformed

ML = "ai.onnx.ml"


def _named(trees: list, prefix: str) -> dict:
    """The attributes nodes_… and target_… or class_…: all nodes of one tree after those of the other, a parent before its children."""
    table: dict[str, list] = {f"nodes_{name}": [] for name in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids", "missing_value_tracks_true")}  # fmt: skip
    table |= {f"{prefix}_{name}": [] for name in ("treeids", "nodeids", "ids", "weights")}

    def add(i: int, node: Node | Leaf) -> int:
        at = len(table["nodes_nodeids"])
        own = table["nodes_treeids"].count(i)
        leaf = isinstance(node, Leaf)
        row = (
            (i, own, 0, "LEAF", 0.0, 0, 0, 0)
            if leaf
            else (i, own, node.feature, MODES[node.mode], node.value, 0, 0, node.missing)
        )
        for name, value in zip([name for name in table if name.startswith("nodes_")], row, strict=True):
            table[name].append(value)
        if leaf:
            for target, weight in node.gives:
                for name, value in (("treeids", i), ("nodeids", own), ("ids", target), ("weights", weight)):
                    table[f"{prefix}_{name}"].append(value)
        else:
            table["nodes_truenodeids"][at], table["nodes_falsenodeids"][at] = add(i, node.true), add(i, node.false)
        return own

    for i, tree in enumerate(trees):
        add(i, tree)
    return table


def _read(a: dict, prefix: str) -> list:
    """The trees that such attributes describe."""
    rows = {key: i for i, key in enumerate(zip(a["nodes_treeids"], a["nodes_nodeids"], strict=True))}
    values, weights = (_floats(a, name) for name in ("nodes_values", f"{prefix}_weights"))

    def node(i: int) -> Node | Leaf:
        tree = a["nodes_treeids"][i]
        if a["nodes_modes"][i] == "LEAF":
            named = zip(a[f"{prefix}_treeids"], a[f"{prefix}_nodeids"], a[f"{prefix}_ids"], weights, strict=True)
            return Leaf([(target, w) for t, n, target, w in named if (t, n) == (tree, a["nodes_nodeids"][i])])
        true, false = (node(rows[tree, a[f"nodes_{side}nodeids"][i]]) for side in ("true", "false"))
        missing = a["nodes_missing_value_tracks_true"][i] if "nodes_missing_value_tracks_true" in a else 0
        return Node(a["nodes_featureids"][i], MODES.index(a["nodes_modes"][i]), values[i], missing, true, false)

    return [node(rows[tree, 0]) for tree in dict.fromkeys(a["nodes_treeids"])]


def _floats(a: dict, name: str) -> list[float]:
    return numpy_helper.to_array(a[name + "_as_tensor"]).tolist() if name + "_as_tensor" in a else a.get(name, [])


def _ensemble(draw: Draw, opset: int, prefix: str, targets: int) -> tuple[np.ndarray, dict]:
    features = draw(st.integers(1, 3))
    trees = [tree_of(draw, 3, features, targets, 6, 2) for _ in range(draw(st.integers(1, 3)))]
    dtype = draw(st.sampled_from(("float32", "float64", "int64", "int32")))
    attributes = _named(trees, prefix)
    if draw(st.booleans()):
        del attributes["nodes_missing_value_tracks_true"]
    if draw(st.booleans()):
        attributes["base_values"] = [draw(st.integers(-4, 4)) / 4 for _ in range(targets)]
    if opset >= 3 and dtype == "float64" and draw(st.booleans()):
        for name in ("nodes_values", f"{prefix}_weights", "base_values"):
            if name in attributes:
                attributes[name + "_as_tensor"] = numpy_helper.from_array(np.array(attributes.pop(name), np.float64))
    return rows_for(draw, features, dtype), attributes


def _based(drawn: Drawn, prefix: str, targets: int, function: str) -> np.ndarray:
    return totals(drawn.inputs[0], _read(drawn.attributes, prefix), targets, function) + (
        _floats(drawn.attributes, "base_values") or 0.0
    )


def _plain(drawn: Drawn) -> bool:
    """Whether the reference has it."""
    return drawn.inputs[0].dtype == np.float32 and not any(name.endswith("_as_tensor") for name in drawn.attributes) and (
        drawn.attributes.get("post_transform", "NONE") == "NONE" and drawn.attributes.get("aggregate_function", "SUM") in ("SUM", "AVERAGE")
    ) and "nodes_missing_value_tracks_true" in drawn.attributes  # fmt: skip


@draws(
    "TreeEnsembleRegressor",
    opsets=(1, 3),
    domain=ML,
    faults=[
        Fault(  # the order of names has no meaning; MIN and MAX of nothing are no number
            lambda drawn, opset: not _plain(drawn),
            "Y: tensor(float) […] define what to do in the presence of a NaN: […] the default value is false (0) for all nodes.",
            lambda drawn, opset: [
                transformed(
                    _based(drawn, "target", drawn.attributes["n_targets"], drawn.attributes.get("aggregate_function", "SUM")),
                    drawn.attributes.get("post_transform", "NONE"),
                ).astype(np.float32)
            ],
        )
    ],
)
def treeensembleregressor(draw: Draw, opset: int) -> Drawn:
    targets = draw(st.integers(1, 3))
    x, attributes = _ensemble(draw, opset, "target", targets)
    more = some(
        draw, aggregate_function=st.sampled_from(FUNCTIONS), post_transform=st.sampled_from(("NONE", "LOGISTIC", "SOFTMAX"))
    )
    return Drawn([x], attributes | more | {"n_targets": targets})


def _classified(drawn: Drawn, opset: int) -> list[np.ndarray]:
    a = drawn.attributes
    labels = a.get("classlabels_int64s") or a["classlabels_strings"]
    scores = _based(drawn, "class", len(labels), "SUM")
    places = scores.argmax(1)
    return [np.array(labels, object if isinstance(labels[0], str) else np.int64)[places], transformed(scores, a.get("post_transform", "NONE")).astype(np.float32)]  # fmt: skip


@draws(
    "TreeEnsembleClassifier",
    opsets=(1, 3),
    domain=ML,
    faults=[
        Fault(
            lambda drawn, opset: not _plain(drawn) or len(set(drawn.attributes["class_ids"])) == 1,
            "Z: tensor(float) […] The class score for each class, for each point, a tensor of shape [N,E].",
            _classified,
        )
    ],
)
def treeensembleclassifier(draw: Draw, opset: int) -> Drawn:
    # two classes are not drawn: which score stands for both where the leaves give to one is not said
    classes = draw(st.integers(3, 4))
    x, attributes = _ensemble(draw, opset, "class", classes)
    more = some(draw, post_transform=st.sampled_from(("NONE", "LOGISTIC", "SOFTMAX")))
    return Drawn([x], attributes | more | labels_of(draw, classes, "classlabels_int64s"), outputs=2)


def _flat(trees: list, dtype: str) -> dict:
    """The attributes of TreeEnsemble-5. A tree of one leaf is a node of whose branches both lead to it."""
    nodes: list[list] = []
    leaves: list[tuple[int, float]] = []

    def place(node: Node | Leaf) -> tuple[int, int]:
        if isinstance(node, Leaf):
            leaves.append(node.gives[0])
            return len(leaves) - 1, 1
        at = len(nodes)
        nodes.append([])
        (true, true_leaf), (false, false_leaf) = place(node.true), place(node.false)
        nodes[at] = [node.feature, node.mode, node.value, node.missing, true, true_leaf, false, false_leaf]
        return at, 0

    roots = []
    for tree in trees:
        roots.append(len(nodes))
        at, leaf = place(tree)
        if leaf:
            nodes.append([0, 0, 0.0, 0, at, 1, at, 1])
    features, modes, values, missing, true, true_leafs, false, false_leafs = (list(column) for column in zip(*nodes, strict=True))
    members = [x for value in values if isinstance(value, set) for x in (*sorted(value), np.nan)]
    made = {
        "tree_roots": roots, "nodes_featureids": features, "nodes_truenodeids": true, "nodes_falsenodeids": false,
        "nodes_trueleafs": true_leafs, "nodes_falseleafs": false_leafs, "nodes_missing_value_tracks_true": missing,
        "nodes_modes": numpy_helper.from_array(np.array(modes, np.uint8)),
        "nodes_splits": numpy_helper.from_array(np.array([0.0 if isinstance(v, set) else v for v in values], dtype)),
        "leaf_targetids": [target for target, _ in leaves],
        "leaf_weights": numpy_helper.from_array(np.array([weight for _, weight in leaves], dtype)),
    }  # fmt: skip
    return made | ({"membership_values": numpy_helper.from_array(np.array(members, dtype))} if members else {})


def _unflat(a: dict) -> list:
    """The trees that attributes of TreeEnsemble-5 describe."""
    modes, splits, weights = (numpy_helper.to_array(a[name]).tolist() for name in ("nodes_modes", "nodes_splits", "leaf_weights"))
    sets: dict[int, set] = {}
    members = iter(numpy_helper.to_array(a["membership_values"]).tolist() if "membership_values" in a else [])
    for i, mode in enumerate(modes):
        if mode == 6:
            sets[i] = set()
            while not math.isnan(x := next(members)):
                sets[i].add(x)

    def branch(i: int, leaf: int) -> Node | Leaf:
        return Leaf([(a["leaf_targetids"][i], weights[i])]) if leaf else node(i)

    def node(i: int) -> Node:
        true, false = (branch(a[f"nodes_{side}nodeids"][i], a[f"nodes_{side}leafs"][i]) for side in ("true", "false"))
        missing = a["nodes_missing_value_tracks_true"][i] if "nodes_missing_value_tracks_true" in a else 0
        return Node(a["nodes_featureids"][i], modes[i], sets.get(i, splits[i]), missing, true, false)

    return [node(root) for root in a["tree_roots"]]


def _given(drawn: Drawn, opset: int) -> list[np.ndarray]:
    a = drawn.attributes
    made = totals(drawn.inputs[0], _unflat(a), a["n_targets"], FUNCTIONS[a.get("aggregate_function", 1)])
    return [transformed(made, TRANSFORMS[a.get("post_transform", 0)]).astype(drawn.inputs[0].dtype)]


@draws(
    "TreeEnsemble",
    opsets=(5,),
    domain=ML,
    faults=[
        Fault(  # it takes the leaf at the place of the node
            lambda drawn, opset: any(drawn.attributes["nodes_truenodeids"][i] == drawn.attributes["nodes_falsenodeids"][i] for i in drawn.attributes["tree_roots"]),
            "To represent a tree that is a leaf (only has one node), one can do so by having a single `nodes_*` entry with true and false "
            "branches referencing the same `leaf_*` entry",
            _given,
        ),
        Fault(  # it lets NaN through NEQ, reads sets in the order of branches, knows no post_transform, and no number is its MIN of nothing
            lambda drawn, opset: "membership_values" in drawn.attributes or bool(np.isnan(drawn.inputs[0]).any()) or bool(drawn.attributes.get("post_transform", 0))
            or drawn.attributes.get("aggregate_function", 1) > 1,
            "whether to follow the true branch (if attribute value is 1) or false branch (if attribute value is 0) in the presence of a NaN "
            "input feature. […] List all of the members to test again in the order that the 'BRANCH_MEMBER' mode appears in `node_modes`",
            _given,
        )
    ],
)  # fmt: skip
def treeensemble(draw: Draw, opset: int) -> Drawn:
    features, targets = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    trees = [tree_of(draw, 3, features, targets, 7, 1) for _ in range(draw(st.integers(1, 3)))]
    dtype = draw(st.sampled_from(("float32", "float64", "float16")))
    attributes = _flat(trees, dtype)
    if draw(st.booleans()):
        del attributes["nodes_missing_value_tracks_true"]
    more = some(draw, aggregate_function=st.integers(0, 3), post_transform=st.integers(0, 2))
    return Drawn([rows_for(draw, features, dtype)], attributes | more | {"n_targets": targets})
