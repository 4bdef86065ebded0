"""ai.onnx.ml, tables and maps: LabelEncoder, CategoryMapper, CastMap, DictVectorizer, ZipMap."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws, sizes, some

ML = "ai.onnx.ml"
WORDS = ["a", "b", "cd", "Ä", "", "e f"]
PLACES = {
    "strings": np.array(WORDS, object),
    "int64s": np.array([0, 1, -2, 3, 2**40, 9]),
    "floats": np.array([0.0, 1.5, -2.0, np.nan, np.inf, 0.1], np.float32),
    "float64": np.array([0.0, 1.5, -2.0, np.nan, np.inf, 0.1]),
    "int32": np.array([0, 1, -2, 3, 5, 9], np.int32),
    "int16": np.array([0, 1, -2, 3, 5, 9], np.int16),
}
"""Six elements of each dtype that keys and values are of."""


def of(draw: Draw, kind: str, shape) -> np.ndarray:
    """Elements of this kind."""
    return PLACES[kind].take(array(draw, shape, "int64", low=0, high=5).ravel()).reshape(shape)


def _looked_up(x: np.ndarray, keys, values, default, dtype) -> np.ndarray:
    """One element after another; of equal keys the last one holds."""
    made = np.empty(x.shape, dtype)
    for place, element in enumerate(x.ravel()):
        found = [v for k, v in zip(keys, values, strict=True) if k == element or (k != k and element != element)]
        made.reshape(-1)[place] = found[-1] if found else default
    return made


UNUSED = {"strings": "_Unused", "int64s": -1, "floats": -0.0, "int16": -1, "int32": -1, "float64": -0.0}


def _tables(drawn: Drawn) -> tuple[str, str]:
    """What the keys are and what the values are, as in PLACES."""
    kinds = []
    for side in ("keys", "values"):
        (name,) = (n.removeprefix(f"{side}_") for n in drawn.attributes if n.startswith(f"{side}_"))
        kinds.append(name)
    return kinds[0], kinds[1]


def _encoded(drawn: Drawn, opset: int) -> list[np.ndarray]:
    a, x = drawn.attributes, drawn.inputs[0]
    if opset == 1:
        words, places = a["classes_strings"], range(len(a["classes_strings"]))
        if x.dtype == object:
            return [_looked_up(x, words, places, a.get("default_int64", -1), np.int64)]
        return [_looked_up(x, places, words, a.get("default_string", "_Unused"), object)]
    keys, values = _tables(drawn)
    if values == "tensor":
        table = drawn.attributes["values_tensor"]
        table = _array(table)
        default = _array(a["default_tensor"]).item() if "default_tensor" in a else "_Unused" if table.dtype == object else -1 if table.dtype.kind == "i" else -0.0  # fmt: skip
        return [_looked_up(x, _array(a["keys_tensor"]) if keys == "tensor" else _typed(keys, a), table, default, table.dtype)]
    default = a.get("default_" + values.rstrip("s"), UNUSED[values])
    return [_looked_up(x, _array(a["keys_tensor"]) if keys == "tensor" else _typed(keys, a), a["values_" + values], default, PLACES[values].dtype)]  # fmt: skip


def _typed(keys: str, attributes: dict) -> list:
    return [np.float32(key) if keys == "floats" else key for key in attributes["keys_" + keys]]


def _array(tensor) -> np.ndarray:
    from onnx import numpy_helper

    made = numpy_helper.to_array(tensor)
    return np.array([x.decode() if isinstance(x, bytes) else x for x in made.ravel()], made.dtype).reshape(made.shape)


def _tensor(values: np.ndarray):
    from onnx import numpy_helper

    return numpy_helper.from_array(values)


@draws(
    "LabelEncoder",
    opsets=(1, 2, 4),
    domain=ML,
    faults=[
        Fault(
            lambda drawn, opset: opset == 1, "the string is looked up in the list and the index at which it is found is used as the converted value.", _encoded
        ),
        Fault(
            lambda drawn, opset: "keys_tensor" in drawn.attributes or "values_tensor" in drawn.attributes or "keys_floats" in drawn.attributes,
            "Keys encoded as a 1D tensor […] Float keys with value 'NaN' match any input 'NaN' value regardless of bit value.",
            _encoded,
        ),
    ],
)  # fmt: skip
def labelencoder(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw, (0, 3), high=3)
    if opset == 1:
        given = some(draw, default_string=st.just("x"), default_int64=st.just(-7))
        x = of(draw, draw(st.sampled_from(("strings", "int64s"))), shape)
        return Drawn([x], {"classes_strings": draw(st.permutations(WORDS))[: draw(st.integers(1, 5))], **given})
    count = draw(st.integers(1, 6))
    plain = ("strings", "int64s", "floats")
    tensors = (*plain, "float64", "int32", "int16") if opset == 4 else plain
    keys, values = draw(st.sampled_from(tensors)), draw(st.sampled_from(tensors))
    attributes = {}
    for side, kind in (("keys", keys), ("values", values)):
        listed = of(draw, kind, (count,))
        if kind in plain and (opset == 2 or draw(st.booleans())):
            attributes[f"{side}_{kind}"] = listed.tolist()
        else:
            attributes[f"{side}_tensor"] = _tensor(listed)
    if "values_tensor" in attributes:
        attributes |= {"default_tensor": _tensor(of(draw, values, (1,)))} if draw(st.booleans()) else {}
    else:
        attributes |= some(
            draw, **{"default_" + values.rstrip("s"): st.just(PLACES[values][1].item() if values != "strings" else "b")}
        )
    return Drawn([of(draw, keys, shape)], attributes)


@draws("CategoryMapper", opsets=(1,), domain=ML, judge="onnxruntime")
def categorymapper(draw: Draw, opset: int) -> Drawn:
    # keys named twice are not drawn: which holds is not said
    count = draw(st.integers(1, 6))
    words, numbers = (draw(st.permutations(x))[:count] for x in (WORDS, PLACES["int64s"].tolist()))
    defaults = some(draw, default_int64=st.just(-7), default_string=st.just("x"))
    x = of(draw, draw(st.sampled_from(("strings", "int64s"))), sizes(draw, (0, 3), high=3))
    return Drawn([x], {"cats_strings": words, "cats_int64s": numbers, **defaults})


def _cast(drawn: Drawn, opset: int) -> list[np.ndarray]:
    """By the standard's words; a text is read as a number and a number written as a text."""
    (x,), a = drawn.inputs, drawn.attributes
    read, dtype = {
        "TO_FLOAT": (float, np.float32),
        "TO_INT64": (lambda value: int(float(value)), np.int64),
        "TO_STRING": (lambda value: value if isinstance(value, str) else str(value), object),
    }[a.get("cast_to", "TO_FLOAT")]
    if a.get("map_form", "DENSE") == "DENSE":
        return [np.array([[read(x[key]) for key in sorted(x)]], dtype)]
    return [np.array([[read(x[key]) if key in x else "" if dtype is object else 0 for key in range(a["max_map"])]], dtype)]


