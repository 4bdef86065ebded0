"""Drawings as files: PNG and PDF with our letters, a page that needs nothing but itself, and the same bytes each time."""

from __future__ import annotations

import io
import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from laminae.base.errors import FileError, MissingPackageError, UnknownNameError
from laminae.base.learned import DeltaRecord
from laminae.see.drawing import export
from laminae.see.drawing.lettering import fitted, width_of
from laminae.see.drawing.scheme import scheme
from laminae.see.drawing.style import DARK, STYLE
from laminae.see.drawing.svg import drawing, rendered, svg
from laminae.see.drawing.together import gathered
from laminae.see.drawing.write import draw
from tests.see.pages import require_alone
from tests.see.records import EXPECTED, O2, network, patients, record, same_as_golden

NEEDS = pytest.mark.skipif(not all(map(export.find_spec, ("resvg_py", "svg2pdf_py"))), reason="the extra `draw` is not installed")


@NEEDS
def test_a_png_has_the_size_of_the_drawing_twice_and_its_colours(tmp_path: Path) -> None:
    draw(patients(), tmp_path / "p.png", title="patients", expected=EXPECTED)
    made = drawing(patients(), title="patients", expected=EXPECTED)
    image = Image.open(tmp_path / "p.png").convert("RGB")
    width, height = map(int, re.findall(r'(?:width|height)="(\d+)"', rendered(made))[:2])
    assert image.size == (2 * width, 2 * height)
    colours = {colour for _, colour in image.getcolors(1 << 20) or []}
    assert {(255, 255, 255), (0xE3, 0xF0, 0xFA), (0xFD, 0xF1, 0xDE)} <= colours


@NEEDS
def test_a_png_has_letters_where_no_font_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    import resvg_py

    given = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **more: given(**{**more, "skip_system_fonts": True}))
    text = svg([record(1, "name", "Relu", (), np.zeros((1, 2, 3, 4, 5)))])
    bare = re.sub(r"<text.*?</text>", "", text)
    dark = [np.array(Image.open(io.BytesIO(export.png(t))).convert("L")) < 90 for t in (text, bare)]
    assert dark[0].sum() > dark[1].sum() + 200


