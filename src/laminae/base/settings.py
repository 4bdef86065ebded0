"""What a user may set for the whole process: `laminae.settings.max_passes = 10_000`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Settings:
    """max_passes: how many passes through bodies (iterations of loops, calls of functions) one forward pass may make.

    max_ready_bytes: how much memory the weights may take in all that operators keep unpacked or in another order, so as not
    to make them ready at every run.

    max_kept_bytes: how much freed memory the process keeps for later runs, from the first run on that stores outputs or the
    first step of learning: taking new pages from the system each time would make both cost a fifth more. 0 gives all back.
    """

    max_passes: int = 1_000_000
    max_ready_bytes: int = 1 << 30
    max_kept_bytes: int = (1 << 31) - 1


settings = Settings()
