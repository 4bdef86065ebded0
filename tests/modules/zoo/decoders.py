"""Text decoders."""

from __future__ import annotations

from tests.modules.zoo.inputs import text
from tests.modules.zoo.making import Table
from tests.modules.zoo.sizes import DECODER, ENCODER, IDS, MIXTURE

TABLE: Table = {
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
}  # fmt: skip
