"""RE2's syntax by a set of places: what it matches, beside Python's matcher; that its time is bounded; what it refuses."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laminae.base.errors import AttributeValueError
from laminae.ops.regex import compiled

PIECES = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", r"\w", r"\d", "c", r"\s", r"[^\d]", "^", r"\Z", r"\b", "(?i:A)", "(?s:.)"]
)
PATTERNS = st.recursive(
    PIECES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda both: f"(?:{both[0]}|{both[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?", "{,2}"])).map(lambda x: f"(?:{x[0]}){x[1]}"),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.text("aabbc1 \nA", max_size=6))
def test_it_matches_what_pythons_matcher_matches(pattern, text):
    assert compiled(pattern)(text) == (re.fullmatch(pattern, text, re.ASCII) is not None)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a*)*(a*)*b", "(.*a){12}b", "(a?){30}a{30}b"])
def test_patterns_that_make_backtracking_hang_do_not(pattern):
    start = time.perf_counter()
    assert not compiled(pattern)("a" * 2000)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("[[:alpha:]]+", "abC"), (r"\Aab\z", "ab"), ("(?P<n>a)b", "ab"), ("(?m)^a$\n^b$", "a\nb"), (r"a\\zb", r"a\zb")],
)
def test_what_only_re2_writes_so(pattern, text):
    assert compiled(pattern)(text)
    assert not compiled(pattern)("1")


def test_classes_are_of_ascii():
    assert not compiled(r"\d")("٣")
    assert not compiled(r"\w")("é")
    assert not compiled("a$")("a\n")


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)b", "a++", "(", "a{4000}b{4000}", "(" * 3000 + ")" * 3000])
def test_what_is_not_re2s_is_refused(pattern):
    with pytest.raises(AttributeValueError):
        compiled(pattern)
