"""Modules to open: Hugging Face architectures made tiny.

Each entry is a function that returns (module, args, kwargs), the same at every call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.modules.zoo import audio, decoders, encoders, multimodal, recurrent, series, translators, vision
from tests.modules.zoo.making import Example, Table, build

DOMAINS = (encoders, decoders, recurrent, translators, vision, audio, multimodal, series)

TABLE: Table = {name: row for domain in DOMAINS for name, row in domain.TABLE.items()}

ARCHITECTURES: dict[str, Callable[[], Example]] = {name: partial(build, *row) for name, row in TABLE.items()}

# architecture → why torch.export cannot read it
EXPECTED_FAILURES: dict[str, str] = {
    "longformer": "Python `if` on a value of the data: whether any token attends globally",
    "vilt": "sizes read from the data: the extent of the pixel mask",
    "switch-transformers": "the router moves its weights inside forward (`self.classifier.to(dtype)`)",
}