@draws(
    "CastMap",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(  # the reference has no CastMap
            lambda drawn, opset: True, "The map key must be an int64 and the values will be ordered in ascending order based on this key.", _cast
        )
    ],
)  # fmt: skip
def castmap(draw: Draw, opset: int) -> Drawn:
    # floats are not written as texts: in how many digits is not said
    target = draw(st.sampled_from(("TO_FLOAT", "TO_INT64", "TO_STRING")))
    values = (
        st.sampled_from(("3", "-7", "12"))
        if target == "TO_STRING" or draw(st.booleans())
        else st.integers(-9, 9).map(lambda n: n / 2)
    )
    x = draw(st.dictionaries(st.integers(0, 7), values, min_size=1, max_size=5))
    form = draw(st.sampled_from(("DENSE", "SPARSE")))
    attributes = (
        {"map_form": form, "max_map": draw(st.integers(8, 10))} if form == "SPARSE" else some(draw, map_form=st.just(form))
    )
    return Drawn([x], attributes | ({"cast_to": target} if target != "TO_FLOAT" or draw(st.booleans()) else {}))


@draws(
    "DictVectorizer",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(  # one row, as ONNX Runtime and every converter have it, though the standard speaks of one axis
            lambda drawn, opset: True,
            "For each item in the input dictionary, insert its value in the output array. Any keys not present in the input dictionary, "
            "will be zero in the output array.",
            lambda drawn, opset: [
                np.array([[drawn.inputs[0].get(key, 0) for key in next(iter(drawn.attributes.values()))]], _kind(drawn.inputs[0]))
            ],
        )
    ],
)
def dictvectorizer(draw: Draw, opset: int) -> Drawn:
    words = draw(st.booleans())
    vocabulary = draw(st.permutations(WORDS if words else range(-2, 4)))[: draw(st.integers(1, 6))]
    whole = words and draw(st.booleans())
    values = st.integers(-5, 5) if whole else st.integers(-9, 9).map(lambda n: n / 2)
    x = draw(st.dictionaries(st.sampled_from(vocabulary), values, min_size=1))
    return Drawn([x], {"string_vocabulary" if words else "int64_vocabulary": list(vocabulary)})


def _kind(x: dict) -> type:
    return np.int64 if all(isinstance(value, int) for value in x.values()) else np.float32


@draws("ZipMap", opsets=(1,), domain=ML, judge="onnxruntime")
def zipmap(draw: Draw, opset: int) -> Drawn:
    words = draw(st.booleans())
    keys = draw(st.permutations(WORDS if words else range(6)))[: draw(st.integers(1, 6))]
    shape = (len(keys),) if draw(st.booleans()) else (draw(st.integers(1, 3)), len(keys))
    return Drawn([array(draw, shape, special=True)], {"classlabels_strings" if words else "classlabels_int64s": list(keys)})
