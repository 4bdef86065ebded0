"""A text task from this repository itself: which room of src/laminae does a line of code come from?"""

import re
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2] / "src" / "laminae"
ROOMS = ("cli", "data", "graph", "layers", "see", "trace")
EACH, LEAST, PLACES = 700, 24, 8192
"""Lines of each room; characters that a line has at least; places for its words and pieces of words."""


def lines():
    """(texts, ids): each text once, as many of each room."""
    draw, texts, ids = np.random.default_rng(0), [], []
    found = {room: _of(ROOT / room) for room in ROOMS}
    everywhere = [line for several in found.values() for line in several]
    for number, several in enumerate(found.values()):
        own = sorted(line for line in several if everywhere.count(line) == 1)
        texts += [own[i] for i in draw.permutation(len(own))[:EACH]]
        ids += [number] * min(EACH, len(own))
    return texts, np.array(ids)


def _of(folder):
    written = [line.strip() for path in sorted(folder.rglob("*.py")) for line in path.read_text(encoding="utf-8").splitlines()]
    return {line for line in written if len(line) >= LEAST and not line.startswith(("from ", "import "))}


def words(text):
    """The words of a line, snake_case and CamelCase taken apart."""
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+", text)


def pieces(text):
    """The words of a line, every three letters in them (Bojanowski et al. 2017, 3.2), pairs of words, and what stands between."""
    found = [word.lower() for word in words(text)]
    for word in found:
        framed = f"<{word}>"
        yield framed
        yield from (framed[i : i + 3] for i in range(len(framed) - 2))
    yield from map(" ".join, pairwise(found))
    yield from re.findall(r"[^\w\s]+", text)


def bag(texts):
    """[lines, PLACES]: 1 ⁄ √n at the places of a line's n pieces, found by a checksum."""
    found = np.zeros((len(texts), PLACES), np.float32)
    for row, text in zip(found, texts, strict=True):
        row[[zlib.crc32(piece.encode()) % PLACES for piece in pieces(text)]] = 1
        row /= np.sqrt(max(row.sum(), 1))
    return found
