"""The pages of the API: every public name stands there as what it is, and says what it does."""

import importlib
import inspect
import re
import types

import pytest

import laminae as lm
from tests.pages import DOCS

BLOCK = re.compile(r"^::: (\S+)\n    options:\n      heading: (\S+)\n      toc_label: (\S+)\n", re.MULTILINE)


def _documented():
    """Heading → the path of the object that is told of under it."""
    found = {}
    for page in sorted((DOCS / "api").glob("*.md")):
        text = page.read_text()
        blocks = BLOCK.findall(text)
        assert len(blocks) == text.count("::: "), f"{page.name}: each ::: has a heading and a toc_label, in this order"
        for path, heading, label in blocks:
            assert heading == label, f"{page.name}: {heading} is called {label} in the table of contents"
            assert heading not in found, f"{heading} stands twice"
            found[heading] = path
    return found


def _object(path):
    """What stands at a path: the longest part of it that is a module, and attributes from there."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _public():
    """Every public name of `lm`, and of its modules that are public: `lm.fit`, `lm.patch.zero`."""
    for name in lm.__all__:
        thing = getattr(lm, name)
        if isinstance(thing, types.ModuleType):
            yield from ((f"lm.{name}.{inner}", getattr(thing, inner)) for inner in thing.__all__)
        elif name != "__version__":
            yield f"lm.{name}", thing


PUBLIC = [(name, thing) for name, thing in _public() if callable(thing) or not isinstance(thing, tuple)]
DOCUMENTED = _documented()


def test_what_lm_has_is_said_to_be_public():
    seen = {name for name in vars(lm) if not name.startswith("_") and not isinstance(getattr(lm, name), types.ModuleType)}
    assert seen <= set(lm.__all__)


@pytest.mark.parametrize(("name", "thing"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_every_public_name_stands_on_a_page(name, thing):
    assert name in DOCUMENTED, f"docs/api has no ::: for {name}"
    found = _object(DOCUMENTED[name])
    assert found is thing or isinstance(thing, found), f"{name} is not {DOCUMENTED[name]}"


def test_nothing_is_called_public_that_is_not():
    assert {name for name in DOCUMENTED if name.startswith("lm.")} <= {name for name, _ in PUBLIC}


@pytest.mark.parametrize("path", DOCUMENTED.values(), ids=DOCUMENTED)
def test_what_stands_on_a_page_says_what_it_does(path):
    found = _object(path)
    assert inspect.getdoc(found), f"{path} has no docstring"
    if inspect.isclass(found):
        silent = [name for name, member in _members(found) if not inspect.getdoc(member)]
        assert not silent, f"{path} has members without a docstring: {', '.join(silent)}"


def _members(kind):
    """What a user calls or reads of a class that is ours: methods and properties, those of the classes under it too."""
    for name, member in inspect.getmembers(kind):
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        ours = inspect.isfunction(function) and function.__name__ != "<lambda>" and function.__module__.startswith("laminae")
        if ours and (not name.startswith("_") or name == "__getitem__"):
            yield name, member
