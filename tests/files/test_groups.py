"""Groups from what exporters leave in files. The texts are those of torch 2.13's exporters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laminae.files.groups import find_group, put_group, take_group

NAMESPACE = (
    ": __main__.M/encoder: __main__.Enc/encoder.layer.0: __main__.Layer/encoder.layer.0.attention: __main__.Attn/"
    "encoder.layer.0.attention.query: torch.nn.modules.linear.Linear/linear: aten.linear.default"
)
SCOPES = "['', 'encoder', 'encoder.layer.0', 'encoder.layer.0.attention', 'encoder.layer.0.attention.query', 'linear']"

parts = st.text(st.characters(blacklist_characters="/:", blacklist_categories=("Cs",)), min_size=1, max_size=4)
paths = st.lists(parts, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("name", "metadata", "group"),
    [
        ("node_linear", {"namespace": NAMESPACE}, "encoder/layer/0/attention/query"),
        ("node_linear", {"pkg.torch.onnx.name_scopes": SCOPES}, "encoder/layer/0/attention/query"),
        ("node_mul", {"namespace": ": __main__.M/mul: aten.mul.Tensor"}, ""),
        ("/encoder/layer.0/attention/MatMul", {}, "encoder/layer/0/attention"),
        ("/Mul", {}, ""),
        ("relu", {}, ""),
        ("/", {}, ""),
        ("a/b", {"namespace": "encoder/layer/0"}, "encoder/layer/0"),
        ("a/b", {"namespace": ""}, ""),
        ("a/b", {"pkg.torch.onnx.name_scopes": "not a list"}, ""),
        ("a/b", {"pkg.torch.onnx.name_scopes": "__import__('os')"}, ""),
    ],
)
def test_the_group_of_a_layer(name, metadata, group):
    assert find_group(name, metadata) == group


@given(paths, paths)
def test_a_group_that_was_put_is_taken_back_and_leaves_no_trace(name, group):
    metadata: dict[str, str] = {"other": "x"}
    put_group(name, metadata, group)
    assert take_group(name, metadata) == group
    assert metadata == {"other": "x"}


@given(paths, paths, paths)
def test_what_a_foreign_file_says_is_kept_through_reading_and_writing(name, namespace, scope):
    given_metadata = {"namespace": namespace, "pkg.torch.onnx.name_scopes": f"['{scope}']"}
    metadata = dict(given_metadata)
    group = take_group(name, metadata)
    put_group(name, metadata, group)
    assert metadata == given_metadata
