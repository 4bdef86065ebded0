"""Normalisation as layers: the numbers of scikit-learn's scalers, kept with the model, never learned."""

import warnings

import numpy as np
import pytest
import torch

import laminae as lm
from tests.shared import model_file, model_input

RANDOM = np.random.default_rng(0)
X = (RANDOM.normal(size=(200, 4)) * [1, 10, 100, 1000] + [0, 5, -50, 1e4]).astype(np.float32)
Y = (1e3 + 20 * X[:, :1] + 3 * X[:, 1:2]).astype(np.float32)


def network(outputs=1):
    return lm.Model.chain(lm.Input(4, name="x"), lm.Linear(8), lm.Tanh(), lm.Linear(outputs, name="y"), name="net", seed=0)


def close(a, b):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("how", ["mean/std", "min/max"])
def test_the_model_takes_data_as_they_are_and_computes_what_scikit_learn_scaled_gives(how):
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    scaler = {"mean/std": preprocessing.StandardScaler, "min/max": preprocessing.MinMaxScaler}[how]().fit(X[:150].astype(float))
    plain, model = network(), network()
    lm.normalise(model, (X[:150], Y[:150]), how)
    close(model(X), plain(scaler.transform(X).astype(np.float32)))
    assert [layer.name for layer in model.layers][:4] == ["x", "normalise/sub", "normalise/div", "linear_1"]


def test_targets_come_back_in_their_own_size():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    x, y = preprocessing.StandardScaler().fit(X.astype(float)), preprocessing.StandardScaler().fit(Y.astype(float))
    plain, model = network(), network()
    lm.normalise(model, (X, Y), targets=True)
    np.testing.assert_allclose(model(X), y.inverse_transform(plain(x.transform(X).astype(np.float32)).numpy()), rtol=1e-5)
    before = lm.evaluate(model, (X, Y), "mae")["mae"]
    lm.fit(model, (X, Y), loss="mse", optimizer=lm.optimizer("adam", lr=1e-2), epochs=40)
    assert lm.evaluate(model, (X, Y), "mae")["mae"] < before / 5


def test_the_numbers_do_not_learn_and_go_into_the_file_and_out_of_it_again(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    model = network()
    lm.normalise(model, (X, Y), targets=True)
    kept = {name: box.numpy().copy() for name, box in model.parameters.items() if "normalise" in name}
    assert set(kept) == {"normalise.shift", "normalise.scale", "denormalise.shift", "denormalise.scale"}
    lm.fit(model, (X, Y), loss="mse", optimizer=lm.optimizer("sgd", lr=1e-9))
    model.save(tmp_path / "net.onnx")
    (found,) = runtime.InferenceSession(tmp_path / "net.onnx").run(None, {"x": X})
    close(model(X), found)
    again = lm.open(tmp_path / "net.onnx")
    lm.fit(again, (X, Y), loss="mse", optimizer=lm.optimizer("sgd", lr=1e-9))
    for held in (model, again):
        assert all((held.parameters[name].numpy() == array).all() for name, array in kept.items())
    with lm.stepper(again, "mse") as step:
        assert not any("normalise" in name for name in step.weights)


def test_an_opened_module_has_them_in_both_phases_and_hands_them_back():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(), torch.nn.Linear(8, 1))
    model = lm.open(module, example=(torch.from_numpy(X[:3]),), dynamic=(torch.from_numpy(X[:2]),))
    found = lm.normalise(model, (X, Y), targets=True)
    lm.fit(model, (X, Y), loss="mse", epochs=2)
    module.eval()
    model.eval()
    with torch.no_grad():
        back = module(torch.from_numpy(found.apply(X)))
    close(model(X), back * float(Y.std(dtype=np.float64)) + float(Y.mean(dtype=np.float64)))
    close(model.to_torch().eval()(torch.from_numpy(X)).detach(), model(X))


