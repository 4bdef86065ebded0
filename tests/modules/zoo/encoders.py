"""Text encoders."""

from __future__ import annotations

import torch

from tests.modules.zoo.inputs import text, tokens
from tests.modules.zoo.making import Table
from tests.modules.zoo.sizes import BATCH, ENCODER, IDS, TOKENS

TABLE: Table = {
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
}  # fmt: skip
