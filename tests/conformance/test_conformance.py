"""The official cases that must pass do; the others are listed with a reason, and the list has nothing that passes."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.conformance import runner

pytestmark = pytest.mark.slow

NOT_YET = tomllib.loads((Path(__file__).parent / "not_yet.toml").read_text())
PATTERNS = {pattern: reason for reason, entry in NOT_YET.items() for pattern in entry["cases"]}


def excused(name):
    return next((p for p in PATTERNS if re.fullmatch(p, name.removeprefix("test_"))), None)


@pytest.mark.parametrize(("kind", "count"), [("pytorch-converted", 82), ("pytorch-operator", 35), ("real", 9)])
def test_every_case_of_exported_models_passes(kind, count):
    outcomes = [runner.run(kind, case) for kind, case in runner.cases([kind])]
    assert len(outcomes) == count
    assert [o for o in outcomes if o.result != "passed"] == []


def test_every_other_case_passes_or_has_its_reason():
    outcomes = [runner.run(kind, case) for kind, case in runner.cases(["node", "simple"])]
    assert len(outcomes) == 1907
    failed = {o.name: o for o in outcomes if o.result != "passed"}
    assert [o for name, o in failed.items() if excused(name) is None] == []
    assert set(PATTERNS) - {excused(name) for name in failed} == set(), "these patterns excuse nothing"