def test_images_are_scaled_by_channel_and_ids_are_left():
    images = RANDOM.normal(size=(30, 3, 4, 4)).astype(np.float32) * np.array([1, 10, 100], np.float32)[:, None, None] + 7
    image, ids = lm.Input((3, 4, 4), name="image"), lm.Input((), name="ids", dtype="int64")
    joined = lm.Concat()(lm.Flatten()(image), lm.Embedding(5, 2)(ids))
    model = lm.Model([image, ids], {"y": lm.Linear(1)(joined)}, seed=0)
    data = {"ids": np.arange(30) % 5, "image": images, "y": np.zeros((30, 1), np.float32)}
    lm.normalise(model, data, target="y")
    scaled = model.run(image=images, ids=data["ids"])["normalise_image"].numpy()
    close(scaled.mean(axis=(0, 2, 3)), np.zeros(3))
    close(scaled.std(axis=(0, 2, 3)), np.ones(3))
    assert not any("normalise_ids" in layer.name for layer in model.layers)


def test_a_file_is_normalised(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    path = model_file("mnist")
    model, plain, x = lm.open(path), lm.open(path), model_input("mnist")
    found = lm.normalise(model, (np.concatenate([x, 3 * x + 1]), [0, 1]))
    close(model(x), plain(found.apply(x)))
    model.save(tmp_path / "mnist.onnx")
    (output,) = runtime.InferenceSession(tmp_path / "mnist.onnx").run(None, {model.input_layers[0].name: x})
    np.testing.assert_allclose(model(x), output, rtol=1e-3, atol=1e-4)


REFUSED = {
    "twice": (lambda m: lm.normalise(m, (X, Y)), {}, (X, Y), "(?s)normalised already.*'normalise'"),
    "NaN": (None, {}, (np.where(X > 1e4, np.nan, X).astype(np.float32), Y), "sample 0: input 'x' holds nan"),
    "classes as numbers": (None, {"targets": True}, (X, np.arange(200) % 2), "(?s)only expectations of floats.*int64"),
    "NaN expected": (None, {"targets": True}, (X, np.full_like(Y, np.nan)), "sample 0: the expectation holds nan"),
    "another width": (None, {}, (X[:, :3], Y), "(?s)3 .*4|4.*3"),
    "another output": (None, {"targets": True}, (X, np.concatenate([Y, Y], 1)), "(?s)denormalise.*2 along axis 1"),
    "batches": (None, {}, [(X, Y)], "any order"),
    "two inputs": (None, {}, ((X, X), Y), "(?s)inputs of the data.*x0, x1"),
    "an unknown way": (None, {"how": "median"}, (X, Y), "'median'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_normalised_leaves_the_model_as_it_was(what):
    first, more, data, words = REFUSED[what]
    model = network()
    if first is not None:
        first(model)
    before = [layer.name for layer in model.layers], set(model.parameters)
    with pytest.raises(lm.LaminaeError, match=words):
        lm.normalise(model, data, **more)
    assert ([layer.name for layer in model.layers], set(model.parameters)) == before
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(X)


def test_layers_built_with_their_numbers():
    x = lm.Input(4, name="x")
    shift, scale = X.mean(0), X.std(0)
    model = lm.Model(x, lm.Denormalise(shift, scale, name="back")(lm.Normalise(shift, scale, name="there")(x)))
    trace = model.run(X)
    close(trace["there"], (X - shift) / scale)
    np.testing.assert_allclose(trace.output, X, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: lm.Normalise(0, 0), "other than 0"),
        (lambda: lm.Normalise("a", 1), "shift"),
        (lambda: lm.Denormalise([1, np.inf], 1), "shift"),
        (lambda: lm.Normalise(0, 1, axis=1.5), "axis"),
        (lambda: lm.Model.chain(lm.Input(4), lm.Normalise([1, 2, 3], 1)), "3 along axis 1"),
        (lambda: lm.Model.chain(lm.Input(4), lm.Normalise([1, 2, 3], 1, axis=2)), "no such axis"),
        (lambda: lm.Model.chain(lm.Input(4, dtype="int64"), lm.Normalise(0, 1)), "floats"),
    ],
)
def test_numbers_that_cannot_be_are_refused(make, words):
    with pytest.raises(lm.LaminaeError, match=words):
        make()
