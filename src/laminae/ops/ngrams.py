"""N-grams of rows of tokens, found in a pool of them by whole tensors: no loop over rows or places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.ops.casting import from_numpy

Array = np.ndarray[Any, Any]


def ngram_counts(
    X: Any, pool: Sequence[Any], starts: Sequence[int], columns: Sequence[int], lengths: range, max_skip: int
) -> Any:
    """[…, C] tokens → […, max(columns) + 1] counts, float32.

    pool: the tokens of all n-grams, those of length n from starts[n - 1] on. columns: where each n-gram is counted.
    lengths: those counted. max_skip: tokens of an n-gram stand 1 to max_skip + 1 places apart.
    """
    tokens = {token: i for i, token in enumerate(dict.fromkeys(pool))}
    rows = _numbered(as_numpy(X), tokens)
    counts = np.zeros((len(rows), max(columns, default=-1) + 1), dtype=np.float32)
    for n, grams, first in _by_length(pool, starts):
        if n not in lengths:
            continue
        known = {tuple(gram): columns[first + i] for i, gram in enumerate(grams)}
        numbers = np.array([[tokens[token] for token in gram] for gram in known], dtype=np.int64)
        for apart in range(1, max_skip + 2 if n > 1 else 2):
            _count(rows, numbers, np.array(list(known.values())), apart, counts)
    return from_numpy(counts.reshape(*X.shape[:-1], counts.shape[1]))


def _numbered(array: Array, tokens: dict[Any, int]) -> Array:
    """Each token's number in the pool, -1 for those not in it; always two axes."""
    found, back = np.unique(array, return_inverse=True)
    numbers = np.array([tokens.get(token, -1) for token in found.tolist()], dtype=np.int64)
    flat = numbers[back.reshape(-1)] if array.size else numbers
    return flat.reshape(math.prod(array.shape[:-1]), array.shape[-1] if array.ndim else 1)


def _by_length(pool: Sequence[Any], starts: Sequence[int]) -> list[tuple[int, list[Sequence[Any]], int]]:
    """Length, n-grams of that length, and the place of the first of them among all n-grams."""
    made, first = [], 0
    for n, (start, end) in enumerate(zip(starts, [*starts[1:], len(pool)], strict=True), 1):
        grams = [pool[i : i + n] for i in range(start, end - n + 1, n)]
        if grams:
            made.append((n, grams, first))
        first += len(grams)
    return made


def _count(rows: Array, grams: Array, columns: Array, apart: int, counts: Array) -> None:
    """Add every n-gram that stands `apart` in a row to its column."""
    n = grams.shape[1]
    width = rows.shape[1] - apart * (n - 1)
    if width <= 0:
        return
    windows = np.stack([rows[:, i * apart : i * apart + width] for i in range(n)], -1).reshape(-1, n)
    keys, places = np.unique(np.concatenate([grams, windows]), axis=0, return_inverse=True)
    column = np.full(len(keys), -1)
    places = places.reshape(-1)
    column[places[: len(grams)]] = columns
    where = column[places[len(grams) :]]
    row = np.repeat(np.arange(len(rows)), width)
    np.add.at(counts, (row[where >= 0], where[where >= 0]), 1)
