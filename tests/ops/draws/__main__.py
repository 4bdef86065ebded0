"""The nightly size: many draws for each operator, on all cores, and a table of what they said."""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import multiprocessing
import os
import sys
import time

from tests.ops.draws.compared import BOTH_REFUSE, EQUAL, EXCUSED, UNJUDGED
from tests.ops.draws.families import strategies
from tests.ops.draws.many import in_worker

OUTCOMES = (EQUAL, BOTH_REFUSE, UNJUDGED, EXCUSED)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.ops.draws")
    parser.add_argument("operators", nargs="*", help="all, unless named")
    parser.add_argument("--draws", type=int, default=1000, help="for each operator")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    names = options.operators or sorted(strategies())
    total: collections.Counter[str] = collections.Counter()
    differences = []
    start = time.perf_counter()
    with concurrent.futures.ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        for done in concurrent.futures.as_completed([pool.submit(in_worker, name, options.draws) for name in names]):
            name, outcomes, difference = done.result()
            total += outcomes
            told = "  ".join(f"{outcome} {outcomes[outcome]:,}" for outcome in OUTCOMES if outcomes[outcome])
            print(f"{name:32} {told or 'DIFFERS'}", flush=True)
            if difference:
                differences.append(difference)
    print(*differences, sep="\n\n")
    print(f"{total.total():,} draws of {len(names)} operators in {time.perf_counter() - start:.0f} s: ", end="")
    print(*[f"{outcome} {total[outcome]:,}" for outcome in OUTCOMES], f"{len(differences)} operators differ", sep=", ")
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main())
