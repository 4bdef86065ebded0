"""Softmax and its like until opset 12: all axes from `axis` on are one."""


def rows(input, axis):
    """`input` with its axes from `axis` on made one, the last."""
    return input.flatten(axis) if input.ndim > axis else input.unsqueeze(-1)
