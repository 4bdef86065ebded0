"""What random nodes found in ai.onnx.ml and the optimizers, each with what is right by the standard's words or ONNX Runtime."""

import numpy as np
import onnx
import pytest

import laminae as lm
from laminae.base.arrays import as_numpy
from tests.ops.draws.compared import proto
from tests.ops.draws.drawing import Drawn, Strategy

ML, TRAINING = "ai.onnx.ml", "ai.onnx.preview.training"


def run(operator, *inputs, opset=1, outputs=1, domain=ML, **attributes):
    drawn = Drawn(inputs, attributes, outputs)
    model = proto(Strategy(operator, domain, (opset,), lambda draw, opset: drawn, ()), opset, drawn)
    values = lm.open(model).run({f"x{i}": x for i, x in enumerate(inputs)}).values
    found = [values[f"y{i}"] if isinstance(values[f"y{i}"], list) else as_numpy(values[f"y{i}"]) for i in range(outputs)]
    return found if outputs > 1 else found[0]


def floats(*numbers):
    return np.array(numbers, np.float32)


def tensor(*values, dtype):
    return onnx.numpy_helper.from_array(np.array(values, dtype))


@pytest.mark.parametrize(
    ("dtype", "unknown"), [(np.int16, -1), (np.int32, -1), (np.int64, -1), (np.float64, 0), (np.float32, 0), (object, "_Unused")]
)
def test_what_is_no_key_has_the_default_of_the_values_dtype(dtype, unknown):
    """LabelEncoder: '{"_Unused"} if values_* has string type, {-1} if values_* has integral type, and {-0.f} if …float type'."""
    values = tensor("a" if dtype is object else 5, dtype=dtype)
    found = run("LabelEncoder", np.array([7, 8]), opset=4, keys_tensor=tensor(7, dtype=np.int64), values_tensor=values)
    assert found.dtype == dtype
    assert found.tolist() == ["a" if dtype is object else 5, unknown]


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_rows_of_nothing_are_normalized(shape, norm):
    assert run("Normalizer", np.zeros(shape, np.float32), norm=norm).shape == shape


def test_the_largest_is_what_a_row_is_divided_by():
    """Normalizer: "Max: Y = X / max(X)", as in ONNX Runtime. (The reference evaluator takes the largest size.)"""
    np.testing.assert_allclose(run("Normalizer", floats([-4, 2], [0, 0])), [[-2, 1], [0, 0]])


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.int32])
@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Scaler", {"offset": [1.0], "scale": [0.5]}),
        ("Normalizer", {"norm": "L1"}),
        ("LinearRegressor", {"coefficients": [1.0, 0.5]}),
        ("FeatureVectorizer", {"inputdimensions": [2]}),
    ],
)
def test_results_are_float32_whatever_they_are_made_of(operator, attributes, dtype):
    """ "tensor(float)". (The reference evaluator keeps the dtype of X, and cuts coefficients to integers.)"""
    right = {"Scaler": [[0.5, -0.5]], "Normalizer": [[1, 0]], "LinearRegressor": [[2]], "FeatureVectorizer": [[2, 0]]}[operator]
    found = run(operator, np.array([[2, 0]], dtype), **attributes)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, right)


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes"),
    [
        ("ArrayFeatureExtractor", [floats(1, 2), np.array([-1])], {}),  # based on 0 as the first index
        ("Imputer", [floats([0])], {"imputed_value_floats": [1.0, 2.0]}),  # the length of the attribute array may be 1 or F
        ("Scaler", [floats([0], [1])], {"offset": [1.0, 2.0], "scale": [1.0]}),
        ("CategoryMapper", [np.array([1])], {"cats_int64s": [1, 2], "cats_strings": ["a"]}),  # must be the same length
        ("ZipMap", [np.zeros((1, 2, 2), np.float32)], {"classlabels_int64s": [1, 2]}),
        ("CastMap", [{0: 2.5}], {"map_form": "OTHER"}),
    ],
)
def test_what_does_not_fit_is_refused(operator, inputs, attributes):
    with pytest.raises(lm.LaminaeError):
        run(operator, *inputs, **attributes)


def test_as_many_values_as_keys():
    with pytest.raises(lm.LaminaeError, match="as many values as keys"):
        run("LabelEncoder", np.array([1]), opset=2, keys_int64s=[1, 2], values_int64s=[1])


def test_a_vector_is_one_row():
    """FeatureVectorizer: "1-D tensors are treated as [1,C]". (The reference evaluator makes a column of it.)"""
    np.testing.assert_array_equal(run("FeatureVectorizer", floats(1, 2), floats(3), inputdimensions=[3, 1]), [[1, 2, 0, 3]])


