"""What cannot be learned from is said before a weight moves: each error with what was expected, what was found, the way out."""

import numpy as np
import pytest

import laminae as lm

X = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(20, 2)).astype(np.float32)
IDS = np.arange(20) % 2


def network():
    layers = lm.Linear(4, name="hidden"), lm.Tanh(name="tanh"), lm.Linear(2, name="out")
    return lm.Model.chain(lm.Input(3, name="x"), *layers, name="net", seed=0)


def but(array, value, at):
    array = array.copy()
    array[at] = value
    return array


def bits(model):
    return {name: box.numpy().tobytes() for name, box in model.parameters.items()}


MSE, CROSS = {"loss": "mse"}, {"loss": "cross_entropy"}

EXPECTATIONS = {
    "another shape": (MSE, Y[:, :1], lm.ShapeError, r"(?s)'out'.*expected .*2\].*found .*1\]"),
    "an axis less": (MSE, Y[:, 0], lm.ShapeError, "(?s)expected.*found"),
    "another dtype": (MSE, Y.astype(np.float64), lm.DTypeError, r"(?s)expected +float32.*found +float64.*astype\('float32'\)"),
    "texts": (MSE, np.full((20, 2), "a"), lm.DTypeError, "numbers"),
    "none": (MSE, None, lm.UsageError, "no expectation"),
    "ids that are floats": (CROSS, IDS.astype(np.float32), lm.DTypeError, r"(?s)int64.*float32.*astype\('int64'\)"),
    "ids with an axis more": (CROSS, IDS[:, None], lm.ShapeError, r"expected\[\.\.\., 0\]"),
    "an id too high": (CROSS, but(IDS, 2, 7), lm.UsageError, r"(?s)class id 2 of sample \d+.*0 to 1"),
    "an id below 0": (CROSS, but(IDS, -1, 7), lm.UsageError, "class id -1"),
    "ids from 1 on": (CROSS, IDS + 1, lm.UsageError, "begin at 1"),
    "probabilities above 1": ({"loss": "bce"}, Y + 9, lm.UsageError, "0 (to|and) 1"),
}


@pytest.mark.parametrize("what", EXPECTATIONS)
def test_an_expectation_that_does_not_fit_is_said_by_fit_stepper_and_backward(what):
    told, wanted, kind, words = EXPECTATIONS[what]
    model = network() if told["loss"] != "bce" else _probabilities()
    before = bits(model)
    if wanted is not None:
        with pytest.raises(kind, match=words):
            lm.fit(model, (X, wanted), batch=20, **told)
    with lm.stepper(model, told["loss"]) as step, pytest.raises(kind, match=words):
        step(X, wanted)
    with pytest.raises(kind, match=words):
        model.run(X, backward=True).backward(told["loss"], wanted)
    assert bits(model) == before


def _probabilities():
    model = network()
    model.insert(lm.Sigmoid(name="sigmoid"), after="out")
    return model


DATA = {
    "no samples": (lambda: (X[:0], Y[:0]), {}, lm.UsageError, "no sample to learn from"),
    "no batches": (lambda: lambda epoch: [], {}, lm.UsageError, "no sample to learn from"),
    "fewer expectations": (lambda: (X, Y[:-1]), {}, lm.ShapeError, "(?s)20.*19"),
    "no data": (lambda: 3, {}, lm.UsageError, "(?s)int.*expected"),
    "no such file": (lambda: "nowhere.csv", {}, lm.FileError, "nowhere.csv"),
    "NaN in the input": (lambda: (but(X, np.nan, (4, 1)), Y), {"batch": 20}, lm.LayerError, "input 'x' is the first"),
    "NaN expected": (lambda: (X, but(Y, np.nan, (4, 1))), {"batch": 20}, lm.LayerError, "(?s)loss is nan at batch 1 of epoch 1"),
    "another width": (lambda: (X[:, :2], Y), {}, lm.LaminaeError, r"(?s)'x'.*3"),
    "another dtype": (lambda: (X.astype(np.float64), Y), {}, lm.LaminaeError, "(?s)float32.*float64"),
    "nothing held out": (lambda: (X, Y), {"validation": (X[:0], Y[:0])}, lm.UsageError, "no sample to measure on"),
    "held out in another shape": (lambda: (X, Y), {"validation": (X, Y[:, :1])}, lm.ShapeError, "(?s)'out'.*expected.*found"),
    "not measurable": (
        lambda: (X, Y),
        {"validation": 0.2, "metrics": ["mse", "top-5"]},
        lm.LaminaeError,
        "top-5",
    ),
    "all held out": (lambda: (X, Y), {"validation": 1.5}, lm.UsageError, r"validation=1\.5"),
    "an iterator, twice": (lambda: iter([(X, Y)]), {"epochs": 0}, lm.UsageError, "epochs=0"),
}


