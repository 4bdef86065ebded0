"""What a model answers for samples without expectations: numbers, or classes with their probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.api.model import Model
from laminae.base.arrays import as_numpy
from laminae.base.errors import UsageError
from laminae.data import batches
from laminae.data.interface import Samples

Array = np.ndarray[Any, Any]

MEANINGS = ("numbers", "logits", "logarithms", "probabilities", "scores")

OF_OPERATORS = {
    "Softmax": "probabilities",
    "softmax.int": "probabilities",
    "LogSoftmax": "logarithms",
    "Sigmoid": "probabilities",
}
OF_LOSSES = {"cross_entropy": "logits", "nll": "logarithms", "kl": "logarithms", "hinge": "scores"}


@dataclass(frozen=True)
class Meaning:
    """What the numbers of an output are. kind: one of MEANINGS; of classes all but "numbers". names: of the classes, or of
    the numbers, where they are known."""

    kind: str = "numbers"
    names: tuple[str, ...] = ()


def meaning_of(model: Model, loss: Mapping[str, Any] | None, names: Sequence[str], asked: bool = False) -> Meaning:
    """What the output means: what its last operator is, then the loss it learned by. asked: it is of classes in any case."""
    layer = getattr(model.graph.outputs[0], "producer", None)
    by_operator = "" if layer is None else OF_OPERATORS.get(layer.operator, "")
    name = str((loss or {}).get("loss", ""))
    kind = by_operator or OF_LOSSES.get(name, "")
    if not kind and name == "bce":
        kind = "logits" if (loss or {}).get("logits") else "probabilities"
    if not kind and (asked or (names and len(names) > 1 and loss is None)):
        kind = "logits"
    if kind and len(model.graph.outputs) == 1:
        return Meaning(kind, tuple(names))
    return Meaning("numbers", tuple(names))


@dataclass(frozen=True)
class Answers:
    """Of some samples. outputs: the model's own, by name. ids: the class of each, probabilities [samples, classes]: both None
    of numbers, the latter too of scores that are none."""

    outputs: Mapping[str, Array]
    ids: Array | None = None
    probabilities: Array | None = None

    @property
    def count(self) -> int:
        """How many samples."""
        return len(next(iter(self.outputs.values())))


def answers(model: Model, samples: Samples, meaning: Meaning, batch: int) -> Iterator[Answers]:
    """Batch after batch, in the order of the samples."""
    names = model.outputs
    for x, _ in batches(samples, batch):
        made = model(*x) if isinstance(x, tuple) else model(x)
        outputs = dict(zip(names, map(as_numpy, made if isinstance(made, tuple) else (made,)), strict=True))
        if meaning.kind == "numbers" or next(iter(outputs.values())).ndim > 2:
            yield Answers(outputs)
        else:
            yield classified(outputs, meaning)


def classified(outputs: Mapping[str, Array], meaning: Meaning) -> Answers:
    """The class of each sample and the probabilities; of one number a sample, that is of the second of two classes."""
    (output,) = outputs.values()
    wide = output.astype(np.float64)
    single = wide.ndim == 1 or wide.shape[1] == 1
    if meaning.kind == "scores":
        ids = (wide.reshape(-1) > 0).astype(np.int64) if single else wide.argmax(axis=1)
        return Answers(outputs, ids)
    if single:
        one = _sigmoid(wide.reshape(-1)) if meaning.kind == "logits" else wide.reshape(-1)
        shares = np.stack([1 - one, one], axis=1)
    else:
        shares = _softmax(wide) if meaning.kind == "logits" else np.exp(wide) if meaning.kind == "logarithms" else wide
    if meaning.names and len(meaning.names) != shares.shape[1]:
        details = {"the output has": shares.shape[1], "the names": len(meaning.names)}
        raise UsageError("the classes are not those of the model", details)
    return Answers(outputs, shares.argmax(axis=1), shares.astype(np.float32))


def columns(answer: Answers, meaning: Meaning, every: bool) -> dict[str, Array]:
    """As columns of a table. every: a column for each class's probability too."""
    if answer.ids is None:
        single = len(answer.outputs) == 1
        return _numbers(next(iter(answer.outputs.items())), meaning.names) if single else dict(answer.outputs)
    made: dict[str, Array] = {"class": _named(answer.ids, meaning.names)}
    shares = answer.probabilities
    if shares is None:
        return made
    made["probability"] = shares[np.arange(len(shares)), answer.ids]
    if every:
        made |= {f"p({_name(meaning.names, id)})": shares[:, id] for id in range(shares.shape[1])}
    return made


def arrays(answer: Answers, meaning: Meaning, every: bool, single: bool) -> dict[str, Array]:
    """As arrays of a file. single: it holds one alone: the outputs, or of classes the ids, or with `every` the probabilities."""
    if answer.ids is None:
        return dict(answer.outputs)
    shares = answer.probabilities
    if single:
        return {"class": answer.ids} if not every or shares is None else {"probabilities": shares}
    names = {"name": _named(answer.ids, meaning.names)} if meaning.names else {}
    return {**answer.outputs, "class": answer.ids, **names, **({"probabilities": shares} if shares is not None else {})}


def _numbers(held: tuple[str, Array], names: Sequence[str]) -> dict[str, Array]:
    """The numbers under the names of what they are to be, where there is one for each."""
    output, array = held
    wide = array[:, None] if array.ndim == 1 else array
    if wide.ndim == 2 and len(names) == wide.shape[1]:
        return {name: wide[:, at] for at, name in enumerate(names)}
    return {output: array}


def _named(ids: Array, names: Sequence[str]) -> Array:
    """Names all of one width, so that batches go into one file."""
    return np.asarray(names, f"<U{max(map(len, names))}")[ids] if names else ids


def _name(names: Sequence[str], id: int) -> str:
    return names[id] if names else str(id)


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    made: Array = powers / powers.sum(axis=1, keepdims=True)
    return made


def _sigmoid(logits: Array) -> Array:
    made: Array = np.exp(-np.logaddexp(0, -logits))
    return made
