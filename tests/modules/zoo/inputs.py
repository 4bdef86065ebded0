"""What the architectures are given."""

from __future__ import annotations

from typing import Any

import torch

from tests.modules.zoo.sizes import BATCH, PIXELS, SAMPLES, TOKENS, VOCABULARY


def text(masked: bool = True) -> dict[str, Any]:
    """Token ids [2, 12] and, if `masked`, an attention mask whose second row ends in padding."""
    ids = {"input_ids": torch.randint(3, VOCABULARY, (BATCH, TOKENS))}
    mask = torch.ones(BATCH, TOKENS, dtype=torch.int64)
    mask[1, -3:] = 0
    return ids | ({"attention_mask": mask} if masked else {})


def tokens() -> dict[str, Any]:
    """Token ids [2, 12] alone."""
    return text(masked=False)


def pair() -> dict[str, Any]:
    """Token ids of a source with its mask, and of a target [2, 7]."""
    return text() | {"decoder_input_ids": torch.randint(3, VOCABULARY, (BATCH, 7))}


def image(size: int = PIXELS, channels: int = 3) -> dict[str, Any]:
    """Pixels [2, channels, size, size]."""
    return {"pixel_values": torch.randn(BATCH, channels, size, size)}


def video(frames: int = 4) -> dict[str, Any]:
    """Pixels [2, frames, 3, 32, 32]."""
    return {"pixel_values": torch.randn(BATCH, frames, 3, PIXELS, PIXELS)}


def wave() -> dict[str, Any]:
    """A waveform [2, 1200]."""
    return {"input_values": torch.randn(BATCH, SAMPLES)}


def captioned() -> dict[str, Any]:
    """Token ids with their mask, and an image."""
    return text() | image()


def paired_captioned() -> dict[str, Any]:
    """Two images and two texts, no mask."""
    return tokens() | image()


def image_in_text(patches: int = 16) -> dict[str, Any]:
    """An image, and token ids with a place (the last id) for each of its patches."""
    ids = torch.full((BATCH, patches), VOCABULARY - 1)
    words = torch.randint(3, VOCABULARY - 1, (BATCH, TOKENS))
    return {"input_ids": torch.cat([words[:, :4], ids, words[:, 4:]], 1)} | image()


def boxes() -> dict[str, Any]:
    """Token ids with their mask and a box (left, top, right, bottom) for each token."""
    corners = torch.randint(0, 30, (BATCH, TOKENS, 2))
    return text() | {"bbox": torch.cat([corners, corners + torch.randint(1, 30, (BATCH, TOKENS, 2))], -1)}


def boxes_and_image() -> dict[str, Any]:
    """Token ids with boxes, and an image."""
    return boxes() | image()


def spectrum_and_text(bins: int = 16, frames: int = 40) -> dict[str, Any]:
    """A log-mel spectrum [2, bins, frames] and target ids."""
    return {
        "input_features": torch.randn(BATCH, bins, frames),
        "decoder_input_ids": torch.randint(3, VOCABULARY, (BATCH, 7)),
    }


def frames_and_text() -> dict[str, Any]:
    """Filter-bank frames [2, 40, 16] and target ids."""
    return {name: value.mT if value.is_floating_point() else value for name, value in spectrum_and_text().items()}


def regions() -> dict[str, Any]:
    """Token ids with their mask, and 5 image regions of 20 features with their positions."""
    return text() | {"visual_feats": torch.randn(BATCH, 5, 20), "visual_pos": torch.rand(BATCH, 5, 4)}


def visual_embeds() -> dict[str, Any]:
    """Token ids with their mask, and 5 image embeddings of 20 features."""
    return text() | {"visual_embeds": torch.randn(BATCH, 5, 20)}


def series(channels: int = 3) -> dict[str, Any]:
    """32 past values of `channels` time series."""
    return {"past_values": torch.randn(BATCH, 32, channels)}


def dated_series() -> dict[str, Any]:
    """Past and future values of one time series, with one time feature."""
    past, future = (BATCH, 24), (BATCH, 6)
    return {
        "past_values": torch.randn(past), "past_time_features": torch.randn(*past, 1), "past_observed_mask": torch.ones(past),
        "future_values": torch.randn(future), "future_time_features": torch.randn(*future, 1),
    }  # fmt: skip


def episode() -> dict[str, Any]:
    """States, actions and returns of 6 steps."""
    return {
        "states": torch.randn(BATCH, 6, 5), "actions": torch.randn(BATCH, 6, 3), "rewards": torch.randn(BATCH, 6, 1),
        "returns_to_go": torch.randn(BATCH, 6, 1), "timesteps": torch.arange(6).expand(BATCH, 6),
        "attention_mask": torch.ones(BATCH, 6, dtype=torch.int64),
    }  # fmt: skip


def masked_image() -> dict[str, Any]:
    """An image and the noise that chooses the masked patches."""
    return image() | {"noise": torch.rand(BATCH, 16)}
