"""All that moves while a model learns: taken without a copy, put back into the memory it was in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from laminae.files.weights import CODES, weights_of
from laminae.graph import Parameter
from laminae.learn import randomness
from laminae.learn.again import moving
from laminae.learn.checkpoints import tree
from laminae.learn.checkpoints.manifest import number, record_line, record_of
from laminae.learn.checkpoints.written import AVERAGE, STATE, WEIGHTS
from laminae.learn.feed import Feed
from laminae.learn.place import Best, Place
from laminae.learn.step import Stepper

Read = Callable[[str], Any]


@dataclass(frozen=True)
class Moving:
    """step, feed: what learns, from what. weights: the model's parameters, by the names that `model.load` knows."""

    step: Stepper
    feed: Feed
    weights: Mapping[str, Parameter]

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The weights that a file of weights holds (texts, for one, it does not; they do not move)."""
        return {name: box for name, box in self.weights.items() if box.dtype in CODES}

    @property
    def averages(self) -> dict[str, Parameter]:
        """The parameters with the running averages in place of what they are of; nothing where none is kept."""
        average = self.step.average
        if average is None:
            return {}
        means = {id(tensor): Parameter(name, average.values[name]) for name, tensor in self.step.weights.items()}
        return {name: means.get(id(box.array), box) for name, box in self.parameters.items()}

    @property
    def beside(self) -> dict[str, Parameter]:
        """What moves and is no parameter by name: a buffer that the module's own state leaves out."""
        known = {id(box.array) for box in self.weights.values()}
        counted = set(moving(self.step.graph))
        boxes = {name: box for name, box in weights_of(self.step.graph).items() if box in counted}
        return {f"beside/{name}": box for name, box in boxes.items() if id(box.array) not in known}

    def taken(self, place: Place, tensors: tree.Tensors) -> dict[str, Any]:
        """The rest as JSON, its tensors to `tensors`."""
        step = self.step
        schedule = None if step.schedule is None else _plain(step.schedule.state_dict())
        held = {
            "optimizer": step.optimizer.state_dict(),
            "schedule": schedule,
            "gradients": self._gradients(),
            "generators": self.feed.draws(),
            "opened": place.opened,
        }
        tensors |= self.beside
        return {name: tree.flat(part, tensors, name) for name, part in held.items()} | {"counted": [step.batches, step.steps]}

    def _gradients(self) -> dict[str, Any]:
        """Derivatives that wait for more batches to be added."""
        if not self.step.batches % self.step.accumulate:
            return {}
        return {name: tensor.grad for name, tensor in self.step.weights.items() if tensor.grad is not None}

    def files(self, tensors: tree.Tensors) -> dict[str, dict[str, Parameter]]:
        """What each file of a checkpoint holds. tensors: of all that is no weight."""
        state = {path: box if isinstance(box, Parameter) else Parameter(path, box) for path, box in tensors.items()}
        averages = {AVERAGE: self.averages} if self.step.average is not None else {}
        return {WEIGHTS: self.parameters, **averages, STATE: state}

    def put_weights(self, read: Read) -> None:
        """The values of the parameters. read: name → tensor."""
        for name, box in self.parameters.items():
            box.assign(read(name))

    def put_average(self, read: Read) -> None:
        names = {id(box.array): name for name, box in self.parameters.items()}
        average = self.step.average
        assert average is not None
        for name, tensor in self.step.weights.items():
            average.values[name].copy_(read(names[id(tensor)]))

    def put_back(self, told: Mapping[str, Any], place: Place, read: Read) -> None:
        """What was taken."""
        step = self.step
        held = {name: tree.grown(part, read) for name, part in told.items() if name != "counted"}
        for name, box in self.beside.items():
            box.assign(read(name))
        step.optimizer.load_state_dict(held["optimizer"])
        if step.schedule is not None:
            step.schedule.load_state_dict(held["schedule"])
        step.optimizer.zero_grad()
        for name, derivative in held["gradients"].items():
            step.weights[name].grad = derivative.to(step.weights[name].device)
        step.batches, step.steps = told["counted"]
        place.opened = held["opened"]
        randomness.put_back(held["generators"], self.feed.generators)

    def kept(self, read: Read) -> dict[str, Any]:
        """Weights and statistics as a checkpoint has them, by the names of the stepper's state. read: as for both files."""
        names = {id(box.array): name for name, box in {**self.parameters, **self.beside}.items()}
        return {name: read(names[id(tensor)]).to(tensor.device) for name, tensor in self.step.state.items()}


def _plain(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """Of a schedule's state what is no function: those the new object has of its own."""
    return {name: part for name, part in schedule.items() if not callable(part)}


def place_told(place: Place) -> dict[str, Any]:
    """Where learning is, as JSON, without how long it took."""
    told = {"epoch": place.epoch, "batch": place.batch, "samples": place.samples, "total": number(place.total)}
    best = {"epoch": place.best.epoch, "loss": number(place.best.loss)} if place.best.epoch else None
    return told | {"best": best, "epochs": [record_line(record) for record in place.epochs]}


def place_of(told: Mapping[str, Any], times: Mapping[str, Any]) -> Place:
    """The place, with the times where they are known."""
    seconds = [*times.get("epochs", ()), *[0.0] * len(told["epochs"])]
    records = [record_of(line, seconds[i]) for i, line in enumerate(told["epochs"])]
    best = Best(float(told["best"]["loss"]), told["best"]["epoch"]) if told["best"] else Best()
    return Place(records, best, told["batch"], told["samples"], float(told["total"]), float(times.get("seconds", 0.0)))
