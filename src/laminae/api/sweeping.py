"""What came of many patches, as users hold it: a sweep of one trace, the effect of each layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from laminae.base.errors import UnknownNameError
from laminae.base.records import Effect
from laminae.see.effects import effects_table
from laminae.see.rendering import Table
from laminae.trace.effects import measured
from laminae.trace.patch import Patch
from laminae.trace.sweep import Ways


class Sweep:
    """The outputs for each of several patches. `sweep.output[i]` is the model's output under patch `i`.

    patches: those of each way. how: whether they ran in batches or one by one, and why.
    """

    def __init__(self, ways: Ways, plain: Mapping[str, Any]) -> None:
        self.patches: tuple[tuple[Patch, ...], ...] = ways.patches
        self.outputs: dict[str, Any] = ways.outputs
        self.how = ways.how
        self._plain = dict(plain)

    @property
    def output(self) -> Any:
        """[ways, ...] of the one output; a dict by name where the model has several."""
        return next(iter(self.outputs.values())) if len(self.outputs) == 1 else self.outputs

    def effects(self, measure: str | Callable[[Any], Any] = "relative") -> tuple[float, ...]:
        """How far each way moves the output: "relative", "max", "kl", or a function of the output, whose change is taken.

        One number for each way, in order. Raises UsageError for a measure that is none; PatchError where a patch has changed the
        shape of the output.
        """
        hold = measured(measure)
        return tuple(hold({name: every[i] for name, every in self.outputs.items()}, self._plain) for i in range(len(self)))

    def table(self, measure: str = "relative") -> Table:
        """A row for each way: what was patched, and how far that moves the output."""
        rows = [
            Effect(", ".join(dict.fromkeys(p.layer for p in way)), "", "", ", ".join(map(repr, way)), size)
            for way, size in zip(self.patches, self.effects(measure), strict=True)
        ]
        return effects_table(rows, measure, f"{len(self)} ways, {self.how}", patches=True)

    def __len__(self) -> int:
        return len(self.patches)

    def __repr__(self) -> str:
        return f"Sweep({len(self)} ways, {self.how})"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


class Effects:
    """What patching each layer alone does to the output, in forward order.

    `effects["L2"]` is a number, `effects.largest` a record.
    """

    def __init__(self, records: tuple[Effect, ...], measure: str, title: str) -> None:
        self.records, self.measure, self.title = records, measure, title

    @property
    def largest(self) -> Effect:
        """The layer whose patch moves the output most."""
        return max(self.records, key=lambda effect: abs(effect.size))

    def __getitem__(self, name: str) -> float:
        """What patching a layer did, by its name or path. Raises UnknownNameError where it was not patched."""
        for effect in self.records:
            if name in (effect.layer, effect.path):
                return effect.size
        raise UnknownNameError(f"layer {name!r} was not patched", {"there are": ", ".join(e.layer for e in self.records[:8])})

    def table(self, *, sort: bool = False) -> Table:
        """A row for each layer, in forward order or, sorted, by effect."""
        rows = sorted(self.records, key=lambda effect: -abs(effect.size)) if sort else self.records
        return effects_table(rows, self.measure, f"{self.title}: {len(rows)} layers, each patched alone")

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Effect]:
        return iter(self.records)

    def __repr__(self) -> str:
        return f"Effects({len(self)} layers, largest {self.largest.layer!r} {self.largest.size:.3g})"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()
