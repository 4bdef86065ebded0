"""Time series and control."""

from __future__ import annotations

from tests.modules.zoo.inputs import dated_series, episode, series
from tests.modules.zoo.making import Table
from tests.modules.zoo.sizes import BOTH

TABLE: Table = {
    "patchtst": ("PatchTSTForPrediction", series, {"num_input_channels": 3, "context_length": 32, "patch_length": 8, "patch_stride": 8, "num_hidden_layers": 2, "d_model": 32, "ffn_dim": 48, "prediction_length": 6}),
    "patchtsmixer": ("PatchTSMixerForPrediction", series, {"num_input_channels": 3, "num_layers": 2, "prediction_length": 6}),
    "time-series-transformer": ("TimeSeriesTransformerModel", dated_series, BOTH | {"prediction_length": 6, "context_length": 17, "num_time_features": 1}),
    "decision-transformer": ("DecisionTransformerModel", episode, {"state_dim": 5, "act_dim": 3, "hidden_size": 32, "max_ep_len": 64, "n_layer": 2, "n_head": 4, "use_cache": False}),
}  # fmt: skip
