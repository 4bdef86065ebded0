"""Modules to open: Hugging Face architectures made tiny, and every layer of torch.nn.

Each entry is a function that returns (module, args, kwargs), the same at every call: the seed is fixed, the caller's
random state is left alone, and every parameter and buffer that a new module has at 0 or 1 (biases, scales, running
statistics) is moved, so that a value read from the wrong place is seen.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import torch.nn.cpp
from torch import nn

Example = tuple[nn.Module, tuple[Any, ...], dict[str, Any]]
Inputs = Callable[[], dict[str, Any]]

BATCH, TOKENS, VOCABULARY, PIXELS, SAMPLES = 2, 12, 64, 32, 1200
IDS = {"vocab_size": VOCABULARY, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
ENCODER = IDS | SIZES | {"max_position_embeddings": 64}
DECODER = ENCODER | {"num_key_value_heads": 2, "head_dim": 8, "use_cache": False}
MIXTURE = DECODER | {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
TWO_LAYERS = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4}
BOTH = TWO_LAYERS | {"d_model": 32, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "use_cache": False}
TRANSLATOR = IDS | BOTH | {"max_position_embeddings": 64, "decoder_start_token_id": 1, "forced_eos_token_id": None}
T5 = IDS | {
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 48,
    "num_layers": 2,
    "num_heads": 4,
    "use_cache": False,
    "decoder_start_token_id": 0,
}
VISION = SIZES | {"image_size": PIXELS, "patch_size": 8}
PYRAMID = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 2, 2, 4]}
STAGES = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1]}
WINDOWS = {"image_size": 64, "patch_size": 4, "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4}
RESNET = STAGES | {"model_type": "resnet", "embedding_size": 8, "out_features": ["stage4"]}
SPEECH = IDS | SIZES | {
    "conv_dim": (16, 16, 16), "conv_stride": (5, 4, 4), "conv_kernel": (10, 4, 4), "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "layerdrop": 0.0,
    "codevector_dim": 16, "proj_codevector_dim": 16, "num_codevectors_per_group": 8,
}  # fmt: skip
CLIP = {"text_config": ENCODER, "vision_config": VISION, "projection_dim": 24}


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


@contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """The random state of `seed` inside, the caller's again afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def moved(module: nn.Module) -> nn.Module:
    """`module` in eval mode, every floating parameter and running statistic a little off its initial value."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.is_floating_point():
                parameter.add_(0.02 * torch.randn_like(parameter))
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.add_(0.1 * torch.randn_like(buffer))
            if name.endswith("running_var"):
                buffer.mul_(0.5 + torch.rand_like(buffer))
    return module.eval()


def build(model: str, inputs: Inputs, config: dict[str, Any]) -> Example:
    """The transformers class `model` with random weights, made from `config`; the first input goes by position."""
    import transformers

    kind = getattr(transformers, model)
    with seeded():
        module = moved(kind(kind.config_class(**config)))
        kwargs = inputs()
    first = list(inspect.signature(kind.forward).parameters)[1]
    return module, (kwargs.pop(first),) if first in kwargs else (), kwargs


# architecture → (transformers class, inputs, config)
TABLE: dict[str, tuple[str, Inputs, dict[str, Any]]] = {
    # text encoders
    "bert": ("BertForSequenceClassification", text, ENCODER),
    "roberta": ("RobertaForTokenClassification", text, ENCODER | {"attn_implementation": "eager"}),
    "distilbert": ("DistilBertForQuestionAnswering", text, IDS | {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48}),
    "albert": ("AlbertForMaskedLM", text, ENCODER | {"embedding_size": 16}),
    "electra": ("ElectraForPreTraining", text, ENCODER | {"embedding_size": 16}),
    "deberta": ("DebertaForSequenceClassification", text, ENCODER | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "deberta-v2": ("DebertaV2ForSequenceClassification", text, ENCODER | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8, "conv_kernel_size": 3}),
    "xlnet": ("XLNetForSequenceClassification", text, IDS | {"d_model": 32, "n_layer": 2, "n_head": 4, "d_head": 8, "d_inner": 48, "use_mems_eval": False}),
    "xlm": ("XLMWithLMHeadModel", text, IDS | {"emb_dim": 32, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 64}),
    "mpnet": ("MPNetForSequenceClassification", text, ENCODER),
    "big-bird": ("BigBirdForMaskedLM", text, ENCODER | {"attention_type": "original_full", "use_cache": False}),
    "longformer": ("LongformerForMaskedLM", text, ENCODER | {"attention_window": 4}),
    "modernbert": ("ModernBertForMaskedLM", text, ENCODER | {"cls_token_id": 1, "sep_token_id": 2, "local_attention": 8, "num_hidden_layers": 4}),
    "nystromformer": ("NystromformerForMaskedLM", lambda: tokens() | {"attention_mask": torch.zeros(BATCH, 1, 1, 1)}, ENCODER | {"num_landmarks": 4, "segment_means_seq_len": TOKENS, "conv_kernel_size": 3}),
    "fnet": ("FNetForMaskedLM", tokens, ENCODER),
    "squeezebert": ("SqueezeBertForMaskedLM", text, ENCODER | {"embedding_size": 32}),
    "convbert": ("ConvBertForMaskedLM", text, ENCODER | {"embedding_size": 16}),
    "funnel": ("FunnelForMaskedLM", text, IDS | {"d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 48, "block_sizes": [1, 1, 1], "num_decoder_layers": 1}),
    "mobilebert": ("MobileBertForMaskedLM", text, ENCODER | {"embedding_size": 16, "intra_bottleneck_size": 16, "true_hidden_size": 16}),
    "megatron-bert": ("MegatronBertForMaskedLM", text, ENCODER),
    "roformer": ("RoFormerForMaskedLM", text, ENCODER | {"embedding_size": 16}),
    "ibert": ("IBertForMaskedLM", text, ENCODER),
    "canine": ("CanineForSequenceClassification", text, ENCODER | {"num_hash_buckets": 32, "local_transformer_stride": 4}),
    "rembert": ("RemBertForMaskedLM", text, ENCODER | {"input_embedding_size": 16, "output_embedding_size": 24, "use_cache": False}),
    "esm": ("EsmForMaskedLM", text, ENCODER | {"mask_token_id": 3, "position_embedding_type": "rotary", "token_dropout": True}),
    "nomic-bert": ("NomicBertForMaskedLM", text, ENCODER),
    # decoders
    "gpt2": ("GPT2LMHeadModel", text, IDS | {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "use_cache": False}),
    "gpt-neo": ("GPTNeoForCausalLM", text, IDS | {"hidden_size": 32, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]], "window_size": 4, "max_position_embeddings": 64, "use_cache": False}),
    "gpt-neox": ("GPTNeoXForCausalLM", text, ENCODER | {"use_cache": False, "attn_implementation": "eager"}),
    "gptj": ("GPTJForCausalLM", text, IDS | {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "rotary_dim": 4, "use_cache": False}),
    "gpt-bigcode": ("GPTBigCodeForCausalLM", text, IDS | {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "use_cache": False}),
    "codegen": ("CodeGenForCausalLM", text, IDS | {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "n_ctx": 64, "rotary_dim": 4, "use_cache": False}),
    "ctrl": ("CTRLLMHeadModel", text, IDS | {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "dff": 48, "use_cache": False}),
    "opt": ("OPTForCausalLM", text, DECODER | {"ffn_dim": 48, "word_embed_proj_dim": 16}),
    "bloom": ("BloomForCausalLM", text, IDS | {"hidden_size": 32, "n_layer": 2, "n_head": 4, "use_cache": False}),
    "mpt": ("MptForCausalLM", text, IDS | {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 64, "use_cache": False}),
    "llama": ("LlamaForCausalLM", text, DECODER),
    "mistral": ("MistralForCausalLM", text, DECODER | {"sliding_window": 4}),
    "mixtral": ("MixtralForCausalLM", text, DECODER | {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "gemma": ("GemmaForCausalLM", text, DECODER),
    "gemma2": ("Gemma2ForCausalLM", text, DECODER | {"sliding_window": 4}),
    "gemma3": ("Gemma3ForCausalLM", text, DECODER | {"sliding_window": 4}),
    "qwen2": ("Qwen2ForCausalLM", text, DECODER | {"attn_implementation": "eager"}),
    "qwen2-moe": ("Qwen2MoeForCausalLM", text, MIXTURE | {"shared_expert_intermediate_size": 24}),
    "qwen3": ("Qwen3ForCausalLM", text, DECODER),
    "qwen3-moe": ("Qwen3MoeForCausalLM", text, MIXTURE),
    "olmoe": ("OlmoeForCausalLM", text, MIXTURE),
    "deepseek-v3": ("DeepseekV3ForCausalLM", text, DECODER | {"num_key_value_heads": 4, "moe_intermediate_size": 24, "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 2, "topk_group": 1, "first_k_dense_replace": 1, "kv_lora_rank": 8, "q_lora_rank": 12, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8}),
    "gpt-oss": ("GptOssForCausalLM", text, DECODER | {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 4}),
    "phi": ("PhiForCausalLM", text, DECODER),
    "phi3": ("Phi3ForCausalLM", text, DECODER),
    "falcon": ("FalconForCausalLM", text, ENCODER | {"ffn_hidden_size": 48, "use_cache": False}),
    "falcon-alibi": ("FalconForCausalLM", text, ENCODER | {"ffn_hidden_size": 48, "alibi": True, "multi_query": False, "parallel_attn": False, "use_cache": False}),
    "stablelm": ("StableLmForCausalLM", text, DECODER),
    "cohere": ("CohereForCausalLM", text, DECODER),
    "cohere2": ("Cohere2ForCausalLM", text, DECODER | {"sliding_window": 4}),
    "olmo": ("OlmoForCausalLM", text, DECODER),
    "olmo2": ("Olmo2ForCausalLM", text, DECODER),
    "granite": ("GraniteForCausalLM", text, DECODER),
    "starcoder2": ("Starcoder2ForCausalLM", text, DECODER),
    "glm4": ("Glm4ForCausalLM", text, DECODER),
    "smollm3": ("SmolLM3ForCausalLM", text, DECODER),
    "persimmon": ("PersimmonForCausalLM", text, DECODER),
    "xglm": ("XGLMForCausalLM", text, IDS | {"d_model": 32, "ffn_dim": 48, "num_layers": 2, "attention_heads": 4, "max_position_embeddings": 64, "use_cache": False}),
    "biogpt": ("BioGptForCausalLM", text, DECODER),
    # decoders with a state
    "mamba": ("MambaForCausalLM", tokens, IDS | {"hidden_size": 32, "state_size": 4, "num_hidden_layers": 2, "time_step_rank": 2, "use_cache": False}),
    "mamba2": ("Mamba2ForCausalLM", tokens, IDS | {"hidden_size": 32, "state_size": 4, "num_hidden_layers": 2, "num_heads": 8, "head_dim": 8, "n_groups": 2, "chunk_size": 4, "use_cache": False}),
    "rwkv": ("RwkvForCausalLM", tokens, IDS | {"hidden_size": 32, "attention_hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "context_length": 64, "use_cache": False}),
    "recurrent-gemma": ("RecurrentGemmaForCausalLM", tokens, DECODER | {"num_hidden_layers": 3, "lru_width": 32, "attention_window_size": 8}),
    "jamba": ("JambaForCausalLM", text, DECODER | {"num_experts": 4, "num_experts_per_tok": 2, "attn_layer_period": 2, "attn_layer_offset": 1, "mamba_d_state": 4, "mamba_dt_rank": 2, "use_mamba_kernels": False}),
    "lfm2": ("Lfm2ForCausalLM", text, DECODER | {"layer_types": ["conv", "full_attention"]}),
    # sequence to sequence
    "t5": ("T5ForConditionalGeneration", pair, T5),
    "mt5": ("MT5ForConditionalGeneration", pair, T5),
    "umt5": ("UMT5ForConditionalGeneration", pair, T5),
    "switch-transformers": ("SwitchTransformersForConditionalGeneration", pair, T5 | {"num_experts": 4, "expert_capacity": 8, "num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1}),
    "bart": ("BartForConditionalGeneration", pair, TRANSLATOR),
    "mbart": ("MBartForConditionalGeneration", pair, TRANSLATOR | {"attn_implementation": "eager"}),
    "pegasus": ("PegasusForConditionalGeneration", pair, TRANSLATOR),
    "marian": ("MarianMTModel", pair, TRANSLATOR),
    "blenderbot": ("BlenderbotForConditionalGeneration", pair, TRANSLATOR),
    "m2m-100": ("M2M100ForConditionalGeneration", pair, TRANSLATOR),
    # vision
    "vit": ("ViTForImageClassification", image, VISION),
    "deit": ("DeiTForImageClassificationWithTeacher", image, VISION | {"attn_implementation": "eager"}),
    "beit": ("BeitForImageClassification", image, VISION | {"use_relative_position_bias": True, "attn_implementation": "eager"}),
    "vit-mae": ("ViTMAEForPreTraining", masked_image, VISION | {"decoder_hidden_size": 16, "decoder_num_hidden_layers": 1, "decoder_num_attention_heads": 2, "decoder_intermediate_size": 24}),
    "vit-msn": ("ViTMSNForImageClassification", image, VISION),
    "dinov2": ("Dinov2ForImageClassification", image, VISION),
    "dinov3-vit": ("DINOv3ViTModel", image, VISION | {"num_register_tokens": 2}),
    "ijepa": ("IJepaForImageClassification", image, VISION),
    "swin": ("SwinForImageClassification", partial(image, 64), WINDOWS),
    "swinv2": ("Swinv2ForImageClassification", partial(image, 64), WINDOWS | {"pretrained_window_sizes": [0, 0]}),
    "swin2sr": ("Swin2SRForImageSuperResolution", image, WINDOWS | {"image_size": PIXELS, "patch_size": 1}),
    "focalnet": ("FocalNetForImageClassification", partial(image, 64), STAGES | {"image_size": 64, "embed_dim": 8}),
    "hiera": ("HieraForImageClassification", partial(image, 64), {"image_size": [64, 64], "embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 2, 4, 8], "masked_unit_size": [8, 8]}),
    "convnext": ("ConvNextForImageClassification", image, STAGES),
    "convnextv2": ("ConvNextV2ForImageClassification", image, STAGES),
    "resnet": ("ResNetForImageClassification", image, STAGES | {"embedding_size": 8}),
    "bit": ("BitForImageClassification", image, STAGES | {"embedding_size": 8, "num_groups": 2}),
    "regnet": ("RegNetForImageClassification", image, STAGES | {"embedding_size": 8, "groups_width": 8}),
    "mobilenet-v1": ("MobileNetV1ForImageClassification", image, {"image_size": PIXELS, "depth_multiplier": 0.25}),
    "mobilenet-v2": ("MobileNetV2ForImageClassification", image, {"image_size": PIXELS, "depth_multiplier": 0.25}),
    "mobilevit": ("MobileViTForImageClassification", partial(image, 64), {"image_size": 64, "hidden_sizes": [16, 24, 32], "neck_hidden_sizes": [8, 8, 16, 16, 24, 24, 32]}),
    "mobilevitv2": ("MobileViTV2ForImageClassification", partial(image, 64), {"image_size": 64, "width_multiplier": 0.25, "base_attn_unit_dims": [64, 64, 64], "n_attn_blocks": [1, 1, 1]}),
    "efficientnet": ("EfficientNetForImageClassification", image, {"image_size": PIXELS, "width_coefficient": 0.25, "depth_coefficient": 0.5, "hidden_dim": 320}),
    "segformer": ("SegformerForSemanticSegmentation", partial(image, 64), PYRAMID | {"decoder_hidden_size": 16}),
    "glpn": ("GLPNForDepthEstimation", partial(image, 64), PYRAMID | {"decoder_hidden_size": 16}),
    "poolformer": ("PoolFormerForImageClassification", image, STAGES),
    "levit": ("LevitForImageClassificationWithTeacher", partial(image, 64), {"image_size": 64, "hidden_sizes": [16, 24, 32], "num_attention_heads": [2, 3, 4], "depths": [1, 1, 1], "key_dim": [8, 8, 8]}),
    "cvt": ("CvtForImageClassification", image, {"embed_dim": [8, 16, 32], "num_heads": [1, 2, 4], "depth": [1, 2, 3]}),
    "pvt": ("PvtForImageClassification", partial(image, 64), PYRAMID | {"image_size": 64}),
    "pvt-v2": ("PvtV2ForImageClassification", partial(image, 64), PYRAMID | {"image_size": 64}),
    "swiftformer": ("SwiftFormerForImageClassification", partial(image, 64), {"image_size": 64, "embed_dims": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}),
    "imagegpt": ("ImageGPTForCausalImageModeling", tokens, {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "use_cache": False}),
    "dpt": ("DPTForDepthEstimation", image, VISION | {"num_hidden_layers": 4, "backbone_out_indices": [0, 1, 2, 3], "neck_hidden_sizes": [8, 8, 16, 16], "fusion_hidden_size": 16}),
    "upernet": ("UperNetForSemanticSegmentation", partial(image, 64), {"backbone_config": STAGES | {"model_type": "convnext", "out_features": ["stage1", "stage2", "stage3", "stage4"]}, "hidden_size": 16, "auxiliary_channels": 16, "auxiliary_in_channels": 24}),
    "yolos": ("YolosForObjectDetection", image, VISION | {"image_size": [PIXELS, PIXELS], "num_detection_tokens": 5}),
    "detr": ("DetrForObjectDetection", partial(image, 64), BOTH | {"backbone_config": RESNET, "use_timm_backbone": False, "backbone": None, "num_queries": 5}),
    "rt-detr": ("RTDetrForObjectDetection", partial(image, 64), {"backbone_config": STAGES | {"model_type": "rt_detr_resnet", "embedding_size": 8, "out_features": ["stage2", "stage3", "stage4"]}, "encoder_hidden_dim": 32, "encoder_in_channels": [16, 24, 32], "encoder_ffn_dim": 48, "encoder_attention_heads": 4, "d_model": 32, "num_queries": 5, "decoder_in_channels": [32, 32, 32], "decoder_ffn_dim": 48, "decoder_layers": 2, "decoder_attention_heads": 4, "num_denoising": 0}),
    "maskformer": ("MaskFormerForInstanceSegmentation", partial(image, 64), {"backbone_config": RESNET | {"out_features": ["stage1", "stage2", "stage3", "stage4"]}, "decoder_config": BOTH | {"model_type": "detr", "backbone_config": RESNET, "num_queries": 5}, "fpn_feature_size": 32, "mask_feature_size": 32}),
    "videomae": ("VideoMAEForVideoClassification", video, VISION | {"num_frames": 4}),
    "vivit": ("VivitForVideoClassification", video, VISION | {"num_frames": 4, "tubelet_size": [2, 8, 8]}),
    "timesformer": ("TimesformerForVideoClassification", video, VISION | {"num_frames": 4}),
    "perceiver": ("PerceiverForMaskedLM", text, {"vocab_size": VOCABULARY, "num_latents": 8, "d_latents": 32, "d_model": 24, "num_self_attends_per_block": 2, "num_self_attention_heads": 4, "num_cross_attention_heads": 4, "qk_channels": 16, "v_channels": 32, "max_position_embeddings": TOKENS}),
    # audio
    "wav2vec2": ("Wav2Vec2ForCTC", wave, SPEECH),
    "wav2vec2-conformer": ("Wav2Vec2ConformerForCTC", wave, SPEECH | {"position_embeddings_type": "rotary"}),
    "hubert": ("HubertForCTC", wave, SPEECH | {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "attn_implementation": "eager"}),
    "wavlm": ("WavLMForSequenceClassification", wave, SPEECH | {"num_buckets": 16, "max_bucket_distance": 32}),
    "sew": ("SEWForCTC", wave, SPEECH),
    "sew-d": ("SEWDForCTC", wave, SPEECH | {"max_position_embeddings": 64, "position_buckets": 16}),
    "unispeech": ("UniSpeechForCTC", wave, SPEECH),
    "unispeech-sat": ("UniSpeechSatForCTC", wave, SPEECH),
    "data2vec-audio": ("Data2VecAudioForCTC", wave, SPEECH | {"num_conv_pos_embeddings": 2, "conv_pos_kernel_size": 5}),
    "whisper": ("WhisperForConditionalGeneration", spectrum_and_text, IDS | BOTH | {"num_mel_bins": 16, "max_source_positions": 20, "max_target_positions": 64, "decoder_start_token_id": 1}),
    "speech-to-text": ("Speech2TextForConditionalGeneration", frames_and_text, IDS | BOTH | {"input_feat_per_channel": 16, "conv_channels": 32, "max_source_positions": 64, "max_target_positions": 64}),
    "moonshine": ("MoonshineForConditionalGeneration", lambda: wave() | {"decoder_input_ids": torch.randint(3, VOCABULARY, (BATCH, 7))}, IDS | BOTH | {"hidden_size": 32, "intermediate_size": 48, "encoder_num_hidden_layers": 2, "decoder_num_hidden_layers": 2, "encoder_num_attention_heads": 4, "decoder_num_attention_heads": 4, "decoder_start_token_id": 1}),
    "audio-spectrogram": ("ASTForAudioClassification", lambda: {"input_values": torch.randn(BATCH, 40, 16)}, SIZES | {"patch_size": 8, "max_length": 40, "num_mel_bins": 16}),
    "dac": ("DacModel", lambda: {"input_values": torch.randn(BATCH, 1, 320)}, {"encoder_hidden_size": 8, "decoder_hidden_size": 32, "downsampling_ratios": [2, 4], "upsampling_ratios": [4, 2], "n_codebooks": 2, "codebook_size": 16, "codebook_dim": 4, "hidden_size": 32}),
    # multimodal
    "clip": ("CLIPModel", captioned, CLIP),
    "siglip": ("SiglipModel", paired_captioned, {"text_config": ENCODER, "vision_config": VISION}),
    "altclip": ("AltCLIPModel", captioned, CLIP | {"text_config": ENCODER | {"project_dim": 24}}),
    "chinese-clip": ("ChineseCLIPModel", captioned, CLIP),
    "clipseg": ("CLIPSegForImageSegmentation", captioned, CLIP | {"extract_layers": [0, 1], "reduce_dim": 16, "decoder_num_attention_heads": 2, "decoder_intermediate_size": 24}),
    "owlvit": ("OwlViTForObjectDetection", captioned, CLIP | {"projection_dim": 32}),
    "groupvit": ("GroupViTModel", captioned, {"text_config": ENCODER, "vision_config": VISION | {"depths": [1, 1], "num_group_tokens": [6, 0], "num_output_groups": [6, 4]}, "projection_dim": 24, "projection_intermediate_dim": 48}),
    "blip": ("BlipForConditionalGeneration", captioned, {"text_config": ENCODER | {"encoder_hidden_size": 32, "sep_token_id": 2, "use_cache": False}, "vision_config": VISION, "projection_dim": 24}),
    "git": ("GitForCausalLM", captioned, ENCODER | {"vision_config": VISION, "use_cache": False}),
    "flava": ("FlavaModel", captioned, {"image_config": VISION | {"vocab_size": VOCABULARY}, "text_config": ENCODER, "multimodal_config": SIZES, "hidden_size": 32, "projection_dim": 24, "init_codebook": False}),
    "vilt": ("ViltForQuestionAnswering", captioned, ENCODER | VISION),
    "visual-bert": ("VisualBertForVisualReasoning", visual_embeds, ENCODER | {"visual_embedding_dim": 20}),
    "lxmert": ("LxmertModel", regions, ENCODER | {"l_layers": 2, "x_layers": 1, "r_layers": 1, "visual_feat_dim": 20}),
    "bridgetower": ("BridgeTowerModel", captioned, SIZES | {"hidden_size": 64, "text_config": ENCODER | {"hidden_size": 64}, "vision_config": VISION | {"hidden_size": 64}}),
    "llava": ("LlavaForConditionalGeneration", image_in_text, {"text_config": DECODER | {"model_type": "llama"}, "vision_config": VISION | {"model_type": "clip_vision_model"}, "image_token_id": VOCABULARY - 1}),
    "layoutlm": ("LayoutLMForTokenClassification", boxes, ENCODER | {"max_2d_position_embeddings": 64}),
    "layoutlmv3": ("LayoutLMv3ForTokenClassification", boxes_and_image, ENCODER | {"input_size": PIXELS, "patch_size": 8, "coordinate_size": 6, "shape_size": 4, "max_2d_position_embeddings": 64}),
    "lilt": ("LiltForTokenClassification", boxes, ENCODER | {"hidden_size": 48, "max_2d_position_embeddings": 64}),
    "bros": ("BrosForTokenClassification", boxes, ENCODER | {"hidden_size": 64}),
    # time series and control
    "patchtst": ("PatchTSTForPrediction", series, {"num_input_channels": 3, "context_length": 32, "patch_length": 8, "patch_stride": 8, "num_hidden_layers": 2, "d_model": 32, "ffn_dim": 48, "prediction_length": 6}),
    "patchtsmixer": ("PatchTSMixerForPrediction", series, {"num_input_channels": 3, "num_layers": 2, "prediction_length": 6}),
    "time-series-transformer": ("TimeSeriesTransformerModel", dated_series, BOTH | {"prediction_length": 6, "context_length": 17, "num_time_features": 1}),
    "decision-transformer": ("DecisionTransformerModel", episode, {"state_dim": 5, "act_dim": 3, "hidden_size": 32, "max_ep_len": 64, "n_layer": 2, "n_head": 4, "use_cache": False}),
}  # fmt: skip

ARCHITECTURES: dict[str, Callable[[], Example]] = {name: partial(build, *row) for name, row in TABLE.items()}

# architecture or layer → why torch.export cannot read it
EXPECTED_FAILURES: dict[str, str] = {
    "longformer": "Python `if` on a value of the data: whether any token attends globally",
    "vilt": "sizes read from the data: the extent of the pixel mask",
    "switch-transformers": "the router moves its weights inside forward (`self.classifier.to(dtype)`)",
    "LazyLinear:uninitialized": "its parameters have no shape before the first run",
    "GaussianNLLLoss": "Python `if` on a value of the data: whether any variance is negative",
    "CTCLoss": "the sizes of its scratch values depend on the data",
    "CTCLoss:tensor-lengths": "the sizes of its scratch values depend on the data",
    "AdaptiveLogSoftmaxWithLoss": "Python `if` on a value of the data: whether a cluster has rows",
}

# layer → why what torch.export reads equals the module to the last digits only
APPROXIMATE: dict[str, str] = {
    "TransformerEncoder": "the module takes torch's fused fast path when no gradient is needed; its export has the single steps",
    "TransformerEncoder:padded": "the module takes torch's fused fast path when no gradient is needed; its export has the single steps",
}


class Held(nn.Module):
    """Calls what a container holds, one after the other: modules, or parameters to add."""

    def __init__(self, container: nn.Module) -> None:
        super().__init__()
        self.container = container

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        held = self.container
        for item in held.values() if isinstance(held, nn.ModuleDict | nn.ParameterDict) else held:
            x = item(x) if isinstance(item, nn.Module) else x + item
        return x


def torch_nn_layers() -> dict[str, Example]:
    """Every layer of torch.nn as "Class" or "Class:variant" → (module, args, kwargs); in eval mode unless ":training"."""
    with seeded():
        rows = {**activations(), **linear_layers(), **pools(), **norms(), **sequences(), **losses(), **shapes()}
        layers = {name: (module, args, rest[0] if rest else {}) for name, (module, args, *rest) in rows.items()}
        for name, (module, _, _) in layers.items():
            module.train() if name.endswith(":training") else module.eval()
    return layers


def uncovered() -> set[str]:
    """The module classes of torch.nn that are neither in `torch_nn_layers()` nor in `NOT_LAYERS`, and those in both."""
    namespaces = [
        nn,
        nn.parallel,
        nn.cpp,
        nn.utils.parametrize,
        *(value for value in vars(nn.modules).values() if inspect.ismodule(value)),
    ]
    classes = {
        name
        for namespace in namespaces
        for name, value in vars(namespace).items()
        if inspect.isclass(value) and issubclass(value, nn.Module) and not name.startswith("_")
    }
    covered = {name.partition(":")[0] for name in torch_nn_layers()}
    return classes ^ covered ^ NOT_LAYERS.keys()


Rows = dict[str, tuple[Any, ...]]


def line(*shape: int) -> torch.Tensor:
    """A normal tensor of [2, 4, 10] or `shape`."""
    return torch.randn(shape or (2, 4, 10))


def plane(channels: int = 4) -> torch.Tensor:
    """A normal image [2, channels, 8, 9]."""
    return torch.randn(2, channels, 8, 9)


def volume(channels: int = 4) -> torch.Tensor:
    """A normal volume [2, channels, 5, 6, 7]."""
    return torch.randn(2, channels, 5, 6, 7)


def activations() -> Rows:
    """Functions of one tensor."""
    default = (
        "CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU RReLU ReLU ReLU6 SELU SiLU "
        "Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink"
    )
    inplace = "CELU ELU Hardsigmoid Hardswish Hardtanh LeakyReLU Mish RReLU ReLU ReLU6 SELU SiLU"
    return {name: (getattr(nn, name)(), (3 * line(),)) for name in default.split()} | {
        **{f"{name}:inplace": (nn.Sequential(nn.Linear(10, 10), getattr(nn, name)(inplace=True)), (line(),)) for name in inplace.split()},
        "ELU:alpha": (nn.ELU(0.3), (line(),)),
        "GELU:tanh": (nn.GELU("tanh"), (line(),)),
        "Hardtanh:range": (nn.Hardtanh(-0.3, 0.8), (line(),)),
        "PReLU:channels": (nn.PReLU(4), (line(),)),
        "Softplus:beta": (nn.Softplus(3, 2), (line(),)),
        "Threshold": (nn.Threshold(0.1, -7), (line(),)),
        "Threshold:inplace": (nn.Sequential(nn.Linear(10, 10), nn.Threshold(0.1, -7, inplace=True)), (line(),)),
        "GLU": (nn.GLU(1), (line(),)),
        "Softmax": (nn.Softmax(1), (line(),)),
        "Softmin": (nn.Softmin(-1), (line(),)),
        "LogSoftmax": (nn.LogSoftmax(-1), (line(),)),
        "Softmax2d": (nn.Softmax2d(), (plane(),)),
        "Dropout": (nn.Dropout(0.4), (line(),)),
        "Dropout:inplace": (nn.Dropout(0.4, inplace=True), (line(),)),
        "Dropout:training": (nn.Dropout(0.4), (line(),)),
        "Dropout1d": (nn.Dropout1d(0.4), (line(),)),
        "Dropout2d": (nn.Dropout2d(0.4), (plane(),)),
        "Dropout2d:training": (nn.Dropout2d(0.4), (plane(),)),
        "Dropout3d": (nn.Dropout3d(0.4), (volume(),)),
        "AlphaDropout": (nn.AlphaDropout(0.4), (line(),)),
        "AlphaDropout:training": (nn.AlphaDropout(0.4), (line(),)),
        "FeatureAlphaDropout": (nn.FeatureAlphaDropout(0.4), (volume(),)),
        "FeatureAlphaDropout:training": (nn.FeatureAlphaDropout(0.4), (volume(),)),
    }  # fmt: skip


def ran(module: nn.Module, x: torch.Tensor) -> nn.Module:
    """A lazy module after its first run, which gives it its parameters (and the class that is not lazy)."""
    module(x)
    return module


def linear_layers() -> Rows:
    """Linear maps and convolutions."""
    conv = dict(zip((1, 2, 3), (line, plane, volume), strict=True))
    rows: Rows = {}
    for n, x in conv.items():
        plain, transposed = getattr(nn, f"Conv{n}d"), getattr(nn, f"ConvTranspose{n}d")
        rows |= {
            f"Conv{n}d": (plain(4, 6, 3), (x(),)),
            f"Conv{n}d:grouped": (plain(4, 6, 3, stride=2, padding=2, dilation=2, groups=2, bias=False), (x(),)),
            f"Conv{n}d:same": (plain(4, 6, 4, padding="same"), (x(),)),
            f"Conv{n}d:valid": (plain(4, 6, 2, padding="valid"), (x(),)),
            f"Conv{n}d:circular": (plain(4, 6, 3, padding=1, padding_mode="circular"), (x(),)),
            f"Conv{n}d:reflect": (plain(4, 6, 3, padding=1, padding_mode="reflect"), (x(),)),
            f"Conv{n}d:unbatched": (plain(4, 6, 3), (x()[0],)),
            f"ConvTranspose{n}d": (transposed(4, 6, 3), (x(),)),
            f"ConvTranspose{n}d:strided": (
                transposed(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=2),
                (x(),),
            ),
            f"LazyConv{n}d": (ran(getattr(nn, f"LazyConv{n}d")(6, 3), x()), (x(),)),
            f"LazyConvTranspose{n}d": (ran(getattr(nn, f"LazyConvTranspose{n}d")(6, 3), x()), (x(),)),
        }
    return rows | {
        "Conv2d:depthwise": (nn.Conv2d(4, 8, (3, 2), stride=(2, 1), padding=(0, 1), groups=4), (plane(),)),
        "ConvTranspose2d:output-size": (nn.ConvTranspose2d(4, 6, 3, stride=2), (plane(), [18, 20])),
        "Linear": (nn.Linear(10, 5), (line(),)),
        "Linear:no-bias": (nn.Linear(10, 5, bias=False), (line(10),)),
        "LazyLinear": (ran(nn.LazyLinear(5), line()), (line(),)),
        "LazyLinear:uninitialized": (nn.LazyLinear(5), (line(),)),
        "NonDynamicallyQuantizableLinear": (nn.modules.linear.NonDynamicallyQuantizableLinear(10, 5), (line(),)),
        "Bilinear": (nn.Bilinear(10, 6, 5), (line(2, 10), line(2, 6))),
        "Identity": (nn.Identity(), (line(),)),
        "PairwiseDistance": (nn.PairwiseDistance(1.5, keepdim=True), (line(), line())),
        "CosineSimilarity": (nn.CosineSimilarity(), (line(), line())),
        "Embedding": (nn.Embedding(12, 5, padding_idx=2), (torch.randint(12, (2, 7)),)),
        "Embedding:max-norm": (nn.Embedding(12, 5, max_norm=1.0), (torch.randint(12, (2, 7)),)),
        "EmbeddingBag": (nn.EmbeddingBag(12, 5), (torch.randint(12, (2, 7)),)),
        "EmbeddingBag:sum-weighted": (nn.EmbeddingBag(12, 5, mode="sum"), (torch.randint(12, (2, 7)), None, torch.rand(2, 7))),
        "EmbeddingBag:max-offsets": (nn.EmbeddingBag(12, 5, mode="max", padding_idx=3), (torch.randint(12, (9,)), torch.tensor([0, 4, 5]))),
    }  # fmt: skip


def pools() -> Rows:
    """Pools and their inverses."""
    rows: Rows = {}
    for n, x in {1: line, 2: plane, 3: volume}.items():
        pool = {
            name: getattr(nn, f"{name}{n}d")
            for name in ("MaxPool", "AvgPool", "LPPool", "AdaptiveMaxPool", "AdaptiveAvgPool", "MaxUnpool")
        }
        rows |= {
            f"MaxPool{n}d": (pool["MaxPool"](2), (x(),)),
            f"MaxPool{n}d:indices": (pool["MaxPool"](3, 2, 1, return_indices=True, ceil_mode=True), (x(),)),
            f"MaxPool{n}d:dilated": (pool["MaxPool"](2, 1, dilation=2), (x(),)),
            f"AvgPool{n}d": (pool["AvgPool"](2), (x(),)),
            f"AvgPool{n}d:padded": (pool["AvgPool"](3, 2, 1, ceil_mode=True, count_include_pad=False), (x(),)),
            f"LPPool{n}d": (pool["LPPool"](2, 2, ceil_mode=True), (x(),)),
            f"AdaptiveMaxPool{n}d": (pool["AdaptiveMaxPool"](3), (x(),)),
            f"AdaptiveMaxPool{n}d:indices": (pool["AdaptiveMaxPool"](3, return_indices=True), (x(),)),
            f"AdaptiveAvgPool{n}d": (pool["AdaptiveAvgPool"](3), (x(),)),
            f"AdaptiveAvgPool{n}d:one": (pool["AdaptiveAvgPool"](1), (x(),)),
            f"MaxUnpool{n}d": (pool["MaxUnpool"](2), pool["MaxPool"](2, return_indices=True)(torch.randn(2, 4, *[6] * n))),
            f"MaxUnpool{n}d:output-size": (pool["MaxUnpool"](2), (*pool["MaxPool"](2, return_indices=True)(x()), x().shape[2:])),
        }
    samples = {2: torch.rand(2, 4, 2), 3: torch.rand(2, 4, 3)}
    return rows | {
        "AvgPool2d:divisor": (nn.AvgPool2d(2, divisor_override=3), (plane(),)),
        "AdaptiveAvgPool2d:one-side": (nn.AdaptiveAvgPool2d((3, None)), (plane(),)),
        "FractionalMaxPool2d": (nn.FractionalMaxPool2d(2, output_ratio=0.6, _random_samples=samples[2]), (plane(),)),
        "FractionalMaxPool2d:indices": (nn.FractionalMaxPool2d(2, 3, return_indices=True, _random_samples=samples[2]), (plane(),)),
        "FractionalMaxPool3d": (nn.FractionalMaxPool3d(2, output_size=3, _random_samples=samples[3]), (volume(),)),
    }  # fmt: skip


def norms() -> Rows:
    """Normalizations; the running statistics are not those of a new layer."""
    rows: Rows = {
        "SyncBatchNorm": (nn.SyncBatchNorm(4), (plane(),)),
        "LayerNorm": (nn.LayerNorm(10), (line(),)),
        "LayerNorm:two-axes": (nn.LayerNorm((4, 10), eps=1e-3), (line(),)),
        "LayerNorm:no-affine": (nn.LayerNorm(10, elementwise_affine=False), (line(),)),
        "LayerNorm:no-bias": (nn.LayerNorm(10, bias=False), (line(),)),
        "GroupNorm": (nn.GroupNorm(2, 4), (plane(),)),
        "GroupNorm:no-affine": (nn.GroupNorm(4, 4, affine=False), (line(),)),
        "RMSNorm": (nn.RMSNorm(10), (line(),)),
        "RMSNorm:eps": (nn.RMSNorm((4, 10), eps=1e-2, elementwise_affine=False), (line(),)),
        "LocalResponseNorm": (nn.LocalResponseNorm(3), (plane(),)),
        "CrossMapLRN2d": (nn.CrossMapLRN2d(3), (plane(),)),
    }
    for n, x in {1: line, 2: plane, 3: volume}.items():
        batch, instance = getattr(nn, f"BatchNorm{n}d"), getattr(nn, f"InstanceNorm{n}d")
        rows |= {
            f"BatchNorm{n}d": (batch(4), (x(),)),
            f"BatchNorm{n}d:training": (batch(4), (x(),)),
            f"BatchNorm{n}d:untracked": (batch(4, affine=False, track_running_stats=False), (x(),)),
            f"LazyBatchNorm{n}d": (ran(getattr(nn, f"LazyBatchNorm{n}d")(), x()), (x(),)),
            f"InstanceNorm{n}d": (instance(4), (x(),)),
            f"InstanceNorm{n}d:tracked": (instance(4, affine=True, track_running_stats=True), (x(),)),
            f"InstanceNorm{n}d:tracked:training": (instance(4, affine=True, track_running_stats=True), (x(),)),
            f"LazyInstanceNorm{n}d": (ran(getattr(nn, f"LazyInstanceNorm{n}d")(), x()), (x(),)),
        }
    for module, *_ in rows.values():
        moved(module)
    return rows


def sequences() -> Rows:
    """Recurrent layers, cells, attention and transformers."""
    x, state = line(5, 2, 4), line(4, 2, 3)
    causal = nn.Transformer.generate_square_subsequent_mask(5)
    padded = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    rows: Rows = {}
    for name in ("RNN", "LSTM", "GRU"):
        kind, first = getattr(nn, name), (state, state) if name == "LSTM" else state
        rows |= {
            name: (kind(4, 3), (x,)),
            f"{name}:bidirectional": (kind(4, 3, 2, bidirectional=True, dropout=0.2), (x, first)),
            f"{name}:batch-first": (kind(4, 3, batch_first=True, bias=False), (x.transpose(0, 1),)),
            f"{name}:unbatched": (kind(4, 3), (x[:, 0],)),
            f"{name}Cell": (getattr(nn, f"{name}Cell")(4, 3), (x[0],)),
            f"{name}Cell:state": (
                getattr(nn, f"{name}Cell")(4, 3, bias=False),
                (x[0], (state[0], state[1]) if name == "LSTM" else state[0]),
            ),
        }
    attend = {"key_padding_mask": padded, "need_weights": False}
    return rows | {
        "RNN:relu": (nn.RNN(4, 3, nonlinearity="relu"), (x,)),
        "LSTM:projected": (nn.LSTM(4, 5, proj_size=3), (x,)),
        "MultiheadAttention": (nn.MultiheadAttention(4, 2), (x, x, x)),
        "MultiheadAttention:masked": (nn.MultiheadAttention(4, 2, batch_first=True, bias=False), (line(2, 5, 4), line(2, 5, 4), line(2, 5, 4)), attend),
        "MultiheadAttention:other-sizes": (nn.MultiheadAttention(4, 2, kdim=3, vdim=6, add_bias_kv=True, add_zero_attn=True), (x, line(7, 2, 3), line(7, 2, 6)), {"average_attn_weights": False}),
        "TransformerEncoderLayer": (nn.TransformerEncoderLayer(4, 2, 8), (x,)),
        "TransformerEncoderLayer:norm-first": (nn.TransformerEncoderLayer(4, 2, 8, norm_first=True, activation="gelu", batch_first=True, bias=False), (line(2, 5, 4), causal, padded.float()), {"is_causal": True}),
        "TransformerDecoderLayer": (nn.TransformerDecoderLayer(4, 2, 8), (x, line(7, 2, 4))),
        "TransformerEncoder": (nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2, nn.LayerNorm(4)), (line(2, 5, 4),)),
        "TransformerEncoder:padded": (nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2, enable_nested_tensor=False), (line(2, 5, 4),), {"src_key_padding_mask": padded}),
        "TransformerDecoder": (nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2), (x, line(7, 2, 4)), {"tgt_mask": causal, "tgt_is_causal": True}),
        "Transformer": (nn.Transformer(4, 2, 1, 1, 8), (line(7, 2, 4), x)),
    }  # fmt: skip


def losses() -> Rows:
    """Losses, each with what it compares."""
    scores, classes, signs = line(5, 4), torch.randint(4, (5,)), torch.randint(0, 2, (5,)) * 2 - 1.0
    x, y, share = line(5, 4), line(5, 4), torch.rand(5, 4)
    bits = (share > 0.5).float()
    weight = torch.rand(4)
    speech = (line(9, 2, 6).log_softmax(-1), torch.randint(1, 6, (2, 3)))
    return {
        "L1Loss": (nn.L1Loss(), (x, y)),
        "L1Loss:none": (nn.L1Loss(reduction="none"), (x, y)),
        "MSELoss": (nn.MSELoss(), (x, y)),
        "MSELoss:sum": (nn.MSELoss(reduction="sum"), (x, y)),
        "SmoothL1Loss": (nn.SmoothL1Loss(beta=0.5), (x, y)),
        "HuberLoss": (nn.HuberLoss(delta=0.5), (x, y)),
        "CrossEntropyLoss": (nn.CrossEntropyLoss(weight, ignore_index=2, label_smoothing=0.1), (scores, classes)),
        "CrossEntropyLoss:probabilities": (nn.CrossEntropyLoss(), (scores, share.softmax(-1))),
        "CrossEntropyLoss:images": (nn.CrossEntropyLoss(), (plane(), torch.randint(4, (2, 8, 9)))),
        "LinearCrossEntropyLoss": (nn.LinearCrossEntropyLoss(4, 6), (x, torch.randint(6, (5,)))),
        "NLLLoss": (nn.NLLLoss(weight), (scores.log_softmax(-1), classes)),
        "NLLLoss:none": (nn.NLLLoss(reduction="none", ignore_index=1), (plane().log_softmax(1), torch.randint(4, (2, 8, 9)))),
        "PoissonNLLLoss": (nn.PoissonNLLLoss(full=True), (x, share * 4)),
        "PoissonNLLLoss:linear": (nn.PoissonNLLLoss(log_input=False), (share, share * 4)),
        "GaussianNLLLoss": (nn.GaussianNLLLoss(full=True), (x, y, share)),
        "KLDivLoss": (nn.KLDivLoss(reduction="batchmean"), (scores.log_softmax(-1), share.softmax(-1))),
        "KLDivLoss:log": (nn.KLDivLoss(reduction="sum", log_target=True), (scores.log_softmax(-1), share.log_softmax(-1))),
        "BCELoss": (nn.BCELoss(weight), (share, bits)),
        "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss(pos_weight=weight), (x, bits)),
        "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss(), (line(5), signs)),
        "MarginRankingLoss": (nn.MarginRankingLoss(0.1), (line(5), line(5), signs)),
        "CosineEmbeddingLoss": (nn.CosineEmbeddingLoss(0.1), (x, y, signs)),
        "SoftMarginLoss": (nn.SoftMarginLoss(), (line(5), signs)),
        "MultiMarginLoss": (nn.MultiMarginLoss(weight=weight), (x, classes)),
        "MultiLabelMarginLoss": (nn.MultiLabelMarginLoss(), (x, torch.tensor([[1, 3, -1, 0]] * 5))),
        "MultiLabelSoftMarginLoss": (nn.MultiLabelSoftMarginLoss(weight), (x, bits)),
        "TripletMarginLoss": (nn.TripletMarginLoss(swap=True), (x, y, share)),
        "TripletMarginWithDistanceLoss": (nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(1)), (x, y, share)),
        "CTCLoss": (nn.CTCLoss(), (*speech, (9, 7), (3, 2))),
        "CTCLoss:tensor-lengths": (nn.CTCLoss(), (*speech, torch.tensor([9, 7]), torch.tensor([3, 2]))),
        "AdaptiveLogSoftmaxWithLoss": (nn.AdaptiveLogSoftmaxWithLoss(4, 12, [3, 7]), (x, torch.randint(12, (5,)))),
    }  # fmt: skip


def shapes() -> Rows:
    """Padding, folding, shuffling, resizing, and the containers."""
    rows: Rows = {}
    for n, x in {1: line, 2: plane, 3: volume}.items():
        sides = (1, 2, 2, 1, 0, 1)[: 2 * n]
        for kind in ("CircularPad", "ReflectionPad", "ReplicationPad", "ZeroPad"):
            rows[f"{kind}{n}d"] = (getattr(nn, f"{kind}{n}d")(sides), (x(),))
        rows[f"ConstantPad{n}d"] = (getattr(nn, f"ConstantPad{n}d")(sides, 0.5), (x(),))
        rows[f"ConstantPad{n}d:cropped"] = (getattr(nn, f"ConstantPad{n}d")((-1, 2) * n, 0.5), (x(),))
    for mode, x in {"linear": line, "bilinear": plane, "bicubic": plane, "trilinear": volume}.items():
        rows[f"Upsample:{mode}"] = (nn.Upsample(scale_factor=1.5, mode=mode), (x(),))
        rows[f"Upsample:{mode}-corners"] = (nn.Upsample(scale_factor=2, mode=mode, align_corners=True), (x(),))
    linears = [nn.Linear(10, 10) for _ in range(4)]
    parameters = [nn.Parameter(line(10)) for _ in range(2)]
    return rows | {
        "Upsample": (nn.Upsample(size=(11, 5)), (plane(),)),
        "Upsample:scale": (nn.Upsample(scale_factor=(2, 1.5), recompute_scale_factor=True), (plane(),)),
        "Upsample:nearest-exact": (nn.Upsample(scale_factor=1.7, mode="nearest-exact"), (line(),)),
        "UpsamplingNearest2d": (nn.UpsamplingNearest2d(scale_factor=2), (plane(),)),
        "UpsamplingBilinear2d": (nn.UpsamplingBilinear2d(size=(5, 12)), (plane(),)),
        "PixelShuffle": (nn.PixelShuffle(2), (plane(),)),
        "PixelUnshuffle": (nn.PixelUnshuffle(2), (torch.randn(2, 3, 4, 6),)),
        "ChannelShuffle": (nn.ChannelShuffle(2), (plane(),)),
        "Fold": (nn.Fold((4, 5), (2, 3), padding=1, stride=2), (torch.randn(2, 12, 9),)),
        "Unfold": (nn.Unfold((2, 3), dilation=2, padding=1), (plane(),)),
        "Flatten": (nn.Flatten(), (plane(),)),
        "Flatten:middle": (nn.Flatten(1, 2), (plane(),)),
        "Unflatten": (nn.Unflatten(1, (2, -1)), (plane(),)),
        "Sequential": (nn.Sequential(linears[0], nn.ReLU(), linears[1], linears[0]), (line(),)),
        "ModuleList": (Held(nn.ModuleList(linears[:2])), (line(),)),
        "ModuleDict": (Held(nn.ModuleDict({"b": linears[2], "a": linears[3]})), (line(),)),
        "ParameterList": (Held(nn.ParameterList(parameters)), (line(),)),
        "ParameterDict": (Held(nn.ParameterDict({"b": parameters[0], "a": parameters[1]})), (line(),)),
    }  # fmt: skip


# the other module classes of torch.nn → why they are no layers
NOT_LAYERS: dict[str, str] = {
    "Module": "the base class",
    "Container": "deprecated: Module under another name",
    "RNNBase": "the base class of RNN, LSTM and GRU",
    "RNNCellBase": "the base class of the recurrent cells; it has no forward",
    "NLLLoss2d": "deprecated: NLLLoss under another name",
    "DataParallel": "runs a module on several GPUs",
    "DistributedDataParallel": "runs a module in several processes",
    "DistributedDataParallelCPU": "deprecated: DistributedDataParallel under another name",
    "ParametrizationList": "holds the parametrizations of one parameter; samples.py has modules with them",
    "ModuleWrapper": "wraps a module of the C++ frontend",
}
