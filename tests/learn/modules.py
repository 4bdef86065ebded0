"""Small modules of each kind, in the training phase, with a batch and class ids for each."""

import torch

CLASSES = 5


class Convolutions(torch.nn.Module):
    """With BatchNorm and Dropout."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4)
        self.drop, self.out = torch.nn.Dropout(0.3), torch.nn.Linear(4 * 36, CLASSES)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.norm(self.conv(x))).flatten(1)))


class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = torch.nn.LSTM(3, 8, batch_first=True), torch.nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


class Transformer(torch.nn.Module):
    """One encoder block over ids, the fast path off: training takes the other anyway."""

    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(11, 16)
        self.block = torch.nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.out = torch.nn.Linear(16, CLASSES)

    def forward(self, ids):
        return self.out(self.block(self.words(ids)).mean(1))


def perceptron():
    return torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, CLASSES))


MODULES = {
    "mlp": (perceptron, lambda: torch.randn(8, 6)),
    "cnn": (Convolutions, lambda: torch.randn(8, 1, 8, 8)),
    "lstm": (Recurrent, lambda: torch.randn(8, 7, 3)),
    "transformer": (Transformer, lambda: torch.randint(0, 11, (8, 9))),
}


def made(name, seed=0):
    """The module in its training phase, and a function that draws batches for it."""
    torch.manual_seed(seed)
    make, batch = MODULES[name]
    return make().train(), batch


def ids():
    return torch.randint(0, CLASSES, (8,))
