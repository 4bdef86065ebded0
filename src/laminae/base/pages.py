"""Memory that was given back, kept for the next run: new pages are what storing every output costs most by."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

from laminae.base.settings import settings

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt. https://man7.org/linux/man-pages/man3/mallopt.3.html"""

LARGEST_BLOCK = 32 << 20
"""Bytes of a block that glibc takes from its heap at most; a larger one it maps, and unmaps when freed."""

_kept = 0


def keep_pages() -> None:
    """Tell the allocator of this process to keep what is freed, up to `settings.max_kept_bytes`; nothing where that is 0.

    Only glibc is told: elsewhere every run takes new pages. What was said once holds until another number is set.
    """
    global _kept
    wanted = min(settings.max_kept_bytes, (1 << 31) - 1)
    if wanted == _kept:
        return
    _kept = wanted
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(MMAP_THRESHOLD, LARGEST_BLOCK if wanted else 128 << 10)
            libc.mallopt(TRIM_THRESHOLD, wanted or 128 << 10)
