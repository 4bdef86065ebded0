"""BatchNormalization. https://onnx.ai/onnx/operators/onnx__BatchNormalization.html"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, same_dim
from laminae.ops.registry import operator


def batchnormalization_shape(X, scale, B, mean, var, *, spatial=1, n_outputs=1, **attributes):
    inputs = {"scale": scale, "B": B, "mean": mean, "var": var}
    expected = (X.shape[1:2] if X.rank > 1 else (1,)) if spatial else X.shape[1:]
    for name, found in inputs.items():
        if found.dims is not None and not (found.rank == len(expected) and all(map(same_dim, found.dims, expected))):
            details = {"X": format_shape(X.shape), "expected": format_shape(expected), "found": format_shape(found.dims)}
            raise ShapeError(f"{name} does not fit the channels of X", details)
    return Spec(X.dtype, X.shape), *(Spec(mean.dtype, expected) for _ in range(n_outputs - 1))


def batchnormalization_cost(X, *inputs, training_mode=0, **attributes):
    """A scale and a shift for each element; in training the mean and the mean square before."""
    return X.size * (3 if training_mode else 1)


def batchnormalization_7_cost(X, *inputs, n_outputs, **attributes):
    return batchnormalization_cost(X, training_mode=n_outputs > 1)


def batchnormalization_1_cost(X, *inputs, is_test=0, **attributes):
    return batchnormalization_cost(X, training_mode=not is_test)


@operator("BatchNormalization", since=14, kind="normalization", shape=batchnormalization_shape, cost=batchnormalization_cost)
def batchnormalization(
    X,
    scale,
    B,
    input_mean,
    input_var,
    *,
    epsilon=9.999999747378752e-06,
    momentum=0.8999999761581421,
    training_mode=0,
    n_outputs=1,
):
    """(X - mean) / √(var + epsilon) · scale + B per channel; X [N, C, *sizes], the others [C].

    In training mode mean and var are the batch's, and with them momentum · old + (1 - momentum) · batch is given out.
    """
    if not training_mode:
        if n_outputs > 1:
            raise AttributeValueError(
                "without training_mode there is no output but Y", {"expected": "1 output", "found": n_outputs}
            )
        return normalized(X, scale, B, input_mean, input_var, epsilon)
    Y, mean, var = trained(X, scale, B, epsilon)
    if n_outputs == 1:
        return Y
    return Y, moved(input_mean, mean, momentum), moved(input_var, var, momentum)


@operator("BatchNormalization", since=7, kind="normalization", shape=batchnormalization_shape, cost=batchnormalization_7_cost)
def batchnormalization_7(
    X, scale, B, mean, var, *, epsilon=9.999999747378752e-06, momentum=0.8999999761581421, spatial=1, n_outputs=1
):
    """Until opset 13 it trains where the running and saved statistics are asked for; until 8, spatial=0 keeps one per element."""
    is_test = n_outputs == 1
    return batchnormalization_1(
        X, scale, B, mean, var, epsilon=epsilon, is_test=is_test, momentum=momentum, spatial=spatial, n_outputs=n_outputs
    )


@operator("BatchNormalization", since=1, kind="normalization", shape=batchnormalization_shape, cost=batchnormalization_1_cost)
def batchnormalization_1(
    X,
    scale,
    B,
    mean,
    var,
    *,
    consumed_inputs=None,
    epsilon=9.999999747378752e-06,
    is_test=0,
    momentum=0.8999999761581421,
    spatial=1,
    n_outputs=1,
):
    """Until opset 6 it trains unless is_test."""
    if not spatial and X.ndim > 2:
        flat = (t.flatten() for t in (scale, B, mean, var))
        found = batchnormalization_1(
            X.flatten(1), *flat, epsilon=epsilon, is_test=is_test, momentum=momentum, n_outputs=n_outputs
        )
        Y, *statistics = found if isinstance(found, tuple) else (found,)
        return Y.reshape(X.shape) if n_outputs == 1 else (Y.reshape(X.shape), *(s.reshape(mean.shape) for s in statistics))
    if is_test:
        Y, saved_mean, saved_var = normalized(X, scale, B, mean, var, epsilon), mean, var
    else:
        Y, saved_mean, saved_var = trained(X, scale, B, epsilon)
    if n_outputs == 1:
        return Y
    return Y, moved(mean, saved_mean, momentum), moved(var, saved_var, momentum), saved_mean.clone(), saved_var.clone()


def normalized(X, scale, B, mean, var, epsilon):
    """With given statistics. Where dtypes differ, computed in the wider one; the output is of X's."""
    if not X.numel():
        return X.clone()
    if mean.requires_grad or var.requires_grad:  # torch's kernel knows no derivative by the statistics
        mean, var, scale, B = (t.reshape(-1, *[1] * (X.ndim - 2)) for t in (mean, var, scale, B))
        return ((X - mean) * (scale * torch.rsqrt(var + epsilon)) + B).to(X.dtype)
    if X.dtype == mean.dtype == scale.dtype and X.ndim > 1:
        return torch.batch_norm(X, scale, B, mean, var, False, 0.0, epsilon, torch.backends.cudnn.enabled)
    wide = torch.promote_types(torch.promote_types(X.dtype, mean.dtype), scale.dtype)
    rows = X if X.ndim > 1 else X.unsqueeze(1)
    Y = torch.batch_norm(rows.to(wide), *(t.to(wide) for t in (scale, B, mean, var)), False, 0.0, epsilon, True)
    return Y.reshape(X.shape).to(X.dtype)


def trained(X, scale, B, epsilon):
    """With the statistics of the batch, which are given out too."""
    wide = torch.promote_types(torch.promote_types(X.dtype, scale.dtype), torch.float32)
    rows = (X if X.ndim > 1 else X.unsqueeze(1)).to(wide)
    var, mean = torch.var_mean(rows, [0, *range(2, rows.ndim)], correction=0)
    Y = torch.batch_norm(rows, scale.to(wide), B.to(wide), None, None, True, 0.0, epsilon, torch.backends.cudnn.enabled)
    return Y.reshape(X.shape).to(X.dtype), mean, var


def moved(old, new, momentum):
    return (old * momentum + new * (1 - momentum)).to(old.dtype)
