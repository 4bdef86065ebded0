"""EmbedLayerNormalization. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.EmbedLayerNormalization"""

from laminae.base import torch
from laminae.base.cost import Cost
from laminae.base.shapes import Spec
from laminae.ops.costs import traffic
from laminae.ops.registry import operator


def embedlayernormalization_shape(
    input_ids, segment_ids, word_embedding, *others, epsilon=None, mask_index_type=None, n_outputs=1
):
    dtype = word_embedding.dtype
    Y = Spec(dtype, (*input_ids.shape, word_embedding.shape[1]))
    return Y, Spec("int32", input_ids.shape[:1]), Spec(dtype, Y.dims)


def embedlayernormalization_cost(input_ids, segment_ids=None, *tables, outputs, **attributes):
    """The sum of two or three rows picked from tables, and its normalization; of a table what is picked is read."""
    picked = 2 if segment_ids is None else 3
    return Cost((picked - 1 + 5) * outputs[0].size, traffic(input_ids, segment_ids, *outputs, *outputs[:1] * picked))


@operator(
    "EmbedLayerNormalization",
    kind="embedding",
    shape=embedlayernormalization_shape,
    cost=embedlayernormalization_cost,
    domain="com.microsoft",
)
def embedlayernormalization(
    input_ids, segment_ids=None, word_embedding=None, position_embedding=None, segment_embedding=None, gamma=None, beta=None,
    mask=None, position_ids=None, *, epsilon=9.999999960041972e-13, mask_index_type=None, n_outputs=1,
):  # fmt: skip
    """LayerNormalization of word + position + segment embeddings [entries, size], picked by ids [N, T]: [N, T, size].

    Positions are 0 to T - 1 where not given. Further outputs: how many ones each row of the mask has [N], the sum.
    """
    position = position_embedding[: input_ids.shape[1]] if position_ids is None else position_embedding[position_ids.long()]
    total = word_embedding[input_ids.long()] + position
    if segment_embedding is not None:
        total = total + segment_embedding[segment_ids.long()]
    Y = torch.layer_norm(total, gamma.shape, gamma, beta, epsilon)
    if n_outputs == 1:
        return Y
    count = total.new_zeros(len(total), dtype=torch.int32) if mask is None else (mask == 1).sum(1).to(torch.int32)
    return (Y, count, total)[:n_outputs]
