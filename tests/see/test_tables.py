"""Tables say what the records say, at every width, and never more than fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from laminae.base.cost import NOTHING, Cost
from laminae.base.records import Statistics
from laminae.see.comparison import comparison_table
from laminae.see.rendering import cells_of
from laminae.see.small import is_small, small_table
from laminae.see.table import model_table, trace_table
from laminae.see.text import amount
from tests.see.records import EXPECTED, FACTS, O2, X, compared, network, patients, record, same_as_golden


def test_small_table_shows_the_numbers_of_every_layer_and_the_expectation() -> None:
    table = small_table(patients(), X, EXPECTED, compared(), facts=FACTS, ms=0.04)
    same_as_golden(table.text(110) + "\n", "patients-110.txt")
    same_as_golden(table.text(80) + "\n", "patients-80.txt")
    assert [row[5:8] for row in table.rows[-2:]] == [("0", "1", "1"), ("✓", "✓", "✗")]
    assert table.rows[-1][-1] == "2 of 3"


def test_small_table_rounds_noise_to_zero_and_says_so() -> None:
    noisy = record(2, "L2", "Gemm", ["L1"], np.array([[3e-8], [1], [0]], np.float32))
    table = small_table([patients()[0], noisy])
    assert table.rows[1][5:8] == ("0", "1", "0")
    assert "0 stands for as much as 3e-08" in str(table)


def test_a_pass_is_small_only_with_few_numbers_for_each_of_the_same_few_samples() -> None:
    assert is_small(patients())
    assert not is_small([*patients(), record(4, "L4", "Relu", ["L3"], np.zeros((3, 7), np.float32))])
    assert not is_small([*patients(), record(4, "L4", "Sum", ["L3"], np.zeros((1, 1), np.float32))])
    assert not is_small([record(1, "x", "Input", (), np.zeros((), np.float32))])
    assert not is_small([])


def test_model_and_trace_tables() -> None:
    same_as_golden(model_table(patients(), FACTS).text(100) + "\n", "model-100.txt")
    same_as_golden(trace_table(patients(), FACTS, ms=0.04).text(100) + "\n", "trace-100.txt")


def test_a_model_table_has_the_cost_of_each_layer_and_of_all_and_says_what_is_not_known() -> None:
    x, fc, relu = patients()
    costly = [replace(x, cost=NOTHING), replace(fc, cost=Cost(87_230_200, 1536)), replace(relu, cost=Cost(3, 24))]
    table = model_table(costly, FACTS)
    same_as_golden(table.text(100) + "\n", "costs-100.txt")
    same_as_golden(table.text(60) + "\n", "costs-60.txt")
    assert table.aside == "87.2 M mult-adds, 1.6 kB moved"
    open_ = model_table([*costly[:2], replace(relu, cost=Cost(None, 24))], FACTS)
    assert open_.aside == "at least 87.2 M mult-adds, 1.6 kB moved"
    assert [row[-2] for row in open_.rows] == ["", "87.2 M", "–"]
    assert "mult-adds" not in model_table(patients(), FACTS).text(100)


def test_amounts_have_three_digits() -> None:
    numbers = (0, 7, 999, 1000, 1234, 12_345, 123_456, 999_499, 999_500, 81_410_560, 4.1e9, 2e13, 3e18)
    shown = ["0", "7", "999", "1.00 k", "1.23 k", "12.3 k", "123 k", "999 k", "1.00 M", "81.4 M", "4.10 G", "20.0 T", "3000 P"]
    assert [amount(n) for n in numbers] == shown
    assert amount(None) == "–"


def test_statistics_show_what_an_output_is_made_of_and_mark_what_is_odd() -> None:
    odd = Statistics(0.5, 0.1, 0.0, 1.0, 0.25, nan=3, inf=1)
    dead = Statistics(0.0, 0.0, 0.0, 0.0, 1.0)
    rows = [record(1, "x", "Input", (), X, statistics=odd), record(2, "y", "Relu", ["x"], X, statistics=dead)]
    table = trace_table(rows, "two", ms=0.02, statistics=True)
    same_as_golden(table.text(100) + "\n", "statistics-100.txt")
    assert [row[-1] for row in table.rows] == ["NaN 3, Inf 1", "all zero"]


def test_a_layer_that_takes_much_of_the_time_is_marked() -> None:
    rows = [record(i, f"l{i}", "Relu", (), X, ms=9.0 if i == 4 else 0.1) for i in range(1, 11)]
    marks = [row[-1] for row in trace_table(rows, "", ms=10).rows]
    assert marks == ["", "", "", "91% of time", *[""] * 6]


def test_five_hundred_layers_fit_on_a_screen_with_repeats_shown_once() -> None:
    table = model_table(network(), "encoder")
    same_as_golden(table.text(80) + "\n", "network-80.txt")
    assert len(table.rows) <= 60
    assert any("× 12" in row[2] for row in table.rows)
    assert sum(int(row[6].replace(",", "")) for row in table.rows if row[6] and not row[1].startswith(" ")) == 12 * 14 * 16 + 51


def test_full_shows_every_layer() -> None:
    names = {row[1].strip() for row in model_table(network(), "", full=True).rows}
    assert {r.name for r in network()} <= names


def test_a_flat_chain_of_ten_thousand_is_folded_and_one_without_repeats_loses_its_middle() -> None:
    chain = [record(i, f"relu_{i}", "Relu" if i % 2 else "Add", (), ms=0.0) for i in range(1, 10_001)]
    assert [row[2] for row in model_table(chain, "").rows] == ["2 layers × 5000", "Relu", "Add"]
    wild = [record(i, f"l{i}", f"Op{i}", (), ms=0.0) for i in range(1, 501)]
    rows = model_table(wild, "").rows
    assert len(rows) <= 61
    assert rows[40][:2] == ("41–480", "…")


def test_several_outputs_each_have_a_line() -> None:
    rows = model_table([record(1, "s", "Split", (), X, O2)], "").rows
    assert [(row[1], row[4]) for row in rows] == [("s", "[3, 3]"), ("", "[3, 1]")]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_asked(width: int) -> None:
    names = [record(1, "名" * 40, "Input", (), X), record(2, "x" * 90, "Gemm", ["名" * 40], O2)]
    for table in (
        model_table(names, FACTS),
        trace_table(network(), FACTS, ms=1.0),
        small_table(patients(), X, EXPECTED, compared()),
    ):
        assert max(cells_of(line) for line in table.text(width).splitlines()) <= width


def test_names_cannot_break_the_table() -> None:
    evil = record(1, "a\nb\x1b[31m[red]<script>", "Relu", (), X)
    table = model_table([evil], "")
    assert "\\n" in table.text(100)
    assert "\x1b" not in table.text(100)
    assert "<script>" not in table._repr_html_()
    assert "&lt;script&gt;" in table._repr_html_()


def test_comparison_of_small_outputs_shows_x_expected_and_found() -> None:
    table = comparison_table([compared()], X)
    same_as_golden(table.text(100) + "\n", "comparison-100.txt")
    assert [row[-1] for row in table.rows] == ["✓", "✓", "✗"]


def test_comparison_of_large_outputs_shows_the_worst_element() -> None:
    expected = np.zeros((2, 3, 4), np.float32)
    found = expected.copy()
    found[1, 2, 0] = 0.5
    rows = comparison_table([compared(found, expected)], None).rows
    assert rows[1][1:] == ("1", "[2, 0]", "0", "0.5", "0.5", "✗")


def test_comparison_of_many_samples_shows_the_wrong_ones_and_counts() -> None:
    expected = np.zeros((100, 1), np.float32)
    found = expected.copy()
    found[77] = 1
    rows = comparison_table([compared(found, expected)], None).rows
    assert ("77", "✗") in [(row[1], row[-1]) for row in rows]
    assert rows[-1][1] == "… 88 more"
    assert rows[-1][-1] == "99 of 100"
