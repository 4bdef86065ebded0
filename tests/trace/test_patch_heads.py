"""Heads: every attention operator of both vocabularies, what comes after it, beside attention written out head by head."""

import numpy as np
import onnx
import onnx.helper as oh
import pytest
import torch

import laminae as lm

N, T, HEADS, SIZE = 2, 5, 4, 3
rng = np.random.default_rng(0)
FOUR = [rng.standard_normal((N, HEADS, T, SIZE)).astype(np.float32) for _ in range(3)]
THREE = [x.transpose(0, 2, 1, 3).reshape(N, T, HEADS * SIZE) for x in FOUR]


def model_of(operator, arrays, attributes, domain="", opset=23, outputs=1, extra=()):
    """One attention layer `attn`, named inputs q, k, v."""
    names = ["q", "k", "v"][: len(arrays)]
    node = oh.make_node(operator, [*names, *extra], [f"y{i}" for i in range(outputs)], name="attn", domain=domain, **attributes)
    inputs = [oh.make_tensor_value_info(n, 1, list(a.shape)) for n, a in zip(names, arrays, strict=True)]
    inputs += [oh.make_tensor_value_info(n, 6, shape) for n, shape in (("lens", [N]), ("total", [])) if n in extra]
    graph = oh.make_graph([node], "g", inputs, [oh.make_tensor_value_info(f"y{i}", 1, None) for i in range(outputs)])
    imports = [oh.make_opsetid("", opset), oh.make_opsetid("com.microsoft", 1)]
    return lm.open(oh.make_model(graph, opset_imports=imports, ir_version=11))


def without(y, heads):
    """The output with heads set to zero, [N, heads, T, size] or [N, T, heads · size]."""
    made = y.copy()
    if y.ndim == 4:
        made[:, heads] = 0
    else:
        made.reshape(N, T, HEADS, -1)[:, :, heads] = 0
    return made


@pytest.mark.parametrize("opset", [23, 24])
@pytest.mark.parametrize("rank", [3, 4])
def test_onnx_attention(opset, rank):
    arrays = FOUR if rank == 4 else THREE
    model = model_of("Attention", arrays, {} if rank == 4 else {"q_num_heads": HEADS, "kv_num_heads": HEADS}, opset=opset)
    trace = model.run(*arrays)
    for heads in ([1], [0, -1]):
        expected = without(trace["attn"].numpy(), heads)
        np.testing.assert_array_equal(model.run(*arrays, patch=lm.patch.zero("attn", heads=heads)).output, expected)
        np.testing.assert_array_equal(trace.resume(lm.patch.zero("attn", heads=heads)).output, expected)


def test_a_zeroed_head_is_attention_whose_values_are_zero_there():
    """By the definition: the output of head h is a mixture of V's head h."""
    model, muted = model_of("Attention", FOUR, {}), FOUR[2].copy()
    muted[:, 2] = 0
    patched = model.run(*FOUR, patch=lm.patch.zero("attn", heads=[2])).output
    np.testing.assert_array_equal(patched, model(FOUR[0], FOUR[1], muted))


def test_microsoft_attentions():
    for operator, attributes, more in (
        ("MultiHeadAttention", {"num_heads": HEADS}, {}),
        ("GroupQueryAttention", {"num_heads": HEADS, "kv_num_heads": HEADS}, {"lens": np.full(N, T - 1, np.int32), "total": np.array(T, np.int32)}),
    ):  # fmt: skip
        model = model_of(operator, THREE, attributes, "com.microsoft", extra=("", "", *more) if more else ())
        feeds = dict(zip("qkv", THREE, strict=True)) | more
        trace = model.run(**feeds)
        patched = trace.resume(lm.patch.zero("attn", heads=[1, 3])).output
        np.testing.assert_array_equal(patched, without(trace["attn"].numpy(), [1, 3]), err_msg=operator)


def test_microsoft_attention_that_makes_q_k_and_v_itself():
    width = HEADS * SIZE
    weights = [rng.standard_normal((width, 3 * width)).astype(np.float32), rng.standard_normal(3 * width).astype(np.float32)]
    node = oh.make_node("Attention", ["x", "w", "b"], ["y"], name="attn", domain="com.microsoft", num_heads=HEADS)
    made = [onnx.numpy_helper.from_array(a, n) for a, n in zip(weights, "wb", strict=True)]
    infos = [oh.make_tensor_value_info(n, 1, [N, T, width]) for n in "xy"]
    graph = oh.make_graph([node], "g", infos[:1], infos[1:], made)
    model = lm.open(
        oh.make_model(graph, opset_imports=[oh.make_opsetid("", 17), oh.make_opsetid("com.microsoft", 1)], ir_version=9)
    )
    trace = model.run(THREE[0])
    np.testing.assert_array_equal(trace.resume(lm.patch.zero("attn", heads=[0])).output, without(trace["attn"].numpy(), [0]))


def test_the_heads_of_the_caches_are_those_of_the_keys():
    model = model_of("Attention", THREE, {"q_num_heads": HEADS, "kv_num_heads": HEADS}, outputs=3)
    trace = model.run(*THREE, patch=lm.patch.zero("attn", heads=[1], output=1))
    assert trace["attn"][1].shape == (N, HEADS, T, SIZE)
    assert trace["attn"][1][:, 1].abs().sum() == 0
    assert trace["attn"][1][:, 0].abs().sum() > 0


