"""The operators: one file each, found by name when first asked for. See `registry` for how one is written."""
