"""The derivatives of each sample's own loss: out of one backward pass where that can be told layer by layer, else by
torch.func.vmap over the gradient of a pass as a function of the weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor, ordinary_tensors
from laminae.base.errors import LaminaeError, ShapeError, UsageError
from laminae.engines.torch.passes import Pass, Run
from laminae.files.weights import weights_of
from laminae.graph import Graph, Parameter
from laminae.learn.backward import Delta
from laminae.learn.by_layers import by_layers
from laminae.learn.derived import Derived, derived, place_of, require_learnable
from laminae.learn.learnable import learnable, meant
from laminae.learn.loss_program import LossProgram
from laminae.learn.losses.loss import Loss
from laminae.learn.phases import batch_norm
from laminae.ops.chance import set_state, state
from laminae.plan.changes import Changes
from laminae.plan.policy import NONE
from laminae.trace.record import Record


class Means(Mapping[str, Any]):
    """Tensors by name, each the mean along its first axis of another."""

    def __init__(self, of: Mapping[str, Any]) -> None:
        self._of = of

    def __getitem__(self, name: str) -> Any:
        return self._of[name].mean(0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)


@dataclass(frozen=True, eq=False)
class PerSample:
    """weights: name → [samples, *shape], the derivative of each sample's loss. losses: [samples]. said: how it was done."""

    weights: Mapping[str, Any]
    losses: Any
    said: str = ""

    @property
    def means(self) -> Mapping[str, Any]:
        """The mean over the samples for each weight, taken when it is asked for."""
        return Means(self.weights)

    @property
    def norms(self) -> Any:
        """[samples]: of all derivatives of a sample together."""
        return torch.stack([grad.flatten(1).norm(dim=1) for grad in self.weights.values()]).norm(dim=0)

    def clipped(self, norm: float) -> dict[str, Any]:
        """The mean over the samples of their derivatives, each sample's scaled down to this norm where it is larger.

        Abadi et al. 2016, algorithm 1, without the noise.
        """
        scale = (norm / (self.norms + 1e-6)).clamp(max=1.0)
        return {name: torch.einsum("n,n...->n...", scale, grad).mean(0) for name, grad in self.weights.items()}


def per_sample(
    passed: Record,
    deltas: Sequence[Delta],
    expected: Any,
    loss: Loss,
    *,
    output: str | int | None = None,
    freeze: Sequence[str] | str = (),
) -> PerSample:
    """The derivative of the loss of each sample alone, as a batch of one; samples stand along the first axis of everything.

    passed: a pass with history that kept every value; deltas: of the loss of the whole batch, which serve where they are those
    of the samples but for a factor. Raises UsageError where samples are not apart: a BatchNorm in its training phase mixes them.
    What vmap cannot run goes sample by sample, which `said` tells.
    """
    session = passed.session
    session.follow()
    graph = session.graph
    place, device = place_of(graph, output), session.engine.home
    _require_apart(graph)
    inputs = [_bare(passed.run.values[slot]) for slot in passed.run.plan.inputs]
    found = _bare(require_learnable(passed.run.outputs[place], graph.outputs[place].name))
    parts = loss.expect(found, expected, graph.outputs[place].name)
    given = [*inputs, *parts]
    samples = _samples(given, found)
    made = derived(graph, loss, place, found, parts)
    boxes = weights_of(graph)
    stopped = meant(graph, boxes, freeze) if freeze else frozenset()
    known = {name: box for name, box in learnable(graph).items() if box not in stopped and _is_float(box)}
    tensors = {name: box.tensor().detach() for name, box in known.items()}
    each = torch.func.grad_and_value(_one_pass(made, known, device))
    one = LossProgram(loss, graph.outputs[place].name).alone(found, parts, device)
    with torch.enable_grad(), ordinary_tensors():
        quick = by_layers(passed, deltas, place, known, one, parts, lambda i: each(tensors, *[x[i] for x in given]))
    if quick is not None:
        return PerSample(*quick)
    return _all(each, tensors, given, samples, loss, found, parts, graph.outputs[place].name)


def _bare(x: Any) -> Any:
    return x.detach() if is_tensor(x) else x


def _is_float(box: Parameter) -> bool:
    return is_tensor(box.tensor()) and bool(box.tensor().is_floating_point())


def _all(
    each: Callable[..., Any],
    tensors: dict[str, Any],
    given: Sequence[Any],
    samples: int,
    loss: Loss,
    output: Any,
    parts: Any,
    name: str,
) -> PerSample:
    before = state()
    with torch.enable_grad(), ordinary_tensors():
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "There is a performance drop")  # it is right all the same
                grads, losses = torch.func.vmap(each, in_dims=(None, *(0 for _ in given)), randomness="different")(
                    tensors, *given
                )
            return PerSample(grads, losses)
        except (RuntimeError, NotImplementedError, LaminaeError) as error:
            loss.blame(output, parts, name)
            why = str(error.__cause__ or error).strip().split("\n")[0][:120]
        set_state(before)
        made = [_alone(each, tensors, [x[i] for x in given], samples) for i in range(samples)]
    grads = {key: torch.stack([grad[key] for grad, _ in made]) for key in tensors}
    return PerSample(grads, torch.stack([value for _, value in made]), f"sample by sample, not as one batch: {why}")


def _alone(each: Callable[..., Any], tensors: dict[str, Any], given: Sequence[Any], samples: int) -> Any:
    try:
        return each(tensors, *given)
    except (RuntimeError, LaminaeError) as error:
        because = str(error.__cause__ or error).strip().split("\n")[0][:200]
        raise UsageError(
            "the model cannot take one sample alone",
            {
                "because": because,
                "the way out": f"it may be fixed to batches of {samples}: lm.open(…, dynamic=…) opens it for any",
            },
        ) from error


def _one_pass(made: Derived, boxes: Mapping[str, Parameter], device: Any) -> Callable[..., Any]:
    """The loss of one sample as a function of the weights by name, the sample's inputs and its expectation."""
    program = made.engine.program(made.graph, NONE, device)
    plan = program.plan
    begin = Pass(changes=Changes(parameters={box: box.tensor() for box in boxes.values()}))
    acts = program.acts_of(Run(program, within=begin))

    def one(tensors: Mapping[str, Any], *given: Any) -> Any:
        within = Pass(changes=Changes(parameters={box: tensors[name] for name, box in boxes.items()}))
        run = Run(program, within=within)
        values = program.slots(run, [x.unsqueeze(0) for x in given])
        for act in acts:
            act(values)
        return values[plan.outputs[-1]]

    return one


def _samples(given: Sequence[Any], output: Any) -> int:
    """How many there are: the first axis of everything. Raises ShapeError where they disagree."""
    counts = {int(x.shape[0]) if is_tensor(x) and x.ndim else 0 for x in [*given, output]}
    if len(counts) != 1 or not min(counts):
        found = ", ".join(str(list(x.shape)) if is_tensor(x) else type(x).__name__ for x in [*given, output])
        raise ShapeError("samples are along the first axis of every input, output and expectation", {"found": found})
    return counts.pop()


def _require_apart(graph: Graph) -> None:
    for _, inner in graph.graphs():
        for layer in inner.layers:
            mixing = layer.operator.startswith("batch_norm") and layer.attributes.get("training")
            if mixing or (layer.operator == "BatchNormalization" and batch_norm.is_training(layer, inner)):
                raise UsageError(
                    f"layer {layer.name!r} mixes the samples of a batch: no sample has a loss of its own",
                    {
                        "operator": layer.describe(),
                        "the way out": "model.eval(), or a normalisation within samples (LayerNorm, GroupNorm)",
                    },
                )
