"""Operators with bodies: If, Loop, Scan, SequenceMap. Bodies are small graphs whose result NumPy can tell."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws, sizes

BODIES = (11, 13, 16, 19, 21, 23, 24, 25, 27)
CODES = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "int64": TensorProto.INT64, "int32": TensorProto.INT32}
KINDS = st.sampled_from(tuple(CODES))


def value(name: str, code: int, shape=None):
    return helper.make_tensor_value_info(name, code, shape)


def _branch(draw: Draw, prefix: str, count: int, code: int):
    """Outputs made of a value of the graph around."""
    nodes, outputs = [], []
    for i in range(count):
        name, how = f"{prefix}{i}", draw(st.sampled_from(("Identity", "Neg", "Add", "Concat", "Constant")))
        outputs.append(value(name, code))
        if how == "Constant":
            made = array(draw, sizes(draw, (0, 2)), "int64").astype(helper.tensor_dtype_to_np_dtype(code))
            nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(made)))
        elif how == "Concat":
            nodes.append(helper.make_node("Concat", ["around", "around"], [name], axis=0))
        else:
            nodes.append(helper.make_node(how, ["around"] * (2 if how == "Add" else 1), [name]))
    return helper.make_graph(nodes, prefix, [], outputs)


@draws("If", opsets=(7, *BODIES))
def if_(draw: Draw, opset: int) -> Drawn:
    dtype = draw(KINDS)
    outputs = draw(st.integers(1, 2))
    branches = {f"{side}_branch": _branch(draw, side, outputs, CODES[dtype]) for side in ("then", "else")}
    cond = array(draw, draw(st.sampled_from(((), (1,), (1, 1)))), "bool")
    return Drawn([cond], branches, outputs, around={"around": array(draw, sizes(draw, (1, 3)), dtype)})


def _loop(drawn: Drawn) -> dict[str, list[str]]:
    """What the body has: its node types in order, and names."""
    body = drawn.attributes["body"]
    return {"nodes": [node.op_type for node in body.node], "outputs": [output.name for output in body.output]}


def _looped(drawn: Drawn, opset: int) -> list[np.ndarray]:
    trips, going, *carried = drawn.inputs
    step, limit, outputs = (
        drawn.around["around"],
        int(numpy_helper.to_array(drawn.attributes["body"].initializer[0])),
        _loop(drawn)["outputs"],
    )
    carried = list(carried)
    going = True if going is None else bool(going)
    rows: dict[str, list[np.ndarray]] = {name: [] for name in outputs[1 + len(carried) :]}
    i = 0
    while going and (trips is None or i < int(trips)):
        carried[0] = carried[0] + step
        if len(carried) > 1:
            carried[1] = np.concatenate([carried[1], carried[1][:1], carried[1][:1]])
        made = {"row": carried[0], "index": np.array(i), "twice": np.stack([carried[0], carried[0]])}
        for name, stack in rows.items():
            stack.append(made[name])
        going = i < limit
        i += 1
    empty = {"row": step[None], "index": np.zeros(1, np.int64), "twice": np.stack([step, step])[None]}
    stacked = [np.stack(stack) if stack else empty[name][:0] for name, stack in rows.items()]
    return [*carried, *stacked]


@draws(
    "Loop",
    opsets=BODIES,
    faults=[
        Fault(  # without a condition it makes no pass; rows that have not one axis it makes one, or puts beside each other
            lambda drawn, opset: drawn.inputs[1] is None or drawn.inputs[2].ndim != 1 or any(name != "row" for name in _loop(drawn)["outputs"][1 + len(drawn.inputs) - 2 :])
            or (drawn.inputs[0] is not None and drawn.inputs[0] == 0) or not drawn.inputs[1],
            'input (trip_count, "") // Note this is analogous to a for loop […] Each scan_output is created by concatenating the value of the '
            "specified output value at the end of each iteration of the loop.",
            _looped,
        )
    ],
)  # fmt: skip
def loop(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(("float32", "int64")))
    shape = sizes(draw, (0, 2), low=1, high=3)
    # a body that says stop where no condition is given is not drawn: the standard ignores it, ONNX Runtime does not
    going = np.array(draw(st.integers(0, 3)) != 2) if draw(st.booleans()) else None
    trips = np.array(draw(st.integers(0, 5)), np.int64) if going is None or draw(st.booleans()) else None
    limit = np.array(99 if going is None else draw(st.integers(0, 4)))
    carried = [array(draw, shape, dtype)]
    nodes = [
        helper.make_node("Less", ["i", "limit"], ["on"]),
        helper.make_node("Add", ["v", "around"], ["sum"]),
        helper.make_node("Identity", ["sum"], ["row"]),
        helper.make_node("Identity", ["i"], ["index"]),
        helper.make_node("Unsqueeze", ["sum"], ["high"], axes=[0])
        if opset < 13
        else helper.make_node("Unsqueeze", ["sum", "zero"], ["high"]),
        helper.make_node("Concat", ["high", "high"], ["twice"], axis=0),
    ]
    inputs = [value("i", 7, []), value("going", 9, []), value("v", CODES[dtype], shape)]
    outputs = [value("on", 9, []), value("sum", CODES[dtype], shape)]
    if draw(st.booleans()):
        carried.append(array(draw, sizes(draw, (1, 2)), "float32"))
        nodes += [
            helper.make_node("Slice", ["w", "zero", "one", "zero"], ["first"]),
            helper.make_node("Concat", ["w", "first", "first"], ["longer"], axis=0),
        ]
        inputs.append(value("w", 1))
        outputs.append(value("longer", 1))
    known = {"row": (CODES[dtype], shape), "index": (7, []), "twice": (CODES[dtype], (2, *shape))}
    outputs += [value(name, *known[name]) for name in draw(st.lists(st.sampled_from(tuple(known)), unique=True, max_size=3))]
    constants = [numpy_helper.from_array(limit, "limit")] + [numpy_helper.from_array(np.array([n]), name) for n, name in enumerate(("zero", "one"))]  # fmt: skip
    body = helper.make_graph(nodes, "body", inputs, outputs, constants)
    return Drawn([trips, going, *carried], {"body": body}, len(outputs) - 1, around={"around": array(draw, shape, dtype)})


def _scan_body(states: int, scans: int, row, dtype: str, outputs: list[str]):
    """state: state + first row (and, of the second, its negative); product: first row · last row; outer: last row + x0's sum."""
    code = CODES[dtype]
    names = [f"s{i}" for i in range(states)] + [f"r{i}" for i in range(scans)]
    nodes = [helper.make_node("Add", [f"s{i}", "r0"], [f"t{i}"]) for i in range(states)]
    nodes += [
        helper.make_node("Mul", ["r0", f"r{scans - 1}"], ["product"]),
        helper.make_node("Neg", [f"r{scans - 1}"], ["negative"]),
    ]
    made = [value(f"t{i}", code, row) for i in range(states)] + [value(name, code, row) for name in outputs]
    return helper.make_graph(nodes, "body", [value(name, code, row) for name in names], made)


