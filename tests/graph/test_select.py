"""Names, paths, globs and stretches, as a user writes them."""

import pytest

import laminae as lm
from laminae.graph import Graph, Layer, Value


def model():
    graph = Graph("net", opsets={"": 23})
    value = graph.add_input("x", "float32", ("batch", 2))
    places = ["stem", "enc/0/a", "enc/0/b", "enc/1/a", "enc/1/b", "relu[0]", "what?"]
    for place in places:
        group, _, leaf = place.rpartition("/")
        made = Value(place)
        operator = "Tanh" if leaf == "b" else "Relu"
        graph.append(Layer(place, operator, (value,), (made,), opset=23, group=group))
        value = made
    graph.outputs = (value,)
    graph.changed()
    return lm.Model(graph=graph)


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("enc/*/a", ["enc/0/a", "enc/1/a"]),
        ("enc/**", ["enc/0/a", "enc/0/b", "enc/1/a", "enc/1/b"]),
        ("**/b", ["enc/0/b", "enc/1/b"]),
        ("*", ["x", "stem", "relu[0]", "what?"]),
        ("**", ["x", "stem", "enc/0/a", "enc/0/b", "enc/1/a", "enc/1/b", "relu[0]", "what?"]),
        ("s?em", ["stem"]),
        ("enc/[01]/a", ["enc/0/a", "enc/1/a"]),
        ("enc/[!0]/a", ["enc/1/a"]),
        ("op:Tanh", ["enc/0/b", "enc/1/b"]),
        ("op:*", ["x", "stem", "enc/0/a", "enc/0/b", "enc/1/a", "enc/1/b", "relu[0]", "what?"]),
    ],
)
def test_a_glob_means_these_layers(glob, found):
    m = model()
    assert [layer.name for layer in m[glob]] == found
    stored = m.run([[1.0, 2.0]], store=glob)
    assert all(e.kept == (e.name in found or e.name == "what?") for e in stored.layers), "the output is always kept"


def test_a_name_with_the_marks_of_a_glob_is_still_a_name():
    m = model()
    for name in ("relu[0]", "what?"):
        assert m[name].name == name
        assert [e.name for e in m.run([[1.0, 2.0]], store=name).layers if e.kept] == list(dict.fromkeys([name, "what?"]))


def test_a_group_is_its_layers_and_its_trace_the_last_ones():
    m = model()
    assert list(m.groups) == ["enc", "enc/0", "enc/1"]
    assert [layer.name for layer in m["enc/0"]] == ["enc/0/a", "enc/0/b"]
    trace = m.run([[1.0, 2.0]])
    assert trace["enc"] is trace["enc/1/b"]
    assert [e.name for e in m.run([[1.0, 2.0]], store=["enc/0"]).layers if e.kept] == ["enc/0/a", "enc/0/b", "what?"]


@pytest.mark.parametrize("store", ["typo", "typo*", "enc/typo", ["stem", "enc/9/*"], "op:Conv"])
def test_a_policy_that_means_no_layer_is_refused(store):
    with pytest.raises(lm.UnknownNameError, match="no layer"):
        model().run([[1.0, 2.0]], store=store)


@pytest.mark.parametrize("store", [5, 1.5, [1], {"a": 1}.items()])
def test_what_is_no_policy_is_refused(store):
    with pytest.raises(lm.UsageError, match="not a store policy"):
        model().run([[1.0, 2.0]], store=store)


@pytest.mark.parametrize("key", [1.5, None, ("a", "b"), ["stem"], slice("x", 2), slice(None, None, 2), 100, -100, "nothing"])
def test_what_means_no_layer_is_refused_with_the_way_out(key):
    with pytest.raises(lm.LaminaeError) as error:
        model()[key]
    assert error.value.details


def test_stretches_by_name_layer_group_and_place():
    m = model()
    names = ["stem", "enc/0/a", "enc/0/b"]
    for part in (m["stem":"enc/0/b"], m[m["stem"] : m["enc/0/b"]], m["stem":"enc/0"], m[1:4], m[:"enc/0"]):
        assert [layer.name for layer in part.layers if not layer.is_input] == names
    with pytest.raises(lm.EditError, match="stands before"):
        m["enc/1":"stem"]


def test_a_stretch_leaves_out_inputs_that_nobody_in_it_reads():
    x, y = lm.Input(2, name="x"), lm.Input(2, name="y")
    a = lm.ReLU(name="a")(x)
    m = lm.Model([x, y], lm.Add(name="sum")(lm.Tanh(name="b")(a), y))
    part = m["x":"b"]
    assert [layer.name for layer in part.layers] == ["x", "a", "b"]
    assert part.outputs == ("b",)


def test_a_mistyped_name_names_the_nearest():
    with pytest.raises(lm.UnknownNameError) as error:
        model()["stme"]
    assert "'stem'" in str(error.value)
    assert isinstance(error.value, KeyError)
