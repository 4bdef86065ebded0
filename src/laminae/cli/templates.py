"""Descriptions that learn well as they are: an MLP, a small convolutional network, a small transformer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from laminae.base.errors import UsageError
from laminae.cli.looking import Look
from laminae.files.description.reading import nearest

Line = tuple[str, str]
"""What stands in a line, and the comment behind it."""

PLAIN = re.compile(r"[A-Za-z_][\w/.\-]*( [\w/.\-]+)*")
"""Texts that YAML takes without quotes."""

LONGEST = 44
"""Columns of a line before its comment."""

STEPS = 2500
"""Steps that a small model needs; epochs are as many as give these, within bounds."""


def description(kind: str, look: Look, data: str, out: str) -> str:
    """The text of a description of that kind for these data. Raises UsageError where the kind does not fit them."""
    require(kind)
    lines = [*_head(kind, look, data, out), ("", ""), *KINDS[kind](look), ("", ""), *_training(kind, look)]
    return "\n".join(_aligned(lines)) + "\n"


def require(kind: str) -> None:
    """Raises UsageError, with the nearest, for a kind that there is not."""
    if kind not in KINDS:
        raise UsageError(f"there is no template {kind!r}", {**nearest(kind, KINDS), "there are": ", ".join(KINDS)})


def _head(kind: str, look: Look, data: str, out: str) -> list[Line]:
    said = [f"# {remark[0].upper()}{remark[1:]}." for remark in look.said]
    comment = [
        f"# A model for {data} ({look.samples:,} samples), written by `laminae init {kind}`. Edit it, then:",
        "#",
        f"#   laminae train {out} --data {data} --out run",
        "#   laminae predict run --data NEW --out answers.csv",
        *(["#", *said] if said else []),
    ]
    named = Path(data.rstrip("/")).stem or "model"
    lines: list[Line] = [(text, "") for text in comment]
    lines += [("", ""), (f"name: {flow(named)}", ""), ("seed: 0", "the first weights are drawn from it")]
    if look.data:
        lines += [("", ""), ("data:", "how the data become numbers; options of the command line stand over it")]
        for word, value in look.data.items():
            lines += _said(word, value, _about(word, look))
    return lines


def _said(word: str, value: Any, about: str) -> list[Line]:
    """A setting in one line, or where that were long in one for each part."""
    whole = f"  {word}: {flow(value)}"
    if len(whole) <= LONGEST or not isinstance(value, Mapping):
        return [(whole, about)]
    return [(f"  {word}:", about), *((f"    {flow(key)}: {flow(part)}", "") for key, part in value.items())]


def _about(word: str, look: Look) -> str:
    return {
        "target": f"what is to be answered: {f'{look.classes} classes' if look.classes else 'numbers'}",
        "columns": "the input",
        "categories": "one-hot: a number for each class; ids: the class's number",
        "missing": "what stands in where nothing is: a value, mean, drop (the row), error",
        "text": "words or characters, so many of them; the most frequent have ids",
        "images": "size: [height, width]; scale, mean, std of a pixel",
    }.get(word, "")


def _width(look: Look) -> int:
    return 32 if look.samples < 1000 else 64 if look.samples < 10_000 else 128


def _last(look: Look) -> list[Line]:
    if look.classes:
        return [(f"  - {{Linear: {max(2, look.classes)}, name: scores}}", "one number for each class: logits")]
    return [(f"  - {{Linear: {look.outputs}, name: answer}}", "one number for each that is expected")]


def _input(text: str, comment: str) -> list[Line]:
    return [(f"input: {text}", comment), ("layers:", "each reads the one before it, unless it says reads: NAME")]


def mlp(look: Look) -> list[Line]:
    """Two hidden layers, for any numbers."""
    if look.data.get("text"):
        raise UsageError("an MLP reads numbers, and this is text", {"the way out": "laminae init transformer"})
    width = 2 * _width(look)
    shape = flow(list(look.shape)) if len(look.shape) != 1 else str(look.shape[0])
    flatten: list[Line] = [("  - Flatten", "to one list of numbers")] if len(look.shape) > 1 else []
    hidden = [(f"  - Linear: {width}", ""), ("  - ReLU", ""), (f"  - Linear: {width // 2}", ""), ("  - ReLU", "")]
    return [*_input(shape, "the numbers of a sample"), *flatten, *hidden, *_last(look)]


def cnn(look: Look) -> list[Line]:
    """Two or three convolutions, each with a pool, for images."""
    shape = _image(look)
    reshape: list[Line] = []
    if len(look.shape) == 2:
        reshape = [(f"  - Reshape: {flow(list(shape))}", "one channel")]
    given = list(look.shape) if reshape else list(shape)
    lines = [*_input(flow(given), "channels, height, width" if not reshape else "height, width"), *reshape]
    channels, sizes = 16, min(shape[1:])
    while True:
        lines += [(f"  - Conv: {{out_channels: {channels}, kernel: 3, padding: same}}", ""), ("  - ReLU", "")]
        if channels > 16 or sizes >= 16:
            lines += [("  - MaxPool: 2", f"{sizes} → {sizes // 2}")]
            sizes //= 2
        channels *= 2
        if channels > 64 or sizes < 6:
            break
    return [*lines, ("  - Flatten", ""), ("  - Linear: 64", ""), ("  - ReLU", ""), *_last(look)]


def _image(look: Look) -> tuple[int, ...]:
    """[channels, height, width] of a sample: as it is, or a square of a row's numbers."""
    if len(look.shape) == 3:
        return look.shape
    if len(look.shape) == 2:
        return (1, *look.shape)
    count = look.shape[0] if look.shape else 0
    for channels in (1, 3):
        side = math.isqrt(count // channels)
        if side > 2 and channels * side * side == count and not look.data.get("text"):
            return (channels, side, side)
    found = "a text" if look.data.get("text") else f"{count} numbers a sample"
    raise UsageError(
        "a CNN reads images", {"found": found, "expected": "images, or a square of numbers", "the way out": "laminae init mlp"}
    )


def transformer(look: Look) -> list[Line]:
    """Two blocks of attention, for a text, ids of tokens, or a sequence of features."""
    dim = 64 if look.samples >= 1000 else 32
    if len(look.shape) == 2:
        lines = [*_input(flow(list(look.shape)), "places, features"), (f"  - {{Linear: {dim}, name: embedded}}", "")]
    elif len(look.shape) == 1 and look.ids and look.shape[0] > 1:
        count = look.ids
        lines = _input(f"{{shape: {look.shape[0]}, dtype: int64}}", f"{look.shape[0]} ids of a sample, 0 to {count - 1}")
        lines += [(f"  - {{Embedding: {{num: {count}, dim: {dim}}}, name: embedded}}", "a row for each id")]
    else:
        found = f"{flow(list(look.shape))} numbers a sample"
        expected = "a text, whole numbers (ids of tokens), or [places, features]"
        raise UsageError(
            "a transformer reads sequences", {"found": found, "expected": expected, "the way out": "laminae init mlp"}
        )
    lines += [("  - {Positions, name: x0}", "a row for each place, added")]
    for block in (1, 2):
        lines += _block(block, dim)
    return [*lines, ("  - LayerNorm", ""), ("  - Mean: 1", "over all places"), ("  - Dropout: 0.1", ""), *_last(look)]


def _block(number: int, dim: int) -> list[Line]:
    before, middle, after = f"x{number - 1}", f"y{number}", f"x{number}"
    return [
        (f"  - {{LayerNorm, reads: {before}}}", f"block {number}"),
        (f"  - {{MultiHeadAttention: 4, name: attention{number}}}", "4 heads"),
        (f"  - {{Add, reads: [attention{number}, {before}], name: {middle}}}", ""),
        ("  - LayerNorm", ""),
        (f"  - Linear: {2 * dim}", ""),
        ("  - GELU", ""),
        (f"  - {{Linear: {dim}, name: feed{number}}}", ""),
        (f"  - {{Add, reads: [feed{number}, {middle}], name: {after}}}", ""),
    ]


KINDS: Mapping[str, Callable[[Look], list[Line]]] = {"mlp": mlp, "cnn": cnn, "transformer": transformer}


def _training(kind: str, look: Look) -> list[Line]:
    batch = 32
    steps = max(1, round(0.8 * look.samples / batch))
    epochs = max(5, min(100, round(STEPS / steps))) if kind != "transformer" else max(5, min(30, round(STEPS / 2 / steps)))
    numbers = look.classes is None
    scaled = kind != "transformer" or len(look.shape) == 2
    lines: list[Line] = [("training:", "options of the command line stand over it")]
    lines += [(f"  loss: {'mse' if numbers else 'cross_entropy'}", "goes with " + ("numbers" if numbers else "classes"))]
    lines += [("  optimizer: {adamw: {weight_decay: 0.01}}", "one of torch.optim, with its arguments")]
    lines += [("  lr: 1e-3", ""), ("  schedule: cosine", "the rate falls to 0 by the last epoch")]
    lines += [(f"  epochs: {epochs}", ""), (f"  batch: {batch}", "")]
    lines += [("  validation: 0.2", "held out, and measured after each epoch")]
    lines += [(f"  metrics: {'[mae, r2]' if numbers else '[accuracy]'}", "on that")]
    lines += [(f"  patience: {max(5, epochs // 4)}", "epochs without a better loss, then the best weights come back")]
    if scaled:
        lines += [_normalised(look, numbers)]
    return lines


def _normalised(look: Look, numbers: bool) -> Line:
    axis = ", axis: 2" if len(look.shape) == 2 else ""
    said = f"{{how: mean/std{axis}{', targets: true' if numbers else ''}}}" if axis or numbers else "mean/std"
    return (f"  normalise: {said}", "of the training part, as layers of the model")


def _aligned(lines: Sequence[Line]) -> list[str]:
    """Comments one under another in each part."""
    found: list[str] = []
    for empty, part in groupby(lines, key=lambda line: not line[0]):
        held = list(part)
        column = max((len(text) for text, comment in held if comment), default=0) + 2
        found += [""] * len(held) if empty else [f"{t:<{column}}# {comment}" if comment else t for t, comment in held]
    return found


def flow(value: Any) -> str:
    """A value in a line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        return value if PLAIN.fullmatch(value) and not _means_else(value) else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _means_else(word: str) -> bool:
    from laminae.files.description.tree import scalar

    return not isinstance(scalar(word), str)