def _scanned(states: list, scans: list, backwards: list[int], outputs: list[str]) -> tuple[list, dict[str, list]]:
    """States at the end and rows; the scans' first axis is gone along."""
    rows: dict[str, list] = {name: [] for name in outputs}
    for i in range(len(scans[0])):
        row = [x[len(x) - 1 - i] if back else x[i] for x, back in zip(scans, backwards, strict=True)]
        states = [state + row[0] for state in states]
        made = {"product": row[0] * row[-1], "negative": -row[-1]}
        for name in outputs:
            rows[name].append(made[name])
    return states, rows


def _stacked(drawn: Drawn, opset: int) -> list[np.ndarray]:
    a = drawn.attributes
    n = a["num_scan_inputs"]
    outputs = [output.name for output in a["body"].output][len(drawn.inputs) - n :]
    states, scans = list(drawn.inputs[: len(drawn.inputs) - n]), drawn.inputs[len(drawn.inputs) - n :]
    scans = [np.moveaxis(x, at, 0) for x, at in zip(scans, a.get("scan_input_axes", [0] * n), strict=True)]
    end, rows = _scanned(states, scans, a.get("scan_input_directions", [0] * n), outputs)
    axes, back = (a.get(f"scan_output_{name}", [0] * len(outputs)) for name in ("axes", "directions"))
    empty = np.zeros((0, *scans[0].shape[1:]), scans[0].dtype)
    made = [
        np.stack(rows[name][::-1] if b else rows[name]) if rows[name] else empty for name, b in zip(outputs, back, strict=True)
    ]
    return [*end, *(np.moveaxis(x, 0, at) for x, at in zip(made, axes, strict=True))]


def _batched(drawn: Drawn, opset: int) -> list[np.ndarray]:
    """Opset 8: sample after sample, each as long as it says, 0 behind."""
    a, (lengths, *rest) = drawn.attributes, drawn.inputs
    n = a["num_scan_inputs"]
    outputs = [output.name for output in a["body"].output][len(rest) - n :]
    states, scans = rest[: len(rest) - n], rest[len(rest) - n :]
    ends, stacks = [], {name: np.zeros_like(scans[0]) for name in outputs}
    for b in range(len(scans[0])):
        length = scans[0].shape[1] if lengths is None else int(lengths[b])
        end, rows = _scanned([x[b] for x in states], [x[b, :length] for x in scans], a.get("directions", [0] * n), outputs)
        ends.append(end)
        for name in outputs:
            stacks[name][b, :length] = rows[name]
    return [*(np.stack([end[i] for end in ends]) for i in range(len(states))), *stacks.values()]


