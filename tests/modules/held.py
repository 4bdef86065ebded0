"""A module and the model read from it, held against each other bit for bit."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map, tree_structure

import laminae as lm


def equal(a: Any, b: Any) -> bool:
    """Whether two results have one structure and the same bits (NaN at the same places)."""
    if tree_structure(a) != tree_structure(b):
        return False
    return all(map(same, tree_leaves(a), tree_leaves(b)))


def same(x: Any, y: Any) -> bool:
    if not torch.is_tensor(x):
        return bool(x == y)
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    return torch.equal(x, y) or bool(((x == y) | (x.isnan() & y.isnan())).all())


def detached(x: Any) -> Any:
    return x.detach() if torch.is_tensor(x) else x


def seeded(call: Any, args: Any, kwargs: Any) -> Any:
    """A call on copies of its arguments, from one seed."""
    torch.manual_seed(7)
    return call(*copy.deepcopy(args), **copy.deepcopy(kwargs))


class Held:
    """A module opened with its example; every run starts from the same state."""

    def __init__(self, module: torch.nn.Module, args: Any, kwargs: Any, *, name: str = "") -> None:
        self.name = name
        self.module, self.args, self.kwargs = module, args, kwargs
        self.state = {name: tensor.detach().clone() for name, tensor in self.tensors().items()}
        self.owned = self.tensors()
        self.model = lm.open(module, example=args, kwargs=kwargs)

    def tensors(self) -> dict[str, torch.Tensor]:
        return {**dict(self.module.named_parameters()), **dict(self.module.named_buffers())}

    def reset(self) -> None:
        """The module's tensors as they were, the same objects: some modules put others in their place while they run."""
        for name, tensor in self.owned.items():
            path, _, last = name.rpartition(".")
            holder = self.module.get_submodule(path)
            if getattr(holder, last) is not tensor:
                setattr(holder, last, tensor)
        with torch.no_grad():
            for name, tensor in self.tensors().items():
                if not torch.equal(tensor, self.state[name]):
                    tensor.copy_(self.state[name])
        self.module.zero_grad()

    def of(self, call: Any, *, grad: bool = False) -> Any:
        """What a call gives, from the state at the start."""
        self.reset()
        with torch.set_grad_enabled(grad):
            return seeded(call, self.args, self.kwargs)

    def gradients(self, call: Any) -> dict[str, torch.Tensor]:
        """Of the sum of squares of all outputs, by every parameter; those that are 0 throughout are left out."""
        out = self.of(call, grad=True)
        losses = [x.float().square().mean() for x in tree_leaves(out) if torch.is_tensor(x) and x.requires_grad]
        if losses:
            sum(losses).backward()
        found = {name: p.grad.clone() for name, p in self.module.named_parameters() if p.grad is not None and p.grad.any()}
        self.reset()
        return found

    def leaves(self) -> dict[str, list[Any]]:
        """What each innermost module gives in one pass, turn by turn, as a hook that clones sees it; not what it only hands on."""
        seen: dict[str, list[Any]] = {}

        def watch(name: str) -> Any:
            def hook(_: Any, args: Any, kwargs: Any, output: Any) -> None:
                given = {x.data_ptr() for x in tree_leaves((args, kwargs)) if torch.is_tensor(x)}
                handed_on = all(x.data_ptr() in given for x in tree_leaves(output) if torch.is_tensor(x))
                seen.setdefault(name, []).append(None if handed_on else copy.deepcopy(tree_map(detached, output)))

            return hook

        inner = [(n, m) for n, m in self.module.named_modules() if n and not list(m.children())]
        handles = [m.register_forward_hook(watch(n), with_kwargs=True) for n, m in inner]
        self.of(self.module)
        for handle in handles:
            handle.remove()
        return seen

    def trained(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs of a run that can be differentiated."""
        return self.model.run(*args, **kwargs, backward=True).output
