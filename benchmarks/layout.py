"""Laying out large graphs: the CPU time of a chain with skips, of a transformer in groups, of one without."""

from __future__ import annotations

import json
import statistics
import sys
import time

TITLE = "Layout: ms of CPU time, nothing remembered from before"
LIMIT = 300.0
"""Milliseconds for 5,000 layers."""

CONTESTANTS = (
    "chain with skips, 1,000",
    "chain with skips, 5,000",
    "transformer of 48 blocks",
    "transformer, 350 blocks, no groups",
)


def main(contestant: str) -> None:
    from laminae.see.layout import layout
    from laminae.see.layout.level import solve
    from tests.see.test_layout import chain, transformer

    skips = (2, 5, 3, 4)
    makers = (
        lambda: chain(1000, skips),
        lambda: chain(5000, skips),
        lambda: transformer(48),
        lambda: transformer(350, groups=False),
    )
    graph = dict(zip(CONTESTANTS, makers, strict=True))[contestant]()
    times = []
    for _ in range(5):
        solve.cache_clear()
        start = time.process_time()
        layout(*graph)
        times.append((time.process_time() - start) * 1e3)
    print(json.dumps(statistics.median(times)))


if __name__ == "__main__":
    main(sys.argv[1])
