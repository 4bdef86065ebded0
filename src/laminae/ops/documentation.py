"""A sentence on an operator, and where more stands: from its own file, or for the torch vocabulary from torch."""

from __future__ import annotations

import re
import sys
from functools import lru_cache

from laminae.base import torch
from laminae.ops.aten import DOMAIN
from laminae.ops.registry import Operator, find

TORCH = "https://docs.pytorch.org/docs/stable/generated/"
LINK = re.compile(r"https://[^\s)]+")
ROLE = re.compile(r":\w+(?::\w+)*:`~?([^`<]+?)(?:\s*<[^>]*>)?`")
"""Text marked up for Sphinx: `:math:`x``, `:class:`~torch.nn.Linear``."""

CODE = re.compile(r"`([^`]+)`")

NEWEST = 1 << 31
"""A version of the operator set after all there are."""

LONGEST = 300
"""Letters of a sentence."""


def documentation(operator: Operator) -> tuple[str, str]:
    """The sentence and the address; "" for what is not known."""
    if operator.domain.startswith(DOMAIN):
        return _of_torch(operator.name.split(".")[0])
    module = sys.modules.get(getattr(operator.run, "__module__", ""))
    link = LINK.search(module.__doc__ or "") if module is not None else None
    return _of_onnx(operator), link.group().rstrip(".") if link else ""


def _of_onnx(operator: Operator) -> str:
    """An older version says only what is other in it: that stands after what the newest does."""
    newest = find(operator.domain, operator.name, NEWEST) or operator
    told = dict.fromkeys(_sentence(one.run.__doc__ or "") for one in (newest, operator))
    return " ".join(text for text in told if text)


@lru_cache(maxsize=1024)
def _of_torch(name: str) -> tuple[str, str]:
    """From the function that users call by that name."""
    places = ((torch.nn.functional, "torch.nn.functional"), (torch, "torch"), (torch.Tensor, "torch.Tensor"))
    for place, path in places:
        text = getattr(getattr(place, name, None), "__doc__", None)
        if text:
            said = _sentence("\n".join(line for line in text.splitlines() if not _is_signature(line, name)))
            return said, f"{TORCH}{path}.{name}.html"
    return "", ""


def _is_signature(line: str, name: str) -> bool:
    return line.strip().startswith(f"{name}(") or line.strip().startswith(".. ")


def _sentence(text: str) -> str:
    """The first paragraph as plain text on one line, its first sentence where it is long."""
    first = next((part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()), "")
    line = ROLE.sub(lambda m: m.group(1).removeprefix("torch."), " ".join(first.split())).replace("``", "").replace("\\", "")
    line = CODE.sub(r"‘\1’", line)
    if len(line) > LONGEST:
        line = line[: line.index(". ") + 1] if ". " in line[:LONGEST] else line[: LONGEST - 1] + "…"
    return line