@pytest.mark.parametrize("what", DATA)
def test_data_that_cannot_be_learned_from_move_no_weight(what):
    data, more, kind, words = DATA[what]
    model = network()
    before = bits(model)
    with pytest.raises(kind, match=words):
        lm.fit(model, data(), loss="mse", **more)
    assert bits(model) == before


WORDS = {
    "a rate of 0": (lambda: {"optimizer": lm.optimizer("sgd", lr=0)}, "(?s)learning rate of 0.*above 0"),
    "a rate below 0": (lambda: {"optimizer": lm.optimizer("adam", lr=-1e-3)}, "learning rate of -0.001"),
    "a rate that is no number": (lambda: {"optimizer": lm.optimizer("adam", lr=float("nan"))}, "learning rate of nan"),
    "a rate of 0 in a group": (lambda: {"optimizer": lm.optimizer("sgd", lr=1, groups={"out*": {"lr": 0.0}})}, "rate of 0.0"),
    "a group of no weight": (
        lambda: {"optimizer": lm.optimizer("sgd", lr=1, groups={"ot.*": {"lr": 1.0}})},
        "(?s)ot.*out.weight",
    ),
    "an argument it has not": (lambda: {"optimizer": lm.optimizer("sgd", lr=1, beta=1)}, "(?s)sgd.*it takes.*momentum"),
    "an unknown optimizer": (lambda: {"optimizer": "admw"}, "(?s)'admw'.*did you mean +'adamw'"),
    "no optimizer": (lambda: {"optimizer": 3}, "(?s)3 is no optimizer.*expected"),
    "an unknown loss": (lambda: {"loss": "cross_entrpy"}, "(?s)'cross_entrpy'.*did you mean +'cross_entropy'"),
    "no loss": (lambda: {"loss": 3}, "(?s)3 is no loss.*there are"),
    "an unknown metric": (lambda: {"metrics": "acuracy", "validation": 0.2}, "(?s)'acuracy'.*did you mean +'accuracy'"),
    "an unknown schedule": (lambda: {"schedule": "cosin"}, "(?s)'cosin'.*did you mean.*'cosine'"),
    "an unknown precision": (lambda: {"precision": "bf8"}, "(?s)'bf8'.*bf16"),
    "everything frozen": (lambda: {"freeze": "*"}, r"(?s)'net' has no weight that can learn.*frozen"),
    "an unknown layer frozen": (lambda: {"freeze": "hiden"}, "(?s)hiden.*hidden"),
    "an unknown output": (lambda: {"output": "ot"}, "(?s)'ot'.*out"),
    "an unknown word": (lambda: {"schedul": "cosine"}, "(?s)schedul=.*did you mean +schedule"),
    "no batch": (lambda: {"batch": 0}, "batch=0"),
    "clipped to nothing": (lambda: {"clip_norm": 0}, "clip_norm=0"),
}


@pytest.mark.parametrize("what", WORDS)
def test_words_that_say_nothing_are_refused_with_the_nearest(what):
    more, words = WORDS[what]
    model = network()
    before = bits(model)
    with pytest.raises(lm.LaminaeError, match=words):
        lm.fit(model, (X, Y), **{"loss": "mse", **more()})
    assert bits(model) == before
    with lm.stepper(model, "mse") as step:  # and nothing is left behind that would be in the way
        step(X, Y)
    assert bits(model) != before


def test_a_model_of_no_weights_cannot_learn():
    model = lm.Model.chain(lm.Input(2, name="x"), lm.ReLU(name="relu"), name="bare")
    with pytest.raises(lm.UsageError, match=r"(?s)'bare' has no weight that can learn.*parameters +0"):
        lm.fit(model, (X[:, :2], Y), loss="mse")


def csv(folder, text, name="d.csv"):
    path = folder / name
    path.write_text(text)
    return path


