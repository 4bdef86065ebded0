"""TfIdfVectorizer."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, draws


def _grams(drawn: Drawn) -> list[tuple]:
    """The pool's n-grams, in order."""
    a = drawn.attributes
    pool, starts = a.get("pool_int64s") or a["pool_strings"], a["ngram_counts"]
    ends = [*starts[1:], len(pool)]
    return [
        tuple(pool[i : i + n])
        for n, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
        for i in range(start, end - n + 1, n)
    ]


def _counted(drawn: Drawn, opset: int) -> list[np.ndarray]:
    """One n-gram, one row and one place after another."""
    x, a, grams = drawn.inputs[0], drawn.attributes, _grams(drawn)
    made = np.zeros((*x.shape[:-1], max(a["ngram_indexes"]) + 1), np.float32)
    rows, out = np.atleast_2d(x), np.atleast_2d(made)
    for gram, column, weight in zip(grams, a["ngram_indexes"], a.get("weights", [1.0] * len(grams)), strict=True):
        n = len(gram)
        if not a["min_gram_length"] <= n <= a["max_gram_length"]:
            continue
        for row, counts in zip(rows.tolist(), out, strict=True):
            steps = range(1, a["max_skip_count"] + 2 if n > 1 else 2)
            counts[column] = sum(
                tuple(row[i : i + step * (n - 1) + 1 : step]) == gram for step in steps for i in range(len(row) - step * (n - 1))
            )
            counts[column] = counts[column] if a["mode"] == "TF" else weight * (counts[column] if a["mode"] == "TFIDF" else counts[column] > 0)  # fmt: skip
    return [made]


@draws(
    "TfIdfVectorizer",
    opsets=(9, 27),
    faults=[
        Fault(  # it takes a column's weight from the place of the column
            lambda drawn, opset: "weights" in drawn.attributes and drawn.attributes["ngram_indexes"] != sorted(drawn.attributes["ngram_indexes"]),
            "The i-th element in weights is the weight of the i-th n-gram in pool.",
            _counted,
        ),
        Fault(
            lambda drawn, opset: "weights" in drawn.attributes and max(drawn.attributes["ngram_indexes"]) >= len(drawn.attributes["weights"]),
            "The i-th element in weights is the weight of the i-th n-gram in pool.",
            _counted,
        ),
        Fault(
            lambda drawn, opset: "weights" not in drawn.attributes and drawn.attributes["mode"] != "TF",
            "By default, weights is an all-one tensor.",
            _counted,
        ),
        Fault(
            lambda drawn, opset: len(drawn.inputs[0]) == 0,
            "If input shape is [N, C], this operator produces a [N, max(ngram_indexes) + 1]-tensor.",
            _counted,
        ),
    ],
)  # fmt: skip
def tfidfvectorizer(draw: Draw, opset: int) -> Drawn:
    # n-grams named twice and columns of several n-grams are not drawn: whose weight holds is not said
    text = draw(st.booleans())
    tokens = ["a", "b", "cd", "Ä", ""] if text else [0, 1, 2, -3, 2**40]
    longest = draw(st.integers(1, 3))
    pool, starts, grams = [], [], 0
    for n in range(1, longest + 1):
        starts.append(len(pool))
        some = draw(
            st.lists(st.tuples(*[st.sampled_from(tokens)] * n), min_size=int(n == longest and not grams), max_size=4, unique=True)
        )
        grams += len(some)
        pool += [token for gram in some for token in gram]
    columns = draw(st.permutations(range(grams + draw(st.integers(0, 2)))))[:grams]
    columns = sorted(columns) if draw(st.booleans()) else columns
    shape = draw(st.integers(0, 6)), draw(st.integers(0, 3))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    places = generator.integers(0, len(tokens), shape[:1] if draw(st.booleans()) else shape[::-1])
    dtype = object if text else draw(st.sampled_from((np.int64, np.int32)))
    x = np.array([*tokens, None] if text else [*tokens[:4], 2**40 if dtype == np.int64 else 9, 0], dtype)[places]
    least = draw(st.integers(1, longest))
    attributes = {
        "mode": draw(st.sampled_from(("TF", "IDF", "TFIDF"))),
        "min_gram_length": least,
        "max_gram_length": draw(st.integers(least, longest)),
        "max_skip_count": draw(st.integers(0, 3)),
        "ngram_counts": starts,
        "ngram_indexes": columns,
        "pool_strings" if text else "pool_int64s": pool,
    }
    if draw(st.booleans()):
        attributes["weights"] = generator.uniform(-2, 2, grams).astype(np.float32).tolist()
    return Drawn([x], attributes)
