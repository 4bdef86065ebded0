"""Which of the element types that the standard allows run: every operator tried with each, on the inputs of official cases.

A type runs where the operator takes inputs of it in every case tried and gives the numbers that the same inputs give in a wider
type.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch

from laminae.base.arrays import as_numpy, as_value, is_array
from laminae.base.dtypes import BITS, CODES, dtype_name, numpy_dtype
from laminae.base.host import ranks
from laminae.ops.casting import cast_to
from laminae.ops.registry import Operator, find
from tests.ops.cases import turns

AT_MOST = 8
"""Cases that an operator is tried on: of each mode in turn the one with the fewest elements."""

WORDS = {
    "float": "float32", "double": "float64", "float8e4m3fn": "float8_e4m3fn", "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2": "float8_e5m2", "float8e5m2fnuz": "float8_e5m2fnuz", "float8e8m0": "float8_e8m0fnu",
    "float4e2m1": "float4_e2m1fn", "float6e2m3": "float6_e2m3fn", "float6e3m2": "float6_e3m2fn",
}  # fmt: skip
"""The standard's words where they are not ours."""

WIDER = {"float32": "float64", "float16": "float32", "bfloat16": "float32", "int64": "int32"}
"""The type beside which the numbers are held; int64 for the other integers."""

EPSILON = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-23}

X = np.array([[[[1, 2, 0], [3, 4, 2], [5, 1, 1]]] * 2], np.float32)
ROWS = np.array([[1, 2], [3, 0]], np.float32)

MORE: tuple[tuple[str, str, Sequence[Any], Mapping[str, Any]], ...] = (
    ("", "GlobalLpPool", [X], {}),
    ("", "MaxRoiPool", [X, np.array([[0, 0, 0, 2, 2]], np.float32)], {"pooled_shape": [1, 1]}),
    ("", "Multinomial", [ROWS], {"seed": 1.0}),
    ("", "RandomNormalLike", [ROWS], {"dtype": 1}),
    ("", "SequenceAt", [[ROWS, ROWS], np.array(1)], {}),
    ("", "SequenceConstruct", [ROWS, ROWS], {}),
    ("", "SequenceErase", [[ROWS, ROWS], np.array(1)], {}),
    ("", "ConcatFromSequence", [[ROWS, ROWS]], {"axis": 0}),
    ("ai.onnx.ml", "CategoryMapper", [np.array([0, 1])], {"cats_int64s": [0, 1], "cats_strings": ["0", "1"]}),
    ("ai.onnx.ml", "FeatureVectorizer", [ROWS, ROWS], {}),
    ("ai.onnx.ml", "Imputer", [ROWS], {"imputed_value_floats": [1.0], "imputed_value_int64s": [1]}),
    ("ai.onnx.ml", "LinearClassifier", [ROWS], {"coefficients": [1.0] * 4, "intercepts": [0.0, 1.0], "classlabels_ints": [0, 1]}),
    ("ai.onnx.ml", "LinearRegressor", [ROWS], {"coefficients": [1.0, 2.0]}),
    ("ai.onnx.ml", "Normalizer", [ROWS], {}),
    ("ai.onnx.ml", "OneHotEncoder", [np.array([0, 1])], {"cats_int64s": [0, 1]}),
    ("ai.onnx.ml", "Scaler", [ROWS], {}),
    ("ai.onnx.ml", "SVMRegressor", [ROWS], {"coefficients": [1.0], "n_supports": 1, "support_vectors": [1.0, 2.0], "kernel_params": [1.0, 0.0, 3.0], "rho": [0.0]}),
    ("ai.onnx.ml", "SVMClassifier", [ROWS], {"coefficients": [1.0, -1.0], "support_vectors": [1.0, 2.0, 0.0, 1.0], "vectors_per_class": [1, 1], "kernel_params": [1.0, 0.0, 3.0], "rho": [0.0], "classlabels_ints": [0, 1]}),
)  # fmt: skip
"""Examples of operators that have no official case of one layer: domain, name, inputs, attributes."""


