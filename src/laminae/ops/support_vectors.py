"""Support vector machines: kernels, and probabilities out of pairwise decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.base.errors import AttributeValueError

if TYPE_CHECKING:
    from torch import Tensor


def kernel(X: Tensor, vectors: Tensor, kernel_type: str, kernel_params: Sequence[float]) -> Tensor:
    """[rows, features] and [vectors, features] → [rows, vectors]. kernel_params: gamma, coef0, degree."""
    gamma, coef0, degree = kernel_params or (0.0, 0.0, 0.0)
    if kernel_type == "RBF":
        return torch.exp(-gamma * (X.unsqueeze(1) - vectors).square().sum(-1))
    products = X @ vectors.T
    if kernel_type == "LINEAR":
        return products
    if kernel_type == "POLY":
        return (gamma * products + coef0) ** degree
    if kernel_type == "SIGMOID":
        return torch.tanh(gamma * products + coef0)
    raise AttributeValueError(f"no kernel_type {kernel_type!r}", {"known": "LINEAR, POLY, RBF, SIGMOID"})


def pairs(classes: int, device: Any = None) -> Tensor:
    """[2, classes · (classes - 1) / 2]: 0 and 1, 0 and 2, …, 1 and 2, …"""
    return torch.triu_indices(classes, classes, 1, device=device)


def decisions(K: Tensor, coefficients: Tensor, per_class: Sequence[int], rho: Tensor) -> Tensor:
    """The score of each pair of classes, greater than 0 for the first: [rows, vectors] → [rows, pairs].

    coefficients: [classes - 1, vectors], in each column those of a vector against every other class, in order.
    """
    owner = torch.repeat_interleave(torch.arange(len(per_class)), torch.tensor(per_class)).to(K.device)
    first, second = pairs(len(per_class), K.device)
    against = torch.where(owner == first[:, None], coefficients[second - 1], 0)
    against = against + torch.where(owner == second[:, None], coefficients[first], 0)
    return K @ against.T + rho


def votes(scores: Tensor, classes: int) -> Tensor:
    """How many pairs each class has won: [rows, pairs] → [rows, classes]."""
    first, second = pairs(classes, scores.device)
    won = torch.where(scores > 0, first, second)
    return torch.zeros(len(scores), classes, device=scores.device).scatter_add(1, won, torch.ones_like(scores))


def probabilities(scores: Tensor, prob_a: Tensor, prob_b: Tensor, classes: int) -> Tensor:
    """Pairwise scores → a probability for each class, [rows, classes].

    Platt 1999 for each pair, then the second method of Wu, Lin, Weng 2004, as libsvm has it.
    """
    r = torch.sigmoid(-(scores * prob_a + prob_b)).clamp(1e-7, 1 - 1e-7)
    first, second = pairs(classes, scores.device)
    R = scores.new_zeros(len(scores), classes, classes)
    R[:, first, second] = r
    R[:, second, first] = 1 - r
    Q = -R.transpose(1, 2) * R
    Q.diagonal(dim1=1, dim2=2).copy_(R.square().sum(1))
    P = torch.full((len(scores), classes), 1 / classes, device=scores.device, dtype=scores.dtype)
    for _ in range(max(100, classes)):
        QP = (Q @ P.unsqueeze(2)).squeeze(2)
        total = (P * QP).sum(1, keepdim=True)
        going = ((QP - total).abs().amax(1) >= 0.005 / classes).unsqueeze(1)
        if not going.any():
            break
        P = torch.where(going, _round(P, Q, QP, total), P)
    return P


def _round(P: Tensor, Q: Tensor, QP: Tensor, total: Tensor) -> Tensor:
    """One class after the other takes the share that suits the others'."""
    P = P.clone()
    for t in range(P.shape[1]):
        own = Q[:, t, t].unsqueeze(1)
        change = (total - QP[:, t : t + 1]) / own
        P[:, t : t + 1] += change
        total = (total + change * (change * own + 2 * QP[:, t : t + 1])) / (1 + change) ** 2
        QP, P = (QP + change * Q[:, t]) / (1 + change), P / (1 + change)
    return P
