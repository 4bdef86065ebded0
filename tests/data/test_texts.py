"""Texts as ids: the vocabulary is of the training part, the same texts give the same ids again, unknown words have one id."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from laminae.base.errors import UsageError
from laminae.data import Text, samples, split

TEXTS = ["A good film, good!", "a bad film", "The good, the bad and the film", "nothing"]


@pytest.fixture
def films(tmp_path: Path) -> Path:
    rows = [json.dumps({"review": text, "mood": "good" if "good" in text else "bad"}) for text in TEXTS]
    (tmp_path / "films.jsonl").write_text("\n".join(rows))
    return tmp_path / "films.jsonl"


def test_words_are_counted_as_scikit_learn_counts_them() -> None:
    text = Text("review", length=9).fitted(TEXTS)
    ours = Counter(token for t in TEXTS for token in text.tokens(t))
    vectorizer = CountVectorizer(token_pattern=r"\w+|[^\w\s]")
    counts = np.asarray(vectorizer.fit_transform(TEXTS).sum(axis=0))[0]
    assert ours == dict(zip(vectorizer.get_feature_names_out(), counts.tolist(), strict=True))
    assert list(text.vocabulary) == sorted(ours, key=lambda token: (-ours[token], token))


def test_ids_are_places_in_the_vocabulary(films: Path) -> None:
    made = samples(films, "mood", text=Text("review", length=6))
    x, expected = made.batch(np.arange(4))
    names = ("", "?", *made.text.vocabulary)
    assert [" ".join(names[i] for i in row if i) for row in x] == [
        "a good film , good !",
        "a bad film",
        "the good , the bad and",
        "nothing",
    ]
    assert x.dtype == np.int64
    assert expected.tolist() == [1, 0, 1, 0]
    assert made.place(2) == f"line 3 of {str(films)!r}"


def test_the_vocabulary_is_that_of_the_training_part(films: Path) -> None:
    training, held = split(samples(films, "mood", text="review"), 1, seed=0)
    text = training.whole.text
    seen = [TEXTS[i] for i in training.indices]
    assert set(text.vocabulary) == {token for t in seen for token in text.tokens(t)}
    x, _ = held.batch(np.array([0]))
    assert (x[0][: len(text.tokens(TEXTS[held.indices[0]]))] > 0).all()


def test_a_record_gives_the_same_ids_again(films: Path) -> None:
    first = samples(films, "mood", text=Text("review", "characters", length=10, most=12))
    again = Text.from_json(json.loads(json.dumps(first.text.to_json())))
    other = samples(films, text=again, labelled=False)
    assert (other.batch(np.arange(4))[0] == first.batch(np.arange(4))[0]).all()
    assert other.batch(np.arange(4))[1] is None
    assert first.batch(np.arange(4))[0].max() < 12


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8), st.sampled_from(["words", "characters"]), st.integers(3, 9))
def test_ids_never_reach_the_most_there_may_be(texts: list[str], level: str, most: int) -> None:
    text = Text("t", level, length=5, most=most).fitted(texts)
    ids = np.stack([text.ids(t) for t in [*texts, "never seen ☃"]])
    assert ids.shape == (len(texts) + 1, 5)
    assert 0 <= ids.min() <= ids.max() < most


def test_what_cannot_be_is_refused(films: Path) -> None:
    with pytest.raises(UsageError, match="no level 'word'"):
        Text("t", "word")
    with pytest.raises(UsageError, match="length=0"):
        Text("t", length=0)
    with pytest.raises(UsageError, match="has no column 'revue'"):
        samples(films, "mood", text="revue")
    with pytest.raises(UsageError, match="only input"):
        samples(films, "mood", text="review", columns=["mood"])
    with pytest.raises(UsageError):
        samples((np.zeros((2, 2)), np.zeros(2)), text="review")
