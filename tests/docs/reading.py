"""How the pages of the API read the sources: the docstrings as Markdown. Named in mkdocs.yml."""

from __future__ import annotations

from typing import Any

import griffe

from tests.docs.prose import markdown


class Prose(griffe.Extension):
    """Every docstring, as soon as its object is known with all its members."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Arguments are its parameters."""
        _rewrite(func, {parameter.name.lstrip("*") for parameter in func.parameters})

    def on_attribute(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """A property has none."""
        _rewrite(attr, set())

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """What is told of a class are its attributes and what it is made with."""
        init = cls.members.get("__init__")
        taken = {p.name.lstrip("*") for p in init.parameters} if isinstance(init, griffe.Function) else set()
        _rewrite(cls, taken | set(cls.members))


def _rewrite(seen: Any, names: set[str]) -> None:
    if seen.docstring is not None:
        seen.docstring.value = markdown(seen.docstring.value, names)
