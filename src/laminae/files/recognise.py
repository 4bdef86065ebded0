"""What a file that is no ONNX model looks like, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Likeness:
    """looks_like: in words. way_out: what to do, empty where there is nothing to say."""

    looks_like: str
    way_out: str = ""


TORCH = "open the module itself, or export it: torch.onnx.export(module, args, 'model.onnx', dynamo=True)"

STARTS = (
    (b"version https://git-lfs.github.com/spec/", Likeness("a Git LFS pointer, not the file it points to", "git lfs pull")),
    (b"\x89HDF\r\n", Likeness("an HDF5 file (Keras?)", "export the model to ONNX with tf2onnx")),
    (b"\x1f\x8b", Likeness("a gzip archive", "unpack it first")),
    (b"BZh", Likeness("a bzip2 archive", "unpack it first")),
    (b"\xfd7zXZ", Likeness("an xz archive", "unpack it first")),
    (b"\x28\xb5\x2f\xfd", Likeness("a zstandard archive", "unpack it first")),
    (b"7z\xbc\xaf", Likeness("a 7z archive", "unpack it first")),
    (b"GGUF", Likeness("a GGUF file (llama.cpp)", "look for the ONNX export of the model")),
    (b"\x93NUMPY", Likeness("a NumPy array", "it may be an input: pass it with --input")),
    (b"%PDF", Likeness("a PDF")),
    (b"\x89PNG", Likeness("a PNG picture")),
    (b"\xff\xd8\xff", Likeness("a JPEG picture")),
    (b"\x7fELF", Likeness("a program (ELF)")),
    (b"#!", Likeness("a script")),
    (b"ir_version:", Likeness("the text form of ONNX (prototxt)", "save it again in the binary form: onnx.save(model, path)")),
    (b"<!doctype html", Likeness("a web page (HTML)", "the download gave a page: use the link of the raw file")),
    (b"<html", Likeness("a web page (HTML)", "the download gave a page: use the link of the raw file")),
    (b"<?xml", Likeness("an XML file (OpenVINO's .xml?)")),
    (b"{", Likeness("a JSON file")),
    (b"[", Likeness("a JSON file")),
)  # fmt: skip
"""How files begin (letters in any case)."""


def recognise(head: bytes) -> Likeness | None:
    """What the first 4 kB of a file look like; None where they look like nothing known."""
    if head.startswith(b"PK\x03\x04"):
        return _zip(head)
    if head[4:8] == b"TFL3":
        return Likeness("a TensorFlow Lite model", "convert it with tf2onnx")
    if head[4:8] == b"ORTM":
        return Likeness("ONNX Runtime's own format (.ort)", "open the .onnx file it was made from")
    if head[257:262] == b"ustar":
        return Likeness("a tar archive", "unpack it first")
    if head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") < 1 << 32:
        return Likeness(
            "a safetensors file: weights without a model",
            "open the module they belong to, or its ONNX export, then model.load(path)",
        )
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return Likeness("a Python pickle (an old PyTorch file?)", TORCH)
    small = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((like for start, like in STARTS if head.startswith(start) or small.startswith(start.lower())), None)


def _zip(head: bytes) -> Likeness:
    if b".npy" in head[:200]:
        return Likeness("a NumPy archive (.npz)", "it may be an input: pass it with --input")
    if b"data.pkl" in head or b"archive/" in head[:200] or b"/version" in head[:200] or b"byteorder" in head[:300]:
        return Likeness("a PyTorch file (.pt, .pth, .pt2)", TORCH)
    return Likeness("a zip archive", "unpack it first")
