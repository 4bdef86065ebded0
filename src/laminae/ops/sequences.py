"""Sequences: Python lists of tensors, never changed, always made anew."""

from laminae.base.errors import ShapeError


def place(position, length, *, extra=0):
    """A position as an index from the start; `extra` = 1 where it may stand behind the last. Raises ShapeError outside."""
    i = int(position)
    if not -length <= i < length + extra:
        raise ShapeError(f"a sequence of {length} has no position {i}", {"expected": f"{-length} to {length + extra - 1}"})
    return i + length if i < 0 else i
