"""What a user may set for the whole process: `laminae.settings.max_passes = 10_000`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Settings:
    """max_passes: how many passes through bodies (iterations of loops, calls of functions) one forward pass may make."""

    max_passes: int = 1_000_000


settings = Settings()
