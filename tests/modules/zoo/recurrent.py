"""Text decoders with a state."""

from __future__ import annotations

from tests.modules.zoo.inputs import text, tokens
from tests.modules.zoo.making import Table
from tests.modules.zoo.sizes import DECODER, IDS

TABLE: Table = {
    "mamba": ("MambaForCausalLM", tokens, IDS | {"hidden_size": 32, "state_size": 4, "num_hidden_layers": 2, "time_step_rank": 2, "use_cache": False}),
    "mamba2": ("Mamba2ForCausalLM", tokens, IDS | {"hidden_size": 32, "state_size": 4, "num_hidden_layers": 2, "num_heads": 8, "head_dim": 8, "n_groups": 2, "chunk_size": 4, "use_cache": False}),
    "rwkv": ("RwkvForCausalLM", tokens, IDS | {"hidden_size": 32, "attention_hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "context_length": 64, "use_cache": False}),
    "recurrent-gemma": ("RecurrentGemmaForCausalLM", tokens, DECODER | {"num_hidden_layers": 3, "lru_width": 32, "attention_window_size": 8}),
    "jamba": ("JambaForCausalLM", text, DECODER | {"num_experts": 4, "num_experts_per_tok": 2, "attn_layer_period": 2, "attn_layer_offset": 1, "mamba_d_state": 4, "mamba_dt_rank": 2, "use_mamba_kernels": False}),
    "lfm2": ("Lfm2ForCausalLM", text, DECODER | {"layer_types": ["conv", "full_attention"]}),
}  # fmt: skip
