"""The support table, made from the code and the case suite.

python -m tests.conformance.support > docs/operators.md
"""

from __future__ import annotations

import collections
import tomllib
import warnings
from pathlib import Path

import onnx
from onnx.backend.test.loader import load_model_tests

from laminae.ops.registry import FOLDERS, versions
from tests.conformance import element_types, runner

HEAD = """# Operators

Made by `make operators` from the code and the official ONNX case suite; not to be edited. A model means the newest version
that is not newer than its opset. *since*: the opsets at which Laminae's behaviour changes; every version of the standard is covered.
*types*: the element types of the first input that run, of those that the newest version allows, and those of other inputs where
one of them does not; `–` where there is nothing to try. Tried on official cases, the same numbers in a wider type being the judge.
*float*: float16, bfloat16, float32 and float64; *int*, *uint*: of 8 to 64 bits; *float8*: all five; *sub-byte*: of 4 and 2 bits;
*complex*: both. *derivative*: checked against finite differences in float64, or why there is none. *cases*: official node cases
in which the operator appears, passed of all.

"""


def cases() -> dict[tuple[str, str], list[bool]]:
    """(domain, operator) → whether each case it appears in passed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        passed = {o.name: o.result == "passed" for o in (runner.run("node", case) for _, case in runner.cases(["node"]))}
        found = collections.defaultdict(list)
        for case in load_model_tests(kind="node"):
            for key in {("" if n.domain == "ai.onnx" else n.domain, n.op_type) for n in case.model.graph.node}:
                found[key].append(passed[case.name])
    return found


def names(domain: str) -> list[str]:
    """The operators of a domain: the standard's, and those we have beside it."""
    package = Path(__file__).parents[2] / "src" / FOLDERS[domain].replace(".", "/")
    files = {path.stem.removesuffix("_") for path in package.glob("*.py")}
    standard = {s.name for s in onnx.defs.get_all_schemas_with_history() if s.domain == domain}
    own = {
        line.split('"')[1]
        for path in package.glob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith('@operator("')
    }
    return sorted({n for n in standard | own if n.lower() in files and versions(domain, n)})


def derivative(name: str, operator: object) -> str:
    from tests.ops.test_gradients import WITHOUT

    return f"none: {WITHOUT[name]}" if name in WITHOUT else "yes"


def types(domain: str, name: str) -> str:
    """Which element types run, of those that the standard allows; `–` for operators that are not the standard's."""
    return element_types.cell(domain, name) if onnx.defs.has(name, domain) else "–"


def table(domain: str, found: dict[tuple[str, str], list[bool]]) -> list[str]:
    rows = [f"## {domain or 'ai.onnx'}", "", "| operator | since | types | derivative | cases |", "|---|---|---|---|---|"]
    for name in names(domain):
        known = versions(domain, name)
        ran = found.get((domain, name), [])
        since = ", ".join(str(o.since) for o in known)
        counted = f"{sum(ran)} of {len(ran)}" if ran else "–"
        rows.append(f"| {name} | {since} | {types(domain, name)} | {derivative(name, known[-1])} | {counted} |")
    return [*rows, ""]


def exclusions() -> list[str]:
    listed = tomllib.loads((Path(__file__).parent / "not_yet.toml").read_text())
    rows = ["## Cases that do not pass", ""]
    return [*rows, *(f"- {reason}: `{'`, `'.join(entry['cases'])}`" for reason, entry in listed.items())]


def page() -> str:
    found = cases()
    parts = [line for domain in FOLDERS for line in table(domain, found)]
    return HEAD + "\n".join([*parts, *exclusions()]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
