"""A model as users hold it: an ordered graph of layers that runs."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from laminae import graph as rooms
from laminae.api import edits, one_phase, pickling
from laminae.api.group import Group
from laminae.api.layer import Layer, alone
from laminae.api.learning_state import Learning
from laminae.api.phases import Phases, examples_of
from laminae.base.errors import EditError, UnknownNameError, UsageError
from laminae.base.records import LayerRecord, Problem
from laminae.base.shapes import format_shape
from laminae.files import onnx_writer, weights
from laminae.graph.equality import differences
from laminae.graph.extract import stretch
from laminae.graph.flat import flatten, restore
from laminae.graph.select import groups, is_glob, many, one, together, under
from laminae.layers import build
from laminae.learn.phases.switch import without_writers
from laminae.plan.check import check
from laminae.plan.describe import declared, describe, describe_whole
from laminae.see.drawing import notebook
from laminae.see.drawing.write import draw
from laminae.see.table import Table, model_table
from laminae.see.text import count
from laminae.trace.disk.harvest import SHARD_BYTES
from laminae.trace.disk.single import saved
from laminae.trace.session import Session, device_of

if TYPE_CHECKING:
    from laminae.api.activations import Activations
    from laminae.api.learning import Backward
    from laminae.api.stepping import Steps
    from laminae.api.trace import Trace
    from laminae.files import loading
    from laminae.files.module.interface import Interface
    from laminae.files.module.source import ModuleSource
    from laminae.see.viewer.serve import Viewer
    from laminae.trace.record import Record


class Model:
    """An ordered graph of layers.

    `Model(inputs, outputs)` takes what `lm.Input` and layers called on it gave; `Model.chain(...)` layers one after another;
    `lm.open(...)` a file. `model(x)` gives the output, `model.run(x)` keeps every layer's.

    seed: from which all weights are drawn that are not given; the same seed gives the same bits.
    """

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        *,
        seed: int = 0,
        name: str = "model",
        graph: rooms.Graph | None = None,
        source: ModuleSource | None = None,
        interface: Interface | None = None,
        follow: Callable[[], None] | None = None,
        tied: bool | str | Sequence[str] | None = None,
    ) -> None:
        if graph is None:
            if inputs is None or outputs is None:
                raise UsageError("Model needs inputs and outputs", {"or": "Model.chain(layer, layer, …), lm.open(path)"})
            graph = build.build(inputs, outputs, seed=seed, name=name)
        self.graph = graph
        self._interface = interface
        self._phases = None if source is None else Phases(source)
        self._follow = source.follow if source is not None else follow or _holds_its_own
        self._session = Session(graph, interface, examples_of(source, interface), self._follow)
        self._left_out = ""
        self._learning = Learning(tied)
        self._parts: dict[Any, Model] = {}
        self._to_look_at = False
        self._told: tuple[Any, str] = (None, "")

    @classmethod
    def chain(cls, *layers: Any, seed: int = 0, name: str = "model") -> Model:
        """Layers one after another, the first an Input. Raises ShapeError naming the layer that cannot take what comes."""
        return cls(graph=build.chain(*layers, seed=seed, name=name))

    # -- looking -------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The model's name, "" where a file gives none."""
        return self.graph.name

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers in forward order, input layers included."""
        return tuple(Layer(self, layer) for layer in self.graph.layers)

    @property
    def input_layers(self) -> tuple[Layer, ...]:
        """The layers that take `x`, in the order in which `model(x)` takes them."""
        return tuple(Layer(self, layer) for layer in self.graph.input_layers)

    @property
    def output_layers(self) -> tuple[Layer, ...]:
        """The layers whose values the model declares as output, in the order of the outputs."""
        return tuple(Layer(self, layer) for layer in self.graph.output_layers)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the output values, in order."""
        return tuple(out.name for out in self.graph.outputs)

    @property
    def parameters(self) -> dict[str, rooms.Parameter]:
        """Every parameter by name."""
        return dict(self.graph.parameters)

    @property
    def groups(self) -> dict[str, Group]:
        """Every group by path, with its layers and those of the groups inside it, in forward order."""
        return {path: Group(self, path, layers) for path, layers in groups(self.graph).items()}

    def __getitem__(self, key: str | int | slice) -> Any:
        """A layer by name, path or place; a group by path; the layers of a glob; a stretch (`"L2":"L3"`, both included).

        Places count from 0, and a stretch from place to place leaves the last out, as for lists. Raises UnknownNameError with the
        nearest names there are.
        """
        if isinstance(key, slice):
            return self._stretch(key)
        if isinstance(key, int):
            return Layer(self, self._at(key))
        if not isinstance(key, str):
            ways = "model['name'], model['group'], model['glob*'], model['a':'b'], model[0]"
            raise UsageError(f"model[{key!r}] is nothing", {"write": ways})
        index = self.graph.index
        if key in index.by_name or key.strip("/") in index.by_path:
            return Layer(self, one(self.graph, key))
        found = under(self.graph, key)
        if found:
            return Group(self, key.strip("/"), found)
        if is_glob(key) or key.startswith("op:"):
            return tuple(Layer(self, layer) for layer in many(self.graph, [key]))
        return Layer(self, one(self.graph, key))

    def _at(self, place: int) -> rooms.Layer:
        layers = self.graph.layers
        if not -len(layers) <= place < len(layers):
            last = len(layers) - 1
            raise UnknownNameError(
                f"there is no layer {place}", {"there are": f"{len(layers)} layers, model[0] to model[{last}]"}
            )
        return layers[place]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def _stretch(self, key: slice) -> Model:
        """Ends may be names, paths, groups, layers or places (as for lists, the last then not included)."""
        if key.step is not None:
            raise UsageError("a stretch of layers has no step", {"write": "model['first':'last']"})
        layers = self.graph.layers
        if isinstance(key.start, int) or isinstance(key.stop, int):
            if isinstance(key.start, str | Layer) or isinstance(key.stop, str | Layer):
                raise UsageError(
                    "a stretch goes from name to name or from place to place", {"write": "model['a':'b'], model[1:4]"}
                )
            chosen = layers[key.start : key.stop]
            return self.extract(chosen[0].name, chosen[-1].name) if chosen else self._nothing(key)
        runs = [layer for layer in layers if not layer.is_input] or layers
        first = runs[0].name if key.start is None else _name(key.start)
        return self.extract(first, layers[-1].name if key.stop is None else _name(key.stop))

    def _nothing(self, key: slice) -> Model:
        raise UsageError(f"no layers from {key.start} to {key.stop}", {"there are": f"{len(self.graph.layers)} layers"})

    def __contains__(self, name: str) -> bool:
        return isinstance(name, str) and bool(
            name in self.graph.index.by_name or name.strip("/") in self.graph.index.by_path or under(self.graph, name)
        )

    def _ipython_key_completions_(self) -> list[str]:
        return [*self.graph.index.by_name, *groups(self.graph)]

    def __len__(self) -> int:
        return len(self.graph.layers)

    def records(self, shapes: Mapping[str, Sequence[int | str]] | None = None) -> tuple[LayerRecord, ...]:
        """A plain record for each layer with shapes and cost as far as they are known before a run.

        shapes: of inputs by name, in place of the declared ones.
        """
        return describe(self.graph, shapes)

    def table(self, *, full: bool = False, shapes: Mapping[str, Sequence[int | str]] | None = None) -> Table:
        """The layers in order: operator, what each reads, shape, parameters, multiply-adds, bytes moved.

        shapes: of inputs by name, in place of the declared ones; costs are known where sizes are numbers.
        """
        return model_table(self.records(shapes), self.facts(), full=full)

    def facts(self) -> str:
        """One line: name, layers, parameters, inputs."""
        state = (id(self.graph), self.graph.revision, self.graph.name)
        if self._told[0] != state:
            self._told = state, self._facts()
        return self._told[1]

    def _facts(self) -> str:
        size = sum(p.size for p in self.graph.parameters.values() if p.is_weight)
        takes = ", ".join(f"{v.name} {format_shape(v.shape)} {v.dtype or ''}".rstrip() for v in self.graph.inputs)
        name = self.graph.name or "model"
        ordered = " · put in order: the file's was no forward order" if self.graph.notes.get("sorted") else ""
        return (
            f"{name} · {count(len(self.graph.layers), 'layer')} · {count(size, 'parameter')} · input {takes or 'none'}{ordered}"
        )

    def check(self) -> list[Problem]:
        """Every problem with its layer, none where the model is sound. Layers that nobody reads are notes."""
        return check(self.graph)

    def draw(
        self,
        path: str | os.PathLike[str],
        *,
        depth: int | None = None,
        highlight: Sequence[str] | str = (),
        values: Trace | Backward | None = None,
        expected: Any = None,
        full: bool = False,
        direction: str | None = None,
    ) -> None:
        """The layers as boxes in forward order with arrows, as an .svg, .png, .pdf or .html file.

        depth: how many levels of groups are open, as many as stay readable unless given. highlight: layers, groups, globs.
        values: a trace, whose stored outputs are drawn in the boxes, or a backward pass, whose deltas go back. expected: what the
        output should be. full: every layer, no groups closed, no repeats folded. direction: "right" or "down".
        Raises UnknownNameError, FileError; MissingPackageError for .png and .pdf without the extra `draw`.
        """
        options: dict[str, Any] = {"depth": depth, "highlight": highlight, "full": full, "direction": direction}
        if values is not None:
            values.draw(path, expected=expected, **options)
        else:
            draw(describe_whole(self.graph), path, title=self.graph.name, expected=expected, **options)

    # -- running -------------------------------------------------------------------------------------------------------

    def __call__(self, /, *inputs: Any, device: Any = None, engine: str = "torch", **named: Any) -> Any:
        """`model(x)`: a tensor, or a tuple where there are several outputs. Nothing else is kept.

        x: a tensor, a NumPy array or lists; several inputs by place, by name, or as one dict. device: run there, this once.
        engine: "torch", or "onnxruntime", whose numbers are its own. Raises InputError where the input layer cannot take x.
        """
        return self._session.call(inputs, named, device, engine)

    def run(
        self,
        /,
        *inputs: Any,
        store: object = True,
        patch: Any = None,
        device: Any = None,
        backward: bool | str = False,
        engine: str = "torch",
        out: str | os.PathLike[str] | None = None,
        **named: Any,
    ) -> Trace:
        """Run `x` through the model and keep what every layer made.

        store: True (all), False, a name, a group, a glob (`layer4/**`, `op:Conv`), a function of the layer, `lm.Store(…)` (of
        each value only some samples, positions, a mean; in another dtype, on another device), or a list of these, of which the
        first that means a layer holds; the outputs are always kept. patch: other values in place of what layers make
        (`lm.patch.zero("h/3/attn", heads=[2])`, `{"L2": tensor}`, several in a list). device: run there, this once. backward:
        stored outputs and `trace.output` can be differentiated by the parameters (`loss.backward()`; "inputs": by the inputs
        too, for which torch may take kernels with other last bits); otherwise they have no
        history. engine: "torch", or "onnxruntime": quicker on many models, its numbers its own, so that what is stored may move
        the last bits of the rest; EngineError names the layer that it cannot run. out: a folder to write what `store` names to,
        for `lm.load`; FileError where it holds anything but the same run.
        """
        from laminae.api.trace import Trace

        def make() -> Record:
            return self._session.run(inputs, named, store, device, backward=backward, patch=patch, engine=engine)

        record = make() if out is None else saved(out, make)
        return Trace(record, self.graph.name or "model", self.facts())

    def view(
        self,
        /,
        *inputs: Any,
        expected: Any = None,
        beside: Trace | Model | None = None,
        tokenizer: Any = None,
        port: int = 0,
        browser: bool = False,
        **named: Any,
    ) -> Viewer:
        """Run `x`, given as to `run` with its options, and show it: `model.run(x).view()`, whose arguments these are."""
        trace = self.run(*inputs, **named)
        return trace.view(expected=expected, beside=beside, tokenizer=tokenizer, port=port, browser=browser)

    def harvest(
        self,
        data: Any,
        *,
        store: object = True,
        out: str | os.PathLike[str],
        batch: int | None = None,
        engine: str = "torch",
        device: Any = None,
        shard_bytes: int = SHARD_BYTES,
        progress: Callable[[int], None] | None = None,
    ) -> Activations:
        """Run a whole dataset through the model, and write what `store` names to a folder as it is made; what `lm.load` gives.

        data: an array, or a tuple or dict of several, samples along the first axis; a path to a file (.npy, .npz, .json, .csv,
        .parquet), to a folder of images, or to one of .npy files, a sample each; a list of samples, which may be of unequal
        length (those of one length run together: nothing is padded); a list of batches, a DataLoader, any other iterable of
        them; a torch or Hugging Face dataset. Expectations are left out. batch: samples at a time, 32 or what the model
        declares. store, engine, device: as for `run`. shard_bytes: a file ends with the batch that reaches as many. progress:
        told the number of samples done.

        Values are those of `run` with the same batch, bit for bit. Writing goes on while the model runs, and memory does not grow
        with the data. Killed at any moment, the same harvest goes on where it was, with as many threads as it began with, and
        ends with the same bytes. Layers that draw random numbers draw, for each batch, from its number as seed. FileError tells
        what differs where the folder was harvested otherwise or from other data, and where another process writes there.
        """
        from laminae.api.harvesting import harvest

        if self.training:
            raise UsageError("in the training phase a run changes the model", {"the way out": "model.eval()"})
        options: dict[str, Any] = {"device": device, "shard_bytes": shard_bytes, "progress": progress}
        return harvest(self._session, data, store, out, batch=batch, engine=engine, **options)

    def steps(self, /, *inputs: Any, until: object = None, device: Any = None, **named: Any) -> Steps:
        """Run `x` through the model a layer at a time: `for layer, value in model.steps(x): ...`.

        `steps.inputs` is what the layer was given, `steps.replace(new)` changes what the following layers read, `steps.output` is
        there at the end. until: stop only there, at a layer, a group, a glob (`op:Softmax`), where a value is "nan", "inf" or
        "abs>1e4" (max, min, mean, std likewise), where a function of layer and value says so, or at any of a list. Layers in
        bodies run in the one step of the layer they stand in. device: run there, this once.
        """
        from laminae.api.stepping import Steps
        from laminae.trace.steps import Walk

        return Steps(self, Walk(self._session, inputs, named, device), until)

    def to(self, device: Any) -> Model:
        """Move all parameters to a device and run there from now on, the module it was read from too. Returns the model.

        device: as torch names it ("cuda", "cuda:1", "cpu"). Raises UsageError for one that is not here.
        """
        if self._phases is not None:
            self._phases.source.to(device_of(device))
        self._session.to(device)
        return self

    def _alone(self, layers: tuple[rooms.Layer, ...]) -> Model:
        key = (layers, self.graph.revision)
        if key not in self._parts:
            self._parts = {k: v for k, v in self._parts.items() if k[1] == self.graph.revision}
            self._parts[key] = Model(graph=declared(alone(self.graph, layers), self.graph), follow=self._follow)
        return self._parts[key]

    # -- changing ------------------------------------------------------------------------------------------------------

    def extract(self, first: str, last: str) -> Model:
        """The stretch from layer or group `first` to layer or group `last`, both included, over the same parameters.

        Its inputs are the values that they read of other layers, in order of first use; its outputs those that others read or
        the model gives. Raises UnknownNameError; EditError where `last` stands before `first`.
        """
        part = stretch(self.graph, together(self.graph, first)[0], together(self.graph, last)[-1])
        return Model(graph=declared(part, self.graph), follow=self._follow)

    def insert(
        self, layer: Any, *, after: str | None = None, before: str | None = None, name: str | None = None, seed: int = 0
    ) -> Layer:
        """Put a builder's layer after (or before) a layer or group: whoever read that one's output reads the new one's.

        Checked before and after; refused whole (EditError, ShapeError, UnknownNameError) or done whole. Returns the new layer, of
        one that places several operators the last. name: of the layer, where it has none of its own. seed: of its weights.
        """
        return Layer(self, self._edit(edits.insert, layer, after, before, name, seed))

    def replace(self, old: str, layer: Any, *, name: str | None = None, seed: int = 0) -> Layer:
        """Put a builder's layer in the place of a layer or group; it keeps that name unless it has one of its own.

        Refused whole or done whole, as `insert`: EditError for an input layer, and where others read more values than the new
        layer gives; ShapeError where what follows could not take its output. Returns the new layer.
        """
        return Layer(self, self._edit(edits.replace, old, layer, name, seed))

    def remove(self, name: str) -> None:
        """Take a layer or group out; whoever read it reads what it read first.

        Refused whole or done whole: EditError for an input layer that is read, and where readers would be left without a value or
        with one of another dtype; ShapeError where they could not take it.
        """
        self._edit(edits.remove, name)

    def rename(self, old: str, new: str) -> None:
        """Give a layer another name. Parameters keep theirs: other models may share them.

        Raises UnknownNameError; EditError for a name that is empty or taken.
        """
        self._edit(edits.rename, old, new)

    def _edit(self, edit: Callable[..., Any], *args: Any) -> Any:
        if self._to_look_at:
            raise EditError("this is a body, to look at: it is edited where it was built")
        made = edit(self.graph, *args)
        if self._phases is not None:
            self._phases.edits.append((edit, args))
        return made

    # -- phases --------------------------------------------------------------------------------------------------------

    @property
    def example(self) -> dict[str, Any] | None:
        """The example that the module was opened with, by the names of the inputs; None for a model from elsewhere."""
        if self._phases is None or self._interface is None:
            return None
        source = self._phases.source
        return dict(zip(self._interface.names, self._interface.flatten(source.args, source.kwargs), strict=True))

    @property
    def training(self) -> bool:
        """Whether the model is in the training phase: as the module it was read from, as the program it was exported as, as a
        file says of its BatchNormalization and Dropout, or as `train` has put it.
        """
        if self._phases is not None:
            return self._phases.training
        if one_phase.is_torch(self.graph):
            return bool(one_phase.phase_of(self.graph))
        return self._learning.is_training(self.graph)

    def train(self, mode: bool = True) -> Model:
        """Bring the model, and the module it was read from, into the training phase, as in PyTorch.

        A module is read again where it was not in that phase before; layers keep their names, parameters their memory, and
        edits are made again. In a model that was built, or opened from a file, BatchNormalization takes the statistics of the
        batch, which layers after it write to the running ones, and Dropout drops. A file is made ready to learn first (`learns`).
        An exported program has the phase it was exported in. Raises EditError naming a layer that an edit does not find there, or
        that has no such phase; UsageError for a model that does not have that phase, with how to get it.
        """
        if self._phases is None:
            if one_phase.is_torch(self.graph):
                if self.training == mode and not self._left_out:
                    return self
                raise one_phase.no_other_phase(self.graph, mode, self._left_out)
            return self._in_phase(mode)
        switched = self._phases.switch(mode, self.graph)
        if switched is not None:
            self.graph, self._interface = switched
            examples = examples_of(self._phases.source, self._interface)
            self._session = Session(self.graph, self._interface, examples, self._follow)
        return self

    def eval(self) -> Model:
        """Bring the module and the model into the evaluation phase: `train(False)`."""
        return self.train(False)

    def _in_phase(self, mode: bool) -> Model:
        """A graph of the onnx vocabulary in that phase."""
        if mode:
            self._ready_to_learn()
        graph = self._learning.in_phase(self.graph, mode)
        if graph is not self.graph:
            self.graph = graph
            self._session = Session(graph, self._interface, self._session.examples, self._follow)
        return self

    # -- learning ------------------------------------------------------------------------------------------------------

    def _ready_to_learn(self) -> Model:
        """A model from a file that others wrote, with weights for all that is to learn; what was done is warned of, once."""
        self._learning.prepare(self.graph)
        return self

    def learns(self) -> Table:
        """Which parameters learn, and which do not and why: `print(model.learns())`.

        A file does not tell weights from constants: those that learn are told by who reads them. Weights that an exporter stored
        once because they were equal come apart when the model learns; which is said here, and how to keep them one in `lm.open`.
        """
        return self._learning.table(self.graph, self.facts())

    def reset(self, seed: int = 0, *, weights: Sequence[str] | str = ()) -> Model:
        """Draw the weights anew, in place, as torch's layers begin; BatchNorm's statistics begin again. Returns the model.

        weights: names, layers, groups or globs, where not all. The same seed gives the same bits. Weights of which no layer
        tells how they begin stay, and are named in a warning. Raises UsageError for a model of PyTorch's operators, whose module
        draws its own.
        """
        if one_phase.is_torch(self.graph):
            raise UsageError(
                "a model of PyTorch's operators is not drawn anew", {"the way out": "make the module again, and open it"}
            )
        self._learning.reset(self._ready_to_learn().graph, seed, weights)
        return self

    # -- keeping -------------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an .onnx file, or, to a path that ends in `.safetensors`, the weights alone; whole or not at all.

        Weights are every parameter by name; of a model that was read from a module exactly those of its state_dict, and what
        edits have added. In an .onnx file a model of PyTorch operators is translated by torch.onnx, in the phase it is in:
        parameters, inputs, outputs, layers and groups keep their names. Raises FileError; DTypeError for a dtype that no
        .safetensors file holds; ExportError naming the layers that ONNX cannot express; MissingPackageError without onnxscript.
        """
        self._follow()
        if os.fspath(path).endswith(weights.SUFFIX):
            weights.save(self._weights(), path)
        else:
            onnx_writer.write(self._in_onnx(), path)

    def _in_onnx(self) -> rooms.Graph:
        """The graph in the onnx vocabulary."""
        if self._phases is None and not one_phase.is_torch(self.graph):
            return without_writers(self.graph)
        from laminae.files.module.to_onnx.convert import to_onnx

        return to_onnx(self.graph, self._session.examples())

    def load(
        self, path: str | os.PathLike[str], *, strict: bool = True, cast: bool = False, prefix: str = ""
    ) -> loading.Mismatch:
        """Copy weights into the model's own parameters, and so into those of the module it was read from.

        path: a .safetensors file, the index (`model.safetensors.index.json`) of one in parts, or a folder that holds either.
        strict: everything must fit, or ModelError tells all that does not, and nothing is changed; otherwise what fits is loaded.
        cast: floats of another dtype are rounded to the model's. prefix: take the names in the file that begin with it, without
        it. Returns what did not fit. Raises FileError for what is no such file, with nothing changed.
        """
        from laminae.files import loading

        return loading.load(self._weights(), path, strict=strict, cast=cast, prefix=prefix)

    def _weights(self) -> dict[str, rooms.Parameter]:
        self._follow()
        if self._phases is None:
            return weights.weights_of(self._learning.evaluated(self.graph))
        from laminae.files.module.state import state_of

        return state_of(self._phases.source, self._phases.untouched(), self.graph)

    def to_torch(self) -> Any:
        """The model as an nn.Module (a torch.fx.GraphModule) over the same parameters, edits included.

        It is called as the module the model was read from, and its state_dict has that one's names, without those that edits took
        out (what only layers read that are gone), with those that they added; a model from elsewhere is called with its inputs
        in order, and its weights become nn.Parameters under their own names.
        """
        from laminae.files.module.writer import to_module

        self._follow()
        if self._phases is None:
            return to_module(self.graph, self._interface, training=self.training)
        from laminae.files.module.state import taken_out

        source = self._phases.source
        gone = taken_out(source, self._phases.untouched(), self.graph)
        return to_module(self.graph, self._interface, source.module, without=gone, training=self.training)

    def equals(self, other: Model) -> bool:
        """Whether both have the same layers, connections, attributes, parameters (bit for bit) and metadata."""
        return not self.differences(other)

    def differences(self, other: Model) -> list[str]:
        """What another model has otherwise, in words."""
        if not isinstance(other, Model):
            raise UsageError(f"a model is compared with a model, not with a {type(other).__name__}")
        return differences(self.graph, other.graph)

    def __getstate__(self) -> dict[str, Any]:
        """The module goes along, with its phases and the example; where it cannot be pickled, a warning says why."""
        left_out = self._left_out if self._phases is None else pickling.unpicklable(self._phases)
        if left_out and self._phases is not None:
            pickling.warn(self._phases, left_out)
        phases = None if left_out else self._phases
        rest = {"left_out": left_out, "learning": self._learning.copy()}
        return {"graph": self.graph, "interface": self._interface, "phases": phases, **rest}

    def __setstate__(self, state: dict[str, Any]) -> None:
        phases = state["phases"]
        follow = None if phases is None else phases.source.follow
        self.__init__(graph=state["graph"], interface=state["interface"], follow=follow)  # type: ignore[misc]
        self._phases, self._left_out, self._learning = phases, state["left_out"], state["learning"]
        self._session.examples = examples_of(None if phases is None else phases.source, self._interface)

    def __copy__(self) -> Model:
        """Another model over the same parameters, and over the same module: edits of one are not the other's."""
        phases = None if self._phases is None else self._phases.forked()
        return self._twin(restore(flatten(self.graph)), phases)

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        """A model over parameters of its own, and over a copy of the module. Raises UsageError where that cannot be copied."""
        if self._phases is None:
            return self._twin(copy.deepcopy(self.graph, memo), None)
        from laminae.files.module.source import copied

        phases = self._phases.copied(memo)
        return self._twin(copied(self.graph, memo), phases)

    def _twin(self, graph: rooms.Graph, phases: Phases | None) -> Model:
        twin = Model.__new__(type(self))
        rest = {"left_out": self._left_out, "learning": self._learning.copy()}
        twin.__setstate__({"graph": graph, "interface": self._interface, "phases": phases, **rest})
        return twin

    def __repr__(self) -> str:
        return f"Model({self.facts()})"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_svg_(self) -> str | None:
        return notebook.picture(describe_whole(self.graph), title=self.graph.name)

    def _repr_html_(self) -> str:
        return notebook.both(self._repr_svg_(), self.table())


def _holds_its_own() -> None:
    """What a model does to hold its parameters where no module holds them too."""


def _name(end: Any) -> str:
    return end.name if isinstance(end, Layer) else end
