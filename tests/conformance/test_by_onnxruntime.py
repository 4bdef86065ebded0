"""The official cases through engine="onnxruntime": those that do not pass are listed with a reason, and nothing else is."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.conformance import by_onnxruntime, runner

LISTED = tomllib.loads((Path(__file__).parent / "by_onnxruntime.toml").read_text())
PATTERNS = {pattern: reason for reason, entry in LISTED.items() for pattern in entry["cases"]}
DEPENDS_ON_THE_MACHINE = {p for reason, entry in LISTED.items() if "this machine" in reason for p in entry["cases"]}
FAST = re.compile(
    r"test_(if.*|loop.*|scan.*|range_.*_expanded|sequence_.*|optional_.*|identity_.*|split_to_.*|cast_.*BFLOAT16.*|cast_.*INT4.*|strnorm.*|"
    r"lstm_.*|gather_.*|reshape_.*|string_.*|sequence_model.*)_cpu"
)


def excused(name):
    return next((p for p in PATTERNS if re.fullmatch(p, name.removeprefix("test_"))), None)


def outcomes(kinds, pattern=None):
    cases = runner.cases(kinds, by_onnxruntime.Backend)
    return [runner.run(kind, case) for kind, case in cases if pattern is None or pattern.fullmatch(case.id().rsplit(".", 1)[-1])]


def test_bodies_sequences_texts_and_narrow_types_pass_or_have_their_reason():
    found = outcomes(["node", "simple"], FAST)
    assert len(found) > 100
    assert [o for o in found if o.result != "passed" and excused(o.name) is None] == []


@pytest.mark.slow
def test_every_case_passes_or_has_its_reason():
    found = outcomes(list(runner.KINDS))
    assert len(found) == 2033
    failed = {o.name: o for o in found if o.result != "passed"}
    assert [o for name, o in failed.items() if excused(name) is None] == []
    idle = set(PATTERNS) - {excused(name) for name in failed} - DEPENDS_ON_THE_MACHINE
    assert idle == set(), "these patterns excuse nothing"
