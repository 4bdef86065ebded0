"""Texts: StringConcat, StringSplit, StringNormalizer, RegexFullMatch."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, broadcast, draws, sizes, some


def texts(draw: Draw, shape, letters: str, longest: int = 6) -> np.ndarray:
    """Texts of these letters, in an array."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    made = np.empty(int(np.prod(shape)), object)
    for i in range(len(made)):
        made[i] = "".join(generator.choice(list(letters), generator.integers(0, longest + 1)))
    return made.reshape(shape)


@draws("StringConcat", opsets=(20, 27))
def stringconcat(draw: Draw, opset: int) -> Drawn:
    return Drawn([texts(draw, shape, "abÄ é\n日") for shape in broadcast(draw, 2)])


def _split(drawn: Drawn, opset: int) -> list[np.ndarray]:
    x, delimiter, most = drawn.inputs[0], drawn.attributes.get("delimiter"), drawn.attributes.get("maxsplit", -1)
    found = [text.split(delimiter, most) if delimiter else text.strip().split(None, most) for text in x.ravel()]
    longest = max(map(len, found), default=0)
    parts = np.empty((len(found), longest), object)
    for row, one in zip(parts, found, strict=True):
        row[:] = one + [""] * (longest - len(one))
    return [parts.reshape(*x.shape, longest), np.array([len(one) for one in found], np.int64).reshape(x.shape)]


@draws(
    "StringSplit",
    opsets=(20, 27),
    faults=[
        Fault(
            lambda drawn, opset: drawn.inputs[0].ndim == 0,
            "This tensor has one additional rank compared to the input tensor in order to store the substrings for each input element",
            _split,
        ),
        Fault(
            lambda drawn, opset: "maxsplit" in drawn.attributes and not drawn.attributes.get("delimiter"),
            "consecutive whitespace characters are regarded as a single separator and leading or trailing whitespace is removed in the output.",
            _split,
        ),
    ],
)
def stringsplit(draw: Draw, opset: int) -> Drawn:
    attributes = some(draw, delimiter=st.sampled_from(("", " ", ",", "ab", "aa", "é")), maxsplit=st.integers(0, 4))
    return Drawn([texts(draw, sizes(draw, (0, 3), high=3), "aab ,é\t")], attributes, outputs=2)


def _normalized(drawn: Drawn, opset: int) -> list[np.ndarray]:
    x, a = drawn.inputs[0], drawn.attributes
    same = (lambda text: text) if a.get("is_case_sensitive", 0) else str.lower
    stops = {same(word) for word in a.get("stopwords", [])}
    change = {"LOWER": str.lower, "UPPER": str.upper}.get(a.get("case_change_action", "NONE"), lambda text: text)
    left = [change(text) for text in x.ravel() if same(text) not in stops] or [""]
    return [np.array(left, object).reshape(*x.shape[:-1], len(left))]


@draws(
    "StringNormalizer",
    opsets=(10, 27),
    faults=[
        Fault(  # it strips accents, drops empty texts, and removes stop words from within an element
            lambda drawn, opset: any(not text or not text.isascii() or " " in text for text in drawn.inputs[0].ravel()),
            'This operator first examines the elements in the X, and removes elements specified in "stopwords" attribute. After removing '
            'stop words, the intermediate result can be further lowercased, uppercased, or just returned depending the "case_change_action"',
            _normalized,
        ),
        Fault(  # it looks for them as they are written where no case is changed
            lambda drawn, opset: drawn.attributes.get("case_change_action", "NONE") == "NONE" and not drawn.attributes.get("is_case_sensitive"),
            "Boolean. Whether the identification of stop words in X is case-sensitive. Default is false",
            _normalized,
        ),
    ],
)  # fmt: skip
def stringnormalizer(draw: Draw, opset: int) -> Drawn:
    # more rows than one are not drawn: the reference takes them; nor letters whose case changes their number or back
    columns = draw(st.integers(0, 5))
    letters = draw(st.sampled_from(("abAB", "abAB", "aÄä é")))
    words = texts(draw, (4,), letters, 2).tolist()
    attributes = some(
        draw,
        case_change_action=st.sampled_from(("NONE", "LOWER", "UPPER")),
        is_case_sensitive=st.integers(0, 1),
        stopwords=st.just(words),
    )
    return Drawn([texts(draw, (columns,) if draw(st.booleans()) else (1, columns), letters, 2)], attributes)


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        ".",
        "[ab]",
        "[^a]",
        "[a-c]",
        r"\.",
        "é",
        "[é-ü]",
        r"\w",
        r"\d",
        r"\s",
        r"\S",
        r"[\d\s]",
        "(?i:A)",
        r"\b",
        "",
    ]
)
PATTERNS = st.recursive(
    PIECES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda both: f"({both[0]}|{both[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "*?", "+?"])).map(
            lambda x: f"(?:{x[0]}){x[1]}"
        ),
    ),
    max_leaves=6,
)
"""What RE2 and Python's matcher read alike, of ASCII texts."""


@draws("RegexFullMatch", opsets=(20, 27))
def regexfullmatch(draw: Draw, opset: int) -> Drawn:
    # classes (\w, \d …) of letters that are not ASCII are not drawn: RE2 has them of ASCII alone, Python's matcher of all
    pattern = draw(PATTERNS)
    if draw(st.integers(0, 29)) == 7:
        pattern += draw(st.sampled_from(("(", "[", ")", "(?P<n", "**")))
    of_ascii = any(mark in pattern for mark in ("\\w", "\\d", "\\s", "\\S", "\\b", "(?i"))
    letters = "abc1 .A" if of_ascii else "abc1 .éü日"
    anchored = draw(st.sampled_from((pattern, f"^{pattern}$")))
    return Drawn([texts(draw, sizes(draw, (0, 3), high=4), letters, 4)], {"pattern": anchored})
