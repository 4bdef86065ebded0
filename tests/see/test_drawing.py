"""Drawings are sound XML, in order, and show what was stored."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from laminae.base.errors import FileError, UsageError
from laminae.see.drawing.svg import svg
from laminae.see.drawing.write import draw
from laminae.see.picture import picture
from laminae.see.png import encode, grey
from tests.see.records import EXPECTED, O2, network, patients, record, same_as_golden


def test_patients_are_drawn_as_in_the_text_book() -> None:
    text = svg(patients(), title="patients", expected=EXPECTED)
    same_as_golden(text, "patients.svg")
    ElementTree.fromstring(text)
    assert text.count("✓") == 2
    assert text.count("✗") == 1


def test_a_network_with_branches_is_drawn_in_order() -> None:
    maps = np.arange(2 * 16, dtype=np.float32).reshape(1, 2, 4, 4)
    layers = [
        record(1, "image", "Input", (), maps),
        record(2, "conv", "Conv", ["image"], maps, parameters=9),
        record(3, "add", "Add", ["conv", "image"], maps),
        record(4, "flat", "Flatten", ["add"], maps.reshape(1, 32)),
    ]
    text = svg(layers, title="branches")
    same_as_golden(text, "branches.svg")
    at = [text.index(f">{name}</text>") for name in ("image", "conv", "add", "flat")]
    assert at == sorted(at)
    assert text.count('class="arrow"') == 4


def test_names_are_text_never_markup() -> None:
    text = svg([record(1, "<script>alert(1)</script>\x00]]>", "Relu", (), O2)], title="<b>&")
    root = ElementTree.fromstring(text)
    assert not [e for e in root.iter() if e.tag.endswith("script") or e.tag.endswith("}b")]
    assert "&lt;script&gt;" in text


def test_class_ids_are_held_against_the_greatest_score() -> None:
    scores = record(1, "scores", "Softmax", (), np.eye(10, dtype=np.float32)[[3]])
    assert "✓" in svg([scores], expected=np.array([3]))
    assert "✗" in svg([scores], expected=np.array([4]))


def test_other_endings_are_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot draw to 'a\.gif'"):
        draw(patients(), tmp_path / "a.gif")
    with pytest.raises(FileError, match="cannot write"):
        draw(patients(), tmp_path / "nowhere" / "a.svg")
    draw(patients(), tmp_path / "a.svg", title="p")
    assert [p.name for p in tmp_path.iterdir()] == ["a.svg"]


def test_a_thousand_layers_are_drawn_without_pictures() -> None:
    text = svg(network(12, 80), full=True)
    assert text.count('class="box plain"') > 500
    assert "<image" not in text
    assert 'class="caption"' not in text


def test_nothing_strange_breaks_a_picture() -> None:
    strange = [np.zeros((0, 3)), np.array(["a", "b"]), np.array(3.0), np.full((1, 40), np.nan), np.full((1, 3, 5, 5), np.inf)]
    for value in [*strange, None, [1, 2], np.zeros((1, 2, 3), bool), np.array([[1 + 2j]])]:
        shown = picture(value)
        if shown is not None:
            ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{shown.svg}</svg>')


def test_png_is_read_by_pillow_as_it_was_written() -> None:
    image = grey(np.array([[0.0, 0.5, 1.0], [np.nan, 1.0, 0.0]]), 0.0, 1.0)
    assert image[1, 0].tolist() == [214, 39, 40]
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(encode(image)))), image)


def test_a_feature_map_in_the_drawing_is_the_stored_one() -> None:
    maps = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    shown = picture(maps)
    assert shown is not None
    (uri,) = re.findall(r"base64,([^\"]+)", shown.svg)
    found = np.array(Image.open(io.BytesIO(base64.b64decode(uri))))[..., 0]
    np.testing.assert_array_equal(found, np.round(maps[0, 0] * 255).astype(np.uint8))


def test_bars_name_the_largest() -> None:
    assert picture(np.array([0.1, 5.0, -2.0] * 5)).caption == "max 5 at 1"  # type: ignore[union-attr]


def test_a_long_vector_and_a_long_map_become_histograms_and_a_sequence_a_heat_map() -> None:
    draw = np.random.default_rng(0)
    assert "numbers" in picture(draw.normal(size=(1, 4096))).caption  # type: ignore[union-attr]
    assert "numbers" in picture(draw.normal(size=(1, 4420, 2))).caption  # type: ignore[union-attr]
    shown = picture(np.array([[[1.0, 0.0, -1.0, 0.5]] * 4]))
    assert shown is not None
    (uri,) = re.findall(r"base64,([^\"]+)", shown.svg)
    found = np.array(Image.open(io.BytesIO(base64.b64decode(uri))))
    assert found.shape == (4, 4, 3)
    assert found[0, 0, 0] > found[0, 0, 2]
    assert found[0, 2, 0] < found[0, 2, 2]
    assert found[0, 1].tolist() == [250, 250, 250]


def test_one_large_number_does_not_pale_a_heat_map() -> None:
    values = np.tile(np.array([-1.0, 1.0]), (1, 40, 20))
    values[0, 0, 0] = 1000.0
    shown = picture(values)
    assert shown is not None
    assert shown.caption == "-1 to 1000"
    (uri,) = re.findall(r"base64,([^\"]+)", shown.svg)
    found = np.array(Image.open(io.BytesIO(base64.b64decode(uri))))
    assert found[1, 0].tolist() == [0, 84, 147]
    assert found[1, 1].tolist() == found[0, 0].tolist() == [200, 96, 0]
