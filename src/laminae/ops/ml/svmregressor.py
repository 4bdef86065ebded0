"""SVMRegressor. https://onnx.ai/onnx/operators/onnx_aionnxml_SVMRegressor.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.classes import ML, rows_of, transformed
from laminae.ops.prepared import prepared
from laminae.ops.support_vectors import kernel


def svmregressor_shape(X, **attributes):
    return Spec("float32", (X.shape[0] if X.rank == 2 else None, 1))


def svmregressor_cost(X, *, coefficients=(), support_vectors=(), **attributes):
    """The kernel of each row with each support vector, and the products with all coefficients."""
    return rows_of(X) * (len(support_vectors) + len(coefficients))


@prepared("SVMRegressor", kind="kernel", shape=svmregressor_shape, cost=svmregressor_cost, domain=ML)
def svmregressor(
    *, coefficients=(), kernel_params=(), kernel_type="LINEAR", n_supports=0, one_class=0, post_transform="NONE", rho=(0.0,),
    support_vectors=(),
):  # fmt: skip
    """Σ coefficient · K(x, support vector) + rho of each row: [rows, features] → [rows, 1], float32.

    Without support vectors, the coefficients are those of the features. `one_class`: 1 where it is greater than 0, else -1.
    """
    c = torch.tensor(coefficients).unsqueeze(1)
    vectors = torch.tensor(support_vectors).reshape(n_supports, -1) if n_supports else None

    def regress(X):
        X = X.to(c.dtype)
        Y = (X if vectors is None else kernel(X, vectors, kernel_type, kernel_params)) @ c + rho[0]
        return torch.where(Y > 0, 1.0, -1.0) if one_class else transformed(Y, post_transform)

    return regress
