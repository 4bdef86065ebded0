"""Docstrings as Markdown: arguments in a list, shapes as code, nothing that Markdown would take for its own."""

from tests.docs.prose import markdown


def test_arguments_become_a_list_and_what_is_raised_a_paragraph():
    text = "Run it.\n\nx: a tensor [batch, 3]. a, b: where. Raises InputError where it\ncannot be."
    assert markdown(text, {"x", "a", "b"}) == (
        "Run it.\n\n- `x`: a tensor `[batch, 3]`.\n- `a`, `b`: where.\n\nRaises InputError where it cannot be."
    )


def test_words_that_are_no_arguments_stay_in_their_sentence():
    assert markdown("What there is: all. note: as it stands.", {"x"}) == "What there is: all. note: as it stands."


def test_stars_and_brackets_mean_nothing_to_markdown():
    assert markdown("[batch, *sizes] → [batch, *counts], 2 * 3, fan_in, a<b", set()) == (
        "`[batch, *sizes]` → `[batch, *counts]`, 2 \\* 3, fan\\_in, a&lt;b"
    )


def test_code_stays_as_it_is():
    assert markdown("`model[*a]` and `_b_`", set()) == "`model[*a]` and `_b_`"
    assert markdown("So:\n\n    lm.patch.zero('*')", set()) == "So:\n\n    lm.patch.zero('*')"


def test_lists_stay_lists():
    assert markdown("Which:\n\n- loss: one\n  of several.\n- other.", {"loss"}) == "Which:\n\n- `loss`: one of several.\n- other."


def test_a_line_of_a_list_may_tell_of_several_arguments():
    text = "- a: one. b: two; c: three.\n\nNothing else: that is all. Parameters: none."
    assert (
        markdown(text, {"a", "b", "c"})
        == "- `a`: one.\n- `b`: two.\n- `c`: three.\n\nNothing else: that is all.\n\nParameters: none."
    )