@dataclass(frozen=True)
class Example:
    """An operator with inputs that it takes."""

    case: str
    operator: Operator
    inputs: tuple[Any, ...]
    attributes: Mapping[str, Any]

    def run(self, inputs: Iterable[Any]) -> list[Any]:
        inputs, attributes = list(inputs), dict(self.attributes)
        if self.operator.name == "BitCast":  # the other type must have as many bits
            attributes["to"] = CODES[as_wide(dtype_name(inputs[0]))]
        made = self.operator.run(*inputs, **attributes)
        return [
            x for part in (made if isinstance(made, tuple) else (made,)) for x in (part if isinstance(part, list) else [part])
        ]


def as_wide(name: str) -> str:
    """The integer type of as many bits, or the type itself."""
    bits = BITS.get(name) or 8 * numpy_dtype(name).itemsize
    return f"int{bits}" if f"int{bits}" in CODES else name


@functools.cache
def examples() -> dict[tuple[str, str], list[Example]]:
    """By domain and operator, in the order in which they are tried."""
    found = collections.defaultdict(list)
    for turn in turns():
        schema = onnx.defs.get_schema(turn.operator.name, domain=turn.operator.domain)
        if turn.layer.opset >= schema.since_version:
            example = Example(turn.case, turn.operator, turn.inputs, turn.attributes())
            found[turn.operator.domain, turn.operator.name].append(example)
    for domain, name, inputs, attributes in MORE:
        operator = find(domain, name, 2**31)
        assert operator is not None
        values = tuple([as_value(one) for one in x] if isinstance(x, list) else as_value(x) for x in inputs)
        found[domain, name].append(Example(f"an example of {name}", operator, values, attributes))
    return {key: by_mode(group) for key, group in found.items()}


def by_mode(group: list[Example]) -> list[Example]:
    """Few elements first; a second example of the same words among the attributes stands behind the first ones of all others."""
    seen: collections.Counter[tuple[str, ...]] = collections.Counter()
    ranked = []
    for example in sorted(group, key=lambda e: sum(x.numel() for x in e.inputs if is_array(x))):
        mode = tuple(value for _, value in sorted(example.attributes.items()) if isinstance(value, str))
        seen[mode] += 1
        ranked.append((seen[mode], len(ranked), example))
    return [example for *_, example in sorted(ranked, key=lambda r: r[:2])]


def allowed(schema: Any, variable: str) -> list[str]:
    """The element types of a type variable, in the order of their codes."""
    texts = next((c.allowed_type_strs for c in schema.type_constraints if c.type_param_str == variable), [variable])
    inner = {text.split("(")[-1].rstrip(")") for text in texts if not text.startswith("map")}
    return [name for name in CODES if name in {WORDS.get(word, word) for word in inner}]


def slots(schema: Any, example: Example) -> list[str]:
    """The type variable of each input; a variadic one's stands for all the rest."""
    found = [one.type_str for one in schema.inputs]
    return (found + found[-1:] * len(example.inputs))[: len(example.inputs)]


@functools.cache
def tried(domain: str, name: str) -> tuple[tuple[str, str, list[str]], ...]:
    """(type variable, type, what is wrong in each case) of the newest version, the variable of the first input first."""
    return tuple(_tried(domain, name))


def _tried(domain: str, name: str) -> Iterator[tuple[str, str, list[str]]]:
    schema = onnx.defs.get_schema(name, domain=domain)
    for variable in dict.fromkeys(one.type_str for one in schema.inputs):
        having = [e for e in examples().get((domain, name), ()) if variable in _present(schema, e)][:AT_MOST]
        for kind in allowed(schema, variable) if having else ():
            yield variable, kind, [wrong(schema, example, variable, kind) for example in having]


def _present(schema: Any, example: Example) -> set[str]:
    return {slot for slot, x in zip(slots(schema, example), example.inputs, strict=True) if x is not None}


