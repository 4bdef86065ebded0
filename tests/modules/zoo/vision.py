"""Images and films."""

from __future__ import annotations

from functools import partial

from tests.modules.zoo.inputs import image, masked_image, text, tokens, video
from tests.modules.zoo.making import Table
from tests.modules.zoo.sizes import BOTH, PIXELS, PYRAMID, RESNET, STAGES, TOKENS, VISION, VOCABULARY, WINDOWS

TABLE: Table = {
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
}  # fmt: skip
