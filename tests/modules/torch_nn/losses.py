"""Losses, each with what it compares."""

from __future__ import annotations

import torch
from torch import nn

from tests.modules.torch_nn.making import Rows, line, plane


def losses() -> Rows:
    """Losses, each with what it compares."""
    scores, classes, signs = line(5, 4), torch.randint(4, (5,)), torch.randint(0, 2, (5,)) * 2 - 1.0
    x, y, share = line(5, 4), line(5, 4), torch.rand(5, 4)
    bits = (share > 0.5).float()
    weight = torch.rand(4)
    speech = (line(9, 2, 6).log_softmax(-1), torch.randint(1, 6, (2, 3)))
    return {
        "L1Loss": (nn.L1Loss(), (x, y)),
        "L1Loss:none": (nn.L1Loss(reduction="none"), (x, y)),
        "MSELoss": (nn.MSELoss(), (x, y)),
        "MSELoss:sum": (nn.MSELoss(reduction="sum"), (x, y)),
        "SmoothL1Loss": (nn.SmoothL1Loss(beta=0.5), (x, y)),
        "HuberLoss": (nn.HuberLoss(delta=0.5), (x, y)),
        "CrossEntropyLoss": (nn.CrossEntropyLoss(weight, ignore_index=2, label_smoothing=0.1), (scores, classes)),
        "CrossEntropyLoss:probabilities": (nn.CrossEntropyLoss(), (scores, share.softmax(-1))),
        "CrossEntropyLoss:images": (nn.CrossEntropyLoss(), (plane(), torch.randint(4, (2, 8, 9)))),
        "LinearCrossEntropyLoss": (nn.LinearCrossEntropyLoss(4, 6), (x, torch.randint(6, (5,)))),
        "NLLLoss": (nn.NLLLoss(weight), (scores.log_softmax(-1), classes)),
        "NLLLoss:none": (nn.NLLLoss(reduction="none", ignore_index=1), (plane().log_softmax(1), torch.randint(4, (2, 8, 9)))),
        "PoissonNLLLoss": (nn.PoissonNLLLoss(full=True), (x, share * 4)),
        "PoissonNLLLoss:linear": (nn.PoissonNLLLoss(log_input=False), (share, share * 4)),
        "GaussianNLLLoss": (nn.GaussianNLLLoss(full=True), (x, y, share)),
        "KLDivLoss": (nn.KLDivLoss(reduction="batchmean"), (scores.log_softmax(-1), share.softmax(-1))),
        "KLDivLoss:log": (nn.KLDivLoss(reduction="sum", log_target=True), (scores.log_softmax(-1), share.log_softmax(-1))),
        "BCELoss": (nn.BCELoss(weight), (share, bits)),
        "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss(pos_weight=weight), (x, bits)),
        "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss(), (line(5), signs)),
        "MarginRankingLoss": (nn.MarginRankingLoss(0.1), (line(5), line(5), signs)),
        "CosineEmbeddingLoss": (nn.CosineEmbeddingLoss(0.1), (x, y, signs)),
        "SoftMarginLoss": (nn.SoftMarginLoss(), (line(5), signs)),
        "MultiMarginLoss": (nn.MultiMarginLoss(weight=weight), (x, classes)),
        "MultiLabelMarginLoss": (nn.MultiLabelMarginLoss(), (x, torch.tensor([[1, 3, -1, 0]] * 5))),
        "MultiLabelSoftMarginLoss": (nn.MultiLabelSoftMarginLoss(weight), (x, bits)),
        "TripletMarginLoss": (nn.TripletMarginLoss(swap=True), (x, y, share)),
        "TripletMarginWithDistanceLoss": (nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(1)), (x, y, share)),
        "CTCLoss": (nn.CTCLoss(), (*speech, (9, 7), (3, 2))),
        "CTCLoss:tensor-lengths": (nn.CTCLoss(), (*speech, torch.tensor([9, 7]), torch.tensor([3, 2]))),
        "AdaptiveLogSoftmaxWithLoss": (nn.AdaptiveLogSoftmaxWithLoss(4, 12, [3, 7]), (x, torch.randint(12, (5,)))),
    }  # fmt: skip
