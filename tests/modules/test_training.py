"""Training through Laminae and through plain PyTorch: the same weights and statistics, bit for bit."""

import pytest
import torch
from torch import nn

import laminae as lm


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Dropout(0.3),
        nn.Flatten(), nn.Linear(36, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3),
    )  # fmt: skip


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.2, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 3)

    def forward(self, ids):
        return self.head(self.encoder(self.embed(ids)).mean(1))


CASES = {
    "cnn": (cnn, lambda: torch.randn(8, 1, 8, 8)),
    "transformer": (Transformer, lambda: torch.randint(0, 20, (8, 6))),
}


def train(module, call, x, y, steps=20):
    """Steps of SGD with momentum from one seed; what the module holds at the end."""
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
    torch.manual_seed(5)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(call(x), y).backward()
        optimizer.step()
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize("name", CASES)
def test_twenty_steps_leave_the_same_bits(name):
    make, inputs = CASES[name]
    torch.manual_seed(1)
    x, y = inputs(), torch.randint(0, 3, (8,))
    torch.manual_seed(0)
    plain = make().train()
    expected = train(plain, plain, x, y)
    for way in ("run", "to_torch"):
        torch.manual_seed(0)
        module = make().eval()
        model = lm.open(module, example=(x,)).train()
        call = model.to_torch() if way == "to_torch" else lambda x, model=model: model.run(x, backward=True).output
        found = train(module, call, x, y)
        assert found.keys() == expected.keys()
        wrong = [key for key, tensor in expected.items() if not torch.equal(found[key], tensor)]
        assert not wrong, (way, wrong)
