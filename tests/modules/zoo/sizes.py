"""Tiny sizes, as the configs of transformers name them."""

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
