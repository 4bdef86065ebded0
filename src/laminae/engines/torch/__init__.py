"""The torch engine: each layer is one call of its operator on torch tensors.

engine: keeps a program for each graph and store policy. program: the plan as a list of closures. loop: over these. passes: one
forward pass as it goes. steps: a plan's step as a closure. bodies: how a layer runs its inner models. explain: a failed layer's
error. sweep: many passes as one batch.
"""

from laminae.engines.torch.engine import TorchEngine
from laminae.engines.torch.passes import Run

__all__ = ["Run", "TorchEngine"]
