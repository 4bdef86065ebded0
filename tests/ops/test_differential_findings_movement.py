"""What random nodes found where elements are moved, in sequences, texts and bodies; what is right by the standard's words or ONNX Runtime."""

import numpy as np
import pytest
from onnx import TensorProto, helper

import laminae as lm
from laminae.base.arrays import as_numpy
from tests.ops.draws.compared import proto
from tests.ops.draws.drawing import Drawn, Strategy


def run(operator, opset, *inputs, outputs=1, domain="", **attributes):
    drawn = Drawn(inputs, attributes, outputs)
    model = proto(Strategy(operator, domain, (opset,), lambda draw, opset: drawn, ()), opset, drawn)
    values = lm.open(model).run({f"x{i}": x for i, x in enumerate(inputs) if x is not None}).values
    found = [plain(values[f"y{i}"]) for i in range(outputs)]
    return found if outputs > 1 else found[0]


def plain(value):
    return [plain(part) for part in value] if isinstance(value, list) else None if value is None else as_numpy(value)


def integers(*numbers):
    return np.array(numbers, np.int64)


def floats(*numbers):
    return np.array(numbers, np.float32)


def texts(*words):
    return np.array(words, object)


@pytest.mark.parametrize(
    ("operator", "more", "attributes"),
    [("Reshape", [integers()], {}), ("Transpose", [], {}), ("Expand", [integers()], {}), ("Tile", [integers()], {})],
)
def test_a_single_text_stays_an_array_of_texts(operator, more, attributes):
    found = run(operator, 13, np.array("  b", object), *more, **attributes)
    assert found.dtype == object
    assert found.shape == ()
    assert found.item() == "  b"


@pytest.mark.parametrize(
    ("operator", "inputs"),
    [
        ("Unsqueeze", [floats(1), integers(0, 1, 0)]),  # 'axes' should not contain any duplicates
        ("Unsqueeze", [floats(1), integers(0, 3)]),
        ("Pad", [floats(1, 2), integers(0, 1), None, integers(1)]),  # Accepted range is [-r, r-1]
        ("Pad", [floats(1, 2), integers(0, 1, 0)]),  # of shape [2 * num_axes]
        ("Expand", [floats(1, 2), integers(-1)]),
        ("Tile", [floats(1, 2), integers(2, 2)]),  # 1D int64 tensor of the same length as input's dimension number
    ],
)
def test_what_does_not_fit_is_refused(operator, inputs):
    with pytest.raises(lm.LaminaeError):
        run(operator, 21, *inputs)


@pytest.mark.parametrize("inputs", [[np.ones((2, 3), np.float32), floats()], [floats(), np.ones((2, 3), np.float32)]])
def test_what_is_joined_has_one_rank(inputs):
    with pytest.raises(lm.LaminaeError, match=r"rank|take its input"):
        run("Concat", 13, *inputs, axis=0)
    with pytest.raises(lm.LaminaeError, match=r"rank|take its input"):
        run("ConcatFromSequence", 11, inputs, axis=0)


def test_as_many_sizes_as_parts():
    with pytest.raises(lm.LaminaeError):
        run("Split", 18, floats(1, 2, 3, 4), integers(1, 1, 2), outputs=2)


@pytest.mark.parametrize("operator", ["DepthToSpace", "SpaceToDepth"])
def test_a_mode_that_is_none_is_refused(operator):
    with pytest.raises(lm.LaminaeError, match="mode"):
        run(operator, 28, np.zeros((1, 4, 2, 2), np.float32), blocksize=2, mode="RDC")


