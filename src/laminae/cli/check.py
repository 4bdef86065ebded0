"""`laminae check`: is it a sound model?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from laminae.cli.options import ModelFile, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.base.records import Problem


NOTES = 5
"""Notes that are printed; problems are printed all."""


def check(model: ModelFile, plugin: Plugin = None, trust: Trust = False) -> int:
    """Every problem, each with its layer. Exit 0 where there is none (notes are no problems), 1 otherwise."""
    from laminae.base.errors import ModelError
    from laminae.cli.printing import console, show_error

    try:
        found = opened(model, plugin, trust)
    except ModelError as error:  # a file that is read but holds no sound model: the answer is no
        show_error(error)
        return 1
    problems = found.check()
    notes = [problem for problem in problems if problem.severity == "note"]
    shown = notes[:NOTES]
    for problem in [problem for problem in problems if problem.severity != "note"] + shown:
        console().print(_line(problem), style="" if problem.severity == "note" else "red", soft_wrap=True)
    if len(notes) > len(shown):
        console().print(
            f"note  … and {len(notes) - len(shown)} notes more: model.check() in Python gives them all", soft_wrap=True
        )
    console().print(_verdict(found.facts(), problems), soft_wrap=True)
    return 1 if len(problems) > len(notes) else 0


def _line(problem: Problem) -> str:
    from laminae.see.text import clean

    where = f"layer {problem.layer!r}: " if problem.layer else ""
    return clean(f"{'note' if problem.severity == 'note' else 'problem'}  {where}{problem.text}")


def _verdict(facts: str, problems: Sequence[Problem]) -> str:
    from laminae.see.text import clean, count

    wrong = sum(problem.severity != "note" for problem in problems)
    return f"{clean(facts)}\n{'✗ ' + count(wrong, 'problem') if wrong else '✓ sound'}"
