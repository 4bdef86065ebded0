"""Traces on disk: what a run or a whole dataset left, in shards of tensors beside a manifest that says what is in them."""
