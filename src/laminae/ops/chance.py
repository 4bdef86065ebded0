"""What operators that draw random numbers share."""

from typing import Any

from laminae.base import torch


def generator(seed, device="cpu"):
    """A generator of its own for a layer that has a `seed`; None, so torch's, for one that has not."""
    return None if seed is None else torch.Generator(device).manual_seed(int(seed))


def state() -> Any:
    """That of torch's generators, of the CPU and of the GPU in use: what is drawn next follows from it."""
    gpu = torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None
    return torch.get_rng_state(), gpu


def set_state(known: Any) -> None:
    """Bring torch's generators to a state they were in."""
    cpu, gpu = known
    torch.set_rng_state(cpu)
    if gpu is not None:
        torch.cuda.set_rng_state(gpu)
