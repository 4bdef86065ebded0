"""ai.onnx.ml against ONNX Runtime on random small models; the shape rules against what runs give."""

import itertools

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from sklearn.datasets import make_classification
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import laminae as lm
from laminae.base.arrays import as_numpy
from laminae.base.dtypes import dtype_name
from laminae.base.shapes import Spec, same_shape
from laminae.ops.registry import find
from tests.ops.runtime import floats

ML = "ai.onnx.ml"
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC"]


def strings(*texts):
    return np.array(texts, dtype=object)


def declared(name, x):
    if isinstance(x, dict):
        key, value = next(iter(x.items()))
        code = {str: TensorProto.STRING, int: TensorProto.INT64, float: TensorProto.FLOAT}
        kind = helper.make_map_type_proto(code[type(key)], helper.make_tensor_type_proto(code[type(value)], []))
        return helper.make_value_info(name, kind)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)


def model(operator, inputs, outputs, opset, attributes):
    names = [f"x{i}" for i in range(len(inputs))]
    node = helper.make_node(operator, names, outputs, domain=ML, **attributes)
    given = [declared(name, x) for name, x in zip(names, inputs, strict=True)]
    graph = helper.make_graph([node], operator, given, [onnx.ValueInfoProto(name=name) for name in outputs])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(ML, opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def compare(operator, *inputs, outputs=("y",), opset=3, rtol=1e-4, atol=1e-5, **attributes):
    """Laminae's outputs beside ONNX Runtime's, and the shape rule beside both."""
    proto = model(operator, inputs, outputs, opset, attributes)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    expected = session.run(None, {f"x{i}": x for i, x in enumerate(inputs)})
    opened = lm.open(proto)
    found = opened({f"x{i}": x for i, x in enumerate(inputs)})
    found = found if len(outputs) > 1 else (found,)
    for said, wanted in zip(found, expected, strict=True):
        if isinstance(wanted, list):
            assert said == [pytest.approx(row, rel=1e-5) for row in wanted]
            continue
        said = as_numpy(said)
        assert dtype_name(said) == dtype_name(wanted)
        assert said.shape == wanted.shape
        if wanted.dtype == object:
            assert said.tolist() == wanted.tolist()
        else:
            np.testing.assert_allclose(said, wanted, rtol=rtol, atol=atol)
    check_rule(opened, find(ML, operator, opset), inputs, found)


def check_rule(opened, operator, inputs, found):
    attributes = next(layer.attributes for layer in opened.graph.layers if layer.operator == operator.name)
    count = itertools.count()
    for spec in (
        lambda x: Spec(dtype_name(x), x.shape),
        lambda x: Spec(dtype_name(x), tuple(f"n{next(count)}" for _ in x.shape)),
        lambda x: Spec(dtype_name(x), (None,) * x.ndim),
        lambda x: Spec(dtype_name(x)),
    ):
        specs = [Spec() if isinstance(x, dict) else spec(x) for x in inputs]
        for said, made in zip(operator.infer(specs, attributes, len(found)), found, strict=True):
            if not isinstance(made, list):
                assert same_shape(said.dims, tuple(made.shape))
                assert said.dtype in (None, dtype_name(made))


def test_array_feature_extractor():
    compare("ArrayFeatureExtractor", floats(3, 5), np.array([4, 0, 4]))
    compare("ArrayFeatureExtractor", floats(5), np.array([[2, 1]]))
    compare("ArrayFeatureExtractor", strings("a", "b", "c").reshape(1, 3), np.array([2]))


def test_binarizer():
    compare("Binarizer", floats(3, 4), threshold=0.25)


def test_scaler():
    compare("Scaler", floats(3, 2), offset=[1.0, 2.0], scale=[0.5, 3.0])
    compare("Scaler", np.arange(6).reshape(3, 2), offset=[1.5], scale=[0.5])
    compare("Scaler", floats(3, 2).astype(np.float64), offset=[1.0, 2.0], scale=[0.5, 3.0])


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_normalizer(norm):
    X = floats(4, 5)
    X[1] = 0
    compare("Normalizer", X, norm=norm)
    compare("Normalizer", np.abs(X[0]), norm=norm)


def test_imputer():
    X = floats(3, 2)
    X[0, 1] = np.nan
    compare("Imputer", X, imputed_value_floats=[5.0], replaced_value_float=float("nan"))
    compare("Imputer", X, imputed_value_floats=[5.0, 7.0], replaced_value_float=float(X[1, 1]))
    compare("Imputer", np.array([[1, 2], [2, 3]]), imputed_value_int64s=[9, 8], replaced_value_int64=2)


def test_one_hot_encoder():
    compare("OneHotEncoder", np.array([[3, 1], [7, 4]]), cats_int64s=[1, 3, 4])
    compare("OneHotEncoder", np.array([3.7, 1.0], dtype=np.float32), cats_int64s=[1, 3, 4])
    compare("OneHotEncoder", strings("b", "c", "z"), cats_strings=["a", "b", "c"])
    X = lm.open(model("OneHotEncoder", [np.array([9])], ["y"], 1, {"cats_int64s": [1], "zeros": 0}))
    with pytest.raises(lm.LaminaeError, match="no category"):
        X(np.array([9]))


def test_feature_vectorizer():
    compare("FeatureVectorizer", floats(3, 2), floats(3, 4), inputdimensions=[2, 4])
    compare("FeatureVectorizer", np.arange(6).reshape(3, 2), np.arange(6).reshape(3, 2) + 9, inputdimensions=[2, 2])


def test_label_encoders():
    words = {"keys_strings": ["a", "b"], "values_int64s": [5, 6], "default_int64": -7}
    compare("LabelEncoder", strings("b", "x", "a"), opset=2, **words)
    compare("LabelEncoder", np.array([[6, 5], [0, 6]]), opset=2, keys_int64s=[5, 6], values_strings=["a", "b"])
    numbers = np.array([1.5, np.nan, 3], dtype=np.float32)
    compare("LabelEncoder", numbers, opset=4, keys_floats=[1.5, float("nan")], values_floats=[2.5, 9.0], default_float=-1.0)
    compare("LabelEncoder", strings("b", "x", "a"), opset=1, classes_strings=["a", "b"], default_int64=-3)
    compare("LabelEncoder", np.array([1, 0, 9]), opset=1, classes_strings=["a", "b"], default_string="none")


def test_category_mapper():
    both = {"cats_int64s": [7, 8], "cats_strings": ["a", "b"], "default_int64": -3, "default_string": "none"}
    compare("CategoryMapper", strings("b", "x", "a"), **both)
    compare("CategoryMapper", np.array([[8, 1], [7, 8]]), **both)


def test_maps():
    compare("DictVectorizer", {"a": 4.0, "c": 8.0}, string_vocabulary=["a", "c", "b", "z"])
    compare("DictVectorizer", {2: 4.0, 3: 8.0}, int64_vocabulary=[3, 2, 1])
    integers = lm.open(model("DictVectorizer", [{"a": 4}], ["y"], 1, {"string_vocabulary": ["a", "c", "b"]}))
    assert integers({"x0": {"a": 4, "c": 8}}).tolist() == [[4, 8, 0]]
    compare("CastMap", {5: 2.0, 1: 4.5})
    compare("CastMap", {5: 2.0, 1: 4.5}, map_form="SPARSE", max_map=7)
    texts = lm.open(model("CastMap", [{5: "2.5"}], ["y"], 1, {}))
    assert texts({"x0": {5: "2.5", 1: "7"}}).tolist() == [[7.0, 2.5]]
    compare("CastMap", {5: 2.0, 1: 4.0}, cast_to="TO_INT64")


def test_zip_map():
    compare("ZipMap", floats(3, 2), classlabels_strings=["a", "b"])
    compare("ZipMap", floats(3, 2), classlabels_int64s=[4, 2])


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_linear_classifier(transform):
    X = floats(6, 3)
    three = {"coefficients": floats(9).tolist(), "intercepts": floats(3).tolist(), "post_transform": transform}
    compare("LinearClassifier", X, outputs=("y", "z"), classlabels_ints=[4, 2, 9], **three)
    compare("LinearClassifier", X, outputs=("y", "z"), classlabels_strings=["a", "b", "c"], **three)
    one = {"coefficients": floats(3).tolist(), "intercepts": floats(1).tolist(), "post_transform": transform}
    compare("LinearClassifier", X, outputs=("y", "z"), classlabels_ints=[4, 2], **one)
    compare("LinearClassifier", X, outputs=("y", "z"), classlabels_strings=["a", "b"], **one)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_linear_regressor(transform):
    compare(
        "LinearRegressor",
        floats(6, 3),
        coefficients=floats(6).tolist(),
        intercepts=floats(2).tolist(),
        targets=2,
        post_transform=transform,
    )
    if transform == "NONE":
        compare("LinearRegressor", floats(6, 3), coefficients=floats(3).tolist())


KERNELS = [("LINEAR", [0.0, 0.0, 0.0]), ("POLY", [0.4, 0.3, 3.0]), ("RBF", [0.4, 0.0, 0.0]), ("SIGMOID", [0.2, 0.1, 0.0])]


@pytest.mark.parametrize(("kind", "parameters"), KERNELS)
def test_svm_regressor(kind, parameters):
    more = {"kernel_params": parameters}
    more |= {"support_vectors": floats(12).tolist(), "n_supports": 4, "coefficients": floats(4).tolist(), "rho": [0.3]}
    compare("SVMRegressor", floats(5, 3), kernel_type=kind, **more)
    compare("SVMRegressor", floats(5, 3), kernel_type=kind, one_class=1, **more)


def test_svm_regressor_without_support_vectors():
    compare("SVMRegressor", floats(5, 3), coefficients=floats(3).tolist(), rho=[0.3], kernel_params=[0.0, 0.0, 0.0])


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize(("kind", "parameters"), KERNELS)
@pytest.mark.parametrize("probability", [False, True])
def test_svm_classifier(kind, parameters, classes, probability):
    per_class = [2, 3, 1, 2][:classes]
    pairs, n = classes * (classes - 1) // 2, sum(per_class)
    more = {"kernel_params": parameters}
    if probability:
        more |= {"prob_a": (-np.abs(floats(pairs))).tolist(), "prob_b": floats(pairs).tolist()}
    more |= {
        "vectors_per_class": per_class, "support_vectors": floats(n * 3).tolist(), "coefficients": floats((classes - 1) * n).tolist(),
        "rho": floats(pairs).tolist(), "kernel_type": kind,
    }  # fmt: skip
    compare("SVMClassifier", floats(7, 3), outputs=("y", "z"), classlabels_ints=[4, 2, 9, 1][:classes], **more)
    compare("SVMClassifier", floats(7, 3), outputs=("y", "z"), classlabels_strings=["a", "b", "c", "d"][:classes], **more)


def test_svm_classifier_without_support_vectors():
    compare(
        "SVMClassifier",
        floats(7, 3),
        outputs=("y", "z"),
        classlabels_ints=[4, 2, 9],
        coefficients=floats(9).tolist(),
        rho=[0.4],
        kernel_params=[0.0, 0.0, 0.0],
    )


def trees(estimators, per_leaf, *, targets=None, mode="BRANCH_LEQ", prefix="target"):
    """scikit-learn's trees as attributes. per_leaf: a leaf's weights, {target: weight}."""
    a = {
        f"nodes_{k}": []
        for k in (
            "treeids",
            "nodeids",
            "featureids",
            "modes",
            "values",
            "truenodeids",
            "falsenodeids",
            "missing_value_tracks_true",
        )
    }
    a |= {f"{prefix}_{k}": [] for k in ("treeids", "nodeids", "ids", "weights")}
    for tree_id, estimator in enumerate(estimators):
        tree = estimator.tree_
        for node in range(tree.node_count):
            leaf = tree.children_left[node] < 0
            a["nodes_treeids"].append(tree_id)
            a["nodes_nodeids"].append(node)
            a["nodes_featureids"].append(0 if leaf else int(tree.feature[node]))
            a["nodes_modes"].append("LEAF" if leaf else mode)
            a["nodes_values"].append(0.0 if leaf else float(np.float32(tree.threshold[node])))
            a["nodes_truenodeids"].append(0 if leaf else int(tree.children_left[node]))
            a["nodes_falsenodeids"].append(0 if leaf else int(tree.children_right[node]))
            a["nodes_missing_value_tracks_true"].append(int(node % 2))
            for target, weight in (per_leaf(tree.value[node]) if leaf else {}).items():
                a[f"{prefix}_treeids"].append(tree_id)
                a[f"{prefix}_nodeids"].append(node)
                a[f"{prefix}_ids"].append(target)
                a[f"{prefix}_weights"].append(float(weight))
    return a


def data(classes=3):
    X, y = make_classification(60, 6, n_informative=4, n_classes=classes, random_state=0)
    X = X.astype(np.float32)
    X[::7, 2] = np.nan
    return X, y


@pytest.mark.parametrize("function", ["SUM", "AVERAGE", "MIN", "MAX"])
@pytest.mark.parametrize("mode", ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE", "BRANCH_EQ", "BRANCH_NEQ"])
def test_tree_regressor(function, mode):
    X, y = data()
    both = np.stack([y * 1.5, -y + 0.25], 1)
    made = [DecisionTreeRegressor(max_depth=d, random_state=d).fit(X, both) for d in (1, 3, 4)]
    attributes = trees(made, lambda value: {0: value[0, 0], 1: value[1, 0]}, mode=mode)
    for base in ({}, {"base_values": [0.5, -0.25]}):
        compare("TreeEnsembleRegressor", X, n_targets=2, aggregate_function=function, **attributes, **base)
    attributes = trees(made, lambda value: {0: value[0, 0]}, mode=mode)
    for base in ({}, {"base_values": [0.5]}):
        compare("TreeEnsembleRegressor", X, n_targets=1, aggregate_function=function, **attributes, **base)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_tree_regressor_of_several_targets_transforms_them(transform):
    X, y = data()
    made = [DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, np.stack([y, -y], 1))]
    attributes = trees(made, lambda value: {0: value[0, 0], 1: value[1, 0]})
    compare("TreeEnsembleRegressor", X, n_targets=2, post_transform=transform, **attributes)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("labels", [{"classlabels_int64s": [4, 2, 9]}, {"classlabels_strings": ["a", "b", "c"]}])
def test_tree_classifier(transform, labels):
    X, y = data()
    made = [DecisionTreeClassifier(max_depth=d, random_state=d).fit(X, y) for d in (2, 4)]
    attributes = trees(made, lambda value: dict(enumerate(value[0] / value[0].sum())), prefix="class")
    for base in ({}, {"base_values": [0.5, -0.25, 0.1]}):
        compare("TreeEnsembleClassifier", X, outputs=("y", "z"), post_transform=transform, **attributes, **labels, **base)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("target", [0, 1])
def test_tree_classifier_of_two_classes_that_gives_one_score(transform, signed, target):
    X, y = data(2)
    made = [DecisionTreeRegressor(max_depth=d, random_state=d).fit(X, y - 0.5 * signed) for d in (2, 4)]
    attributes = trees(made, lambda value: {target: value[0, 0] / 2}, prefix="class")
    for base in ({}, {"base_values": [0.2]}) if target == 0 else ({},):
        compare(
            "TreeEnsembleClassifier",
            X,
            outputs=("y", "z"),
            post_transform=transform,
            classlabels_int64s=[4, 2],
            **attributes,
            **base,
        )


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_tree_classifier_of_two_classes_that_gives_two_scores(transform):
    """ONNX Runtime gives labels that are none (0 and 1): the larger score's must be given, as the reference evaluator does."""
    X, y = data(2)
    made = [DecisionTreeClassifier(max_depth=d, random_state=d).fit(X, y) for d in (2, 4)]
    attributes = trees(made, lambda value: dict(enumerate(value[0] / value[0].sum() / 2)), prefix="class")
    proto = model(
        "TreeEnsembleClassifier", [X], ("y", "z"), 3, dict(classlabels_int64s=[4, 2], post_transform=transform, **attributes)
    )
    labels, scores = lm.open(proto)(X)
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(scores, session.run(["z"], {"x0": X})[0], rtol=1e-5)
    assert labels.tolist() == np.array([4, 2])[scores.numpy().argmax(1)].tolist()


def test_scikit_learns_own_labels_and_probabilities():
    """An SVC of libsvm written as the attributes say: what the library itself predicts vouches."""
    X, y = make_classification(80, 4, n_informative=3, n_redundant=0, n_classes=3, random_state=1)
    svc = SVC(kernel="rbf", gamma=0.5).fit(X, y)
    attributes = {
        "kernel_type": "RBF", "kernel_params": [0.5, 0.0, 3.0], "vectors_per_class": svc.n_support_.tolist(), "classlabels_ints": [0, 1, 2],
        "support_vectors": svc.support_vectors_.ravel().tolist(), "coefficients": svc.dual_coef_.ravel().tolist(), "rho": svc.intercept_.tolist(),
    }  # fmt: skip
    X = X.astype(np.float32)
    labels, scores = lm.open(model("SVMClassifier", [X], ("y", "z"), 1, attributes))(X)
    assert labels.tolist() == svc.predict(X).tolist()
    svc.decision_function_shape = "ovo"
    np.testing.assert_allclose(scores, svc.decision_function(X), rtol=1e-3, atol=1e-4)