@pytest.mark.parametrize("shape", [(0, 4, 4), (2, 0, 4)])
def test_col2im_of_nothing(shape):
    found = run("Col2Im", 18, np.zeros(shape, np.float32), integers(3, 3), integers(2, 2))
    np.testing.assert_array_equal(found, np.zeros((shape[0], shape[1] // 4, 3, 3), np.float32))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.uint64])
def test_col2im_adds_unsigned_integers(dtype):
    found = run("Col2Im", 18, np.arange(16, dtype=dtype).reshape(1, 4, 4), integers(3, 3), integers(2, 2))
    np.testing.assert_array_equal(found, np.array([[[[0, 5, 5], [10, 30, 20], [10, 25, 15]]]], dtype))


@pytest.mark.parametrize(("more", "attributes"), [([], {}), ([np.array(2)], {}), ([], {"keepdims": 0})])
def test_an_axis_of_nothing_is_split_into_no_parts(more, attributes):
    """As ONNX Runtime and the reference have it."""
    assert run("SplitToSequence", 24, np.zeros((2, 0), np.float32), *more, axis=1, **attributes) == []


def test_what_is_taken_away_is_taken_before_the_rest_is_mirrored():
    """Pad: "the number of padding elements to add or remove (if negative)". (The reference evaluator refuses it.)"""
    np.testing.assert_array_equal(run("Pad", 13, floats(1, 2, 3, 4), integers(-1, 2), mode="reflect"), [2, 3, 4, 3, 2])
    np.testing.assert_array_equal(run("Pad", 13, texts("a", "b"), integers(-1, 1)), texts("b", ""))


def test_axes_of_squeeze_and_unsqueeze_in_any_order():
    """Until opset 12; the reference evaluator puts one after the other in."""
    assert run("Squeeze", 11, np.zeros((1, 2, 1, 3), np.float32), axes=[2, 0]).shape == (2, 3)
    assert run("Unsqueeze", 11, np.zeros((2, 3), np.float32), axes=[-1, 0]).shape == (1, 2, 3, 1)


def test_flatten_of_no_elements():
    assert run("Flatten", 13, np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_a_tensor_may_be_put_behind_the_last():
    """SequenceInsert: "Accepted range for 'position' is in `[-n, n]`". (The reference evaluator puts it first.)"""
    found = run("SequenceInsert", 11, [floats(1), floats(2)], floats(3), np.array(2))
    assert [part.item() for part in found] == [1, 2, 3]


def test_an_optional_is_what_it_holds():
    """(The reference evaluator gives a list of it.)"""
    np.testing.assert_array_equal(run("Optional", 15, floats(1, 2)), [1, 2])
    assert run("Optional", 15, type=helper.make_tensor_type_proto(TensorProto.FLOAT, [2])) is None
    assert not run("OptionalHasElement", 18, None)


@pytest.mark.parametrize(("most", "right"), [(0, ["a  b"]), (1, ["a", "b"]), (2, ["a", "b"])])
def test_no_white_space_is_left_at_the_ends_of_a_text_not_wholly_split(most, right):
    """StringSplit: "leading or trailing whitespace is removed in the output", as in ONNX Runtime. (The reference leaves it.)"""
    parts, counts = run("StringSplit", 20, texts("  a  b  "), outputs=2, maxsplit=most)
    assert parts.tolist() == [right]
    assert counts.tolist() == [len(right)]


def test_stop_words_are_whole_elements_as_they_are():
    """StringNormalizer: "removes elements specified in "stopwords" attribute". (The reference evaluator looks within elements.)"""
    x = texts("a b", "B", "", "é")
    assert run("StringNormalizer", 10, x, stopwords=["b"]).tolist() == ["a b", "", "é"]
    assert run("StringNormalizer", 10, x, stopwords=["b"], is_case_sensitive=1).tolist() == ["a b", "B", "", "é"]


def test_a_case_that_is_none_is_refused():
    with pytest.raises(lm.LaminaeError, match="case_change_action"):
        run("StringNormalizer", 10, texts("a"), case_change_action="TITLE")


GRAMS = {"min_gram_length": 1, "max_gram_length": 1, "max_skip_count": 0, "ngram_counts": [0], "pool_int64s": [7, 8]}


def test_rows_of_no_tokens_have_no_grams():
    found = run("TfIdfVectorizer", 9, np.zeros((0, 0), np.int64), mode="TF", ngram_indexes=[0, 1], **GRAMS)
    assert found.shape == (0, 2)
    with pytest.raises(lm.LaminaeError, match="mode"):
        run("TfIdfVectorizer", 9, integers(7), mode="DF", ngram_indexes=[0, 1], **GRAMS)


def test_a_weight_belongs_to_its_gram():
    """ "The i-th element in weights is the weight of the i-th n-gram in pool." (The reference evaluator has those of columns.)"""
    found = run("TfIdfVectorizer", 9, integers(7, 7, 8), mode="TFIDF", ngram_indexes=[1, 0], weights=[10.0, 3.0], **GRAMS)
    np.testing.assert_array_equal(found, [3, 20])


def body(nodes, inputs, outputs):
    made = [helper.make_tensor_value_info(name, code, shape) for name, code, shape in (*inputs, *outputs)]
    return helper.make_graph(nodes, "body", made[: len(inputs)], made[len(inputs) :])


def test_a_loop_without_a_condition_makes_its_passes():
    """Loop: "input (trip_count, "") // for loop"; rows of rank 0 and 2 are stacked. (The reference evaluator makes no pass.)"""
    nodes = [helper.make_node("Identity", ["on"], ["go"]), helper.make_node("Add", ["v", "v"], ["w"])]
    nodes += [helper.make_node("Identity", ["w"], ["row"]), helper.make_node("Identity", ["i"], ["index"])]
    shape = [1, 2]
    inputs = [("i", TensorProto.INT64, []), ("on", TensorProto.BOOL, []), ("v", TensorProto.FLOAT, shape)]
    outputs = [("go", TensorProto.BOOL, []), ("w", TensorProto.FLOAT, shape), ("row", TensorProto.FLOAT, shape), ("index", TensorProto.INT64, [])]  # fmt: skip
    found = run("Loop", 13, np.array(2), None, floats([1, 2]), outputs=3, body=body(nodes, inputs, outputs))
    np.testing.assert_array_equal(found[0], [[4, 8]])
    np.testing.assert_array_equal(found[1], [[[2, 4]], [[4, 8]]])
    np.testing.assert_array_equal(found[2], [0, 1])


def test_a_scan_goes_along_any_axis_in_any_direction():
    """(The reference evaluator has neither.)"""
    nodes = [helper.make_node("Add", ["s", "r"], ["t"]), helper.make_node("Identity", ["t"], ["row"])]
    names = {name: (name, TensorProto.FLOAT, [2]) for name in ("s", "r", "t", "row")}
    graph = body(nodes, [names["s"], names["r"]], [names["t"], names["row"]])
    x = floats([1, 2, 3], [10, 20, 30])
    found = run(
        "Scan", 11, floats(0, 0), x, outputs=2, body=graph, num_scan_inputs=1,
        scan_input_axes=[-1], scan_input_directions=[1], scan_output_axes=[1], scan_output_directions=[1],
    )  # fmt: skip
    np.testing.assert_array_equal(found[0], [6, 60])
    np.testing.assert_array_equal(found[1], [[6, 5, 3], [60, 50, 30]])


def test_sequences_of_two_and_more_are_gone_through_together():
    """(The reference evaluator hands the second and third on whole.)"""
    graph = body(
        [helper.make_node("Sum", ["a", "b", "c"], ["d"])], [(n, TensorProto.FLOAT, None) for n in "abc"], [("d", TensorProto.FLOAT, None)]
    )  # fmt: skip
    parts = [[floats(1), floats(2)], [floats(10), floats(20)], [floats(100), floats(200)]]
    assert [x.item() for x in run("SequenceMap", 17, *parts, body=graph)] == [111, 222]