def wrong(schema: Any, example: Example, variable: str, kind: str) -> str:
    """Empty where the operator runs with its inputs of that type and gives the right numbers; else what is wrong."""
    inputs = [brought(x, kind) if slot == variable else x for slot, x in zip(slots(schema, example), example.inputs, strict=True)]
    try:
        made = example.run(inputs)
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    wider = WIDER.get(kind) or ("int64" if "int" in kind else "")
    if wider not in allowed(schema, variable) or example.operator.random or example.operator.kind == "cast" or not small(inputs):
        return ""
    wide = [brought(x, wider) if slot == variable else x for slot, x in zip(slots(schema, example), inputs, strict=True)]
    return next(filter(None, (differing(a, b, kind) for a, b in zip(made, example.run(wide), strict=True))), "")


def brought(x: Any, kind: str) -> Any:
    """x in another type: texts that are to be numbers by their places in order, negative numbers that cannot be so by their size."""
    if isinstance(x, list):
        return [brought(one, kind) for one in x]
    if not is_array(x) or dtype_name(x) == kind:
        return x
    x = ranks(x) if dtype_name(x) == "string" else x.real if torch.is_tensor(x) and x.is_complex() else x
    return cast_to(x.abs() if kind.startswith("u") and torch.is_tensor(x) and x.dtype.is_signed else x, kind)


def small(inputs: Iterable[Any]) -> bool:
    """Whether the numbers are such as every type holds."""
    tensors = [x for x in inputs if torch.is_tensor(x) and not x.is_complex()]
    return all(x.numel() and bool((x.double().abs() <= 100).all()) for x in tensors)


def differing(a: Any, b: Any, kind: str) -> str:
    """Empty where b, brought into the type of a, is a: to the last bit of integers, to the precision of floats."""
    if not (torch.is_tensor(a) and torch.is_tensor(b)) or not a.numel():
        return ""
    if a.shape != b.shape:
        return f"shape {tuple(a.shape)} for {tuple(b.shape)}"
    expected = b if b.is_complex() else cast_to(b, dtype_name(a))
    if a.is_floating_point():
        epsilon = max(EPSILON.get(dtype_name(a), 0.25), EPSILON.get(kind, 2**-23))
        a, expected = a.double(), expected.double()
        scale = float(torch.where(expected.isfinite(), expected, 0).abs().max())
        same = torch.isclose(a, expected, rtol=16 * epsilon, atol=8 * epsilon * scale, equal_nan=True).numpy()
    else:
        same = as_numpy(a) == as_numpy(expected)
    return "" if same.all() else f"{as_numpy(a)[~same][:3].tolist()} for {as_numpy(expected)[~same][:3].tolist()}"


GROUPS = {
    "float": ("float16", "bfloat16", "float32", "float64"),
    "float8": ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
    "int": ("int8", "int16", "int32", "int64"),
    "uint": ("uint8", "uint16", "uint32", "uint64"),
    "sub-byte": ("int4", "uint4", "int2", "uint2", "float4_e2m1fn"),
    "float6": ("float6_e2m3fn", "float6_e3m2fn"),
    "complex": ("complex64", "complex128"),
}
"""Types that are named together where all of them are meant."""


def words(kinds: Sequence[str]) -> str:
    """The types in few words."""
    whole = [group for group, members in GROUPS.items() if set(members) <= set(kinds)]
    return ", ".join([*whole, *(kind for kind in kinds if not any(kind in GROUPS[group] for group in whole))])


def cell(domain: str, name: str) -> str:
    """What stands in the table: the types that run, and those of other type variables than the first where not all do."""
    found: dict[str, dict[str, list[str]]] = collections.defaultdict(dict)
    for variable, kind, problems in tried(domain, name):
        found[variable][kind] = problems
    first, *others = found or [""]
    more = (f"{other}: {_told(found[other])}" for other in others if any(map(any, found[other].values())))
    return "; ".join([_told(found[first]) if first else "–", *more])


def _told(kinds: dict[str, list[str]]) -> str:
    partly = [kind for kind, problems in kinds.items() if any(problems) and not all(problems)]
    never = [kind for kind, problems in kinds.items() if all(problems)]
    runs = [kind for kind, problems in kinds.items() if not any(problems)]
    parts = [words(runs), f"in part {words(partly)}" if partly else "", f"not {words(never)}" if never else ""]
    return "; ".join(filter(None, parts))
