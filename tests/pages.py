"""The pages that people read, and the Python in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def python_of(page: Path) -> str:
    """Every block of Python of a page, one after another."""
    return "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
