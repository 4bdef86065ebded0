"""What operators that draw random numbers share."""

from laminae.base import torch


def generator(seed, device="cpu"):
    """A generator of its own for a layer that has a `seed`; None, so torch's, for one that has not."""
    return None if seed is None else torch.Generator(device).manual_seed(int(seed))
