"""TfIdfVectorizer. https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html"""

from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.ngrams import ngram_counts as counted
from laminae.ops.registry import operator

MODES = ("TF", "IDF", "TFIDF")


def tfidfvectorizer_shape(X, *, ngram_indexes, **attributes):
    if X.rank > 2:
        raise ShapeError("TfIdfVectorizer takes one row or a batch of rows", {"found": format_shape(X.shape)})
    return Spec("float32", (*X.shape[:-1], max(ngram_indexes, default=-1) + 1))


def tfidfvectorizer_cost(X, *, max_gram_length, min_gram_length, max_skip_count, **attributes):
    """One count for each token, each length of n-gram and each number of tokens skipped."""
    return X.size * (max_gram_length - min_gram_length + 1) * (max_skip_count + 1)


@operator("TfIdfVectorizer", since=9, kind="text", shape=tfidfvectorizer_shape, cost=tfidfvectorizer_cost)
def tfidfvectorizer(
    X, *, max_gram_length, max_skip_count, min_gram_length, mode, ngram_counts, ngram_indexes, pool_int64s=(), pool_strings=(),
    weights=(),
):  # fmt: skip
    """How often each n-gram of the pool stands in each row: [C] → [columns], [N, C] → [N, columns].

    TF: the counts; IDF: 1 where there are any, TFIDF: the counts, both times `weights`, which are one per n-gram.
    """
    if mode not in MODES:
        raise AttributeValueError(f"no mode {mode!r}", {"known": ", ".join(MODES)})
    pool = pool_int64s or pool_strings
    lengths = range(min_gram_length, max_gram_length + 1)
    counts = counted(X, pool, ngram_counts, ngram_indexes, lengths, max_skip_count)
    Y = counts.clamp(max=1) if mode == "IDF" else counts
    if not weights or mode == "TF":
        return Y
    of_columns = dict(zip(ngram_indexes, weights, strict=True))
    return Y * Y.new_tensor([of_columns.get(i, 1.0) for i in range(Y.shape[-1])])
