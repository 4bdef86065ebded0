"""Pictures on the disk, whole at any time: who looks at one while it is drawn anew sees the old one."""

from __future__ import annotations

from pathlib import Path

from laminae.files.atomic import check_place, saving


def write(path: Path, picture: bytes) -> None:
    """Raises FileError where it cannot be."""
    check_place(path)
    with saving([path]) as (file,):
        file.write(picture)