TABLES = {
    "a target that is not there": (
        "a,b,c,kind\n1,2,3,u\n4,5,6,v\n",
        {"target": "knd"},
        "(?s)no column 'knd'.*did you mean +kind",
    ),
    "a value that is missing": ("a,b,c,kind\n1,2,3,u\n4,,6,v\n", {"target": "kind"}, "(?s)line 3 of '.*d.csv'"),
    "a text among numbers": ("a,b,c,kind\n1,2,3,u\n4,x,6,v\n", {"target": "kind"}, "(?s)line 3 of '.*d.csv'"),
    "a broken line": ("a,b,c,kind\n1,2,3,u\n4,5\n", {"target": "kind"}, "(?s)line 3 of '.*d.csv'"),
    "a class that was not there": (
        "a,b,c,kind\n1,2,3,u\n4,5,6,v\n",
        {"target": "kind", "validation": "w.csv"},
        "(?s)line 2 of '.*w.csv'.*'w'",
    ),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_table_that_cannot_be_learned_from_says_the_line(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv(tmp_path, "a,b,c,kind\n1,2,3,w\n", "w.csv")
    text, more, words = TABLES[what]
    model = network()
    before = bits(model)
    with pytest.raises(lm.LaminaeError, match=words):
        lm.fit(model, csv(tmp_path, text), loss="cross_entropy", **more)
    assert bits(model) == before


def test_what_a_table_lacks_is_a_named_choice(tmp_path):
    path = csv(tmp_path, "a,b,c,kind\n1,2,3,u\n4,,6,v\n7,8,9,v\n")
    model, seen = network(), []
    lm.fit(model, path, target="kind", missing="drop", loss="cross_entropy", callbacks=[seen.append])
    assert seen[0].samples == 2
    lm.fit(model, path, target="kind", missing={"b": "mean"}, loss="cross_entropy", callbacks=[seen.append])
    assert seen[-1].samples == 3
    held = csv(tmp_path, "a,b,c,kind\n1,2,3,w\n1,2,3,u\n", "w.csv")
    more = {"target": "kind", "missing": "drop", "unseen": "drop"}
    history = lm.fit(model, path, loss="cross_entropy", validation=held, metrics="accuracy", **more)
    assert history["accuracy"][0] in (0.0, 1.0)  # of one line: the other's class is left out


def test_numbers_of_a_table_are_what_the_loss_takes_them_for(tmp_path):
    """Whole numbers, one column: for squared error [batch, 1] of floats, for cross-entropy ids [batch]."""
    text = "a,b,c,price\n" + "".join(f"{i},{i * 7 % 5},{i % 3},{i % 2}\n" for i in range(12))
    path = csv(tmp_path, text)
    one = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(1, name="out"), seed=0)
    lm.normalise(one, path, target="price", targets=True)
    history = lm.fit(one, path, target="price", loss="mse", validation=path, metrics="mae", epochs=2)
    x = np.array([[i, i * 7 % 5, i % 3] for i in range(12)], np.float32)
    wanted = (np.arange(12) % 2)[:, None]
    assert history["validation"][-1] == pytest.approx(float(np.square(one(x).numpy() - wanted).mean()), rel=1e-5)
    model = network()
    lm.fit(model, path, target="price", loss="cross_entropy", validation=0.25, metrics="accuracy")


def test_a_class_id_that_is_none_says_where_in_the_data_it_stands(tmp_path):
    """However the samples are shuffled."""
    rows = [f"{i},{i % 5},{i % 3},{9 if i == 17 else i % 2}" for i in range(30)]
    path = csv(tmp_path, "\n".join(["a,b,c,kind", *rows, ""]))
    for seed in range(4):
        with pytest.raises(lm.UsageError, match=r"(?s)class id 9.*batch +\d of epoch 1.*that is +line 19 of '.*d.csv'"):
            lm.fit(network(), path, target="kind", loss="cross_entropy", batch=7, seed=seed)
    ids = but(IDS, 5, 13)
    with pytest.raises(lm.UsageError, match=r"(?s)class id 5.*that is +sample 13"):
        lm.fit(network(), (X, ids), loss="cross_entropy", batch=3, epochs=2)
    with pytest.raises(lm.UsageError, match=r"(?s)class id 5 of sample 3.*batch +3 of epoch 1"):
        lm.fit(network(), [(X[i : i + 5], ids[i : i + 5]) for i in range(0, 20, 5)], loss="cross_entropy")
