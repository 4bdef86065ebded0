"""Learning: the loss, the backward pass, the weights, and everything visible on the way.

losses: what an output is held against its expectation by, as layers. derived: the model with them, over the same parameters.
backward: deltas and derivatives of one pass. again: a pass once more, with what a backward pass needs. per_sample: derivatives
of each sample. attribution: of an output by any value. wide, check: derivatives held against differences, in float64.
optimizers, schedules, step: the weights move. fit: over epochs; feed, place: from any batch on; checkpoints: kept in a folder.
"""
