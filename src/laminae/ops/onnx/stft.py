"""STFT. https://onnx.ai/onnx/operators/onnx__STFT.html"""

import math

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.registry import operator
from laminae.ops.spectra import as_complex, as_pairs, forward, fourier_cost, half, scalar


def stft_shape(signal, frame_step, window=None, frame_length=None, *, onesided=1):
    if signal.rank != 3:
        raise ShapeError("the signal must be [N, length, 1 or 2]", {"found": format_shape(signal.shape)})
    size, step = signal.shape[1], scalar(frame_step)
    reach = scalar(frame_length) if frame_length is not None else size
    if window is not None:
        own = window.shape[0] if window.dims else None
        if not same_dim(own, reach) and frame_length is not None:
            raise ShapeError("window is not of frame_length", {"expected": reach, "found": own})
        reach = own if frame_length is None or reach is None else reach
    count = (size - reach) // step + 1 if all(isinstance(n, int) for n in (size, reach, step)) else None
    if count is not None and count < 1:
        raise ShapeError("the frame is longer than the signal", {"signal": size, "frame": reach})
    return Spec(signal.dtype, (signal.shape[0], count, half(reach) if onesided else reach, 2))


def stft_cost(signal, frame_step, window=None, frame_length=None, *, onesided=1, outputs):
    """Each frame times the window, and its transform."""
    frames = math.prod(known(outputs[0].shape[:2]))
    given = scalar(frame_length) if frame_length is not None else signal.shape[1] if window is None else window.shape[0]
    (length,) = known([given])
    return frames * length * (window is not None) + fourier_cost(frames, length, signal.shape[-1] == 1)


@operator("STFT", since=17, kind="spectrum", shape=stft_shape, cost=stft_cost)
def stft(signal, frame_step, window=None, frame_length=None, *, onesided=1):
    """The spectra of frames of the signal [N, length, 1 or 2], one every frame_step: [N, frames, N // 2 + 1 or N, 2].

    A frame is N = frame_length elements (or as many as the window, or all) times the window, where there is one.
    """
    length = int(frame_length) if frame_length is not None else signal.shape[1] if window is None else len(window)
    frames = as_complex(signal).unfold(1, length, int(frame_step))
    frames = frames if window is None else frames * window.to(frames.real.dtype)
    return as_pairs(forward(frames, None, -1, onesided), signal.dtype)
