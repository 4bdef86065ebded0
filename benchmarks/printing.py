"""How results are printed: times under one another or as a grid, ratios with their limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def table(title: str, medians: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, ms in medians.items():
        print(f"  {name:<55} {ms:10.3f} ms")


def ratio(what: str, value: float, limit: float | None = None) -> None:
    verdict = "" if limit is None else f"  (at most {limit}: {'yes' if value <= limit else 'NO'})"
    print(f"  {what:<55} {value:10.3f} ×{verdict}")


def grid(title: str, sizes: Sequence[str], ways: Sequence[str], medians: Mapping[str, float]) -> None:
    """Ways down, sizes across, of results named `size/way`."""
    print(f"\n{title}; not a number: that package is not installed")
    print(f"  {'':<24}" + "".join(f"{size:>16}" for size in sizes))
    for way in ways:
        print(f"  {way:<24}" + "".join(f"{medians[f'{size}/{way}']:16.2f}" for size in sizes))
