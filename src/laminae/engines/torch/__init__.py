"""The torch engine: each layer is one call of its operator on torch tensors.

engine: keeps a program for each graph and store policy. program: the plan as a list of closures, and the loop over them.
steps: a plan's step as a closure. bodies: how a layer runs its inner models. explain: a failed layer's error.
"""

from laminae.engines.torch.engine import TorchEngine
from laminae.engines.torch.program import Run

__all__ = ["Run", "TorchEngine"]
