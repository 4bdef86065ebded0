"""What stands in a page: its document, and whether it needs anything but itself."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any


def document_in(path: Path) -> dict[str, Any]:
    """The document of a report, as the browser gets it."""
    text = path.read_text(encoding="utf-8")
    (packed,) = re.findall(r'<script type="application/octet-stream" id="document">([A-Za-z0-9+/=]*)</script>', text)
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(packed)))
    return found


def require_alone(path: Path) -> None:
    """Nothing but its own script and style may run in it, and nothing in it leads elsewhere."""
    text = path.read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert f"script-src '{_digest(script)}'" in policy
    assert f"style-src '{_digest(style)}'" in policy
    assert policy.startswith("default-src 'none'; ")
    outside = text.replace(script, "").replace(style, "")
    assert not re.findall(r"(?:src|href)=", outside)
    assert not re.findall(r"https?://(?!www\.w3\.org/)", script + style + outside)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
