"""What is done to a module after it was opened: the model follows, or refuses at the next run. The oracle is the module itself."""

import pytest
import torch
from torch import nn

import laminae as lm

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm, self.head = nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4)
        self.out = nn.Linear(4, 4)
        self.out.weight = self.head.weight
        self.register_buffer("shift", torch.ones(4))
        self.register_buffer("hidden", torch.full((4,), 2.0), persistent=False)
        self.plain = torch.full((4,), 3.0)

    def forward(self, x):
        return self.out(self.head(self.norm(self.fc(x)) + self.shift * self.hidden)) * self.plain


def opened():
    torch.manual_seed(0)
    module = Net().eval()
    model = lm.open(module, example=(X,))
    model(X), model["fc/linear"](X)
    return module, model


def assigned(module):
    torch.manual_seed(5)
    state = {name: torch.randn(x.shape) if x.is_floating_point() else x for name, x in module.state_dict().items()}
    state["out.weight"] = state["head.weight"]
    state["norm.running_var"].abs_()
    module.load_state_dict(state, assign=True)
    module.out.weight = module.head.weight


def forwards_write(module):
    module.train()(X)
    module.eval()


def there_and_back(module):
    module.half().float()


def new_buffers(module):
    module.shift, module.hidden, module.plain = torch.zeros(4), torch.ones(4), torch.ones(4)


def new_parameter(module):
    module.fc.weight = nn.Parameter(torch.zeros(4, 4))


def data(module):
    module.fc.weight.data = torch.zeros(4, 4)


def loaded(module):
    module.load_state_dict({name: x * 2 for name, x in module.state_dict().items()})


def same_dtype(module):
    module.to(torch.float32).to("cpu")


FOLLOWED = [assigned, forwards_write, there_and_back, new_buffers, new_parameter, data, loaded, same_dtype]


@pytest.mark.parametrize("change", FOLLOWED, ids=lambda f: f.__name__)
def test_other_values_are_followed_everywhere(change):
    module, model = opened()
    change(module)
    wanted = module(X).detach()
    assert torch.equal(model(X), wanted)
    assert torch.equal(model.run(X).output, wanted)
    assert torch.equal(model.to_torch()(X).detach(), wanted)
    assert torch.equal(model["fc/linear"](X), module.fc(X).detach())
    assert torch.equal(model["fc":"norm"](X), module.norm(module.fc(X)).detach())
    assert all(model.parameters[name].array is x for name, x in module.named_parameters())
    model.train().eval()
    assert torch.equal(model(X), wanted)


@pytest.mark.parametrize("change", FOLLOWED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("first", ["train", "to_torch", "part"])
def test_whatever_is_asked_first_follows(change, first):
    module, model = opened()
    part = model["fc":"norm"]
    change(module)
    if first == "train":
        model.train().eval()
        assert torch.equal(model(X), module(X).detach())
    elif first == "to_torch":
        assert torch.equal(model.to_torch()(X).detach(), module(X).detach())
    else:
        assert torch.equal(part(X), module.norm(module.fc(X)).detach())


@pytest.mark.parametrize("change", [assigned, there_and_back, new_parameter, data], ids=lambda f: f.__name__)
def test_no_trace_goes_on_with_other_weights(change):
    module, model = opened()
    trace = model.run(X)
    change(module)
    with pytest.raises(lm.PatchError, match="changed since"):
        trace.resume({"norm/batch_norm": torch.ones(5, 4)})


def untied(module):
    module.out.weight = nn.Parameter(module.head.weight.detach().clone())


def cast_buffer(module):
    module.shift = module.shift.to(torch.bfloat16)


def other_shape(module):
    module.plain = torch.ones(5, 4)


def other_layer(module):
    module.fc = nn.Linear(4, 4)


def more_layers(module):
    module.more = nn.ReLU()


def no_buffer(module):
    del module.hidden


REFUSED = {
    "half": (nn.Module.half, "'fc.weight' was float32, is float16"),
    "double": (nn.Module.double, "'fc.weight' was float32, is float64"),
    "to": (lambda module: module.to(torch.bfloat16), "is bfloat16"),
    "a buffer cast": (cast_buffer, "'shift' was float32, is bfloat16"),
    "other shape": (other_shape, "'plain' was [4], is [5, 4]"),
    "untied": (untied, "were one tensor, are two"),
    "a layer": (other_layer, "the Linear 'fc' is another Linear"),
    "one more layer": (more_layers, "it holds another module, 'more'"),
    "gone": (no_buffer, "'hidden' was a tensor, is gone"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_another_module_is_refused_with_what_changed(name):
    change, words = REFUSED[name]
    module, model = opened()
    part, trace = model["fc":"norm"], model.run(X)
    change(module)
    for ask in (
        lambda: model(X),
        lambda: model.run(X),
        lambda: part(X),
        model.to_torch,
        model.train,
        lambda: trace.resume({"norm/batch_norm": torch.ones(5, 4)}),
    ):
        with pytest.raises(lm.ModelError, match="no longer the module") as error:
            ask()
        assert words in str(error.value)
        assert "lm.open(module" in str(error.value)
    assert not module.training


def test_a_module_that_is_as_it_was_again_is_taken_again():
    module, model = opened()
    with pytest.raises(lm.ModelError):
        model(X * module.half().shift.float())
    module.float()
    assert torch.equal(model(X), module(X).detach())


@pytest.mark.gpu
def test_a_module_moved_by_itself_is_followed():
    module, model = opened()
    module.to("cuda")
    assert torch.equal(model(X.cuda()), module(X.cuda()).detach())