class Block(torch.nn.Module):
    """Self-attention as PyTorch code has it."""

    def __init__(self, form):
        super().__init__()
        self.qkv, self.out, self.form = torch.nn.Linear(12, 36), torch.nn.Linear(12, 12), form

    def forward(self, x):
        q, k, v = (t.unflatten(-1, (HEADS, SIZE)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v)
        y = y.transpose(1, 2)
        y = (
            y.flatten(2)
            if self.form == "flatten"
            else y.contiguous().view(*x.shape[:2], 12)
            if self.form == "view"
            else y.reshape(-1, 12)
        )
        return self.out(y).reshape(x.shape)


class Wrapped(torch.nn.Module):
    def __init__(self, form):
        super().__init__()
        self.attn = Block(form)

    def forward(self, x):
        return self.attn(x) + x


def by_hand(module, x, heads):
    """The block with heads left out, written out head by head."""
    block = module.attn
    q, k, v = (t.reshape(N, T, HEADS, SIZE) for t in block.qkv(x).chunk(3, -1))
    parts = []
    for h in range(HEADS):
        weights = torch.softmax(q[:, :, h] @ k[:, :, h].mT / SIZE**0.5, -1)
        parts.append(weights @ v[:, :, h] * (h not in heads))
    return block.out(torch.cat(parts, -1)) + x


@pytest.mark.parametrize("form", ["flatten", "view", "reshape"])
def test_a_torch_attention_its_group_and_the_heads_put_side_by_side_after_it(form):
    torch.manual_seed(0)
    module, x = Wrapped(form).eval(), torch.randn(N, T, 12)
    model = lm.open(module, example=(x,))
    names = [layer.name for layer in model.layers]
    at = next(i for i, name in enumerate(names) if "scaled_dot" in name)
    after = names[at + 1 : next(i for i, name in enumerate(names) if "out/linear" in name)]
    with torch.no_grad():
        expected = by_hand(module, x, {1, 3})
    trace = model.run(x)
    for name in ["attn", names[at], *after]:
        patch = lm.patch.zero(name, heads=[1, 3])
        torch.testing.assert_close(trace.resume(patch).output, expected, msg=lambda text, name=name: f"{name}: {text}")
        torch.testing.assert_close(model.run(x, patch=patch).output, expected)
    assert len(after) >= 2


def test_where_nothing_tells_of_heads_the_error_says_so_and_of_is_the_way_out():
    module, x = Wrapped("flatten").eval(), torch.randn(N, T, 12)
    model = lm.open(module, example=(x,))
    trace = model.run(x)
    last = next(layer.name for layer in reversed(model.layers) if "linear" in layer.name)
    with pytest.raises(lm.PatchError, match="how many heads the layer has is not known") as error:
        trace.resume(lm.patch.zero(last, heads=[1]))
    assert "of=" in str(error.value)
    made = trace.resume(lm.patch.zero(last, heads=[1], of=HEADS))[last]
    np.testing.assert_array_equal(made, without(trace[last].numpy(), [1]))
    with pytest.raises(lm.PatchError, match="does not fit") as error:
        trace.resume(lm.patch.zero("attn", heads=[1], of=3))
    assert "4 heads, not 3" in str(error.value)


def test_weights_of_an_eager_attention_have_heads_by_of():
    softmax = torch.nn.Softmax(-1)
    model = lm.open(softmax, example=(torch.randn(N, 4, 8, 8),))
    made = model.run(torch.ones(N, 4, 8, 8), patch=lm.patch.zero("softmax", heads=[1], of=4))["softmax"]
    assert made.sum((0, 2, 3)).tolist() == [16, 0, 16, 16]


def test_a_glob_on_groups_means_the_attention_of_each():
    torch.manual_seed(0)
    module = torch.nn.Sequential(Wrapped("view"), Wrapped("flatten")).eval()
    x = torch.randn(N, T, 12)
    model = lm.open(module, example=(x,))
    trace = model.run(x, patch=lm.patch.zero("*/attn", heads=[0]))
    patched = [entry.name for entry in trace if entry.state == "patched"]
    assert len(patched) == 2
    assert all("scaled_dot" in name for name in patched)
    grouped = lm.open(torch.nn.Sequential(module).eval(), example=(x,))
    with pytest.raises(lm.PatchError, match="2 attentions"):
        grouped.run(x, patch=lm.patch.zero("0", heads=[0]))


def test_gpt2_by_heads_is_the_projection_with_those_columns_left_out():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.GPT2Config(n_layer=2, n_head=4, n_embd=32, vocab_size=50, n_positions=16, use_cache=False)
    module = transformers.GPT2Model(config).eval()
    ids = torch.randint(0, 50, (2, 8))
    model = lm.open(module, example=(ids,))
    patched = model.run(ids).resume(lm.patch.zero("h/1/attn", heads=[2]))
    assert "scaled_dot_product" in next(entry.name for entry in patched if entry.state == "patched")
    with torch.no_grad():
        module.h[1].attn.c_proj.weight[16:24] = 0  # the rows that read head 2
        expected = module(ids).last_hidden_state
    torch.testing.assert_close(patched[-1], expected)
