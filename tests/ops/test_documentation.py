"""The sentence on an operator tells what it does, of an older version too, without marks."""

from __future__ import annotations

from laminae.ops.documentation import documentation
from laminae.ops.registry import find


def sentence(name: str, opset: int) -> str:
    found = find("", name, opset)
    assert found is not None
    return documentation(found)[0]


def test_an_older_version_tells_what_it_does_before_what_is_other_in_it() -> None:
    newest = sentence("BatchNormalization", 15)
    assert newest.startswith("(X - mean)")
    assert sentence("BatchNormalization", 9).startswith(f"{newest} Until opset 13")
    assert sentence("Relu", 6) == sentence("Relu", 14)


def test_names_stand_in_quotes() -> None:
    assert sentence("Reshape", 14).startswith("‘data’ with the sizes that ‘shape’ lists")
