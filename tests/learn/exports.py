"""The small modules as files that PyTorch's exporter wrote, and what each of its weights is in them."""

import logging
import warnings

import torch

import laminae as lm

GATES = (0, 3, 1, 2)
"""The places of ONNX's gates (input, output, forget, cell) among torch's (input, forget, cell, output)."""


def exported(module, x, path, **more):
    """Quietly. The file's path."""
    logging.getLogger("torch.onnx").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), dynamo=True, verbose=False, **more).save(path)
    return path


def opened(module, x, path, **more):
    return lm.open(exported(module, x, path), **more)


def gated(rows):
    """Rows of torch's gates in ONNX's order."""
    parts = rows.chunk(4)
    return torch.cat([parts[i] for i in GATES])


def as_in_file(name, state):
    """Name of the file's weight → what it is, out of a module's state or its derivatives by name."""
    if name == "lstm":
        biases = torch.cat([gated(state["lstm.bias_ih_l0"]), gated(state["lstm.bias_hh_l0"])])
        own = {"W": gated(state["lstm.weight_ih_l0"]), "R": gated(state["lstm.weight_hh_l0"]), "B": biases}
        return {key: value[None] for key, value in own.items()} | {k: v for k, v in state.items() if k.startswith("out.")}
    return dict(state)


def by_module_name(name, model, wanted):
    """The file's parameters under the names of `wanted`, turned where the file has them so."""
    found, boxes = {}, model.parameters
    for key, value in wanted.items():
        if key in boxes:
            box = boxes[key]
        elif name == "lstm":
            place = {"W": 1, "R": 2, "B": 3}[key]
            box = next(layer for layer in model.graph.layers if layer.operator == "LSTM").inputs[place]
        else:
            box = next(b for b in boxes.values() if key in b.metadata.get("pkg.onnxscript.optimizer.folded_from", ""))
        found[key] = (box.name, box.shape != tuple(value.shape))
    return found


def turned(tensor, is_turned):
    return tensor.T if is_turned else tensor
