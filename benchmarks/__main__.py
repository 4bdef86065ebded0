"""`python -m benchmarks [name …]`: all tables, or the ones named (chain, startup, models, modules, learning, operators, page, …).

Results are also kept as JSON in benchmarks/results/, which git does not track.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import platform
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from benchmarks import (
    chain,
    deltas,
    engines,
    fitting,
    layout,
    learning,
    measure,
    models,
    modules,
    opening,
    operators,
    page,
    resuming,
    storing,
    viewing,
)
from benchmarks.printing import grid, ratio, table

RESULTS = Path(__file__).parent / "results"


def run_chain() -> dict[str, float]:
    found = measure.medians(measure.interleave("benchmarks.chain", chain.CONTESTANTS))
    table(chain.TITLE, found)
    for what, ours, theirs, limit in chain.RATIOS:
        ratio(what, found[ours] / found[theirs], limit)
    return found


def run_startup() -> dict[str, float]:
    commands = {
        "python -c 'import torch'": [sys.executable, "-c", "import torch"],
        "laminae show mnist.onnx": [sys.executable, "-m", "laminae", "show", str(models.FOLDER / "mnist.onnx")],
        "laminae show, a file of 400 MB": [sys.executable, "-m", "laminae", "show", str(opening.file())],
        "python -c 'import laminae'": [sys.executable, "-c", "import laminae"],
    }
    if not models.FOLDER.exists():
        print(f"\n{models.FOLDER} is not here: `laminae show mnist.onnx` is left out")
        del commands["laminae show mnist.onnx"]
    found = measure.medians(measure.interleave_commands(commands))
    table("start-up, whole commands", found)
    for name in found:
        if name.startswith("laminae show"):
            ratio(f"{name} / import torch", found[name] / found["python -c 'import torch'"], 0.5)
    return found


def run_models() -> dict[str, float]:
    if not models.FOLDER.exists():
        print(f"\n{models.FOLDER} is not here: the real models are left out")
        return {}
    found = measure.medians(measure.interleave("benchmarks.models", models.CONTESTANTS, rounds=3))
    table(models.TITLE, found)
    for name in models.NAMES:
        ratio(f"{name}: model.run(x) / model(x)", found[f"{name}/laminae model.run(x)"] / found[f"{name}/laminae model(x)"])
        ratio(f"{name}: model(x) / onnxruntime", found[f"{name}/laminae model(x)"] / found[f"{name}/onnxruntime"])
    return found


def run_opening() -> dict[str, float]:
    opening.file()
    rows = measure.interleave_tables("benchmarks.opening", opening.CONTESTANTS)
    print(f"\n{opening.TITLE}")
    for name, row in rows.items():
        print(f"  {name:<20} {row['ms']:10.2f} ms   {row['MB']:8.0f} MB more of the process's own memory")
    return {name: row["ms"] for name, row in rows.items()}


def run_operators() -> dict[str, float]:
    by_contestant = measure.interleave_tables("benchmarks.operators", operators.CONTESTANTS)
    found = {key: ms for rows in by_contestant.values() for key, ms in rows.items()}
    print(f"\n{operators.TITLE}; `step` is the layer in a plan, `model(x)` a whole model of one layer, its input checked")
    print(f"  {'':<26} {'torch':>10} {'step':>10} {'step / torch':>13} {'model(x)':>10} {'onnxruntime':>12}")
    for name in dict.fromkeys(key.rsplit("/", 1)[0] for key in found):
        plain, step, model, theirs = (found.get(f"{name}/{who}", math.nan) for who in ("torch", "step", "model", "onnxruntime"))
        times = f"{plain * 1e3:10.1f} {step * 1e3:10.1f} {step / plain:11.2f} × {model * 1e3:10.1f} {theirs * 1e3:12.1f}"
        print(f"  {name:<26} {times}{'' if step / plain <= operators.LIMIT else f'  over {operators.LIMIT}'}")
    return found


def run_modules() -> dict[str, float]:
    close = measure.interleave("benchmarks.modules", modules.CLOSE, rounds=5)
    found = measure.medians(close | measure.interleave("benchmarks.modules", modules.FAR, rounds=1))
    grid(f"{modules.TITLE}, ms", modules.SIZES, modules.WAYS, found)
    for size in modules.SIZES:
        whole = found[f"{size}/module"]
        ratio(f"{size}: model(x) / module(x)", found[f"{size}/laminae model(x)"] / whole, 1.02)
        limit = 1.2 if size in modules.CNNS else 1.05
        ratio(f"{size}: model.run(x) / module(x)", found[f"{size}/laminae model.run(x)"] / whole, limit)
        ratio(f"{size}: torchlens / model.run(x)", found[f"{size}/torchlens"] / found[f"{size}/laminae model.run(x)"])
        ratio(f"{size}: lm.open / torch.export", found[f"{size}/lm.open"] / found[f"{size}/torch.export"], 1.2)
    return found


def run_resuming() -> dict[str, float]:
    close = measure.interleave("benchmarks.resuming", resuming.CLOSE, rounds=3)
    found = measure.medians(close | measure.interleave("benchmarks.resuming", resuming.FAR, rounds=1))
    grid(resuming.TITLE, resuming.SIZES, resuming.WAYS, found)
    for size in resuming.SIZES:
        for way, limit in resuming.WITHIN.items():
            ratio(f"{size}: {way} / module(x)", found[f"{size}/{way}"] / found[f"{size}/module"], limit)
        ratio(
            f"{size}: run with a patch / a way of a sweep", found[f"{size}/run with a patch"] / found[f"{size}/{resuming.SWEEP}"]
        )
    return found


def run_storing() -> dict[str, float]:
    found = measure.medians(measure.interleave("benchmarks.storing", storing.CONTESTANTS, rounds=5))
    peaks = measure.medians(measure.interleave("benchmarks.storing", storing.MEMORY, rounds=1))
    grid(storing.TITLE, storing.SIZES, storing.WAYS, found)
    for size in storing.SIZES:
        limit = 1.3 if size in storing.CNNS else 1.1
        ratio(f"{size}: store all / model(x)", found[f"{size}/run, store all"] / found[f"{size}/model(x)"], limit)
        ratio(f"{size}: store 3 layers / model(x)", found[f"{size}/run, store 3 layers"] / found[f"{size}/model(x)"], 1.02)
        none, three = (peaks[f"{size}/{way}/peak"] for way in storing.WAYS[1:3])
        ratio(f"{size}: peak memory, 3 layers / none", three / none, 1.05)
    return found | peaks


def run_engines() -> dict[str, float]:
    if not models.FOLDER.exists():
        print(f"\n{models.FOLDER} is not here: the engines are left out")
        return {}
    tables = measure.interleave_tables("benchmarks.engines", engines.WAYS)
    found = {f"{name}/{way}": ms for way, row in tables.items() for name, ms in row.items()}
    grid(f"{engines.TITLE}, ms", engines.NAMES, engines.WAYS, found)
    for name in engines.NAMES:
        alone, every = found[f"{name}/{engines.PLAIN[1]}"], found[f"{name}/{engines.PLAIN[2]}"]
        ratio(f"{name}: model(x, engine='onnxruntime') / ONNX Runtime", found[f"{name}/model(x), onnxruntime"] / alone)
        ratio(f"{name}: store all / every node an output", found[f"{name}/run, store all, onnxruntime"] / every)
    return found


def run_learning() -> dict[str, float]:
    return learning.table(learning.SIZES)


def run_deltas() -> dict[str, float]:
    found = measure.medians(measure.interleave("benchmarks.deltas", deltas.CONTESTANTS, rounds=3))
    grid(f"{deltas.TITLE}; ms", deltas.SIZES, deltas.WAYS, found)
    for size in deltas.SIZES:
        ratio(f"{size}: all deltas / none", found[f"{size}/store all"] / found[f"{size}/store none"], 1.05)
        ratio(f"{size}: all deltas / torch", found[f"{size}/store all"] / found[f"{size}/torch"])
    return found


def run_samples() -> dict[str, float]:
    samples = measure.medians(measure.interleave("benchmarks.deltas", deltas.SAMPLES, rounds=3))
    grid(f"{deltas.SAMPLES_TITLE}; ms", deltas.SAMPLES_SIZES, deltas.SAMPLES_WAYS, samples)
    for size in deltas.SAMPLES_SIZES:
        ratio(f"{size}: per_sample=True / Opacus", samples[f"{size}/per_sample=True"] / samples[f"{size}/opacus"], 1.0)
    return samples


def run_fitting() -> dict[str, float]:
    found = measure.medians(measure.interleave("benchmarks.fitting", fitting.CONTESTANTS, rounds=3))
    table(fitting.TITLE, found)
    for data in fitting.DATA:
        ratio(f"{data}: lm.fit / plain loop", found[f"{data}/lm.fit"] / found[f"{data}/plain loop"], fitting.LIMIT)
    return found


def run_layout() -> dict[str, float]:
    found = measure.medians(measure.interleave("benchmarks.layout", layout.CONTESTANTS, rounds=3))
    table(layout.TITLE, found)
    for name, ms in found.items():
        ratio(f"{name} / {layout.LIMIT:.0f} ms", ms / layout.LIMIT, 1.0)
    return found


def run_viewing() -> dict[str, float]:
    found = measure.medians(measure.interleave("benchmarks.viewing", viewing.CONTESTANTS, rounds=3))
    table(viewing.TITLE, found)
    for name, limit in viewing.LIMITS.items():
        ratio(f"{name} / {limit:,.0f} ms", found[name] / limit, 1.0)
    return found


def run_page() -> dict[str, float]:
    if page.chromium() is None or find_spec("playwright") is None:
        print("\nthere is no Chromium here, or no playwright: the page is left out")
        return {}
    peers = "LAMINAE_PEERS" in os.environ
    tables = measure.interleave_tables(
        "benchmarks.page", [one for one in page.CONTESTANTS if peers or one.startswith("laminae/")], rounds=3
    )
    print(f"\n{page.TITLE}{'' if peers else '; LAMINAE_PEERS names no environment with the peers'}")
    print(f"  {'':<34}" + "".join(f"{row:>16}" for row in page.ROWS))
    for name, row in tables.items():
        print(f"  {name:<34}" + "".join(f"{row[key]:16.0f}" for key in page.ROWS))
    large = tables["laminae/chain of 5,000"]
    ratio(f"5,000 layers are seen / {page.SEEN_WITHIN:.0f} ms", large["seen"] / page.SEEN_WITHIN, 1.0)
    ratio(f"{page.SMOOTH:.0f} frames a second / while it moves", page.SMOOTH / min(large[key] for key in page.ROWS[2:]), 1.0)
    digits = tables["laminae/digits"]
    ratio("digits, from the end of the run until seen / 500 ms", (digits["report written"] + digits["seen"]) / 500, 1.0)
    return {f"{name}/{key}": value for name, row in tables.items() for key, value in row.items()}


TABLES: dict[str, Callable[[], dict[str, float]]] = {
    "layout": run_layout,
    "chain": run_chain,
    "startup": run_startup,
    "models": run_models,
    "opening": run_opening,
    "modules": run_modules,
    "learning": run_learning,
    "deltas": run_deltas,
    "samples": run_samples,
    "fitting": run_fitting,
    "operators": run_operators,
    "engines": run_engines,
    "resuming": run_resuming,
    "storing": run_storing,
    "viewing": run_viewing,
    "page": run_page,
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(TABLES)
    if unknown:
        print(f"there is no benchmark {unknown.pop()!r}; there are {', '.join(TABLES)}", file=sys.stderr)
        return 2
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; medians")
    results = {name: TABLES[name]() for name in names or TABLES}
    RESULTS.mkdir(exist_ok=True)
    stamp = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    (RESULTS / f"{stamp}.json").write_text(json.dumps({"machine": platform.platform(), "ms": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
