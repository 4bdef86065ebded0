"""The layout holds: nothing over anything, every arrow from its box to its box and onward, groups around their own, no wider than need be."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laminae.see.layout import DOWN, RIGHT, Item, Layout, Rect, layout
from laminae.see.layout.level import SPACE, solve

Arrows = list[tuple[str, str]]


def chain(boxes: int, skips: Sequence[int], *, apart: int = 0) -> tuple[list[Item], Arrows]:
    """Boxes one after another; arrows over as many as `skips` says, one where the last ended."""
    items = [Item(str(i), 90 + 37 * i % 80, 50, first=i == 0) for i in range(boxes)]
    arrows = [(str(i), str(i + 1)) for i in range(boxes - 1)]
    at, turn = 0, 0
    while at + skips[turn % len(skips)] < boxes:
        arrows.append((str(at), str(at + skips[turn % len(skips)])))
        at, turn = at + skips[turn % len(skips)] + apart, turn + 1
    return items, arrows


BLOCK = ["ln1", "q", "k", "v", "scores", "softmax", "mix", "out", "add1", "ln2", "up", "gelu", "down", "add2"]
INSIDE = [
    "ln1-q",
    "ln1-k",
    "ln1-v",
    "q-scores",
    "k-scores",
    "scores-softmax",
    "softmax-mix",
    "v-mix",
    "mix-out",
    "out-add1",
    "add1-ln2",
    "ln2-up",
    "up-gelu",
    "gelu-down",
    "down-add2",
    "add1-add2",
]


def transformer(blocks: int, *, groups: bool = True) -> tuple[list[Item], Arrows]:
    """Each block with attention, residuals, an MLP; a mask that every block reads."""
    items, arrows, before = [Item("x", 90, 50, first=True), Item("mask", 90, 50, first=True)], [], "x"
    for b in range(blocks):
        arrows += [(f"{b}.{a}", f"{b}.{c}") for a, c in (pair.split("-") for pair in INSIDE)]
        arrows += [(before, f"{b}.ln1"), (before, f"{b}.add1"), ("mask", f"{b}.scores")]
        before = f"{b}.add2"
        box = {name: Item(f"{b}.{name}", 100, 50) for name in BLOCK}
        attention = Item(f"{b}/attention", 90, 40, tuple(box[n] for n in BLOCK[1:8]))
        mlp = Item(f"{b}/mlp", 90, 40, tuple(box[n] for n in BLOCK[10:13]))
        whole = (box["ln1"], attention, box["add1"], box["ln2"], mlp, box["add2"])
        items += [Item(f"block{b}", 90, 40, whole)] if groups else box.values()
    return items, arrows


def random_graph(boxes: int, reads: int, seed: int = 0) -> tuple[list[Item], Arrows]:
    draw = random.Random(seed)
    items = [Item(str(i), 90 + draw.randrange(80), 50, first=i == 0) for i in range(boxes)]
    return items, list(dict.fromkeys((str(draw.randrange(i)), str(i)) for i in range(1, boxes) for _ in range(reads)))


def crossings(found: Layout) -> int:
    """Pairs of arrows from different boxes that cross, counted on the points themselves."""
    pieces = [
        (route.source, route.target, a, b) for route in found.routes for a, b in zip(route.points, route.points[1:], strict=False)
    ]
    pieces.sort(key=lambda piece: piece[2][1])
    count = 0
    for i, (source, target, a, b) in enumerate(pieces):
        for other, end, c, d in pieces[i + 1 :]:
            if c[1] >= b[1]:
                break
            count += other != source and end != target and _cross(a, b, c, d)
    return count


def _cross(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> bool:
    def side(p: tuple[float, float], q: tuple[float, float], r: tuple[float, float]) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < -1e-6 and side(c, d, a) * side(c, d, b) < -1e-6


def require_sound(items: Sequence[Item], arrows: Arrows, found: Layout) -> None:
    """What always holds of a layout."""
    boxes = {rect.id: rect for rect in found.boxes}
    assert list(boxes) == [item.id for top in items for item in top.all() if not item.items]
    rects = {rect.id: rect for rect in (*found.boxes, *found.frames)}
    for top in items:
        for item in top.all():
            for inner in item.items:
                assert _holds(rects[item.id], rects[inner.id])
            _apart([rects[inner.id] for inner in item.items])
    _apart([rects[item.id] for item in items])
    for rect in rects.values():
        assert rect.x >= -0.01
        assert rect.x + rect.width <= found.width + 0.01
        assert rect.y >= -0.01
        assert rect.y + rect.height <= found.height + 0.01
    assert [(route.source, route.target) for route in found.routes] == list(dict.fromkeys(arrows))
    for route in found.routes:
        _require_route(boxes[route.source], boxes[route.target], route.points, found)


def _holds(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x <= inner.x + 0.01
        and outer.y <= inner.y + 0.01
        and inner.x + inner.width <= outer.x + outer.width + 0.01
        and inner.y + inner.height <= outer.y + outer.height + 0.01
    )


def _apart(rects: Sequence[Rect]) -> None:
    rects = sorted(rects, key=lambda r: r.y)
    for i, a in enumerate(rects):
        for b in rects[i + 1 :]:
            if b.y >= a.y + a.height:
                break
            assert a.x + a.width <= b.x + 0.01 or b.x + b.width <= a.x + 0.01, (a, b)


def _require_route(source: Rect, target: Rect, points: Sequence[tuple[float, float]], found: Layout) -> None:
    """It begins on the border of its box, ends on that of the other, and never goes back."""
    if found.direction == DOWN:
        assert points[0][1] == pytest.approx(source.y + source.height)
        assert source.x <= points[0][0] <= source.x + source.width
        assert points[-1][1] == pytest.approx(target.y)
        assert target.x <= points[-1][0] <= target.x + target.width
    else:
        assert points[0][0] == pytest.approx(source.x + source.width)
        assert source.y <= points[0][1] <= source.y + source.height
        assert points[-1][0] == pytest.approx(target.x)
        assert target.y <= points[-1][1] <= target.y + target.height
    along = [point[found.direction == DOWN] for point in points]
    assert all(a <= b + 1e-6 for a, b in itertools.pairwise(along))
    assert along[0] < along[-1]
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        straight = abs(x1 - x2) < 1e-6 if found.direction == DOWN else abs(y1 - y2) < 1e-6
        if straight:
            for box in found.boxes:
                inside = box.x + 1 < (x1 + x2) / 2 < box.x + box.width - 1 and box.y + 1 < (y1 + y2) / 2 < box.y + box.height - 1
                assert not inside, (box, (x1, y1), (x2, y2))


@st.composite
def nested(draw: st.DrawFn) -> tuple[list[Item], Arrows]:
    """Boxes in forward order, in groups inside groups of neighbours, with arrows onward."""
    count = draw(st.integers(1, 24))
    boxes: list[Item] = [
        Item(f"b{i}", draw(st.sampled_from((40, 90, 200))), draw(st.sampled_from((30, 60))), first=i < 2) for i in range(count)
    ]
    items = boxes
    for level in range(draw(st.integers(0, 3))):
        grouped: list[Item] = []
        at = 0
        while at < len(items):
            size = draw(st.integers(1, 5))
            part = tuple(items[at : at + size])
            grouped += [Item(f"g{level}.{at}", 60, 40, part)] if draw(st.booleans()) else part
            at += size
        items = grouped
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda p: p[0] < p[1])
    arrows = draw(st.lists(pairs, max_size=50, unique=True)) if count > 1 else []
    return items, [(f"b{a}", f"b{b}") for a, b in arrows]


@given(nested(), st.sampled_from((DOWN, RIGHT)))
@settings(max_examples=120, deadline=None)
def test_nothing_overlaps_groups_hold_their_own_and_arrows_go_onward(graph: tuple[list[Item], Arrows], direction: str) -> None:
    items, arrows = graph
    found = layout(items, arrows, direction=direction)
    require_sound(items, arrows, found)
    solve.cache_clear()
    assert layout(items, arrows, direction=direction) == found


@given(st.integers(2, 60), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_whole_is_hardly_wider_than_its_widest_rank(boxes: int, reads: int, seed: int) -> None:
    found = layout(*random_graph(boxes, reads, seed))
    rows: dict[float, float] = {}
    for rect in found.boxes:
        row = round(rect.y + rect.height / 2, 1)
        rows[row] = rows.get(row, 0.0) + rect.width + SPACE
    passing = max((sum(1 for r in found.routes if r.points[0][1] < y < r.points[-1][1]) for y in rows), default=0)
    assert found.width <= 1.4 * (max(rows.values()) + 2 * SPACE * passing) + 1


@pytest.mark.parametrize("skips", [(2,), (3,), (2, 5, 3)])
def test_a_chain_with_skips_has_no_crossing_and_stays_narrow(skips: tuple[int, ...]) -> None:
    for apart in (0, 1):
        found = layout(*chain(200, skips, apart=apart))
        assert crossings(found) == 0
        assert found.width < 2 * 170


def test_skips_inside_skips_do_not_cross() -> None:
    """As a U-Net has them."""
    items = [Item(str(i), 100, 40, first=i == 0) for i in range(21)]
    arrows = [(str(i), str(i + 1)) for i in range(20)] + [(str(i), str(20 - i)) for i in range(9)]
    assert crossings(layout(items, arrows)) == 0


@pytest.mark.parametrize("groups", [True, False])
def test_a_transformer_of_48_blocks_crosses_only_where_the_mask_must(groups: bool) -> None:
    items, arrows = transformer(48, groups=groups)
    plain = [arrow for arrow in arrows if arrow[0] != "mask"]
    assert crossings(layout([item for item in items if item.id != "mask"], plain)) == 0
    found = layout(items, arrows)
    require_sound(items, arrows, found)
    assert crossings(found) <= 4 * 48
    assert found.width < 800


def test_a_chain_is_one_straight_line() -> None:
    found = layout(*chain(30, (99,)))
    assert {round(rect.x + rect.width / 2, 3) for rect in found.boxes} == {round(found.width / 2, 3)}
    assert all(len(route.points) == 2 for route in found.routes)


def test_constants_stand_before_their_reader_and_inputs_first() -> None:
    items = [
        Item("x", 50, 50, first=True),
        Item("mask", 50, 50, first=True),
        Item("k", 50, 50),
        *(Item(n, 50, 50) for n in "abc"),
    ]
    at = {r.id: r.y for r in layout(items, [("x", "a"), ("a", "b"), ("b", "c"), ("k", "c"), ("mask", "c")]).boxes}
    assert at["x"] == at["mask"] < at["a"] < at["b"] == at["k"] < at["c"]


def test_equal_groups_are_laid_out_once() -> None:
    solve.cache_clear()
    layout(*transformer(48))
    assert solve.cache_info().misses <= 12


def test_as_json_has_boxes_frames_and_routes() -> None:
    found = layout([Item("x", 50, 20, first=True), Item("g", 10, 10, (Item("a", 40, 20),))], [("x", "a")]).as_json()
    assert [box["id"] for box in found["boxes"]] == ["x", "a"]
    assert found["frames"][0]["id"] == "g"
    assert found["frames"][0]["depth"] == 0
    assert found["boxes"][1]["depth"] == 1
    assert found["routes"][0]["from"] == "x"
    assert len(found["routes"][0]["points"]) >= 2


def test_arrows_that_go_very_far_go_round_and_never_over_a_box() -> None:
    items, arrows = random_graph(400, 3, seed=1)
    require_sound(items, arrows, layout(items, arrows))


@pytest.mark.parametrize("direction", [DOWN, RIGHT])
def test_a_residual_round_a_group_and_a_mask_into_it_do_not_cross(direction: str) -> None:
    """As in BERT's attention: the frames inside stand the other way round, since what is outside wants it so."""
    box = {name: Item(name, 100, 50) for name in ("q", "scores", "dense", "add")}
    attention = (Item("self", 50, 40, (box["q"], box["scores"])), Item("out", 50, 40, (box["dense"], box["add"])))
    items = [Item("x", 90, 50, first=True), Item("mask", 90, 50, first=True), Item("attention", 50, 40, attention)]
    pairs = ["x-q", "q-scores", "mask-scores", "scores-dense", "dense-add", "x-add"]
    arrows = [(a, b) for a, b in (pair.split("-") for pair in pairs)]
    found = layout(items, arrows, direction=direction)
    require_sound(items, arrows, found)
    flat = (
        found
        if direction == DOWN
        else replace(found, routes=tuple(replace(r, points=tuple((y, x) for x, y in r.points)) for r in found.routes))
    )
    assert crossings(flat) == 0


def test_an_arrow_that_is_nearly_straight_is_straight() -> None:
    """Two inputs nearer to each other than what they go to: each arrow leaves a little beside the middle."""
    items = [
        Item("a", 90, 50, first=True),
        Item("b", 90, 50, first=True),
        Item("g", 50, 40, (Item("c", 110, 50), Item("d", 110, 50))),
    ]
    found = layout(items, [("a", "c"), ("b", "d")])
    assert all(len(route.points) == 2 for route in found.routes)
