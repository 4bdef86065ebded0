"""Where a module keeps the tensors of a model's parameters: what is put there later is followed, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter, is_, methodcaller
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.dtypes import dtype_name
from laminae.base.errors import ModelError
from laminae.base.shapes import format_shape
from laminae.graph.parameter import Parameter

GONE = object()
"""Stands for what is not there any more."""

_dtype, _data_ptr = attrgetter("dtype"), methodcaller("data_ptr")


class Structure:
    """Which modules stand where inside a module."""

    def __init__(self, module: Any) -> None:
        self.module = module
        inside = [(path, inner._modules) for path, inner in module.named_modules()]
        self._inside = [
            (path, held) for path, held in inside if isinstance(held, dict)
        ]  # TorchScript has none: it cannot be opened
        placed = [(path, held, key, child) for path, held in self._inside for key, child in held.items()]
        self._paths, self._held, self._keys, self._children = list(zip(*placed, strict=True)) or [(), (), (), ()]
        self._all = [held for _, held in self._inside]
        self._counts = list(map(len, self._all))

    def unchanged(self) -> bool:
        return all(map(is_, map(dict.get, self._held, self._keys), self._children)) and list(map(len, self._all)) == self._counts

    def require_unchanged(self) -> None:
        """Raises ModelError naming a module that is another, is gone, or is new."""
        for path, held, key, child in zip(self._paths, self._held, self._keys, self._children, strict=True):
            if (now := held.get(key)) is not child:
                found = "gone" if now is None else f"another {type(now).__name__}"
                where = f"{path}.{key}" if path else key
                raise other_module(self.module, f"the {type(child).__name__} {where!r} is {found}")
        for (path, held), count in zip(self._inside, self._counts, strict=True):
            if len(held) != count:
                where = repr(path) if path else "it"
                raise other_module(self.module, f"{where} holds another module, {next(reversed(held))!r}")


@dataclass(frozen=True, eq=False)
class Place:
    """One place of a tensor: under a key of the dictionary in which a module keeps it. name: as in the module's state_dict."""

    held: dict[str, Any]
    key: str
    name: str
    box: Parameter


class Places:
    """All places of the tensors that these parameters hold, as the module is now.

    Another tensor of the same dtype and shape there (`load_state_dict(assign=True)`, buffers after `module.to("cuda")`) becomes
    the parameter's. Everything else (another dtype, another shape, another module, weights no longer tied) makes the graph one
    of a module that is no more: it is refused.
    """

    def __init__(self, module: Any, boxes: Iterable[Parameter]) -> None:
        self.module = module
        self.structure = Structure(module)
        known = {id(box.array): box for box in boxes}
        self.places = [Place(held, key, name, known[id(x)]) for held, key, name, x in tensors_of(module) if id(x) in known]
        self._dictionaries, self._keys = [p.held for p in self.places], [p.key for p in self.places]
        self._note()

    def _note(self) -> None:
        self._tensors = [place.held[place.key] for place in self.places]
        self._dtypes = list(map(_dtype, self._tensors))
        self._pointed = [tensor for tensor in self._tensors if _pointer(tensor) is not None]
        self._pointers = list(map(_pointer, self._pointed))

    def unchanged(self) -> bool:
        """Whether all is as it was: asked before every run, so it takes no longer than it must."""
        return (
            all(map(is_, map(dict.get, self._dictionaries, self._keys), self._tensors))
            and list(map(_dtype, self._tensors)) == self._dtypes
            and list(map(_data_ptr, self._pointed)) == self._pointers
            and self.structure.unchanged()
        )

    def follow(self) -> None:
        """Put what the module holds now into the parameters. Raises ModelError where it is not what the graph was read from."""
        self.structure.require_unchanged()
        new: dict[Parameter, Any] = {}
        for place in self.places:
            tensor = place.held.get(place.key, GONE)
            self._require_like(place, tensor)
            if new.setdefault(place.box, tensor) is not tensor:
                raise other_module(self.module, f"{place.name!r} and {place.box.name!r} were one tensor, are two")
        for box, tensor in new.items():
            if box.array is not tensor:
                box.array = tensor
        for tensor, pointer in zip(self._pointed, self._pointers, strict=True):
            if _pointer(tensor) != pointer and not tensor.is_inference():
                torch.autograd.graph.increment_version(tensor)  # torch counts no change where other memory is put in (`.data`)
        self._note()

    def _require_like(self, place: Place, tensor: Any) -> None:
        name, box = place.name, place.box
        if not is_tensor(tensor):
            found = "gone" if tensor is GONE else type(tensor).__name__
            raise other_module(self.module, f"{name!r} was a tensor, is {found}")
        if dtype_name(tensor) != box.dtype:
            raise other_module(self.module, f"{name!r} was {box.dtype}, is {dtype_name(tensor)}")
        if tuple(tensor.shape) != box.shape:
            raise other_module(self.module, f"{name!r} was {format_shape(box.shape)}, is {format_shape(tuple(tensor.shape))}")


def other_module(module: Any, what: str) -> ModelError:
    return ModelError(
        f"{type(module).__name__} is no longer the module that this model was read from",
        {
            "changed": what,
            "the way out": "model = lm.open(module, example=…) again, with an example of what it takes now; "
            "or bring the module back to what it was",
        },
    )


def _pointer(tensor: Any) -> int | None:
    """Where a tensor's memory begins; None of what has none to be asked for."""
    try:
        return int(tensor.data_ptr()) or None
    except (RuntimeError, NotImplementedError):  # sparse, quantized otherwise, spread over machines
        return None


def tensors_of(module: Any) -> Iterator[tuple[dict[str, Any], str, str, Any]]:
    """The tensors of a module: the dictionary and the key where each is kept, its name, itself. Plain attributes come last."""
    inside = list(module.named_modules(remove_duplicate=False))
    for kind in ("_parameters", "_buffers", None):
        for path, inner in inside:
            held = vars(inner) if kind is None else vars(inner).get(kind, {})
            for key, value in held.items():
                if is_tensor(value):
                    yield held, key, f"{path}.{key}" if path else key, value