def test_floats_are_cut_to_categories():
    """OneHotEncoder: "If the input is a tensor of float, int32, or double, the data will be cast to integers"."""
    np.testing.assert_array_equal(run("OneHotEncoder", floats(3.7, 1), cats_int64s=[1, 3]), [[0, 1], [1, 0]])


TREE = {
    "nodes_featureids": [0, 0], "nodes_truenodeids": [0, 2], "nodes_falsenodeids": [1, 3], "nodes_trueleafs": [1, 1],
    "nodes_falseleafs": [1, 1], "leaf_targetids": [0, 0, 0, 0], "leaf_weights": tensor(1, 2, 4, 8, dtype=np.float32),
    "nodes_splits": tensor(0, 0, dtype=np.float32), "tree_roots": [0, 1], "n_targets": 1,
}  # fmt: skip


def test_nan_goes_where_it_is_said_to():
    """TreeEnsemble: "follow the true branch (if attribute value is 1) or false branch (if …0) in the presence of a NaN input feature"."""
    found = run("TreeEnsemble", floats([np.nan]), opset=5, nodes_modes=tensor(5, 5, dtype=np.uint8), **TREE)
    np.testing.assert_array_equal(found, [[2 + 8]])
    missing = {"nodes_missing_value_tracks_true": [1, 0]}
    found = run("TreeEnsemble", floats([np.nan]), opset=5, nodes_modes=tensor(5, 5, dtype=np.uint8), **TREE, **missing)
    np.testing.assert_array_equal(found, [[1 + 8]])


def test_zero_may_be_a_member():
    """(The reference evaluator ends the set there.)"""
    members = tensor(1, 0, np.nan, 3, np.nan, dtype=np.float32)
    found = run(
        "TreeEnsemble", floats([0], [3]), opset=5, nodes_modes=tensor(6, 6, dtype=np.uint8), membership_values=members, **TREE
    )
    np.testing.assert_array_equal(found, [[1 + 8], [2 + 4]])


def test_a_tree_that_is_a_leaf():
    """TreeEnsemble: "a single `nodes_*` entry with true and false branches referencing the same `leaf_*` entry"."""
    alone = TREE | {"nodes_truenodeids": [0, 3], "nodes_falsenodeids": [1, 3]}
    found = run("TreeEnsemble", floats([-1]), opset=5, nodes_modes=tensor(0, 0, dtype=np.uint8), **alone)
    np.testing.assert_array_equal(found, [[1 + 8]])


def test_probabilities_of_three_classes():
    """SVMClassifier by Wu, Lin, Weng 2004, as ONNX Runtime has them."""
    attributes = {
        "coefficients": [1.0, -0.5, 0.25, 0.75, -1.0, 0.5], "support_vectors": [1.0, -1.0, 2.0], "vectors_per_class": [1, 1, 1],
        "rho": [0.1, -0.2, 0.3], "kernel_type": "LINEAR", "kernel_params": [0.0, 0.0, 0.0], "classlabels_ints": [4, 5, 6],
        "prob_a": [-1.0, -0.5, -2.0], "prob_b": [0.0, 0.1, -0.1],
    }  # fmt: skip
    labels, scores = run("SVMClassifier", floats([0.5]), outputs=2, **attributes)
    assert labels.tolist() == [4]
    np.testing.assert_allclose(scores, [[0.5046067, 0.3292075, 0.1661858]], rtol=1e-4)


@pytest.mark.parametrize("operator", ["Adagrad", "Adam", "Momentum"])
@pytest.mark.parametrize(("rate", "dtype"), [(np.float64, np.float32), (np.float32, np.float64)])
def test_a_rate_of_another_dtype_changes_no_dtype(operator, rate, dtype):
    """ "inputs: T3, outputs: T3". (The reference evaluator gives the wider one, or float32.)"""
    kept = 2 if operator == "Adam" else 1
    attributes = {"alpha": 0.5, "beta": 0.5, "mode": "standard", "norm_coefficient": 0.0} if operator == "Momentum" else {}
    inputs = [np.array(0.1, rate), np.array(1), *[np.array(x, dtype) for x in (1.0, 0.5, 0.25, 0.25)[: 2 + kept]]]
    found = run(operator, *inputs, outputs=1 + kept, domain=TRAINING, **attributes)
    assert {x.dtype for x in found} == {np.dtype(dtype)}


def test_a_rate_in_float64_falls_in_float64():
    x = [np.array(value) for value in (1.0, 0.5, 0.25)]
    share = float(np.float32(0.1))
    found, _ = run("Adagrad", np.array(0.1), np.array(3), *x, outputs=2, domain=TRAINING, decay_factor=0.1, epsilon=0.0)
    np.testing.assert_allclose(found, 1 - 0.1 / (1 + 3 * share) * 0.5 / np.sqrt(0.5), rtol=1e-14)