@draws(
    "Scan",
    opsets=(8, 9, *BODIES),
    faults=[
        Fault(
            lambda drawn, opset: opset == 8,
            "Optional tensor specifying lengths of the sequences in a batch. If this input is not specified, all sequences are assumed to be "
            "of the maximum sequence length",
            _batched,
        ),
        Fault(
            lambda drawn, opset: len(drawn.attributes) > 2 or 0 in drawn.inputs[-1].shape[:1],
            "The i-th element of the list specifies the axis to be scanned […] The i-th element of the list specifies the direction to be scanned",
            _stacked,
        ),
    ],
)
def scan(draw: Draw, opset: int) -> Drawn:
    dtype = draw(KINDS)
    states, scans = draw(st.integers(0, 2)), draw(st.integers(1, 2))
    outputs = draw(st.lists(st.sampled_from(("product", "negative")), min_size=int(not states), unique=True))
    row = sizes(draw, (0, 2), low=1, high=3)
    attributes = {"num_scan_inputs": scans, "body": _scan_body(states, scans, row, dtype, outputs)}
    flags = lambda count: [draw(st.integers(0, 1)) for _ in range(count)]  # noqa: E731
    if opset == 8:
        batch, length = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        lengths = np.array([draw(st.integers(1, length)) for _ in range(batch)], np.int64) if draw(st.booleans()) else None
        arrays = [array(draw, (batch, *row), dtype) for _ in range(states)] + [
            array(draw, (batch, length, *row), dtype) for _ in range(scans)
        ]
        more = {"directions": flags(scans)} if draw(st.booleans()) else {}
        return Drawn([lengths, *arrays], attributes | more, states + len(outputs))
    length = draw(st.integers(0, 4))
    axes = [draw(st.integers(-len(row) - 1 if opset >= 11 else 0, len(row))) for _ in range(scans)]
    given = {"scan_input_axes": axes, "scan_input_directions": flags(scans)}
    if outputs:
        given["scan_output_directions"] = flags(len(outputs))
        given["scan_output_axes"] = [draw(st.integers(-len(row) - 1 if opset >= 11 else 0, len(row))) for _ in outputs]
    given = {name: some for name, some in given.items() if draw(st.booleans())} if draw(st.booleans()) else {}
    shapes = [_with(row, at, length) for at in given.get("scan_input_axes", [0] * scans)]
    return Drawn([*(array(draw, row, dtype) for _ in range(states)), *(array(draw, shape, dtype) for shape in shapes)], attributes | given, states + len(outputs))  # fmt: skip


def _with(row: tuple[int, ...], at: int, length: int) -> tuple[int, ...]:
    at = at + len(row) + 1 if at < 0 else at
    return (*row[:at], length, *row[at:])


def _mapped(drawn: Drawn, opset: int) -> list[list[np.ndarray]]:
    given, *others = drawn.inputs
    sums = [sum((x[i] if isinstance(x, list) else x for x in others), start=element) for i, element in enumerate(given)]
    return [sums, [-element for element in given]][: drawn.outputs]


@draws(
    "SequenceMap",
    opsets=(17, 27),
    faults=[
        Fault(
            lambda drawn, opset: (
                not drawn.inputs[0] or (len(drawn.inputs) > 2 and any(isinstance(x, list) for x in drawn.inputs[1:]))
            ),
            "For each i-th element in the output, a sample will be extracted from the input sequence(s) at the i-th position and the sub-graph "
            "will be applied to it.",
            _mapped,
        )
    ],
)
def sequencemap(draw: Draw, opset: int) -> Drawn:
    dtype = draw(KINDS)
    shapes = [sizes(draw, (0, 2)) for _ in range(draw(st.integers(0, 3)))]
    others = [
        [array(draw, shape, dtype) for shape in shapes] if shapes and draw(st.booleans()) else array(draw, (), dtype)
        for _ in range(draw(st.integers(0, 2)))
    ]
    outputs = draw(st.integers(1, 2))
    code = CODES[dtype]
    names = ["e", *(f"a{i}" for i in range(len(others)))]
    nodes, last = [], "e"
    for i in range(len(others)):
        nodes.append(helper.make_node("Add", [last, f"a{i}"], [f"sum{i}"]))
        last = f"sum{i}"
    nodes += [helper.make_node("Identity", [last], ["all"]), helper.make_node("Neg", ["e"], ["negative"])]
    made = [value(name, code) for name in ("all", "negative")][:outputs]
    body = helper.make_graph(nodes, "body", [value(name, code) for name in names], made)
    return Drawn([[array(draw, shape, dtype) for shape in shapes], *others], {"body": body}, outputs)
