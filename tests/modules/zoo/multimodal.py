"""Text with images."""

from __future__ import annotations

from tests.modules.zoo.inputs import boxes, boxes_and_image, captioned, image_in_text, paired_captioned, regions, visual_embeds
from tests.modules.zoo.making import Table
from tests.modules.zoo.sizes import CLIP, DECODER, ENCODER, PIXELS, SIZES, VISION, VOCABULARY

TABLE: Table = {
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
}  # fmt: skip
