"""Sound."""

from __future__ import annotations

import torch

from tests.modules.zoo.inputs import frames_and_text, spectrum_and_text, wave
from tests.modules.zoo.making import Table
from tests.modules.zoo.sizes import BATCH, BOTH, IDS, SIZES, SPEECH, VOCABULARY

TABLE: Table = {
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
}  # fmt: skip
