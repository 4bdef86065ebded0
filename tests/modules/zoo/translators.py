"""Text to text: an encoder and a decoder."""

from __future__ import annotations

from tests.modules.zoo.inputs import pair
from tests.modules.zoo.making import Table
from tests.modules.zoo.sizes import T5, TRANSLATOR

TABLE: Table = {
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
}  # fmt: skip