@NEEDS
def test_a_pdf_is_one_page_with_the_letters_in_it(tmp_path: Path) -> None:
    draw(patients(), tmp_path / "p.pdf", title="patients")
    data = (tmp_path / "p.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    assert b"DejaVu" in data


def test_without_the_packages_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    for ending in ("png", "pdf"):
        with pytest.raises(MissingPackageError, match=r"laminae\[draw\]"):
            draw(patients(), tmp_path / f"p.{ending}")
    assert not list(tmp_path.iterdir())


def test_a_page_lets_nothing_in_but_itself(tmp_path: Path) -> None:
    draw([record(1, "</script><script>alert(1)</script>", "Relu", (), O2)], tmp_path / "p.html", title="<b>")
    require_alone(tmp_path / "p.html")
    text = (tmp_path / "p.html").read_text()
    assert "alert(1)" not in text
    assert "&lt;b&gt;" in text


def test_the_same_layers_give_the_same_bytes() -> None:
    assert svg(network(), title="n") == svg(network(), title="n")


def test_equal_blocks_are_drawn_once_with_how_often() -> None:
    text = svg(network(), title="encoder")
    same_as_golden(text, "network.svg")
    assert "× 12" in text
    assert text.count('class="heading"') < 12


def test_depth_says_how_many_levels_are_open() -> None:
    closed = scheme(network(), depth=0)
    assert [shape.name for shape in closed.shapes] == ["ids", "encoder/layer", "scores"]
    assert closed.arrows == (("ids", "encoder/layer"), ("encoder/layer", "scores"))
    opened = scheme(network(), depth=1)
    (block,) = opened.shapes[1].inner
    assert (block.times, block.name, block.inner) == (12, "0 … 11", ())
    assert len(scheme(network(), full=True).boxes()) == len(network())


def test_what_is_highlighted_is_marked_also_inside_a_closed_group() -> None:
    assert svg(patients(), highlight="op:Gemm").count('class="box marked" x="-3') == 1
    assert svg(network(), depth=0, highlight=["encoder/**"]).count('class="box marked" x="-3') == 1
    assert svg(network(), full=True, highlight="encoder/layer/3").count('class="box marked" x="-3') == 40
    with pytest.raises(UnknownNameError, match="nowhere"):
        svg(patients(), highlight="nowhere")


def test_deltas_have_arrows_back_from_what_they_came_to() -> None:
    deltas = [DeltaRecord(2, "L2", "Gemm", "L2", norm=0.5), DeltaRecord(1, "L1", "Input", "L1", state="none came")]
    text = svg(patients(), deltas=deltas)
    assert text.count('<path class="back" marker-end') == 1
    assert "‖delta‖ 0.5" in text
    assert "no delta: none came" in text
    assert "backward: deltas" in text


def test_a_body_is_a_group_of_its_layer_and_its_turns_are_counted() -> None:
    def inner(index: int, path: str, op: str, *reads: str) -> object:
        from dataclasses import replace

        return replace(record(index, path, op, reads, O2, path=path), inside=True, inputs=())

    loop = record(2, "loop", "Loop", ["x"], O2)
    first = [inner(3, "loop/body/v", "Add", "x"), inner(4, "loop/body/w", "Relu", "loop/body/v")]
    again = [inner(5, "loop/body/v#2", "Add", "x"), inner(6, "loop/body/w#2", "Relu", "loop/body/v#2")]
    shown = scheme([record(1, "x", "Input", (), O2), loop, *first, *again, record(7, "y", "Relu", ["loop"], O2)])  # type: ignore[list-item]
    frame = shown.shapes[1]
    assert [shape.name for shape in frame.inner] == ["body", "loop"]
    assert [(box.name, box.times) for box in frame.inner[0].boxes()] == [("v", 2), ("w", 2)]
    assert set(shown.arrows) == {
        ("x", "loop/body/v"),
        ("loop/body/v", "loop/body/w"),
        ("loop/body/w", "loop"),
        ("loop", "y"),
    }


def test_a_group_that_is_left_and_entered_again_is_one_frame_where_it_can_be() -> None:
    def layer(index: int, path: str, *reads: str) -> object:
        return record(index, path, "Relu", reads, O2, path=path)

    free = [layer(1, "a/1"), layer(2, "b/1"), layer(3, "a/2", "a/1"), layer(4, "b/2", "b/1", "a/2")]
    assert [r.name for r in gathered(free)] == ["a/1", "a/2", "b/1", "b/2"]  # type: ignore[arg-type]
    bound = [layer(1, "a/1"), layer(2, "b/1", "a/1"), layer(3, "a/2", "b/1")]
    assert [r.name for r in gathered(bound)] == ["a/1", "b/1", "a/2"]  # type: ignore[arg-type]


def test_text_is_never_wider_than_its_box() -> None:
    for text in ("short", "W" * 200, "名" * 50, "encoder/layer/11/attention/self/query/linear"):
        assert width_of(fitted(text, 13, 236, bold=True), 13, bold=True) <= 236


def colours(style: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(re.findall(r"#[0-9a-f]{6}", rule)) for name, rule in re.findall(r"\.laminae (\.?\w+)\{([^}]*)\}", style)}


def light(colour: str) -> np.ndarray:
    """Linear RGB. IEC 61966-2-1."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """WCAG 2.2."""
    y = sorted(float(light(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (y[1] + 0.05) / (y[0] + 0.05)


@pytest.mark.parametrize("style", [STYLE, DARK], ids=["light", "dark"])
def test_text_stands_out_from_every_box(style: str) -> None:
    known = colours(style)
    texts = [known["text"][0], colours(style.replace(".line,", ".line{x}"))["text"][0]]
    grey = re.search(r"\.line,[^{]*\{[^}]*fill:(#\w{6})", style)
    assert grey is not None
    grounds = (
        [known["input"][0], known[".input"][0]]
        if "input" in known
        else [known[f".{kind}"][0] for kind in ("input", "weights", "plain", "group")]
    )
    for text, ground in itertools.product((*texts, grey[1]), grounds):
        assert contrast(text, ground) >= 4.5, (text, ground)


DEFICIENCIES = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
"""Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB."""


def lab(linear: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(linear, 0, 1)
    f = np.cbrt(xyz / [0.9505, 1.0, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", DEFICIENCIES)
@pytest.mark.parametrize("style", [STYLE, DARK], ids=["light", "dark"])
def test_kinds_are_told_apart_by_all_eyes(style: str, eyes: str) -> None:
    known = colours(style)
    strokes = {kind: known[f".{kind}"][-1] for kind in ("input", "weights", "plain", "marked")}
    for (a, one), (b, two) in itertools.combinations(strokes.items(), 2):
        apart = np.linalg.norm(lab(DEFICIENCIES[eyes] @ light(one)) - lab(DEFICIENCIES[eyes] @ light(two)))
        assert apart >= 12, (a, b, apart)


def test_drawing_loads_no_torch() -> None:
    import subprocess

    code = "import sys; from laminae.see.drawing.svg import svg; import laminae; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("failing", ["write_bytes", "unlink"])
def test_where_nothing_can_be_written_it_is_said_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """A folder that may only be read refuses to remove, too."""
    (tmp_path / "p.svg").write_text("before")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(Path, failing, refuse)
    with pytest.raises(FileError, match="cannot write") as caught:
        draw(patients(), tmp_path / "p.svg")
    assert caught.value.details["because"] == "Read-only file system"
    assert [path.name for path in tmp_path.iterdir()] == ["p.svg"]
    assert (tmp_path / "p.svg").read_text() == "before"


def test_a_name_may_be_as_long_as_the_folder_takes(tmp_path: Path) -> None:
    name = "p" * 251 + ".svg"
    draw(patients(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
