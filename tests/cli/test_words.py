"""Names with arguments, as command lines and descriptions write them."""

from __future__ import annotations

import pytest

from laminae.base.errors import UsageError
from laminae.cli.words import word_of


def test_the_command_line_and_a_description_say_the_same() -> None:
    written = word_of("adamw,weight_decay=0.01,betas=[0.9, 0.99],fused=true", "optimizer")
    said = word_of({"adamw": {"weight_decay": 0.01, "betas": [0.9, 0.99], "fused": True}}, "optimizer")
    assert written == said
    assert word_of("sgd", "optimizer") == word_of({"sgd": None}, "optimizer") == ("sgd", {})


@pytest.mark.parametrize("given", ["adam,lr", "adam,=3", {"a": 1}, {"a": {}, "b": {}}, 3, ["adam"]])
def test_what_is_written_otherwise_is_refused(given: object) -> None:
    with pytest.raises(UsageError):
        word_of(given, "optimizer")
