"""Every layer of torch.nn, and the classes there that are none."""

from __future__ import annotations

import inspect

import torch.nn.cpp  # noqa: F401 (nn.cpp is there only then)
from torch import nn

from tests.modules.torch_nn.activations import activations
from tests.modules.torch_nn.linear import linear_layers
from tests.modules.torch_nn.losses import losses
from tests.modules.torch_nn.norms import norms
from tests.modules.torch_nn.pools import pools
from tests.modules.torch_nn.sequences import sequences
from tests.modules.torch_nn.shapes import shapes
from tests.modules.zoo.making import Example, seeded


def torch_nn_layers() -> dict[str, Example]:
    """Every layer of torch.nn as "Class" or "Class:variant" → (module, args, kwargs); in eval mode unless ":training"."""
    with seeded():
        rows = {**activations(), **linear_layers(), **pools(), **norms(), **sequences(), **losses(), **shapes()}
        layers = {name: (module, args, rest[0] if rest else {}) for name, (module, args, *rest) in rows.items()}
        for name, (module, _, _) in layers.items():
            module.train() if name.endswith(":training") else module.eval()
    return layers


def uncovered() -> set[str]:
    """The module classes of torch.nn that are neither in `torch_nn_layers()` nor in `NOT_LAYERS`, and those in both."""
    namespaces = [
        nn,
        nn.parallel,
        nn.cpp,
        nn.utils.parametrize,
        *(value for value in vars(nn.modules).values() if inspect.ismodule(value)),
    ]
    classes = {
        name
        for namespace in namespaces
        for name, value in vars(namespace).items()
        if inspect.isclass(value) and issubclass(value, nn.Module) and not name.startswith("_")
    }
    covered = {name.partition(":")[0] for name in torch_nn_layers()}
    return classes ^ covered ^ NOT_LAYERS.keys()


# layer → why torch.export cannot read it
EXPECTED_FAILURES: dict[str, str] = {
    "LazyLinear:uninitialized": "its parameters have no shape before the first run",
    "GaussianNLLLoss": "Python `if` on a value of the data: whether any variance is negative",
    "CTCLoss": "the sizes of its scratch values depend on the data",
    "CTCLoss:tensor-lengths": "the sizes of its scratch values depend on the data",
    "AdaptiveLogSoftmaxWithLoss": "Python `if` on a value of the data: whether a cluster has rows",
}

# layer → why what torch.export reads equals the module to the last digits only
APPROXIMATE: dict[str, str] = {
    "TransformerEncoder": "the module takes torch's fused fast path when no gradient is needed; its export has the single steps",
    "TransformerEncoder:padded": "the module takes torch's fused fast path when no gradient is needed; its export has the single steps",
}

# the other module classes of torch.nn → why they are no layers
NOT_LAYERS: dict[str, str] = {
    "Module": "the base class",
    "Container": "deprecated: Module under another name",
    "RNNBase": "the base class of RNN, LSTM and GRU",
    "RNNCellBase": "the base class of the recurrent cells; it has no forward",
    "NLLLoss2d": "deprecated: NLLLoss under another name",
    "DataParallel": "runs a module on several GPUs",
    "DistributedDataParallel": "runs a module in several processes",
    "DistributedDataParallelCPU": "deprecated: DistributedDataParallel under another name",
    "ParametrizationList": "holds the parametrizations of one parameter; samples/wrapped.py has modules with them",
    "ModuleWrapper": "wraps a module of the C++ frontend",
}
